/**
 * A page of a list is cut from an index: no more of its table is read than the page needs, however long the list is and
 * however much others have in the same table.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerFilter, ServerPage } from '../../src/core/server.ts';
import { servers } from '../../src/store/servers.ts';
import { planOf, rowsRead, tell } from '../support/plans.ts';
import { makeTemplate, openStore, type Store } from '../support/store.ts';

const fleet = 3_000;
const limit = 50;
/** In the middle, by age; servers with an even number are mine. */
const marker = idOf(fleet / 2);

let template: Awaited<ReturnType<typeof makeTemplate>>;
let store: Store;
let version: number;
beforeAll(async () => {
  template = await makeTemplate();
  store = await openStore(template.name);
  const { rows } = await store.database.pool.query<{ version: number }>(
    `select current_setting('server_version_num')::int / 10000 as version`,
  );
  version = rows[0]!.version;
  await fill(store);
});
afterAll(async () => {
  await store.close();
  await template.drop();
});

describe('a page of servers', () => {
  const mine: ServerFilter = { projectId: 'mine' };
  const all: ServerFilter = { projectId: null };
  const pages: [string, ServerFilter, Omit<ServerPage, 'limit'>, string, number][] = [
    ['newest first (Nova, CloudDC)', mine, {}, 'servers_by_project', limit],
    ['behind a marker', mine, { marker }, 'servers_by_project', limit],
    ['of somebody with few', { projectId: 'small' }, {}, 'servers_by_project', 3],
    ['of somebody with none', { projectId: 'nobody' }, {}, 'servers_by_project', 0],
    // BMS v1 has page numbers: what is passed over is read, but not sorted and not joined.
    ['by its number (BMS v1)', mine, { offset: 200 }, 'servers_by_project', limit + 200],
    ['of all projects', all, {}, 'servers_by_age', limit],
    ['of all projects, behind a marker', all, { marker }, 'servers_by_age', limit],
    ['by id (operators)', all, { marker, sort: [{ key: 'id', descending: false }] }, 'servers_pkey', limit],
    ['of a reservation', { ...mine, reservationId: 'r-1500' }, {}, 'servers_by_reservation', 1],
    ['with a tag', { ...mine, tags: ['blue'] }, {}, 'servers_by_tag', 1],
    ['by a part of the name', { ...mine, name: 'needle' }, {}, 'servers_by_name_part', 1],
    ['by a pattern', { ...mine, name: 'n..dle', nameIsPattern: true }, {}, 'servers_by_name_part', 1],
  ];

  it.each(pages)('%s is one range of an index', async (_, filter, page, index, mostRead) => {
    const plan = await planOf(store.database.sql, (db) => servers(db).list(filter, { ...page, limit }));
    expect(tell(plan)).toContain(` ${index}`);
    expect(rowsRead(plan, 'servers'), tell(plan)).toBeLessThanOrEqual(mostRead);
  });

  it('that changed lately is in a few blocks of the table', async ({ skip }) => {
    skip(version < 16, 'before 16 a block range index would be written with every move, and there is none');
    const filter = { ...mine, changesSince: new Date(Date.now() + 60_000), withDeleted: true };
    const plan = await planOf(store.database.sql, (db) => servers(db).list(filter, { limit }));
    expect(tell(plan)).toContain(' servers_by_change');
    expect(rowsRead(plan, 'servers'), tell(plan)).toBeLessThan(fleet / 10);
  });
});

function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

async function fill({ database: { pool } }: Store): Promise<void> {
  await pool.query('alter table servers disable trigger all');
  await pool.query(
    `insert into servers (id, project_id, user_id, door, name, description, state, flavor_id, image_id, zone,
       reservation_id, created_at, updated_at)
     select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
       case when n % 1000 = 7 then 'small' when n % 2 = 0 then 'mine' else 'other' end, 'me', 'bms', 'server-' || n, '',
       'Running', 'physical.m2.large', gen_random_uuid(), 'eu-de-01', 'r-' || n, now() - n * interval '1 second',
       now() - n * interval '1 second'
     from generate_series(1, $1::int) as n`,
    [fleet],
  );
  await pool.query('vacuum analyze servers');
  await pool.query(
    `update servers set name = 'needle', tags = '{blue}', updated_at = now() + interval '1 hour' where id = $1`,
    [marker],
  );
}
