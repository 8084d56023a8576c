/** Networks, subnets and ports made and removed by tenants. */
import { BlockList, isIPv4 } from 'node:net';
import type { Static } from 'typebox';
import type { Network } from '../../core/catalog.ts';
import { invalid, notAllowed, notFound } from '../../core/errors.ts';
import { callerOf, isId, ok, type Answer, type Call } from '../api.ts';
import type { Cloud } from './networks.ts';
import {
  toNetwork,
  toPort,
  toSubnet,
  type NetworkBody,
  type NetworkChangeBody,
  type PortBody,
  type PortChangeBody,
  type SubnetBody,
  type SubnetChangeBody,
} from './wire.ts';

/** What is made belongs to a project. */
function projectOf(call: Call): string {
  const { project } = callerOf(call);
  if (!project) throw notAllowed('This needs a token with a project.');
  return project.id;
}

export async function createNetwork({ catalog, networks }: Cloud, call: Call): Promise<Answer> {
  const { network: wish } = call.body as Static<typeof NetworkBody>;
  const projectId = projectOf(call);
  const { id } = await networks.createNetwork({
    projectId,
    name: wish.name ?? '',
    description: wish.description ?? '',
  });
  return ok({ network: toNetwork((await catalog.findNetwork(id, projectId))!) }, 201);
}

export async function createSubnet({ catalog, networks }: Cloud, call: Call): Promise<Answer> {
  const { subnet: wish } = call.body as Static<typeof SubnetBody>;
  const projectId = projectOf(call);
  const cidr = parseCidr(wish.cidr);
  const gatewayIp = wish.gateway_ip ?? toAddress(cidr.first + 1);
  if (!isIPv4(gatewayIp) || !contains(wish.cidr, gatewayIp)) {
    throw invalid(`Gateway ${gatewayIp} is not in ${wish.cidr}.`, 'gateway_ip');
  }
  const network = await getOwn(catalog, wish.network_id, projectId);
  const made = { networkId: network.id, name: wish.name ?? '', cidr: wish.cidr, gatewayIp };
  const { id } = await networks.createSubnet({ ...made, dns: wish.dns_nameservers ?? [] }, projectId);
  const now = await getOwn(catalog, network.id, projectId);
  return ok(
    {
      subnet: toSubnet(
        now,
        now.subnets.find((subnet) => subnet.id === id)!,
      ),
    },
    201,
  );
}

async function getOwn(catalog: Cloud['catalog'], id: string, projectId: string): Promise<Network> {
  const network = isId(id) ? await catalog.findNetwork(id, projectId) : null;
  if (!network) throw notFound('network', id);
  if (network.projectId === null)
    throw notAllowed(`The network ${id} is open to all; nobody changes it here.`);
  return network;
}

/** @throws invalid unless it is an IPv4 network with room for a server beside the gateway */
function parseCidr(cidr: string): { first: number } {
  const [address = '', prefix = ''] = cidr.split('/');
  const bits = Number(prefix);
  if (!isIPv4(address) || !/^\d+$/.test(prefix) || bits < 8 || bits > 29) {
    throw invalid(`Invalid input for cidr: ${cidr} is no IPv4 network of /8 to /29.`, 'cidr');
  }
  const first = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  if (first % 2 ** (32 - bits) !== 0) {
    throw invalid(`Invalid input for cidr: ${cidr} has host bits set.`, 'cidr');
  }
  return { first };
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

function contains(cidr: string, ip: string): boolean {
  const [address, prefix] = cidr.split('/');
  const block = new BlockList();
  block.addSubnet(address!, Number(prefix));
  return block.check(ip);
}

function isInside(network: Network | null, ip: string): boolean {
  return isIPv4(ip) && (network?.subnets ?? []).some(({ cidr }) => contains(cidr, ip));
}

/** In a network of the project or one that is open to all; a server can be made with it or tied to it later. */
export async function createPort({ catalog, networks }: Cloud, call: Call): Promise<Answer> {
  const { port: wish } = call.body as Static<typeof PortBody>;
  const projectId = projectOf(call);
  const network = isId(wish.network_id) ? await catalog.findNetwork(wish.network_id, projectId) : null;
  if (!network) throw notFound('network', wish.network_id);
  const ip = wish.fixed_ips?.[0]?.ip_address ?? null;
  if (ip !== null && !isInside(network, ip)) {
    throw invalid(`IP address ${ip} is not a valid IP for the network ${network.id}.`, 'fixed_ips');
  }
  const { id } = await networks.createPort({ projectId, networkId: network.id, ip, name: wish.name ?? '' });
  const [port] = await catalog.listPorts(projectId, { id: [id] }, { limit: 1 });
  return ok({ port: toPort(port!) }, 201);
}

export async function changeNetwork({ catalog, networks }: Cloud, call: Call): Promise<Answer> {
  const { network: wish } = call.body as Static<typeof NetworkChangeBody>;
  const [id, projectId] = [call.params['id']!, projectOf(call)];
  const { name, description } = wish;
  const change = { ...(name !== undefined && { name }), ...(description !== undefined && { description }) };
  if (!isId(id) || !(await networks.changeNetwork(id, projectId, change))) throw notFound('network', id);
  return ok({ network: toNetwork((await catalog.findNetwork(id, projectId))!) });
}

/** What has been handed out by a subnet stays: its range, and its gateway. */
export async function changeSubnet({ networks }: Cloud, call: Call): Promise<Answer> {
  const { subnet: wish } = call.body as Static<typeof SubnetChangeBody>;
  const [id, projectId] = [call.params['id']!, projectOf(call)];
  const read = async () => (await networks.listSubnets(projectId, { id: [id] }, { limit: 1 }))[0];
  const known = isId(id) ? await read() : undefined;
  if (!known) throw notFound('subnet', id);
  if (wish.gateway_ip !== undefined && wish.gateway_ip !== known.subnet.gatewayIp) {
    throw invalid('The gateway of a subnet cannot be changed.', 'gateway_ip');
  }
  const { name, dns_nameservers: dns } = wish;
  const change = { ...(name !== undefined && { name }), ...(dns !== undefined && { dns }) };
  if (!(await networks.changeSubnet(id, projectId, change))) throw notFound('subnet', id);
  const { network, subnet } = (await read())!;
  return ok({ subnet: toSubnet(network, subnet) });
}

/** An address is kept, and security groups are those of the server: given again they are no change. */
export async function changePort({ catalog, networks }: Cloud, call: Call): Promise<Answer> {
  const { port: wish } = call.body as Static<typeof PortChangeBody>;
  const [id, projectId] = [call.params['id']!, projectOf(call)];
  const read = async () => (await catalog.listPorts(projectId, { id: [id] }, { limit: 1 }))[0];
  const known = isId(id) ? await read() : undefined;
  if (!known) throw notFound('port', id);
  if (wish.fixed_ips?.some(({ ip_address: ip }) => ip !== undefined && ip !== known.ip)) {
    throw invalid('The address of a port cannot be changed.', 'fixed_ips');
  }
  const groups = wish.security_groups?.toSorted();
  if (groups && groups.join() !== known.securityGroups.toSorted().join()) {
    throw invalid('A port has the security groups of its server; change them there.', 'security_groups');
  }
  const { name, allowed_address_pairs: pairs } = wish;
  const addressPairs = pairs && [...new Set(pairs.map(({ ip_address: ip }) => ip))];
  if (addressPairs?.length) {
    const network = await catalog.findNetwork(known.networkId, projectId);
    const stray = addressPairs.find((ip) => !isInside(network, ip));
    if (stray !== undefined) throw invalid(`${stray} is no address of the network.`, 'allowed_address_pairs');
  }
  const change = { ...(name !== undefined && { name }), ...(addressPairs && { addressPairs }) };
  if (!(await networks.changePort(id, projectId, change))) throw notFound('port', id);
  return ok({ port: toPort((await read())!) });
}

type Remover = 'removeNetwork' | 'removeSubnet' | 'removePort';

const removeWith =
  (subject: string, remover: Remover) =>
  async ({ networks }: Cloud, call: Call): Promise<Answer> => {
    const id = call.params['id']!;
    if (!isId(id) || !(await networks[remover](id, projectOf(call)))) throw notFound(subject, id);
    return { statusCode: 204 };
  };

export const removeNetwork = removeWith('network', 'removeNetwork');
export const removeSubnet = removeWith('subnet', 'removeSubnet');
export const removePort = removeWith('port', 'removePort');
