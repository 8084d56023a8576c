/**
 * Pages of a project's servers are cut from an index in its order: nothing is sorted for the cut, and no more is read than the page
 * needs. What is joined to the page may lose its order; sorting the page itself again costs the same whatever the fleet.
 */
import type { KyselyPlugin, RootOperationNode, RawNode } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerFilter, ServerPage } from '../../src/core/server.ts';
import { servers } from '../../src/store/servers.ts';
import { makeTemplate, openStore, type Store } from '../support/store.ts';

interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

const fleet = 3_000;
const limit = 50;
/** In the middle, by age. */
const marker = idOf(fleet / 2);

describe('a page of servers of a project', () => {
  let template: Awaited<ReturnType<typeof makeTemplate>>;
  let store: Store;
  beforeAll(async () => {
    template = await makeTemplate();
    store = await openStore(template.name);
    await fill(store);
  });
  afterAll(async () => {
    await store.close();
    await template.drop();
  });

  const mine: ServerFilter = { projectId: 'mine' };
  const pages: [string, ServerFilter, Omit<ServerPage, 'limit'>, string, number][] = [
    ['newest first (Nova, CloudDC)', mine, {}, 'servers_by_project', limit],
    ['behind a marker', mine, { marker }, 'servers_by_project', limit],
    // BMS v1 has page numbers: what is passed over is read, but not sorted and not joined.
    ['by its number (BMS v1)', mine, { offset: 200 }, 'servers_by_project', limit + 200],
    ['of a reservation', { ...mine, reservationId: 'r-1500' }, {}, 'servers_by_reservation', 1],
  ];

  it.each(pages)('%s is one range of an index', async (_, filter, page, index, mostRead) => {
    const plan = await planOf(store, filter, { ...page, limit });
    const cut = cutOf(plan);
    const scan = cut.at(-1)!;
    const told = cut.map((node) => node['Node Type']).join(' < ');
    expect(scan['Index Name'], told).toBe(index);
    expect(scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)).toBeLessThanOrEqual(mostRead);
    // One server needs no order.
    if (mostRead > 1) expect(told).not.toContain('Sort');
  });
});

/** The plan that the list's own statement was run with. */
async function planOf(store: Store, filter: ServerFilter, page: ServerPage): Promise<Plan> {
  let plan: Plan | undefined;
  const isPage = (node: RootOperationNode): node is RawNode =>
    node.kind === 'RawNode' && node.sqlFragments.some((part) => part.includes('order by'));
  const explain: KyselyPlugin = {
    transformQuery({ node }) {
      if (!isPage(node)) return node;
      const [first, ...rest] = node.sqlFragments;
      return { ...node, sqlFragments: [`explain (analyze, format json) ${first}`, ...rest] };
    },
    async transformResult({ result }) {
      const [row] = result.rows;
      if (!row || !('QUERY PLAN' in row)) return result;
      plan = (row['QUERY PLAN'] as [{ Plan: Plan }])[0].Plan;
      return { ...result, rows: [] };
    },
  };
  await servers(store.database.sql.withPlugin(explain)).list(filter, page);
  return plan!;
}

/** From where the page is cut down to the scan of the servers. */
function cutOf(plan: Plan): Plan[] {
  if (plan['Node Type'] === 'Limit') return spineOf(plan);
  return plan.Plans?.map(cutOf).find((found) => found.length > 0) ?? [];
}

function spineOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans?.[0] ? spineOf(plan.Plans[0]) : [])];
}

function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

async function fill({ database: { pool } }: Store): Promise<void> {
  await pool.query('alter table servers disable trigger all');
  await pool.query(
    `insert into servers (id, project_id, user_id, door, name, description, state, flavor_id, image_id, zone,
       reservation_id, created_at)
     select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, case n % 2 when 0 then 'mine' else 'other' end, 'me', 'bms', 'server-' || n, '',
       'Running', 'physical.m2.large', gen_random_uuid(), 'eu-de-01', 'r-' || n, now() - n * interval '1 second'
     from generate_series(1, $1::int) as n`,
    [fleet],
  );
  await pool.query('analyze servers');
}
