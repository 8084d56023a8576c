import { sql } from 'kysely';
import type { ApplicationCredential, ApplicationCredentials } from '../core/application-credentials.ts';
import { conflict } from '../core/errors.ts';
import type { Sql } from './database.ts';

const uniqueViolation = '23505';

const columns = sql`
  c.id, c.user_id as "userId", c.project_id as "projectId", c.name, c.description, c.unrestricted,
  c.expires_at as "expiresAt", (
    select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'name', r.name, 'description', r.description)
      order by r.name), '[]')
    from roles r where r.id = any(c.role_ids)) as roles`;

/** @param tellChange makes void what is remembered about callers */
export function applicationCredentials(db: Sql, tellChange: () => Promise<void>): ApplicationCredentials {
  return {
    async list(userId, { name } = {}) {
      const { rows } = await sql<ApplicationCredential>`
        select ${columns} from application_credentials c
        where c.user_id = ${userId} and (${name ?? null}::text is null or c.name = ${name ?? null})
        order by c.name`.execute(db);
      return rows;
    },
    async find(userId, id) {
      const { rows } = await sql<ApplicationCredential>`
        select ${columns} from application_credentials c where c.id = ${id} and c.user_id = ${userId}`.execute(
        db,
      );
      return rows[0] ?? null;
    },
    async create(one, secretHash) {
      try {
        await sql`
          insert into application_credentials (id, user_id, project_id, name, description, secret_hash, role_ids,
            unrestricted, expires_at)
          values (${one.id}, ${one.userId}, ${one.projectId}, ${one.name}, ${one.description}, ${secretHash},
            ${one.roles.map(({ id }) => id)}, ${one.unrestricted}, ${one.expiresAt})`.execute(db);
      } catch (error) {
        if ((error as { code?: string }).code !== uniqueViolation) throw error;
        throw conflict(
          `An application credential named ${one.name} exists already.`,
          'application credential',
          one.name,
        );
      }
    },
    async remove(userId, id) {
      const { rows } = await sql`
        delete from application_credentials where id = ${id} and user_id = ${userId} returning 1`.execute(db);
      await tellChange();
      return rows.length > 0;
    },
    async findSecret(who) {
      const match =
        'id' in who ? sql`c.id = ${who.id}` : sql`c.user_id = ${who.userId} and c.name = ${who.name}`;
      const { rows } = await sql<ApplicationCredential & { secretHash: string }>`
        select ${columns}, c.secret_hash as "secretHash" from application_credentials c where ${match}`.execute(
        db,
      );
      if (!rows[0]) return null;
      const { secretHash, ...credential } = rows[0];
      return { credential, secretHash };
    },
  };
}
