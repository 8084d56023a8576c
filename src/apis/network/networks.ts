/** Networks, subnets, ports and extensions, read. */
import type { Catalog } from '../../core/catalog.ts';
import { notFound } from '../../core/errors.ts';
import type { Networks } from '../../core/network.ts';
import type { SecurityGroups } from '../../core/security-group.ts';
import { callerOf, ok, single, type Answer, type Call } from '../api.ts';
import { select } from './selection.ts';
import { extensions, toNetwork, toPort, toSubnet } from './wire.ts';

export interface Cloud {
  catalog: Catalog;
  networks: Networks;
  securityGroups: SecurityGroups;
}

export function showVersions(_cloud: Cloud, { origin }: Call): Answer {
  const links = [{ rel: 'self', href: `${origin}/network/v2.0/` }];
  return ok({ versions: [{ id: 'v2.0', status: 'CURRENT', links }] });
}

const rooms = [
  'networks',
  'subnets',
  'ports',
  'security-groups',
  'security-group-rules',
  'quotas',
  'extensions',
];

export function listResources(_cloud: Cloud, { origin }: Call): Answer {
  return ok({
    resources: rooms.map((collection) => ({
      name: collection.slice(0, -1).replaceAll('-', '_'),
      collection,
      links: [{ rel: 'self', href: `${origin}/network/v2.0/${collection}` }],
    })),
  });
}

/** What a server of this project can be tied to; the same for administrators. Without a project: what is shared. */
function projectOf(call: Call): string {
  return callerOf(call).project?.id ?? '';
}

export async function listNetworks({ catalog }: Cloud, call: Call): Promise<Answer> {
  return select(call, 'networks', (await catalog.listNetworks(projectOf(call))).map(toNetwork));
}

export async function showNetwork({ catalog }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['id']!;
  const network = await catalog.findNetwork(id, projectOf(call));
  if (!network) throw notFound('network', id);
  return ok({ network: toNetwork(network) });
}

export async function listSubnets(cloud: Cloud, call: Call): Promise<Answer> {
  return select(call, 'subnets', await subnetsOf(cloud, call));
}

export async function showSubnet(cloud: Cloud, call: Call): Promise<Answer> {
  const id = call.params['id']!;
  const subnet = (await subnetsOf(cloud, call)).find((it) => it.id === id);
  if (!subnet) throw notFound('subnet', id);
  return ok({ subnet });
}

async function subnetsOf({ catalog }: Cloud, call: Call) {
  const networks = await catalog.listNetworks(projectOf(call));
  return networks.flatMap((network) => network.subnets.map((subnet) => toSubnet(network, subnet)));
}

/** Ports can be many: those of a server or network are looked up as such. */
export async function listPorts({ catalog }: Cloud, call: Call): Promise<Answer> {
  const filter = {
    id: only(call, 'id'),
    serverId: only(call, 'device_id'),
    networkId: only(call, 'network_id'),
  };
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
  return select(call, 'ports', (await catalog.listPorts(projectOf(call), given)).map(toPort));
}

function only(call: Call, name: string): string | undefined {
  return Array.isArray(call.query[name]) ? undefined : single(call, name);
}

export async function showPort({ catalog }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['id']!;
  const [port] = await catalog.listPorts(projectOf(call), { id });
  if (!port) throw notFound('port', id);
  return ok({ port: toPort(port) });
}

export function listExtensions(): Answer {
  return ok({ extensions });
}

export function showExtension(_cloud: Cloud, call: Call): Answer {
  const alias = call.params['alias']!;
  const extension = extensions.find((it) => it.alias === alias);
  if (!extension) throw notFound('extension', alias);
  return ok({ extension });
}
