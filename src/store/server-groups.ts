import { sql } from 'kysely';
import type { ServerGroup, ServerGroups } from '../core/server-group.ts';
import type { Sql } from './database.ts';
import { toUuid } from './pages.ts';

const columns = sql`
  g.id, g.project_id as "projectId", g.user_id as "userId", g.name, g.policy,
  coalesce((select jsonb_agg(v.id order by v.created_at, v.id) from servers v
    where v.server_group_id = g.id and v.state <> 'Deleted'), '[]') as members`;

export function serverGroups(db: Sql): ServerGroups {
  return {
    async find(id, projectId) {
      const { rows } = await sql<ServerGroup>`
        select ${columns} from server_groups g where g.id = ${toUuid(id)}::uuid and g.project_id = ${projectId}`.execute(
        db,
      );
      return rows[0] ?? null;
    },

    async list(projectId, { limit, offset }) {
      const { rows } = await sql<ServerGroup>`
        select ${columns} from server_groups g
        where ${projectId === null ? sql`true` : sql`g.project_id = ${projectId}`}
        order by g.created_at, g.id limit ${limit} offset ${offset}`.execute(db);
      return rows;
    },

    async create({ id, projectId, userId, name, policy }) {
      await sql`
        insert into server_groups (id, project_id, user_id, name, policy)
        values (${id}, ${projectId}, ${userId}, ${name}, ${policy})`.execute(db);
    },

    async remove(id, projectId) {
      const { rows } = await sql`
        delete from server_groups where id = ${toUuid(id)}::uuid and project_id = ${projectId} returning id`.execute(
        db,
      );
      return rows.length > 0;
    },
  };
}
