/** What an installed system is told about itself, gathered from the server's record and what was ordered for its disk. */
import type { BootSession } from '../../core/boot-session.ts';
import type { Network } from '../../core/catalog.ts';
import type { Node } from '../../core/node.ts';
import type { MetadataOptions, Port, Server } from '../../core/server.ts';

export interface SystemData {
  instanceId: string;
  hostname: string;
  zone: string;
  projectId: string;
  flavorName: string;
  imageId: string;
  reservationId: string;
  launchIndex: number;
  publicKeys: { name: string; key: string }[];
  /** As the tenant wrote it. */
  userData: Buffer | null;
  metadata: Record<string, string>;
  adminPasswordHash: string | null;
  /** In order; the first is the one on the provisioning network. */
  links: Link[];
  /** Where the system says that it runs; null: nobody waits for it. */
  homeUrl: string | null;
  options: MetadataOptions;
}

export interface Link {
  mac: string;
  /** The provisioning network hands out addresses; those of the tenant's ports are fixed. */
  hasDhcp: boolean;
  addresses: { ip: string; prefix: number; gateway: string | null; dns: string[]; networkId: string }[];
}

export interface DataSources {
  origin: string;
  findServer: (id: string) => Promise<Server | null>;
  listNetworks: (ids: string[]) => Promise<Network[]>;
}

/** Null: there is no server on the node. */
export async function gatherSystemData(
  { origin, findServer, listNetworks }: DataSources,
  node: Node,
  session: BootSession | null,
): Promise<SystemData | null> {
  const server = node.serverId === null ? null : await findServer(node.serverId);
  if (!server) return null;
  const installed = session?.serverId === server.id && session.kind === 'deploy' ? session : null;
  const order = installed?.order ?? null;
  const userData = order ? order.userData : server.userData;
  return {
    instanceId: server.id,
    hostname: order?.hostname ?? server.name,
    zone: server.zone,
    projectId: server.projectId,
    flavorName: server.flavor.name,
    imageId: order?.imageId ?? server.imageId,
    reservationId: server.reservationId,
    launchIndex: server.launchIndex,
    publicKeys: (order?.publicKeys ?? []).map((key, index) => ({
      name: server.keyName ?? `key-${index}`,
      key,
    })),
    userData: userData ? Buffer.from(userData, 'base64') : null,
    metadata: server.metadata,
    adminPasswordHash: order?.adminPasswordHash ?? null,
    links: toLinks(node, server.ports, await listNetworks(server.ports.map(({ networkId }) => networkId))),
    homeUrl: installed ? `${origin}/phone-home/${installed.homeKey}` : null,
    options: server.metadataOptions,
  };
}

/**
 * The NIC that boots is on the provisioning network. The tenant's ports lie on the NICs behind it, in order; those for
 * which no NIC is left share the first one, without a gateway, for that network's own stays in force there.
 */
export function toLinks(node: Node, ports: readonly Port[], networks: readonly Network[]): Link[] {
  const macs = macsOf(node);
  const links: Link[] = macs.map((mac, index) => ({ mac, hasDhcp: index === 0, addresses: [] }));
  const own = links.slice(1);
  for (const [index, port] of ports.entries()) {
    const link = own[index] ?? links[0];
    const subnet = networks
      .find(({ id }) => id === port.networkId)
      ?.subnets.find(({ id }) => id === port.subnetId);
    if (!link || !subnet) continue;
    link.addresses.push({
      ip: port.ip,
      prefix: Number(subnet.cidr.split('/')[1]),
      gateway: link.hasDhcp ? null : subnet.gatewayIp,
      dns: subnet.dns,
      networkId: port.networkId,
    });
  }
  return links;
}

/** Those that boot come first. */
function macsOf({ boot, inventory }: Node): string[] {
  const found = (inventory?.nics ?? []).map(({ mac }) => mac.toLowerCase());
  return [...new Set([...(boot?.macs ?? []), ...found])].filter((mac) => mac !== '');
}
