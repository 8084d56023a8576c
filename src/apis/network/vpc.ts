/**
 * VPCs and their subnets as the VPC API v1 of both clouds shows them, read only. A VPC here is what networks have in
 * common; the VPC API calls a network with its addresses a subnet.
 */
import type { Network } from '../../core/catalog.ts';
import { notFound } from '../../core/errors.ts';
import { ok, projectOf, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './networks.ts';

async function listAll({ catalog }: Cloud, call: Call) {
  const networks = await catalog.listNetworks(projectOf(call));
  const vpcs = [...Map.groupBy(networks, ({ vpcId }) => vpcId).values()].map((some) => toVpc(some[0]!));
  return { vpcs, subnets: networks.map(toSubnet) };
}

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

/** A parameter named after a field narrows the list; lists that are this short have no pages. */
function narrow<T extends object>(call: Call, records: T[], fields: (keyof T & string)[]): T[] {
  return records.filter((record) =>
    fields.every((field) => (single(call, field) ?? record[field]) === record[field]),
  );
}

export async function listVpcs(cloud: Cloud, call: Call): Promise<Answer> {
  return ok({ vpcs: narrow(call, (await listAll(cloud, call)).vpcs, ['id', 'name', 'cidr']) });
}

export async function showVpc(cloud: Cloud, call: Call): Promise<Answer> {
  const id = call.params['vpc_id']!;
  const vpc = (await listAll(cloud, call)).vpcs.find((it) => it.id === id);
  if (!vpc) throw notFound('vpc', id);
  return ok({ vpc });
}

export async function listSubnets(cloud: Cloud, call: Call): Promise<Answer> {
  return ok({ subnets: narrow(call, (await listAll(cloud, call)).subnets, ['id', 'name', 'vpc_id']) });
}

export async function showSubnet(cloud: Cloud, call: Call): Promise<Answer> {
  const id = call.params['subnet_id']!;
  const subnet = (await listAll(cloud, call)).subnets.find((it) => it.id === id);
  if (!subnet) throw notFound('subnet', id);
  return ok({ subnet });
}
