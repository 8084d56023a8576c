/** What a new installation begins with: an account, a project, an administrator, and something to rent. */
import { createHash, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { toExtraSpecs } from '../core/flavor-specs.ts';
import type { Catalog, Flavor } from '../core/catalog.ts';
import type { NewImage } from '../core/image.ts';
import type { Nodes, NewNode } from '../core/records.ts';
import { operatorRole, type Tenancy } from '../core/tenancy.ts';
import { accessKeys } from './access-keys.ts';
import type { Sql } from './database.ts';
import type { Vault } from './vault.ts';

export interface FirstStart {
  region: string;
  /** Asked only where the administrator is yet to be made. */
  hashPassword(): Promise<string>;
  simNodes: number;
}

export interface FirstRooms {
  sql: Sql;
  vault: Vault;
  tenancy: Tenancy;
  catalog: Catalog;
  nodes: Nodes;
}

export interface FirstCredentials {
  userId: string;
  projectId: string;
  access: string;
  secret: string;
}

const hexId = () => randomUUID().replaceAll('-', '');

const firstFlavor = 'physical.m2.large';

/** Any number that nobody else locks by. */
const firstStartLock = 7_418;

/** Returns null when the installation has begun already. Safe to repeat after a crash in the middle. */
export function makeFirstStart(rooms: FirstRooms, wish: FirstStart): Promise<FirstCredentials | null> {
  // Two processes may be started on a new database at the same time.
  return rooms.sql.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${firstStartLock}::bigint)`.execute(tx);
    return begin(rooms, wish);
  });
}

async function begin(
  rooms: FirstRooms,
  { region, hashPassword, simNodes }: FirstStart,
): Promise<FirstCredentials | null> {
  const { tenancy, catalog } = rooms;
  const [existing] = await tenancy.listAccounts({ name: 'Default' });
  const account =
    existing ??
    (await tenancy.createAccount({
      id: hexId(),
      name: 'Default',
      description: 'The first account',
      enabled: true,
      createdAt: new Date(),
    }));
  // The administrator comes last: where there is one, the rest is there too.
  const [begun] = await tenancy.listUsers({ accountId: account.id, name: 'admin' });
  if (begun) return null;

  const [known] = await tenancy.listProjects({ accountId: account.id, name: region });
  const project =
    known ??
    (await tenancy.createProject({
      id: hexId(),
      accountId: account.id,
      name: region,
      description: 'The first project',
      enabled: true,
      createdAt: new Date(),
    }));
  for (const flavor of flavors) await catalog.putFlavor(flavor);
  for (const image of images) await catalog.putImage(image);
  await catalog.putNetwork(firstNetwork());
  await enrolSimulatedFleet(rooms.nodes, `${region}-01`, simNodes);

  const userId = hexId();
  await tenancy.createUser(
    {
      id: userId,
      accountId: account.id,
      name: 'admin',
      email: null,
      description: 'The first administrator',
      enabled: true,
      isRoot: true,
      defaultProjectId: project.id,
      createdAt: new Date(),
    },
    await hashPassword(),
  );
  const [admin] = await tenancy.listRoles({ name: operatorRole });
  await tenancy.assign(userId, admin!.id, { projectId: project.id });
  await tenancy.assign(userId, admin!.id, { accountId: account.id });
  const key = await accessKeys(rooms.sql, rooms.vault).create(userId, 'made at first start', 1);
  return { userId, projectId: project.id, access: key!.access, secret: key!.secret };
}

/** The same id in every installation, so that examples can name it. */
function fixedId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function flavor(
  id: string,
  board: string,
  vcpus: number,
  ramGib: number,
  diskGb: number,
  words: string[],
): Flavor {
  const [cpu, memory, disk, netcard] = words as [string, string, string, string];
  const extraSpecs = toExtraSpecs({ board, cpu, memory, disk, netcard });
  return { id, name: id, vcpus, ramMib: ramGib * 1024, diskGb, enabled: true, extraSpecs };
}

const flavors: Flavor[] = [
  flavor(firstFlavor, 'm2l', 48, 384, 3600, [
    '2 x 24 core 2.4 GHz',
    '384 GB DDR4',
    '2 x 1.8 TB SSD',
    '2 x 25GE',
  ]),
  flavor('physical.s2.medium', 's2m', 24, 192, 1920, [
    '1 x 24 core 2.4 GHz',
    '192 GB DDR4',
    '2 x 960 GB SSD',
    '2 x 25GE',
  ]),
];

/** A record without bytes: simulated machines are installed from it, real ones cannot. */
function image(name: string, osVersion: string): NewImage {
  return {
    id: fixedId(`image ${name}`),
    projectId: null,
    name,
    osType: 'Linux',
    osBits: 64,
    status: 'active',
    visibility: 'public',
    isProtected: false,
    isHidden: false,
    tags: [],
    diskFormat: 'raw',
    containerFormat: 'bare',
    minDiskGb: 40,
    minRamMib: 1024,
    properties: { __os_version: osVersion, virtual_env_type: 'Ironic', __imagetype: 'gold' },
  };
}

const images: NewImage[] = [
  image('Debian 12 for BMS', 'Debian GNU/Linux 12'),
  image('Ubuntu 24.04 for BMS', 'Ubuntu 24.04 LTS'),
  image('Rocky Linux 9 for BMS', 'Rocky Linux 9'),
];

function firstNetwork() {
  const id = fixedId('network default');
  return {
    id,
    projectId: null,
    vpcId: fixedId('vpc default'),
    name: 'default',
    description: 'The first network, open to all projects',
    createdAt: new Date(),
    subnets: [
      {
        id: fixedId('subnet default'),
        networkId: id,
        name: 'default',
        cidr: '10.20.0.0/16',
        gatewayIp: '10.20.0.1',
        dns: [],
      },
    ],
  };
}

const perStatement = 5_000;

async function enrolSimulatedFleet(nodes: Nodes, zone: string, count: number): Promise<void> {
  const width = Math.max(String(count).length, 3);
  const already = await nodes.count({ driver: 'simulated' });
  for (let from = already; from < count; from += perStatement) {
    const some = Math.min(perStatement, count - from);
    await nodes.enrol(Array.from({ length: some }, (_, at) => simulatedNode(zone, from + at + 1, width)));
  }
}

function simulatedNode(zone: string, number: number, width: number): NewNode {
  return {
    id: randomUUID(),
    name: `sim-${String(number).padStart(width, '0')}`,
    driver: 'simulated',
    bmc: { address: '', username: '', password: '', system: null, certificateSha256: null },
    standing: 'ready',
    zone,
    flavorId: firstFlavor,
    projectId: null,
    power: 'off',
    health: 'OK',
    inventory: null,
    powerPolicy: 'follow',
    rack: `sim-rack-${Math.ceil(number / 40)}`,
    unit: ((number - 1) % 40) + 1,
    note: '',
  };
}
