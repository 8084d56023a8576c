/** One process per embedded database: an advisory lock that the database lets go when its holder is gone. */
import type pg from 'pg';
import type { Database } from './database.ts';
import { keepSession } from './lasting-session.ts';

const solitudeLock = 7_416;

/**
 * Returns how to let go.
 * @throws Error that names the process which has the folder already
 */
export async function holdAlone({ pool }: Database, folder: string): Promise<() => Promise<void>> {
  return keepSession(
    pool,
    async (client) => {
      const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [
        solitudeLock,
      ]);
      if (rows[0]?.held) return;
      const who = await findHolder(client);
      throw new Error(
        `The data folder ${folder} is in use by ${who}; stop it, or set INGOT_DATA to another folder.`,
      );
    },
    (client) => client.query('select pg_advisory_unlock($1)', [solitudeLock]),
  );
}

async function findHolder(client: pg.PoolClient): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `select a.application_name as name from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.objid = $1 and l.granted`,
    [solitudeLock],
  );
  return rows[0]?.name.replace('ingot', 'process') ?? 'another process';
}
