/**
 * A page of a list is cut from an index: no more of its table is read than the page needs, however long the list is and
 * however much others have in the same table.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NetworkChoice, PortField } from '../../src/core/catalog.ts';
import type { AuditFilter } from '../../src/core/audit.ts';
import type { ImageFilter, ImagePage } from '../../src/core/image.ts';
import type { History, NodeFilter } from '../../src/core/records.ts';
import type { FieldFilter, Page } from '../../src/core/page.ts';
import type { ServerFilter, ServerPage } from '../../src/core/server.ts';
import type { Sql } from '../../src/store/database.ts';
import { audit } from '../../src/store/audit.ts';
import { history } from '../../src/store/history.ts';
import { listImages } from '../../src/store/image-list.ts';
import { jobs } from '../../src/store/jobs.ts';
import { nodeSizes } from '../../src/store/node-sizes.ts';
import { nodes as openNodes } from '../../src/store/nodes.ts';
import { observations } from '../../src/store/observations.ts';
import { serverGroups } from '../../src/store/server-groups.ts';
import { listChosenNetworks, networkLists } from '../../src/store/network-lists.ts';
import { listPorts } from '../../src/store/ports.ts';
import { securityGroups } from '../../src/store/security-groups.ts';
import { servers } from '../../src/store/servers.ts';
import { volumes } from '../../src/store/volumes.ts';
import { planOf, rowsRead, tell } from '../support/plans.ts';
import { makeTemplate, openStore, type Store } from '../support/store.ts';
import { fill, fleet, idOf } from './full-tables.ts';

const limit = 50;
/** In the middle, by age. */
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
    ['of somebody with few', { projectId: 'small' }, {}, 'servers_by_project', 6],
    ['of somebody with none', { projectId: 'nobody' }, {}, 'servers_by_project', 0],
    ['by name', mine, { sort: [{ key: 'name', descending: false }] }, 'servers_by_project_and_name', limit],
    // BMS v1 has page numbers: what is passed over is read, but not sorted and not joined.
    ['by its number (BMS v1)', mine, { offset: 200 }, 'servers_by_project', limit + 200],
    ['of all projects', all, {}, 'servers_by_age', limit],
    ['of all projects, behind a marker', all, { marker }, 'servers_by_age', limit],
    ['by id (operators)', all, { marker, sort: [{ key: 'id', descending: false }] }, 'servers_pkey', limit],
    ['of a reservation', { ...mine, reservationId: 'r-3000' }, {}, 'servers_by_reservation', 1],
    ['on a machine (CloudDC)', { ...mine, nodeIds: [marker] }, {}, 'nodes_pkey', 1],
    ['with a part of an address', { ...mine, ip: '0.11.184' }, {}, 'ports_by_address_part', 1],
    ['with a tag', { ...mine, tags: ['blue'] }, {}, 'servers_by_tag', 1],
    ['by a part of the name', { ...mine, name: 'needle' }, {}, 'servers_by_name_part', 1],
    ['by a pattern', { ...mine, name: 'n..dle', nameIsPattern: true }, {}, 'servers_by_name_part', 1],
  ];

  it.each(pages)('%s is one range of an index', async (_, filter, page, index, mostRead) => {
    const plan = await planOf(store.database.sql, (db) => servers(db).list(filter, { ...page, limit }));
    expect(tell(plan)).toContain(` ${index}`);
    expect(rowsRead(plan, 'servers'), tell(plan)).toBeLessThanOrEqual(mostRead);
  });

  const lately = { changesSince: new Date(Date.now() + 60_000), withDeleted: true };
  it.each([
    ['that changed lately', 'servers_by_change', lately],
    ['in a rare state', 'servers_by_state', { states: [{ state: 'Faulty' as const }] }],
  ])('%s is in a few blocks of the table', async (_, index, filter) => {
    const plan = await planOf(store.database.sql, (db) =>
      servers(db).list({ ...mine, ...filter }, { limit }),
    );
    // Before 16 such an index would be written with every move, and there is none.
    const isThere = version >= 16;
    expect(tell(plan).includes(` ${index}`)).toBe(isThere);
    expect(rowsRead(plan, 'servers'), tell(plan)).toBeLessThan(isThere ? fleet / 10 : fleet);
  });
});

/** What is listed, how it is asked for, which index leads there, and how many rows of the table are read at the most. */
type Row = [
  what: string,
  list: (db: Sql) => Promise<unknown>,
  table: string,
  index: string,
  mostRead: number,
];

describe('a page of what a project has in its networks', () => {
  const ports = (filter: FieldFilter<PortField>, page: Partial<Page> = {}) => {
    return (db: Sql) => listPorts(db, 'mine', filter, { limit, ...page });
  };
  const networks = (list: (of: ReturnType<typeof networkLists>) => Promise<unknown>) => (db: Sql) =>
    list(networkLists(db));
  const groups = (list: (of: ReturnType<typeof securityGroups>) => Promise<unknown>) => (db: Sql) =>
    list(securityGroups(db));
  const page = { limit };
  const behind = { limit, marker };

  const rows: Row[] = [
    ['ports', ports({}), 'ports', 'ports_by_project', limit],
    ['ports behind a marker', ports({}, { marker }), 'ports', 'ports_by_project', limit],
    ['ports of a server', ports({ serverId: [marker] }), 'ports', 'ports_by_server', 2],
    ['ports of a network', ports({ networkId: [marker] }), 'ports', 'ports_by_network', 2],
    ['ports by address', ports({ ip: ['10.0.11.184'] }), 'ports', 'ports_subnet_id_ip_key', 2],
    ['ports by MAC address', ports({ mac: ['02:00:00:00:0b:b8'] }), 'ports', 'ports_mac_key', 2],
    ['ports by name', ports({ name: ['port-3000'] }), 'ports', 'ports_by_name', 2],
    [
      'networks',
      networks((of) => of.listNetworks('mine', {}, page)),
      'networks',
      'networks_by_project',
      3 * limit,
    ],
    [
      'networks behind a marker',
      networks((of) => of.listNetworks('mine', {}, behind)),
      'networks',
      'networks_by_project',
      3 * limit,
    ],
    [
      'a network by name',
      networks((of) => of.listNetworks('mine', { name: ['network-3000'] }, page)),
      'networks',
      'networks_by_project',
      3,
    ],
    [
      'subnets',
      networks((of) => of.listSubnets('mine', {}, page)),
      'subnets',
      'subnets_by_network',
      6 * limit,
    ],
    [
      'subnets behind a marker',
      networks((of) => of.listSubnets('mine', {}, behind)),
      'subnets',
      'subnets_by_network',
      6 * limit,
    ],
    [
      'subnets of a network',
      networks((of) => of.listSubnets('mine', { networkId: [marker] }, page)),
      'subnets',
      'subnets_by_network',
      6,
    ],
    [
      'VPCs',
      networks((of) => of.listVpcs('mine', {}, page)),
      'networks',
      'networks_by_project_and_vpc',
      3 * limit,
    ],
    [
      'VPCs behind a marker',
      networks((of) => of.listVpcs('mine', {}, behind)),
      'networks',
      'networks_by_project_and_vpc',
      3 * limit,
    ],
    [
      'security groups',
      groups((of) => of.listPage('mine', {}, page)),
      'security_groups',
      'security_groups_in_order',
      limit,
    ],
    [
      'security groups behind a marker',
      groups((of) => of.listPage('mine', {}, behind)),
      'security_groups',
      'security_groups_in_order',
      limit,
    ],
    [
      'rules',
      groups((of) => of.listRules('mine', {}, page)),
      'security_group_rules',
      'security_group_rules_group_id',
      3 * limit,
    ],
    [
      'rules behind a marker',
      groups((of) => of.listRules('mine', {}, behind)),
      'security_group_rules',
      'security_group_rules_group_id',
      3 * limit,
    ],
    [
      'volumes',
      (db) => volumes(db).list({ projectId: 'mine' }, page),
      'volumes',
      'volumes_by_project',
      limit,
    ],
    [
      'volumes behind a marker',
      (db) => volumes(db).list({ projectId: 'mine' }, behind),
      'volumes',
      'volumes_by_project',
      limit,
    ],
    [
      'volumes by name',
      (db) => volumes(db).list({ projectId: 'mine', name: 'volume-3000' }, page),
      'volumes',
      'volumes_by_name',
      2,
    ],
  ];
  it.each(rows)('%s is a range of an index', check);
});

describe('the networks of a create', () => {
  const chosen = (choice: NetworkChoice) => (db: Sql) => listChosenNetworks(db, 'mine', choice);
  const [one, other] = [idOf(10), idOf(20)];
  // What is read twice is counted twice: to find the ids, and then the rows.
  const rows: Row[] = [
    ['the named ones', chosen({ ids: [one, other] }), 'networks', 'networks_pkey', 4],
    ['the first one', chosen({}), 'networks', 'networks_by_project', 4],
    ['one of the VPC', chosen({ ids: [one], vpcId: other }), 'networks', 'networks_by_project_and_vpc', 4],
  ];
  it.each(rows)('%s are found by an index', check);

  it('are those that are meant, of those that the project sees', async () => {
    const namesOf = async (choice: NetworkChoice) =>
      (await listChosenNetworks(store.database.sql, 'mine', choice)).map(({ name }) => name);
    // 11 is somebody else's, 307 is open to all.
    expect(await namesOf({ ids: [idOf(20), idOf(11), idOf(307), 'no id'] })).toEqual([
      'network-20',
      'network-307',
    ]);
    expect((await namesOf({}))[0]).toBe('default');
    expect(await namesOf({ ids: [], vpcId: idOf(30) })).toEqual(['network-30']);
    expect(await namesOf({ ids: [], vpcId: idOf(11) })).toEqual([]);
    expect(await namesOf({ ids: [], vpcId: 'no id' })).toEqual([]);
  });
});

describe('a page of images', () => {
  const images = (filter: Partial<ImageFilter>, page: Partial<ImagePage> = {}) => {
    const newest = [{ key: 'created_at' as const, descending: true }];
    return (db: Sql) => listImages(db, { projectId: 'mine', ...filter }, { limit, sort: newest, ...page });
  };
  const byName = { sort: [{ key: 'name' as const, descending: false }] };
  // Public ones, own ones, and those that others share.
  const rows: Row[] = [
    ['newest first (Glance)', images({}), 'images', 'images_by_project', 3 * limit],
    ['behind a marker', images({}, { marker }), 'images', 'images_of_all', 3 * limit],
    ['by name (openstack, Nova)', images({}, byName), 'images', 'images_by_project_and_name', 3 * limit],
    [
      'by name, behind a marker',
      images({}, { ...byName, marker }),
      'images',
      'images_of_all_by_name',
      3 * limit,
    ],
    ['of the community', images({ visibility: 'community' }), 'images', 'images_of_communities', 4 * limit],
    ['by id', images({ ids: [marker] }), 'images', 'images_pkey', 3],
  ];
  it.each(rows)('%s is a range of an index for each of its sources', check);
});

describe('a page of what was observed of machines', () => {
  const of = (list: (of: ReturnType<typeof observations>) => Promise<unknown>) => (db: Sql) =>
    list(observations(db));
  const span = { from: new Date(0), to: new Date(Date.now() + 86_400_000) };
  const cut = { limit, offset: 0 };
  const rows: Row[] = [
    ['alarms', of((it) => it.listAlarms('mine', {}, cut)), 'alarms', 'alarms_by_project', 2 * limit],
    ['nobody’s alarms', of((it) => it.listAlarms('mine', {}, cut)), 'alarms', 'alarms_of_nobody', 2 * limit],
    // CloudDC documents an offset: what is passed over is read in both ranges.
    [
      'alarms further on',
      of((it) => it.listAlarms('mine', {}, { limit, offset: 20 })),
      'alarms',
      'alarms_by_project',
      2 * (limit + 20),
    ],
    [
      'events',
      of((it) => it.listEvents('mine', span, cut)),
      'node_events',
      'node_events_by_project',
      2 * limit,
    ],
    [
      'events of a machine',
      of((it) => it.listEvents('mine', { ...span, nodeId: marker }, cut)),
      'node_events',
      'node_events_by_node',
      2,
    ],
  ];
  it.each(rows)('%s is a range of an index', check);
});

describe('a page of machines', () => {
  const nodes = (filter: NodeFilter, page: Partial<Page> = {}) => {
    return (db: Sql) => openNodes(db, store.vault).list(filter, { limit, ...page });
  };
  const seen = { projectId: 'mine', withPool: true };
  const rows: Row[] = [
    ['idle ones (CloudDC)', nodes(seen), 'nodes', 'nodes_idle', 3 * limit + fleet / 10],
    ['dedicated ones', nodes(seen), 'nodes', 'nodes_by_project', 3 * limit + fleet / 10],
    ['those of somebody with few', nodes({ projectId: 'small' }), 'nodes', 'nodes_server_id_key', 12],
    ['all (operators)', nodes({}), 'nodes', 'nodes_pkey', limit],
    ['all, behind a marker', nodes({}, { marker }), 'nodes', 'nodes_pkey', limit],
    ['what all have (Nova)', (db) => nodeSizes(db).list({}, { limit, marker }), 'nodes', 'nodes_pkey', limit],
    ['quarantined ones', nodes({ standing: ['quarantined'] }), 'nodes', 'nodes_standing_apart', 1],
    ['one by name', nodes({ name: 'node-3000' }), 'nodes', 'nodes_name_key', 1],
  ];
  it.each(rows)('%s is a range of an index', check);
});

describe('a page of records', () => {
  const trail = (filter: AuditFilter, page: Partial<Page> = {}) => {
    return (db: Sql) => audit(db).list(filter, { limit, ...page });
  };
  const past = (list: (of: History) => Promise<unknown>) => (db: Sql) =>
    list(history({ ...store.database, sql: db }));
  const rows: Row[] = [
    [
      'the trail of a project',
      trail({ accountId: 'a', projectId: 'mine' }),
      'audit',
      'audit_of_project',
      2 * limit + 2,
    ],
    ['the trail of an account', trail({ accountId: 'a' }), 'audit', 'audit_of_account', limit],
    [
      'the trail since a moment',
      trail({ accountId: 'a', projectId: 'mine', from: new Date(Date.now() + 3_600_000) }),
      'audit',
      'audit_of_project',
      0,
    ],
    ['the trail behind a marker', trail({ accountId: 'a' }, { marker }), 'audit', 'audit_of_account', limit],
    ['the trail of all', trail({}), 'audit', 'audit_by_age', limit],
    [
      'the trail of a resource',
      trail({ accountId: 'a', resourceId: 'r-3000' }),
      'audit',
      'audit_of_resource',
      1,
    ],
    [
      'the history of a server',
      past((of) => of.listOfServer(marker, limit)),
      'history',
      'history_by_server',
      1,
    ],
    ['the history of a machine', past((of) => of.listOfNode(marker, limit)), 'history', 'history_by_node', 1],
    [
      'the actions on a server',
      (db) => jobs(db).listOfServer(marker, { limit }),
      'sub_jobs',
      'sub_jobs_of_server',
      1,
    ],
    [
      'server groups',
      (db) => serverGroups(db).list('mine', { limit, offset: 0 }),
      'server_groups',
      'server_groups_by_project',
      limit,
    ],
    [
      'all server groups',
      (db) => serverGroups(db).list(null, { limit, offset: 0 }),
      'server_groups',
      'server_groups_by_age',
      limit,
    ],
  ];
  it.each(rows)('%s is a range of an index', check);
});

async function check(_: string, list: Row[1], table: string, index: string, mostRead: number) {
  const plan = await planOf(store.database.sql, list);
  expect(tell(plan)).toContain(` ${index}`);
  expect(rowsRead(plan, table), tell(plan)).toBeLessThanOrEqual(mostRead);
}
