/** NICs of a server (V17–V21): rows that the network API shows as ports. */
import { isIPv4 } from 'node:net';
import type { Static } from 'typebox';
import { invalid, notFound } from '../../core/errors.ts';
import { chooseNics } from '../../engine/create.ts';
import { actorOf, isId, ok, projectOf, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { getServer } from './servers.ts';
import { toNic, type AddNicsBody, type DeleteNicsBody, type NicBody, type UpdateNicBody } from './wire.ts';

export function toAlteration(call: Call, serverId: string) {
  const actor = actorOf(call);
  return { door: 'bms' as const, projectId: projectOf(call), serverId, actor };
}

export async function list(cloud: Cloud, call: Call): Promise<Answer> {
  const { ports } = await getServer(cloud, call);
  return ok({ interfaceAttachments: ports.map(toNic) });
}

/** At most ten at once (otc0229339177), all in the VPC of the server. */
export async function add(cloud: Cloud, call: Call): Promise<Answer> {
  const { nics: wanted } = call.body as Static<typeof AddNicsBody>;
  const { id, vpcId, projectId } = await getServer(cloud, call);
  const asked = wanted.map(({ subnet_id, ip_address }) => {
    if (ip_address && !isIPv4(ip_address)) throw invalid(`${ip_address} is no IPv4 address.`, 'ip_address');
    return { networkId: subnet_id, ip: ip_address || null, portId: null };
  });
  const wish = { projectId, nics: asked, count: 1, ...(vpcId ? { vpcId } : {}) };
  const { nics } = await chooseNics(cloud.catalog, wish);
  const { jobId } = await cloud.nics.attach(toAlteration(call, id), nics);
  return ok({ job_id: toHex(jobId) });
}

export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  const { nics: given } = call.body as Static<typeof DeleteNicsBody>;
  const { id } = await getServer(cloud, call);
  const portIds = [...new Set(given.map((nic) => nic.id))];
  const { jobId } = await cloud.nics.detach(toAlteration(call, id), portIds, false);
  return ok({ job_id: toHex(jobId) });
}

/** Documented with 204 by one cloud and 200 by the other (otc0229339179, hw0624); Go clients take 204 for an error. */
export async function update(cloud: Cloud, call: Call): Promise<Answer> {
  const { interface_attachment: wish } = call.body as Static<typeof UpdateNicBody>;
  const { ports } = await getServer(cloud, call);
  const port = ports.find(({ id }) => id === call.params['port_id']);
  if (!port) throw notFound('port', call.params['port_id']!);
  await cloud.nics.change(port.id, port.projectId, { deleteOnTermination: wish.delete_on_termination });
  return { statusCode: 200 };
}

/**
 * V21 (hw0834) gives a NIC virtual addresses of its network; an empty list takes them away. The documented sample has
 * single values where the schema has lists, so that both are read.
 */
export async function configure(cloud: Cloud, call: Call): Promise<Answer> {
  const { nic: wish } = call.body as Static<typeof NicBody>;
  const id = call.params['nic_id']!;
  const [port] = isId(id) ? await cloud.catalog.listPorts(projectOf(call), { id: [id] }, { limit: 1 }) : [];
  if (!port?.serverId) throw notFound('port', id);
  const addresses = [wish.ip_addresses ?? []].flat().filter((address) => address !== '');
  for (const address of addresses) await checkVirtual(cloud, port.networkId, address);
  await cloud.nics.change(port.id, port.projectId, { addressPairs: [...new Set(addresses)] });
  return ok({ port_id: port.id });
}

/** In a subnet of the network, and nobody's own address. */
async function checkVirtual({ catalog }: Cloud, networkId: string, address: string): Promise<void> {
  if (!isIPv4(address)) throw invalid(`${address} is no IPv4 address.`, 'ip_addresses');
  const wish = { projectId: '', nics: [{ networkId, ip: address, portId: null }], count: 1 };
  await chooseNics({ ...catalog, listNetworks: (_, choice) => catalog.listNetworks(null, choice) }, wish);
}
