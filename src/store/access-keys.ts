import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { AccessKey, AccessKeys } from '../core/access-keys.ts';
import { IngotError } from '../core/errors.ts';
import type { Sql } from './database.ts';
import type { Vault } from './vault.ts';

const columns = sql`access, user_id as "userId", description, enabled, created_at as "createdAt"`;
const isPermanent = sql`expires_at is null`;

/** Secrets are sealed, for a signature needs them in clear; of security tokens there is a hash only. */
export function accessKeys(db: Sql, vault: Vault): AccessKeys {
  return {
    async list(userId) {
      const { rows } = await sql<AccessKey>`
        select ${columns} from access_keys where user_id = ${userId} and ${isPermanent} order by created_at, access`.execute(
        db,
      );
      return rows;
    },
    async find(access) {
      const { rows } = await sql<AccessKey>`
        select ${columns} from access_keys where access = ${access} and ${isPermanent}`.execute(db);
      return rows[0] ?? null;
    },
    async create(userId, description, most) {
      const secret = newSecret();
      return db.transaction().execute(async (tx) => {
        // One after the other, so that two at once do not both find room.
        await sql`select 1 from users where id = ${userId} for update`.execute(tx);
        const { rows } = await sql<AccessKey>`
          insert into access_keys (access, user_id, secret_sealed, description)
          select ${newAccess()}, id, ${vault.seal(secret)}, ${description} from users
          where id = ${userId}
            and (select count(*) from access_keys where user_id = ${userId} and ${isPermanent}) < ${most}
          returning ${columns}`.execute(tx);
        return rows[0] ? { ...rows[0], secret } : null;
      });
    },
    async change(access, { enabled, description }) {
      const { rows } = await sql<AccessKey>`
        update access_keys set enabled = coalesce(${enabled ?? null}, enabled),
          description = coalesce(${description ?? null}, description)
        where access = ${access} and ${isPermanent} returning ${columns}`.execute(db);
      return rows[0] ?? null;
    },
    async remove(access) {
      const { rows } = await sql`
        delete from access_keys where access = ${access} and ${isPermanent} returning 1`.execute(db);
      return rows.length > 0;
    },
    async createTemporary(userId, projectId, seconds) {
      const made = { access: newAccess(), secret: newSecret(), securityToken: newSecret() };
      const { rows } = await sql<{ expiresAt: Date }>`
        insert into access_keys (access, user_id, secret_sealed, token_hash, project_id, expires_at)
        values (${made.access}, ${userId}, ${vault.seal(made.secret)}, ${hash(made.securityToken)}, ${projectId},
          now() + ${seconds} * interval '1 second')
        returning expires_at as "expiresAt"`.execute(db);
      return { ...made, expiresAt: rows[0]!.expiresAt };
    },

    async findSigning(access, origin) {
      const { rows } = await sql<SigningRow>`
        select k.user_id, k.secret_sealed, k.enabled, coalesce(g.failures, 0) as failures, k.token_hash, k.expires_at,
          k.project_id
        from access_keys k
        join users u on u.id = k.user_id and u.enabled
        join accounts a on a.id = u.account_id and a.enabled
        left join login_attempts g
          on g.subject = k.access and g.origin = ${origin} and g.counts_until > now()
        where k.access = ${access}`.execute(db);
      const row = rows[0];
      if (!row) return null;
      if (!vault.isOurs) {
        throw new IngotError({ kind: 'unavailable', message: 'Access keys cannot be read by this process.' });
      }
      const { token_hash: tokenHash, expires_at: expiresAt, project_id: projectId } = row;
      return {
        userId: row.user_id,
        secret: vault.open(row.secret_sealed),
        enabled: row.enabled,
        failures: row.failures,
        temporary: tokenHash && expiresAt && { tokenHash, expiresAt, projectId },
      };
    },
  };
}

interface SigningRow {
  user_id: string;
  secret_sealed: Buffer;
  enabled: boolean;
  failures: number;
  token_hash: Buffer | null;
  expires_at: Date | null;
  project_id: string | null;
}

/** Twenty capitals and digits, as the clouds' access keys are. */
function newAccess(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return [...randomBytes(20)].map((byte) => letters[byte % letters.length]).join('');
}

/** Forty characters, as the clouds' secrets have. */
function newSecret(): string {
  return randomBytes(30).toString('base64url');
}

function hash(securityToken: string): Buffer {
  return createHash('sha256').update(securityToken).digest();
}
