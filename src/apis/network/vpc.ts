/**
 * VPCs and their subnets as the VPC API v1 of both clouds shows them, read only. A VPC here is what networks have in
 * common; the VPC API calls a network with its addresses a subnet.
 */
import type { Network } from '../../core/catalog.ts';
import { invalid, notFound } from '../../core/errors.ts';
import type { FieldFilter, Page } from '../../core/page.ts';
import type { SecurityGroup } from '../../core/security-group.ts';
import { isId, ok, projectOf, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './networks.ts';
import { toSecurityGroup } from './security-group-wire.ts';

function toVpc(network: Network) {
  return {
    id: network.vpcId,
    name: network.name,
    description: network.description,
    cidr: network.subnets[0]?.cidr ?? '',
    status: 'OK',
    routes: [],
    enterprise_project_id: '0',
  };
}

function toSubnet(network: Network) {
  const subnet = network.subnets[0];
  return {
    id: network.id,
    name: network.name,
    description: network.description,
    vpc_id: network.vpcId,
    cidr: subnet?.cidr ?? '',
    gateway_ip: subnet?.gatewayIp ?? '',
    dhcp_enable: true,
    primary_dns: subnet?.dns[0] ?? '',
    secondary_dns: subnet?.dns[1] ?? '',
    dnsList: subnet?.dns ?? [],
    status: 'ACTIVE',
    neutron_network_id: network.id,
    neutron_subnet_id: subnet?.id ?? '',
  };
}

/** As the network API has them; those here belong to no VPC. */
function toGroup(group: SecurityGroup) {
  const { id, name, description, security_group_rules } = toSecurityGroup(group);
  return { id, name, description, vpc_id: '', enterprise_project_id: '0', security_group_rules };
}

/** 2000 unless given (VPC API v1, "Querying VPCs"). */
const mostPerPage = 2_000;

/** `marker` is the id of the last one of the page before; the answer says nothing of a next page (as documented). */
function pageOf(call: Call): Page {
  const text = single(call, 'limit') ?? String(mostPerPage);
  if (!/^\d{1,9}$/.test(text)) throw invalid(`limit: ${text} is no whole number.`, 'limit');
  const marker = single(call, 'marker');
  return { limit: Math.min(Number(text), mostPerPage), ...(marker === undefined ? {} : { marker }) };
}

function filterBy<Field extends string>(call: Call, fields: Record<string, Field>): FieldFilter<Field> {
  const filter: FieldFilter<Field> = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = single(call, name);
    if (value !== undefined) filter[field] = [value];
  }
  return filter;
}

export async function listVpcs({ networks }: Cloud, call: Call): Promise<Answer> {
  const filter = filterBy(call, { id: 'vpcId', name: 'name', cidr: 'cidr' });
  return ok({ vpcs: (await networks.listVpcs(projectOf(call), filter, pageOf(call))).map(toVpc) });
}

export async function showVpc({ networks }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['vpc_id']!;
  const [vpc] = await networks.listVpcs(projectOf(call), { vpcId: [id] }, { limit: 1 });
  if (!vpc) throw notFound('vpc', id);
  return ok({ vpc: toVpc(vpc) });
}

export async function listSubnets({ networks }: Cloud, call: Call): Promise<Answer> {
  const filter = filterBy(call, { id: 'id', name: 'name', vpc_id: 'vpcId' });
  return ok({ subnets: (await networks.listNetworks(projectOf(call), filter, pageOf(call))).map(toSubnet) });
}

export async function showSubnet({ catalog }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['subnet_id']!;
  const network = await catalog.findNetwork(id, projectOf(call));
  if (!network) throw notFound('subnet', id);
  return ok({ subnet: toSubnet(network) });
}

export async function listSecurityGroups({ securityGroups }: Cloud, call: Call): Promise<Answer> {
  const filter = filterBy(call, { id: 'id', name: 'name' });
  const groups = await securityGroups.listPage(projectOf(call), filter, pageOf(call));
  return ok({ security_groups: groups.map(toGroup) });
}

export async function showSecurityGroup({ securityGroups }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['security_group_id']!;
  const [group] = isId(id) ? await securityGroups.list(projectOf(call), { ids: [id] }) : [];
  if (!group) throw notFound('security group', id);
  return ok({ security_group: toGroup(group) });
}
