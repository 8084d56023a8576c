import { sql } from 'kysely';
import { conflict } from '../core/errors.ts';
import type { Group, Groups } from '../core/groups.ts';
import type { User } from '../core/tenancy.ts';
import type { Sql } from './database.ts';
import { userColumns } from './tenancy.ts';

const uniqueViolation = '23505';
const columns = sql`id, account_id as "accountId", name, description, created_at as "createdAt"`;

/** @param tellChange makes void what is remembered about callers */
export function groups(db: Sql, tellChange: () => Promise<void>): Groups {
  async function unique(name: string, write: () => Promise<{ rows: Group[] }>): Promise<Group | null> {
    try {
      return (await write()).rows[0] ?? null;
    } catch (error) {
      if ((error as { code?: string }).code !== uniqueViolation) throw error;
      throw conflict(`A group named ${name} exists already.`, 'group', name);
    }
  }

  return {
    async list({ accountId, name, userId } = {}) {
      const { rows } = await sql<Group>`
        select ${columns} from groups g
        where (${accountId ?? null}::text is null or account_id = ${accountId ?? null})
          and (${name ?? null}::text is null or name = ${name ?? null})
          and (${userId ?? null}::text is null or exists (
            select 1 from group_members m where m.group_id = g.id and m.user_id = ${userId ?? null}))
        order by name, id`.execute(db);
      return rows;
    },
    async find(id) {
      const { rows } = await sql<Group>`select ${columns} from groups where id = ${id}`.execute(db);
      return rows[0] ?? null;
    },
    async create({ id, accountId, name, description }) {
      const made = await unique(name, () =>
        sql<Group>`
          insert into groups (id, account_id, name, description) values (${id}, ${accountId}, ${name}, ${description})
          returning ${columns}`.execute(db),
      );
      return made!;
    },
    change: (id, { name, description }) =>
      unique(name ?? '', () =>
        sql<Group>`
          update groups set name = coalesce(${name ?? null}, name),
            description = coalesce(${description ?? null}, description)
          where id = ${id} returning ${columns}`.execute(db),
      ),
    async remove(id) {
      const { rows } = await sql`delete from groups where id = ${id} returning 1`.execute(db);
      await tellChange();
      return rows.length > 0;
    },
    async listMembers(id) {
      const { rows } = await sql<User>`
        select ${userColumns} from users
        where id in (select user_id from group_members where group_id = ${id}) order by name, id`.execute(db);
      return rows;
    },
    async hasMember(id, userId) {
      const { rows } = await sql`
        select 1 from group_members where group_id = ${id} and user_id = ${userId}`.execute(db);
      return rows.length > 0;
    },
    async addMember(id, userId) {
      await sql`
        insert into group_members (group_id, user_id) values (${id}, ${userId}) on conflict do nothing`.execute(
        db,
      );
      await tellChange();
    },
    async removeMember(id, userId) {
      const { rows } = await sql`
        delete from group_members where group_id = ${id} and user_id = ${userId} returning 1`.execute(db);
      await tellChange();
      return rows.length > 0;
    },
  };
}
