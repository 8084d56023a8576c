/** Networks, subnets, ports and extensions, read. */
import type { Catalog } from '../../core/catalog.ts';
import { notFound } from '../../core/errors.ts';
import type { Networks } from '../../core/network.ts';
import type { SecurityGroups } from '../../core/security-group.ts';
import { callerOf, ok, type Answer, type Call } from '../api.ts';
import { select } from './selection.ts';
import {
  extensions,
  networkSelection,
  portSelection,
  subnetSelection,
  toNetwork,
  toPort,
  toSubnet,
} from './wire.ts';

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

export function listNetworks({ networks }: Cloud, call: Call): Promise<Answer> {
  return select(call, networkSelection, async (filter, page) =>
    (await networks.listNetworks(projectOf(call), filter, page)).map(toNetwork),
  );
}

export async function showNetwork({ catalog }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['id']!;
  const network = await catalog.findNetwork(id, projectOf(call));
  if (!network) throw notFound('network', id);
  return ok({ network: toNetwork(network) });
}

export function listSubnets({ networks }: Cloud, call: Call): Promise<Answer> {
  return select(call, subnetSelection, async (filter, page) =>
    (await networks.listSubnets(projectOf(call), filter, page)).map(({ network, subnet }) =>
      toSubnet(network, subnet),
    ),
  );
}

export async function showSubnet({ networks }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['id']!;
  const [found] = await networks.listSubnets(projectOf(call), { id: [id] }, { limit: 1 });
  if (!found) throw notFound('subnet', id);
  return ok({ subnet: toSubnet(found.network, found.subnet) });
}

export function listPorts({ catalog }: Cloud, call: Call): Promise<Answer> {
  return select(call, portSelection, async (filter, page) =>
    (await catalog.listPorts(projectOf(call), filter, page)).map(toPort),
  );
}

export async function showPort({ catalog }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['id']!;
  const [port] = await catalog.listPorts(projectOf(call), { id: [id] }, { limit: 1 });
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
