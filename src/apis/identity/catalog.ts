/** Which service is where: the catalog in tokens, and the same table as Keystone's services, endpoints and regions. */
import { createHash } from 'node:crypto';
import { notFound } from '../../core/errors.ts';
import { callerOf, ok, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { listed } from './lists.ts';

/** Written as Keystone's administrators write it, so that `openstack endpoint list` looks familiar. */
const projectMark = '%(project_id)s';

/**
 * Paths on our origin. Compute must stay the first segment: otcextensions puts `v1` in its place. Image and
 * network must not be the bare origin: the CLI would find only identity's version document there.
 */
const services = [
  { type: 'identity', name: 'keystone', path: '/v3' },
  { type: 'compute', name: 'nova', path: `/v2.1/${projectMark}` },
  { type: 'ecs', name: 'ecs', path: `/v1/${projectMark}` },
  { type: 'bms', name: 'bms', path: `/v1/${projectMark}` },
  { type: 'image', name: 'glance', path: '/image' },
  { type: 'network', name: 'neutron', path: '/network' },
  { type: 'volumev2', name: 'cinderv2', path: `/volume/v2/${projectMark}` },
  { type: 'volumev3', name: 'cinderv3', path: `/volume/v3/${projectMark}` },
  { type: 'vpc', name: 'vpc', path: `/v1/${projectMark}` },
  { type: 'clouddc', name: 'clouddc', path: `/v1/${projectMark}` },
];

/** Clients look up "public" only; the others are there for those who ask by `--os-interface`. */
const interfaces = ['public', 'internal', 'admin'];

/** The same at every start, since clients remember ids. */
function idOf(...parts: string[]): string {
  return createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 32);
}

function toEndpoints(region: string, type: string, url: string) {
  return interfaces.map((it) => ({
    id: idOf(region, type, it),
    interface: it,
    region,
    region_id: region,
    url,
  }));
}

/** Without a project only those services whose URL needs none. */
export function toCatalog(region: string, origin: string, projectId: string | null) {
  return services
    .filter(({ path }) => projectId !== null || !path.includes(projectMark))
    .map(({ type, name, path }) => {
      const url = origin + path.replace(projectMark, projectId ?? '');
      return { id: idOf(region, type), type, name, endpoints: toEndpoints(region, type, url) };
    });
}

export function showCatalog({ region }: Cloud, call: Call): Answer {
  const catalog = toCatalog(region, call.origin, callerOf(call).project?.id ?? null);
  return ok({ catalog, links: { self: `${call.origin}/v3/auth/catalog` } });
}

const asIs = <T>(record: T) => record;
const toLinks = ({ origin }: Call, kind: string, id: string) => ({ self: `${origin}/v3/${kind}/${id}` });

function allRegions({ region }: Cloud, call: Call) {
  return [{ id: region, description: '', parent_region_id: null, links: toLinks(call, 'regions', region) }];
}

function allServices({ region }: Cloud, call: Call) {
  return services.map(({ type, name }) => {
    const id = idOf(region, type);
    return { id, type, name, description: '', enabled: true, links: toLinks(call, 'services', id) };
  });
}

function allEndpoints({ region }: Cloud, call: Call) {
  return services.flatMap(({ type, path }) =>
    toEndpoints(region, type, call.origin + path).map((endpoint) => ({
      ...endpoint,
      service_id: idOf(region, type),
      enabled: true,
      links: toLinks(call, 'endpoints', endpoint.id),
    })),
  );
}

export function listRegions(cloud: Cloud, call: Call): Answer {
  return listed(call, 'regions', allRegions(cloud, call), asIs);
}

export function showRegion(cloud: Cloud, call: Call): Answer {
  return ok({ region: pick(allRegions(cloud, call), 'region', call) });
}

export function listServices(cloud: Cloud, call: Call): Answer {
  return listed(call, 'services', matching(call, allServices(cloud, call), ['type', 'name']), asIs);
}

export function showService(cloud: Cloud, call: Call): Answer {
  return ok({ service: pick(allServices(cloud, call), 'service', call) });
}

export function listEndpoints(cloud: Cloud, call: Call): Answer {
  const found = matching(call, allEndpoints(cloud, call), ['interface', 'service_id', 'region_id']);
  return listed(call, 'endpoints', found, asIs);
}

export function showEndpoint(cloud: Cloud, call: Call): Answer {
  return ok({ endpoint: pick(allEndpoints(cloud, call), 'endpoint', call) });
}

function pick<T extends { id: string }>(all: T[], subject: string, { params }: Call): T {
  const found = all.find(({ id }) => id === params['id']);
  if (!found) throw notFound(subject, params['id']!);
  return found;
}

/** Those that agree with the query in each of these fields. */
function matching<T>(call: Call, all: T[], fields: (keyof T & string)[]): T[] {
  return all.filter((one) => fields.every((field) => (single(call, field) ?? one[field]) === one[field]));
}
