/** Reading: pages, history, and what is removed in time. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { ServerPage } from '../../src/core/server.ts';
import { newId } from '../../src/engine/ids.ts';
import { databaseNameOf } from '../support/database.ts';
import type { Store } from '../support/store.ts';
import { ask, rent } from './work-room.ts';

type Sort = NonNullable<ServerPage['sort']>;
const up = (key: Sort[number]['key']) => ({ key, descending: false });
const down = (key: Sort[number]['key']) => ({ key, descending: true });

export function records(the: () => Store): void {
  describe('pages of servers', () => {
    const orders: [words: string, sort: Sort | undefined][] = [
      ['the newest first', undefined],
      ['the oldest first', [up('created')]],
      ['by name', [up('name')]],
      ['by name, the newest first', [up('name'), down('created')]],
      ['by state downwards, then by name', [down('state'), up('name')]],
      ['by zone, name downwards and id', [up('zone'), down('name'), up('id')]],
    ];

    it.each(orders)('lie end to end %s', async (_, sort) => {
      await rent(the(), 9);
      // Equal names, zones and moments, so that only the whole order tells them apart.
      await sql`
        update servers v set name = 'n' || (n % 3), zone = 'z' || (n % 2), state = (array['Running', 'Stopped'])[1 + n % 2],
          created_at = now() - (n / 4) * interval '1 hour'
        from (select id, (row_number() over (order by id))::int as n from servers) o where o.id = v.id`.execute(
        the().database.sql,
      );
      const filter = { projectId: the().projectId };
      const order = sort ? { sort } : {};
      const whole = await the().servers.list(filter, { limit: 100, ...order });
      const paged: string[] = [];
      for (;;) {
        const marker = paged.at(-1);
        const page = await the().servers.list(filter, { limit: 2, ...order, ...(marker ? { marker } : {}) });
        paged.push(...page.map(({ id }) => id));
        if (page.length < 2) break;
      }
      expect(paged).toEqual(whole.map(({ id }) => id));
      expect(new Set(paged).size).toBe(9);
    });

    it('do not begin at a server that the project does not have', async () => {
      const [id] = await rent(the(), 1);
      const projectId = await the().makeProject();
      for (const marker of [id!, randomUUID(), 'no id']) {
        const page = the().servers.list({ projectId }, { limit: 2, marker });
        await expect(page).rejects.toMatchObject({ facts: { kind: 'invalid', field: 'marker' } });
      }
    });
  });

  describe('the history', () => {
    it('is read in the order of commits, and waits for those that are late', async () => {
      const ids = await rent(the(), 2);
      const { sql: db } = the().database;
      const tell = (tx: typeof db, serverId: string) =>
        sql`insert into history (server_id, actor, reason) values (${serverId}, 'test', 'told')`.execute(tx);
      const read = async (cursor: string | null) => the().history.listAfter(cursor, 10);

      const late = await db.startTransaction().execute();
      await tell(late, ids[0]!);
      await tell(db, ids[1]!);
      // The second is committed; but what comes before it may still come.
      expect(await read(null)).toEqual([]);
      expect(await the().history.latestCursor()).toBe('0-0');
      await late.commit().execute();

      const told = await read(null);
      expect(told.map(({ serverId }) => serverId)).toEqual(ids);
      expect(await read(told[0]!.cursor)).toEqual([told[1]]);
      expect(await read(await the().history.latestCursor())).toEqual([]);
    });

    it('does not wait for what is open in another database of the same server', async () => {
      const [id] = await rent(the(), 1);
      const { sql: db, pool } = the().database;
      const name = `other_${newId().replaceAll('-', '')}`;
      await pool.query(`create database ${name}`);
      const other = new pg.Client({ connectionString: the().url.replace(databaseNameOf(the().url), name) });
      await other.connect();
      try {
        await other.query('begin');
        await other.query('create table held ()');
        await sql`insert into history (server_id, actor, reason) values (${id}, 'test', 'told')`.execute(db);
        expect(await the().history.listAfter(null, 10)).toMatchObject([{ serverId: id }]);
      } finally {
        await other.end();
        await pool.query(`drop database ${name} with (force)`);
      }
    });

    it('forgets nothing between two pages', async () => {
      const ids = await rent(the(), 5);
      await ask(the(), 'stop', ids);
      const seen: string[] = [];
      for (let cursor: string | null = null; ;) {
        const page = await the().history.listAfter(cursor, 2);
        if (page.length === 0) break;
        seen.push(...page.map(({ serverId }) => serverId!));
        cursor = page.at(-1)!.cursor;
      }
      expect(seen.toSorted()).toEqual(ids.toSorted());
    });
  });

  describe('deleted servers', () => {
    it('are removed when their retention has ended, and no others', async () => {
      const ids = await rent(the(), 3);
      const state = (id: string, word: string, hours: number) =>
        sql`update servers set state = ${word}, terminated_at = now() - ${hours} * interval '1 hour' where id = ${id}`.execute(
          the().database.sql,
        );
      await state(ids[0]!, 'Deleted', 2);
      await state(ids[1]!, 'Deleted', 0);
      await state(ids[2]!, 'Running', 2);
      expect(await the().work.purgeDeleted(3_600_000)).toBe(1);
      expect(await the().servers.find(ids[0]!, null)).toBeNull();
      expect(await the().servers.find(ids[1]!, null)).not.toBeNull();
      expect(await the().servers.find(ids[2]!, null)).not.toBeNull();
    });

    it('leave how long they were there and how large, if they ever were', async () => {
      const ids = await rent(the(), 2);
      const { sql: db } = the().database;
      await sql`
        update servers set state = 'Deleted', terminated_at = now() - interval '2 hours',
          launched_at = case when id = ${ids[0]!} then now() - interval '5 hours' end
        where id = any(${ids}::uuid[])`.execute(db);
      expect(await the().work.purgeDeleted(3_600_000)).toBe(2);
      const { rows } = await sql`
        select p.id, p.vcpus = f.vcpus and p.ram_mib = f.ram_mib and p.disk_gb = f.disk_gb as "isOfFlavor",
          extract(epoch from p.terminated_at - p.launched_at)::int as seconds
        from past_servers p join flavors f on f.name = p.flavor_name where p.id = any(${ids}::uuid[])`.execute(
        db,
      );
      expect(rows).toEqual([{ id: ids[0], isOfFlavor: true, seconds: 3 * 3_600 }]);
    });
  });
}
