/** Networks, their subnets and VPCs as a project lists them: its own and those that are open to all. */
import { sql, type RawBuilder } from 'kysely';
import type { Network, NetworkChoice, Subnet } from '../core/catalog.ts';
import type { NetworkField, NetworkOfSubnet, Networks, SubnetField } from '../core/network.ts';
import type { Sql } from './database.ts';
import { type Column, type Keyset, matching, ofEach, readPage, toUuid } from './pages.ts';

const subnetJson = sql`
  jsonb_build_object('id', s.id, 'networkId', s.network_id, 'name', s.name, 'cidr', s.cidr,
    'gatewayIp', host(s.gateway_ip), 'dns', s.dns)`;

export const networkColumns = sql`
  n.id, n.project_id as "projectId", n.vpc_id as "vpcId", n.name, n.description, n.created_at as "createdAt",
  coalesce((select jsonb_agg(${subnetJson} order by s.created_at, s.id)
    from subnets s where s.network_id = n.id), '[]') as subnets`;

const networkFields: Record<NetworkField, Column> = {
  id: ['n.id', 'uuid'],
  name: ['n.name', 'text'],
  description: ['n.description', 'text'],
  projectId: [`coalesce(n.project_id, '')`, 'text'],
  vpcId: ['n.vpc_id', 'uuid'],
  cidr: [
    '(select s.cidr::text from subnets s where s.network_id = n.id order by s.created_at, s.id limit 1)',
    'text',
  ],
  isShared: ['(n.project_id is null)', 'boolean'],
};

const subnetFields: Record<SubnetField, Column> = {
  id: ['s.id', 'uuid'],
  name: ['s.name', 'text'],
  networkId: ['n.id', 'uuid'],
  projectId: networkFields.projectId,
  vpcId: networkFields.vpcId,
  cidr: ['s.cidr::text', 'text'],
  gatewayIp: ['s.gateway_ip', 'inet'],
  ipVersion: ['family(s.cidr)', 'integer'],
};

const visible = (projectId: string): RawBuilder<unknown>[] => [
  sql`n.project_id = ${projectId}`,
  sql`n.project_id is null`,
];

/** One statement, that reads no more networks than are meant, however many there are. */
export async function listChosenNetworks(
  db: Sql,
  projectId: string | null,
  { ids, vpcId }: NetworkChoice,
): Promise<Network[]> {
  const ranges = projectId === null ? [sql`true`] : visible(projectId);
  const oneOfEach = (rest: RawBuilder<unknown>) =>
    ranges.map((range) => sql`(select n.id from networks n where ${range} ${rest} limit 1)`);
  const named = (ids ?? []).map(toUuid).filter((id) => id !== null);
  const meant = [
    sql`(select n.id from networks n where n.id = any(${named}::uuid[]) and (${sql.join(ranges, sql` or `)}))`,
    ...(ids ? [] : oneOfEach(sql`order by n.name, n.id`)),
    ...(vpcId === undefined ? [] : oneOfEach(sql`and n.vpc_id = ${toUuid(vpcId)}::uuid`)),
  ];
  const { rows } = await sql<Network>`
    select ${networkColumns} from networks n where n.id in (${sql.join(meant, sql` union `)})
    order by n.name, n.id`.execute(db);
  return rows;
}

export function networkLists(db: Sql): Pick<Networks, 'listNetworks' | 'listSubnets' | 'listVpcs'> {
  return {
    async listNetworks(projectId, filter, page) {
      const keyset: Keyset = {
        from: sql`networks n`,
        take: sql`n.*`,
        id: 'n.id',
        ranges: visible(projectId),
        where: matching(networkFields, filter),
        order: [networkFields.name, networkFields.id],
      };
      return readPage<Network>(db, keyset, page, { alias: 'n', columns: networkColumns });
    },

    async listSubnets(projectId, filter, page) {
      const keyset: Keyset = {
        from: sql`networks n ${ofEach(['subnets', 's'], sql`s.network_id = n.id`, filter)}`,
        take: sql`s.*, n.project_id, n.created_at as network_created_at`,
        id: 's.id',
        ranges: visible(projectId),
        where: matching(subnetFields, filter),
        order: [networkFields.name, networkFields.id, ['s.created_at', 'timestamptz'], subnetFields.id],
        leading: 2,
      };
      const columns = sql`s.network_id as id, s.project_id as "projectId", s.network_created_at as "createdAt",
        ${subnetJson} as subnet`;
      const shape = { alias: 's', columns };
      const rows = await readPage<NetworkOfSubnet & { subnet: Subnet }>(db, keyset, page, shape);
      return rows.map(({ subnet, ...network }) => ({ network, subnet }));
    },

    async listVpcs(projectId, filter, page) {
      const keyset: Keyset = {
        from: sql`networks n`,
        take: sql`n.vpc_id as id`,
        id: 'n.vpc_id',
        ranges: visible(projectId),
        where: matching(networkFields, filter),
        order: [networkFields.vpcId],
        isGrouped: true,
      };
      const joined = sql`
        cross join lateral (
          select * from networks n where n.vpc_id = page.id and (${sql.join(visible(projectId), sql` or `)})
          order by n.name, n.id limit 1) n`;
      return readPage<Network>(db, keyset, page, { alias: 'page', columns: networkColumns, joined });
    },
  };
}
