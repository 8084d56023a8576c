/**
 * How many statements a read costs: no more than its budget, and the same with 3 servers as with 60. The samples say how
 * each route is asked; a new route has the usual budget until it asks for more here.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenWithPolicy } from '../support/callers.ts';
import { rentEverything } from '../crash/process.ts';
import { readSamples, sampledRoutes } from '../samples/samples.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { useThings } from '../support/things.ts';

/** Most reads are one statement; what is made of two independent facts takes two. */
const usual = 2;
/** What needs more, and what for. */
const budgets: [names: RegExp, statements: number][] = [
  [/^admin showNode$/, 4], // the node, what is under way, its inspection, what happened
  [/^admin why$/, 3], // the server, its sub-job, its boot sessions
  [/^bms-v1 V15$/, 3], // flavors, free machines, zones
  [/^clouddc C10$/, 3], // the page, the count, the tags of the page
  [/^clouddc C15$/, 4], // the node, its server, the link, its row in the trail
  [/^clouddc C18$/, 3], // the export, the node, its log
  [/^identity .*(grant|user_in_group)/, 4], // role, holder, place, grant
  [/^identity ListEntitiesForPolicyV5$/, 4], // the policy, its attachments, and whose they are
];
const budgetOf = (name: string) =>
  budgets.find(([names]) => names.test(name.replace(/ \(\d+\)$/, '')))?.[1] ?? usual;

type Query = (...args: unknown[]) => unknown;
const counting = new AsyncLocalStorage<string[]>();
const query = pg.Client.prototype.query as unknown as Query;

interface Asked {
  name: string;
  method: string;
  path: string;
  headers: Record<string, string>;
}

let cloud: Cloud;
const asked: Asked[] = [];
const few = new Map<string, string[]>();
const many = new Map<string, string[]>();

beforeAll(async () => {
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    counting.getStore()?.push(textOf(args[0]));
    return query.apply(this, args);
  } as typeof pg.Client.prototype.query;
  cloud = await startCloud({ INGOT_SIM_NODES: '75' });
  await readEverySample();
  for (const one of asked) few.set(one.name, await statementsOf(one));
  await grow();
  for (const one of asked) many.set(one.name, await statementsOf(one));
}, 180_000);
afterAll(async () => {
  pg.Client.prototype.query = query as unknown as typeof pg.Client.prototype.query;
  await cloud.close();
});

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : ((given as { text?: string } | null)?.text ?? '');
}

const isRead = (method: string, path: string) => /^(GET|HEAD)$/.test(method) && !path.startsWith('/events');
const routes = sampledRoutes().filter(({ route }) => isRead(route.method, route.path));

/** The requests of all samples of reads; things that they name are made once and stay. */
async function readEverySample(): Promise<void> {
  const things = useThings(cloud);
  for (const { api, route, file } of routes) {
    for (const [at, sample] of readSamples(file).entries()) {
      const own = things.open();
      for (const name of sample.given ?? []) await own.get(name);
      const { method, path, headers } = await own.fill(sample.request);
      const given = { 'x-auth-token': cloud.token, ...headers };
      asked.push({ name: `${api} ${route.id}${at > 0 ? ` (${at + 1})` : ''}`, method, path, headers: given });
    }
  }
}

/** In the second of two calls, for the first may have looked up the caller. */
async function statementsOf({ method, path, headers }: Asked): Promise<string[]> {
  const inject = () =>
    cloud.ingot.http.inject({ method: method as 'GET', url: path, headers: { host: 'ingot', ...headers } });
  await inject();
  const statements: string[] = [];
  await counting.run(statements, async () => await inject());
  return statements;
}

/** To 60 servers, each with a port and a volume, and as many keypairs. */
async function grow(): Promise<void> {
  await rentEverything(cloud.sql);
  await cloud.sql.query(`
    insert into ports (id, network_id, subnet_id, project_id, server_id, mac, ip)
    select gen_random_uuid(), s.network_id, s.id, v.project_id, v.id,
      ('02:00:00:00:00:' || lpad(to_hex(row_number() over ()), 2, '0'))::macaddr,
      set_masklen(host(network(s.cidr))::inet, 32) + 5000 + row_number() over ()
    from servers v, (select * from subnets order by created_at limit 1) s where v.name like 'rented-%'`);
  await cloud.sql.query(`
    with made as (
      insert into volumes (id, project_id, user_id, name, size_gb, type, zone)
      select gen_random_uuid(), project_id, user_id, id::text, 10, 'SAS', zone from servers where name like 'rented-%'
      returning id, name)
    insert into attachments (volume_id, server_id, device) select id, name::uuid, '/dev/sdb' from made`);
  const names = Array.from({ length: 60 }, (_, at) => `key-${at}`);
  for (const name of names) await cloud.call('POST', '/v2.1/{p}/os-keypairs', { keypair: { name } });
  const { rows } = await cloud.sql.query<{ count: string }>('select count(*) from servers');
  expect(Number(rows[0]!.count)).toBeGreaterThanOrEqual(60);
}

describe('a read', () => {
  it('is sampled, every one', () => {
    const names = new Set(asked.map(({ name }) => name));
    expect(routes.map(({ api, route }) => `${api} ${route.id}`).filter((name) => !names.has(name))).toEqual(
      [],
    );
  });

  it('costs as many statements with 60 servers as with 3', () => {
    const grown = asked.filter(({ name }) => few.get(name)!.length !== many.get(name)!.length);
    expect(grown.map(({ name }) => [name, few.get(name), many.get(name)])).toEqual([]);
  });

  it('keeps to its budget', () => {
    const tooMany = asked.filter(({ name }) => many.get(name)!.length > budgetOf(name));
    expect(tooMany.map(({ name }) => [name, many.get(name)])).toEqual([]);
  });

  it('has no larger budget than it needs', () => {
    const cost = (names: RegExp) =>
      Math.max(...asked.filter(({ name }) => names.test(name)).map(({ name }) => many.get(name)!.length));
    expect(budgets.filter(([names, budget]) => cost(names) !== budget)).toEqual([]);
  });

  it('costs one statement more behind a marker, which is looked up first', async () => {
    const lists: [path: string, key: string, header?: string][] = [
      ['/v2.1/{p}/servers', 'servers'],
      ['/v2.1/{p}/servers/detail', 'servers'],
      ['/v2.1/{p}/os-keypairs', 'keypairs', 'compute 2.35'],
      ['/v1/{p}/instances', 'instances'],
      ['/v1/{p}/physicalservers', 'servers'],
      ['/image/v2/images', 'images'],
      ['/network/v2.0/networks', 'networks'],
      ['/network/v2.0/subnets', 'subnets'],
      ['/network/v2.0/ports', 'ports'],
      ['/network/v2.0/security-groups', 'security_groups'],
      ['/network/v2.0/security-group-rules', 'security_group_rules'],
      ['/v1/{p}/vpcs', 'vpcs'],
      ['/v1/{p}/subnets', 'subnets'],
      ['/volume/v3/{p}/volumes', 'volumes'],
      ['/admin/v1/nodes', 'nodes'],
      ['/admin/v1/servers', 'servers'],
      ['/admin/v1/audit', 'audit'],
    ];
    const costs: [string, number][] = [];
    for (const [path, key, version] of lists) {
      const headers = { 'x-auth-token': cloud.token, ...(version && { 'openstack-api-version': version }) };
      const { status, body } = await cloud.call('GET', path, undefined, headers);
      expect([path, status]).toEqual([path, 200]);
      const [first] = body[key];
      const marker = first.keypair?.name ?? first.id;
      const costOf = async (query: string) =>
        (
          await statementsOf({
            name: path,
            method: 'GET',
            path: path.replace('{p}', cloud.projectId) + query,
            headers,
          })
        ).length;
      costs.push([path, (await costOf(`?marker=${marker}`)) - (await costOf(''))]);
    }
    expect(costs.filter(([, more]) => more > 1)).toEqual([]);
  });

  it('costs one more only where a policy asks for tags of the server', async () => {
    const { rows } = await cloud.sql.query<{ id: string }>(
      `select id from servers where name like 'rented-%' limit 1`,
    );
    const path = `/v1/${cloud.projectId}/baremetalservers/${rows[0]!.id}`;
    const costOf = async (...conditions: object[]) => {
      const token = await tokenWithPolicy(cloud, [
        { Effect: 'Allow', Action: ['bms:servers:get'] },
        ...conditions.map((Condition) => ({ Effect: 'Deny', Action: ['bms:servers:get'], Condition })),
      ]);
      const statements = await statementsOf({
        name: 'V04',
        method: 'GET',
        path,
        headers: { 'x-auth-token': token },
      });
      return statements.length;
    };
    const plain = await costOf();
    expect(await costOf({ StringEquals: { 'g:RequestTag/a': ['x'], 'g:UserName': ['x'] } })).toBe(plain);
    const ofResource = { StringEquals: { 'g:ResourceTag/a': ['x'] } };
    expect(await costOf(ofResource, ofResource)).toBe(plain + 1);
  });
});
