/**
 * Whoever turns the pages of a list sees each record that was there all the time exactly once, and none twice, whatever
 * comes and goes meanwhile. Ages and names are few, so that the order often falls to the id.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { IngotError } from '../../src/core/errors.ts';
import type { Page } from '../../src/core/page.ts';
import { audit } from '../../src/store/audit.ts';
import { listImages } from '../../src/store/image-list.ts';
import { networks } from '../../src/store/networks.ts';
import { nodes } from '../../src/store/nodes.ts';
import { listPorts } from '../../src/store/ports.ts';
import { securityGroups } from '../../src/store/security-groups.ts';
import { servers } from '../../src/store/servers.ts';
import { volumes } from '../../src/store/volumes.ts';
import { openStore, type Store } from '../support/store.ts';

interface Row {
  age: number;
  name: string;
  isMine: boolean;
}

interface List {
  table: string;
  /** Columns and what is in them, as SQL over `id`, `at`, `name`, `is_mine` and a `number` that no other row has. */
  columns: Record<string, string>;
  /** Whether what is not the project's own is open to it. */
  showsOthers?: boolean;
  read: (page: Page) => Promise<{ id: string }[]>;
}

const names = ['a', 'b'];
/** What other lists need stays. */
const isOurs: Record<string, string> = {
  networks: `name <> 'net'`,
  security_groups: `name not like 'in-%'`,
};

let store: Store;
let client: pg.PoolClient;
beforeAll(async () => {
  store = await openStore();
  client = await store.database.pool.connect();
  await client.query('set session_replication_role = replica'); // rows need nothing that they refer to
  await client.query('delete from networks; delete from subnets; delete from security_groups');
  await client.query(
    `insert into networks (id, project_id, vpc_id, name)
     select gen_random_uuid(), case n when 1 then 'mine' end, gen_random_uuid(), 'net' from generate_series(1, 2) n`,
  );
  await client.query(
    `insert into security_groups (project_id, name, is_default)
     values ('mine', 'in-a', true), ('mine', 'in-b', false)`,
  );
});
afterAll(async () => {
  client.release(true);
  await store.close();
});

const project = `case when is_mine then 'mine' else 'other' end`;
const mineOrOpen = `case when is_mine then 'mine' end`;
const server = {
  id: 'id',
  project_id: project,
  name: 'name',
  created_at: 'at',
  user_id: `'me'`,
  door: `'bms'`,
  description: `''`,
  state: `'Running'`,
  flavor_id: `'physical.m2.large'`,
  image_id: 'id',
  zone: `'z'`,
  reservation_id: `''`,
};
const image = {
  id: 'id',
  project_id: `'mine'`,
  visibility: `case when is_mine then 'private' else 'public' end`,
  name: 'name',
  created_at: 'at',
};
const sql = () => store.database.sql;

const lists: Record<string, List> = {
  'servers of a project': {
    table: 'servers',
    columns: server,
    read: (page) => servers(sql()).list({ projectId: 'mine' }, page),
  },
  'servers of all projects': {
    table: 'servers',
    columns: server,
    showsOthers: true,
    read: (page) => servers(sql()).list({ projectId: null }, page),
  },
  'servers in two directions': {
    table: 'servers',
    columns: server,
    read: (page) => {
      const sort = [
        { key: 'name' as const, descending: false },
        { key: 'created' as const, descending: true },
      ];
      return servers(sql()).list({ projectId: 'mine' }, { ...page, sort });
    },
  },
  volumes: {
    table: 'volumes',
    columns: {
      id: 'id',
      project_id: project,
      name: 'name',
      created_at: 'at',
      user_id: `'me'`,
      size_gb: '1',
      type: `'SAS'`,
      zone: `'z'`,
    },
    read: (page) => volumes(sql()).list({ projectId: 'mine' }, page),
  },
  ports: {
    table: 'ports',
    columns: {
      id: 'id',
      project_id: project,
      name: 'name',
      subnet_id: 'id',
      ip: `'10.0.0.1'`,
      network_id: `(select id from networks limit 1)`,
      mac: `('02000000' || lpad(to_hex(number), 4, '0'))::macaddr`,
    },
    read: (page) => listPorts(sql(), 'mine', {}, page),
  },
  networks: {
    table: 'networks',
    columns: { id: 'id', project_id: mineOrOpen, vpc_id: 'id', name: 'name' },
    showsOthers: true,
    read: (page) => networks(sql()).listNetworks('mine', { name: names }, page),
  },
  VPCs: {
    table: 'networks',
    columns: { id: 'gen_random_uuid()', project_id: mineOrOpen, vpc_id: 'id', name: 'name' },
    showsOthers: true,
    read: async (page) =>
      (await networks(sql()).listVpcs('mine', { name: names }, page)).map(({ vpcId }) => ({ id: vpcId })),
  },
  subnets: {
    table: 'subnets',
    columns: {
      id: 'id',
      name: 'name',
      created_at: 'at',
      cidr: `'10.0.0.0/24'`,
      gateway_ip: `'10.0.0.1'`,
      network_id: `(select id from networks where (project_id is null) <> is_mine and name = 'net')`,
    },
    showsOthers: true,
    read: async (page) => (await networks(sql()).listSubnets('mine', {}, page)).map(({ subnet }) => subnet),
  },
  'security groups': {
    table: 'security_groups',
    columns: { id: 'id', project_id: project, name: 'name', created_at: 'at' },
    read: (page) => securityGroups(sql()).listPage('mine', { name: names }, page),
  },
  rules: {
    table: 'security_group_rules',
    columns: {
      id: 'id',
      created_at: 'at',
      direction: `'egress'`,
      ether_type: `'IPv4'`,
      port_min: 'number',
      group_id: `(select id from security_groups where name = 'in-' || given.name)`,
    },
    showsOthers: true,
    read: (page) => securityGroups(sql()).listRules('mine', {}, page),
  },
  'images, newest first': {
    table: 'images',
    columns: image,
    showsOthers: true,
    read: (page) =>
      listImages(sql(), { projectId: 'mine' }, { ...page, sort: [{ key: 'created_at', descending: true }] }),
  },
  'images by name': {
    table: 'images',
    columns: image,
    showsOthers: true,
    read: (page) =>
      listImages(sql(), { projectId: 'mine' }, { ...page, sort: [{ key: 'name', descending: false }] }),
  },
  machines: {
    table: 'nodes',
    columns: {
      id: 'id',
      project_id: mineOrOpen,
      name: `name || number`,
      driver: `'simulated'`,
      standing: `'ready'`,
      zone: `'z'`,
      flavor_id: `'physical.m2.large'`,
    },
    showsOthers: true,
    read: (page) => nodes(sql(), store.vault).list({ projectId: 'mine', withPool: true }, page),
  },
  'the audit trail': {
    table: 'audit',
    columns: {
      id: 'id',
      at: 'at',
      account_id: `'a'`,
      project_id: mineOrOpen,
      source_ip: `''`,
      request_id: `''`,
      service: `''`,
      route: `''`,
      method: `''`,
      name: 'name',
      status_code: '200',
    },
    showsOthers: true,
    read: (page) => audit(sql()).list({ accountId: 'a', projectId: 'mine' }, page),
  },
};

let number = 0;
async function insert({ table, columns }: List, id: string, { age, name, isMine }: Row): Promise<void> {
  number += 1;
  await client.query(
    `insert into ${table} (${Object.keys(columns).join(', ')})
     select ${Object.values(columns).join(', ')}
     from (select $1::uuid as id, timestamptz '2026-01-01' - $2 * interval '1 second' as at, $3::text as name,
       $4::boolean as is_mine, $5::integer as number) as given`,
    [id, age, name, isMine, number],
  );
}

const idColumnOf = ({ columns }: List) => (columns['id'] === 'id' ? 'id' : 'vpc_id');

async function remove(list: List, id: string): Promise<void> {
  await client.query(`delete from ${list.table} where ${idColumnOf(list)} = $1`, [id]);
}

/** Ids in no order; each story begins with another salt. */
function idOf(salt: number, at: number): string {
  const hex = createHash('md5').update(`${salt} ${at}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const row = fc.record({
  age: fc.nat(2),
  name: fc.constantFrom(...names),
  isMine: fc.boolean(),
});
/** What happens between two pages: what comes, and which of the present ones go. */
const meanwhile = fc.record({
  comes: fc.array(row, { maxLength: 2 }),
  goes: fc.array(fc.nat(30), { maxLength: 2 }),
});

it.each(Object.entries(lists))('%s are seen once each, whatever comes and goes', async (_, list) => {
  const story = fc.asyncProperty(
    fc.array(row, { minLength: 1, maxLength: 12 }),
    fc.integer({ min: 1, max: 4 }),
    fc.array(meanwhile, { minLength: 12, maxLength: 12 }),
    fc.nat(),
    async (first, limit, changes, salt) => {
      await client.query(`delete from ${list.table} where ${isOurs[list.table] ?? 'true'}`);
      const stayed = new Set<string>();
      const present: string[] = [];
      const come = async (one: Row) => {
        const id = idOf(salt, present.length);
        await insert(list, id, one);
        present.push(id);
        return id;
      };
      for (const one of first) {
        const id = await come(one);
        if (one.isMine || list.showsOthers) stayed.add(id);
      }
      const seen: string[] = [];
      for (let turn = 0; ; turn++) {
        const marker = seen.at(-1);
        const page = await list.read({ limit, ...(marker === undefined ? {} : { marker }) });
        seen.push(...page.map(({ id }) => id));
        if (page.length < limit) break;
        const { comes, goes } = changes[turn] ?? { comes: [], goes: [] };
        for (const one of comes) await come(one);
        for (const at of goes) {
          const gone = present[at % present.length]!;
          // A marker that has gone is no place any more; who lost it begins again.
          if (gone === seen.at(-1)) continue;
          await remove(list, gone);
          stayed.delete(gone);
        }
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect([...stayed].filter((id) => !seen.includes(id))).toEqual([]);
    },
  );
  await fc.assert(story, { numRuns: 12 });
});

// An operator sees all; an id of a machine is a place in their order, whosever it is.
const strict = Object.entries(lists).filter(
  ([name, { columns }]) => 'project_id' in columns && !['servers of all projects', 'machines'].includes(name),
);
it.each(strict)('%s: a marker of another project is as unknown as one of nobody', async (_, list) => {
  const id = idOf(0, -1);
  const refusal = () =>
    list.read({ limit: 1, marker: id }).then(
      () => null,
      (error: IngotError) => error.facts,
    );
  await client.query(`delete from ${list.table} where ${isOurs[list.table] ?? 'true'}`);
  const ofNobody = await refusal();
  expect(['invalid', 'not-found']).toContain(ofNobody?.kind);
  await insert(list, id, { age: 0, name: 'a', isMine: true });
  expect(await refusal()).toBe(null);
  const hidden = 'visibility' in list.columns ? `, visibility = 'private'` : '';
  await client.query(
    `update ${list.table} set project_id = 'third' ${hidden} where ${idColumnOf(list)} = $1`,
    [id],
  );
  expect(await refusal()).toEqual(ofNobody);
});
