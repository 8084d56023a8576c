import { sql } from 'kysely';
import { conflict } from '../core/errors.ts';
import { AnsweredBefore, type AnsweredRequest, type AnsweredRequests } from '../core/once.ts';
import type { Sql, Tx } from './database.ts';
import type { Vault } from './vault.ts';

export function answeredRequests(db: Sql, vault: Vault): AnsweredRequests {
  return {
    async findAnswer(projectId, { key, fingerprint }) {
      const { rows } = await sql<{ fingerprint: string; answer: Buffer }>`
        select fingerprint, answer from answered_requests
        where project_id = ${projectId} and key = ${key}`.execute(db);
      const found = rows[0];
      if (!found) return undefined;
      if (found.fingerprint !== fingerprint) {
        throw conflict('The same key was given with another request before.', 'request', key);
      }
      return JSON.parse(vault.open(found.answer)) as unknown;
    },
  };
}

/** Waits for a transaction that answers the same request. Sealed, for an answer may tell a password. */
export async function keepAnswer(
  tx: Tx,
  vault: Vault,
  projectId: string,
  { key, fingerprint, answer }: AnsweredRequest,
): Promise<void> {
  const { rows } = await sql`
    insert into answered_requests (project_id, key, fingerprint, answer)
    values (${projectId}, ${key}, ${fingerprint}, ${vault.seal(JSON.stringify(answer))})
    on conflict (project_id, key) do nothing returning 1`.execute(tx);
  if (rows.length === 0) throw new AnsweredBefore();
}

/** A client gives up long before that. */
export async function purgeAnswers(db: Sql): Promise<void> {
  await sql`delete from answered_requests where created_at < now() - interval '1 day'`.execute(db);
}
