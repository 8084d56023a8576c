/** Changing the key that seals secrets. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { openVault } from '../../src/store/installation.ts';
import { sealAnew, sealedColumns } from '../../src/store/keyring.ts';
import { nodes as openNodes } from '../../src/store/nodes.ts';
import { createVault } from '../../src/store/vault.ts';
import type { Store } from '../support/store.ts';

/** Hashes, which need no key, and content that is nobody's secret. */
const plainColumns = [
  'tokens.hash',
  'access_keys.token_hash',
  'console_links.hash',
  'boot_sessions.secret_hash',
  'discovered_machines.secret_hash',
  'log_exports.content',
  'console_logs.content',
];

const old = Buffer.alloc(32); // that of the tests' store
const bmc = { address: '', username: 'root', password: 'calvin', system: null, certificateSha256: null };

export function keyring(the: () => Store): void {
  describe('a new key', () => {
    it('knows every column that may hold a secret', async () => {
      const { rows } = await sql<{ column: string }>`
        select table_name || '.' || column_name as column from information_schema.columns
        where table_schema = 'public' and data_type = 'bytea'`.execute(the().database.sql);
      const known = [...sealedColumns.map(({ table, column }) => `${table}.${column}`), ...plainColumns];
      expect(rows.map(({ column }) => column).filter((column) => !known.includes(column))).toEqual([]);
    });

    it('seals everything anew, and then the old one is not needed', async () => {
      const { database } = the();
      await openVault(database.sql, [old]);
      const { id } = await the().makeNode({ bmc });
      const fresh = randomBytes(32);
      const both = await openVault(database.sql, [fresh, old]);
      expect(both.isOurs).toBe(true);
      expect(await openVault(database.sql, [fresh])).toMatchObject({ isOurs: false });

      expect(await sealAnew(database.sql, both)).toBeGreaterThanOrEqual(2);
      expect(await sealAnew(database.sql, both), 'nothing is left to do').toBe(0);
      const alone = await openVault(database.sql, [fresh]);
      expect(alone.isOurs).toBe(true);
      expect((await openNodes(database.sql, alone).find(id))!.bmc.password).toBe('calvin');
    });

    it('that was interrupted goes on where it was', async () => {
      const { database } = the();
      await openVault(database.sql, [old]);
      const made = [];
      for (let count = 0; count < 3; count += 1) made.push(await the().makeNode({ bmc }));
      const both = createVault([randomBytes(32), old]);
      await sql`update nodes set bmc_secret = ${both.seal('calvin')} where id = ${made[0]!.id}`.execute(
        database.sql,
      );
      await sealAnew(database.sql, both);
      for (const { id } of made) {
        const { rows } = await sql<{ sealed: Buffer }>`
          select bmc_secret as sealed from nodes where id = ${id}`.execute(database.sql);
        expect(both.isNewest(rows[0]!.sealed)).toBe(true);
        expect(both.open(rows[0]!.sealed)).toBe('calvin');
      }
    });
  });
}
