/** Cinder v3, and v2 of the same: volumes that servers can be tied to. */
import type { TSchema } from 'typebox';
import type { Action } from '../../core/actions.ts';
import { ok, type Answer, type Api, type Call, type Route } from '../api.ts';
import { toError } from './errors.ts';
import * as quotas from './quotas.ts';
import * as volumes from './volumes.ts';
import { VolumeBody, VolumeChangeBody } from './wire.ts';

type Handler = (cloud: volumes.Cloud, call: volumes.VolumeCall) => Promise<Answer> | Answer;
type Entry = [
  method: Route['method'],
  id: string,
  path: string,
  summary: string,
  handler: Handler,
  action: Action,
  body?: TSchema,
];

const entries: Entry[] = [
  ['GET', 'list', '/volumes', 'List volumes', volumes.list, 'evs:volumes:list'],
  [
    'GET',
    'list-details',
    '/volumes/detail',
    'List volumes with details',
    volumes.listDetails,
    'evs:volumes:list',
  ],
  ['POST', 'create', '/volumes', 'Create a volume', volumes.create, 'evs:volumes:create', VolumeBody],
  ['GET', 'show', '/volumes/:volume_id', 'Show a volume', volumes.show, 'evs:volumes:get'],
  [
    'PUT',
    'update',
    '/volumes/:volume_id',
    'Rename or describe a volume',
    volumes.update,
    'evs:volumes:update',
    VolumeChangeBody,
  ],
  ['DELETE', 'delete', '/volumes/:volume_id', 'Delete a volume', volumes.remove, 'evs:volumes:delete'],
  [
    'GET',
    'zones',
    '/os-availability-zone',
    'List availability zones',
    volumes.listZones,
    'evs:availabilityZones:list',
  ],
  ['GET', 'types', '/types', 'List volume types', volumes.listTypes, 'evs:types:get'],
  ['GET', 'limits', '/limits', 'Show limits and what is used of them', volumes.showLimits, 'evs:quotas:get'],
  ['GET', 'quotas', '/os-quota-sets/:quota_project_id', 'Show quotas', quotas.showQuotas, 'evs:quotas:get'],
  [
    'GET',
    'quota-defaults',
    '/os-quota-sets/:quota_project_id/defaults',
    'Show the quotas of a new project',
    quotas.showDefaults,
    'evs:quotas:get',
  ],
  ['GET', 'type', '/types/:type_id', 'Show a volume type', volumes.showType, 'evs:types:get'],
];

const versions = [
  { id: 'v2.0', path: 'v2', status: 'SUPPORTED', version: '' },
  { id: 'v3.0', path: 'v3', status: 'CURRENT', version: '3.0' },
] as const;

/** The first microversion only, which is v3 as it is; the cinder command leaves a server that names none. */
const toVersions =
  (some: readonly (typeof versions)[number][]) =>
  ({ origin }: Call): Answer =>
    ok({
      versions: some.map(({ id, path, status, version }) => ({
        id,
        status,
        version,
        min_version: version,
        updated: '2017-02-25T12:00:00Z',
        links: [{ rel: 'self', href: `${origin}/volume/${path}/` }],
      })),
    });

export function volumeApi(cloud: volumes.Cloud): Api {
  const open = (id: string, path: string, some: readonly (typeof versions)[number][]): Route => ({
    id,
    method: 'GET',
    path,
    summary: 'List API versions',
    access: 'open',
    handle: toVersions(some),
  });
  const mount = (version: string, [method, id, path, summary, handler, action, body]: Entry): Route => ({
    id: version === 'v3' ? id : `${id}-${version}`,
    method,
    path: `/volume/${version}/:project_id${path}`,
    summary,
    action,
    ...(body ? { body } : {}),
    isPolled: id === 'show',
    handle: (call) =>
      handler(cloud, {
        ...call,
        root: `${call.origin}/volume/${version}/${call.params['project_id']}`,
      }),
  });
  return {
    name: 'volume',
    title: 'Volume v3',
    toError,
    routes: [
      open('versions', '/volume', versions),
      ...versions.map((version) => open(`version-${version.path}`, `/volume/${version.path}`, [version])),
      ...versions.flatMap(({ path }) => entries.map((entry) => mount(path, entry))),
    ],
  };
}
