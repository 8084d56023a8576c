/** Migrations, and the check that is computed from the lifecycle table. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { states, taskStatesOf } from '../../src/core/lifecycle.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { servers } from '../../src/store/servers.ts';
import { createDatabase, emptyTemplate } from '../support/database.ts';
import type { Store } from '../support/store.ts';
import { rent } from './work-room.ts';

const checkViolation = { code: '23514' };

export function layout(the: () => Store): void {
  describe('the layout', () => {
    const all = async () => {
      const tables = await sql`
        select table_name, column_name, data_type from information_schema.columns where table_schema = 'public'
        order by 1, ordinal_position`.execute(the().database.sql);
      const constraints = await sql`
        select oid::text, conname from pg_constraint where connamespace = 'public'::regnamespace order by 1`.execute(
        the().database.sql,
      );
      const migrations = await sql`select * from kysely_migration`.execute(the().database.sql);
      return [tables.rows, constraints.rows, migrations.rows];
    };

    const migrations = async () => {
      const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
        the().database.sql,
      );
      return rows.map(({ name }) => name);
    };

    it('stays as it is when it is there already', async () => {
      const before = await all();
      expect(before[2]).not.toEqual([]);
      await migrate(the().database.sql);
      expect(await all()).toEqual(before);
    });

    it('comes about once when two processes begin at the same time', async () => {
      const { url, database } = the();
      const before = await migrations();
      await sql`drop schema public cascade`.execute(database.sql);
      await sql`create schema public`.execute(database.sql);
      const other = await openDatabase(url, { onError: () => undefined });
      await Promise.all([migrate(database.sql), migrate(other.sql)]);
      await other.close();
      expect(await migrations()).toEqual(before);
    });

    it('needs no right to install extensions', async () => {
      const { database } = the();
      const role = `plain_${randomUUID().slice(0, 8)}`;
      await sql.raw(`create role ${role}`).execute(database.sql);
      const made = await createDatabase(emptyTemplate, the().url);
      const grantor = await openDatabase(made.url, { onError: () => undefined });
      await sql.raw(`grant usage, create on schema public to ${role}`).execute(grantor.sql);
      await grantor.close();
      const url = `${made.url}${made.url.includes('?') ? '&' : '?'}options=-c%20role%3D${role}`;
      const plain = await openDatabase(url, { onError: () => undefined });
      await migrate(plain.sql);
      const { rows } = await sql<{ who: string; found: string | null }>`
        select current_user as who, to_regclass('servers_by_name_part')::text as found`.execute(plain.sql);
      const found = await servers(plain.sql).list(
        { projectId: null, name: 'x', changesSince: new Date() },
        { limit: 1 },
      );
      await plain.close();
      await made.drop();
      await sql.raw(`drop role ${role}`).execute(database.sql);
      expect(rows).toEqual([{ who: role, found: null }]);
      expect(found).toEqual([]);
    });

    const put = async (state: string, taskState: string | null, deletingFrom: string | null = null) => {
      const [id] = await rent(the(), 1);
      await sql`
        update servers set state = ${state}, task_state = ${taskState}, deleting_from = ${deletingFrom}
        where id = ${id}`.execute(the().database.sql);
    };

    it('keeps every state of the table, with its task states', async () => {
      const [id] = await rent(the(), 1);
      for (const state of states) {
        const tasks = taskStatesOf(state);
        for (const task of tasks.length === 0 ? [null] : tasks) {
          await sql`
            update servers set state = ${state}, task_state = ${task},
              deleting_from = ${state === 'Deleting' ? 'Running' : null} where id = ${id}`.execute(
            the().database.sql,
          );
        }
      }
    });

    it('refuses a state that is not in the table', async () => {
      await expect(put('Sleeping', null)).rejects.toMatchObject(checkViolation);
    });

    it('refuses a task state that is not of the state', async () => {
      await expect(put('Running', 'powering-off')).rejects.toMatchObject(checkViolation);
      await expect(put('Stopping', 'powering-on')).rejects.toMatchObject(checkViolation);
    });

    it('refuses a deletion that does not say from where', async () => {
      await expect(put('Deleting', 'deleting')).rejects.toMatchObject(checkViolation);
    });
  });
}
