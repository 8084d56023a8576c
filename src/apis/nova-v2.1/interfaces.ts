/** NICs of a server (N22, N23, X07, X08): rows that the network API shows as ports. */
import { isIPv4 } from 'node:net';
import type { Static } from 'typebox';
import { IngotError, invalid, notFound } from '../../core/errors.ts';
import type { Port, RequestedNic } from '../../core/server.ts';
import { chooseNics } from '../../engine/create.ts';
import { actorOf, isId, ok, single, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { checkDeviceTag } from './rules.ts';
import { getServer } from './servers.ts';
import type { InterfaceBody } from './wire.ts';

function toInterface(port: Port) {
  return {
    port_state: 'ACTIVE',
    fixed_ips: [{ subnet_id: port.subnetId, ip_address: port.ip }],
    net_id: port.networkId,
    port_id: port.id,
    mac_addr: port.mac,
  };
}

export function toAlteration(call: NovaCall, server: { id: string; projectId: string }) {
  const actor = actorOf(call);
  return { door: 'nova' as const, projectId: server.projectId, serverId: server.id, actor };
}

export async function list(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { ports } = await getServer(cloud, call);
  return ok({ interfaceAttachments: ports.map(toInterface) });
}

export async function show(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { ports } = await getServer(cloud, call);
  return ok({ interfaceAttachment: toInterface(getPort(ports, call)) });
}

function getPort(ports: Port[], call: NovaCall): Port {
  const id = call.params['port_id']!;
  const port = ports.find((it) => it.id === id);
  if (port) return port;
  throw new IngotError({ ...notFound('port', id).facts, message: `Port id ${id} could not be found.` });
}

export async function attach(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { interfaceAttachment: wish } = call.body as Static<typeof InterfaceBody>;
  checkDeviceTag(wish.tag);
  const server = await getServer(cloud, call);
  const asked = await toNic(cloud, server.projectId, wish);
  const { nics } = await chooseNics(cloud.catalog, {
    projectId: server.projectId,
    nics: asked ? [asked] : [],
    count: 1,
  });
  const { portIds } = await cloud.nics.attach(toAlteration(call, server), nics);
  const { ports } = await getServer(cloud, call);
  return ok({ interfaceAttachment: toInterface(ports.find(({ id }) => id === portIds[0])!) });
}

/** A port or a network, never both; an address only with a network. null leaves the choice to us. */
async function toNic(
  { catalog }: Cloud,
  projectId: string,
  {
    port_id: portId,
    net_id: networkId,
    fixed_ips: addresses,
  }: Static<typeof InterfaceBody>['interfaceAttachment'],
): Promise<RequestedNic | null> {
  if (portId && networkId) throw invalid('Must not input both network_id and port_id');
  const ip = addresses?.[0]?.ip_address ?? null;
  if (ip !== null && !networkId) throw invalid('Must input network_id when request IP address');
  if (ip !== null && !isIPv4(ip)) throw invalid(`Invalid fixed IP address (${ip})`, 'fixed_ips');
  if (!portId) return networkId ? { networkId, ip, portId: null } : null;
  const [port] = isId(portId) ? await catalog.listPorts(projectId, { id: [portId] }, { limit: 1 }) : [];
  if (!port)
    throw new IngotError({
      ...notFound('port', portId).facts,
      message: `Port id ${portId} could not be found.`,
    });
  return { networkId: port.networkId, ip: null, portId: port.id };
}

export async function detach(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const server = await getServer(cloud, call);
  const { id } = getPort(server.ports, call);
  const keepsPort = /^(true|1)$/i.test(single(call, 'reserve_port') ?? '');
  await cloud.nics.detach(toAlteration(call, server), [id], keepsPort);
  return { statusCode: 202 };
}
