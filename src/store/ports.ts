/** Ports as they are listed. */
import { sql } from 'kysely';
import type { PortField } from '../core/catalog.ts';
import type { FieldFilter, Page } from '../core/page.ts';
import type { Port } from '../core/server.ts';
import type { Sql } from './database.ts';
import { type Column, isReadable, type Keyset, matching, readPage } from './pages.ts';

const columns = sql`
  p.id, p.network_id as "networkId", n.name as "networkName", n.vpc_id as "vpcId",
  p.subnet_id as "subnetId", p.project_id as "projectId", p.server_id as "serverId", p.mac,
  host(p.ip) as ip, p.name, p.delete_on_termination as "deleteOnTermination",
  p.address_pairs as "addressPairs",
  coalesce((select jsonb_agg(s.group_id order by s.group_id) from server_security_groups s
    where s.server_id = p.server_id), (select jsonb_agg(g.id) from security_groups g
    where p.server_id is null and g.project_id = p.project_id and g.is_default), '[]') as "securityGroups"`;

const fields: Record<Exclude<PortField, 'serverId'>, Column> = {
  id: ['p.id', 'uuid'],
  name: ['p.name', 'text'],
  networkId: ['p.network_id', 'uuid'],
  projectId: ['p.project_id', 'text'],
  mac: ['p.mac', 'macaddr'],
  ip: ['p.ip', 'inet'],
  subnetId: ['p.subnet_id', 'uuid'],
  isAttached: ['(p.server_id is not null)', 'boolean'],
};

export async function listPorts(
  db: Sql,
  projectId: string | null,
  { serverId, ...filter }: FieldFilter<PortField>,
  page: Page,
): Promise<Port[]> {
  const parts = [matching(fields, filter)];
  if (serverId) {
    const isOfThese = sql`p.server_id = any(${serverId.filter(isReadable.uuid)}::uuid[])`;
    parts.push(serverId.includes('') ? sql`(p.server_id is null or ${isOfThese})` : isOfThese);
  }
  // Whoever asks for an address means few ports; they are found by the subnets that have it.
  const addresses = filter.ip?.filter(isReadable.inet) ?? [];
  if (addresses.length > 0) {
    const holds = sql.join(
      addresses.map((ip) => sql`s.cidr >>= ${ip}::inet`),
      sql` or `,
    );
    parts.push(sql`p.subnet_id in (select s.id from subnets s where ${holds})`);
  }
  const isOfServers = serverId !== undefined && !serverId.includes('');
  const keyset: Keyset = {
    from: sql`ports p`,
    take: sql`p.*`,
    id: 'p.id',
    ranges: [projectId === null ? sql`true` : sql`p.project_id = ${projectId}`],
    where: sql.join(parts, sql` and `),
    order: isOfServers ? [['p.server_id', 'uuid'], ['p.position', 'integer'], fields.id] : [fields.id],
  };
  const joined = sql`
    cross join lateral (select name, vpc_id from networks n where n.id = p.network_id limit 1) n`;
  return readPage<Port>(db, keyset, page, { alias: 'p', columns, joined });
}
