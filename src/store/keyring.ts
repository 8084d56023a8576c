/**
 * Changing the key that seals secrets. Every process holds all keys that are in use; the first one seals, all of them
 * open. When a process starts with more than one, it seals anew what older keys sealed. Each row is exchanged only if it
 * is still what was read, so that a crash, another process or a change in between does no harm: what is left is found at
 * the next start.
 */
import { sql } from 'kysely';
import type { Sql } from './database.ts';
import type { Vault } from './vault.ts';

/** Every column that holds something sealed. tests/store compares it with the schema. */
export const sealedColumns = [
  { table: 'installation', column: 'key_proof' },
  { table: 'nodes', column: 'bmc_secret' },
  { table: 'nodes', column: 'bmc_secret_next' },
  { table: 'access_keys', column: 'secret_sealed' },
  { table: 'answered_requests', column: 'answer' },
] as const;

const rowsAtOnce = 1_000;

/** Returns how many secrets were sealed anew; afterwards older keys open nothing that the first does not. */
export async function sealAnew(db: Sql, vault: Vault): Promise<number> {
  let count = 0;
  for (const { table, column } of sealedColumns) {
    const at = { table: sql.ref(table), column: sql.ref(column) };
    for (let last = '(0,0)'; ;) {
      const { rows } = await sql<{ ctid: string; sealed: Buffer }>`
        select ctid::text, ${at.column} as sealed from ${at.table}
        where ctid > ${last}::tid and ${at.column} is not null order by ctid limit ${rowsAtOnce}`.execute(db);
      if (rows.length === 0) break;
      last = rows.at(-1)!.ctid;
      for (const { ctid, sealed } of rows) {
        if (vault.isNewest(sealed)) continue;
        const anew = vault.seal(vault.open(sealed));
        await sql`update ${at.table} set ${at.column} = ${anew} where ctid = ${ctid}::tid and ${at.column} = ${sealed}`.execute(
          db,
        );
        count += 1;
      }
    }
  }
  return count;
}
