/** Volumes and their types. Attaching is asked of the server, in BMS v1 or Nova. */
import type { Static } from 'typebox';
import type { Catalog } from '../../core/catalog.ts';
import { invalid, notFound } from '../../core/errors.ts';
import { volumeTypes, type Volume, type VolumeStatus, type Volumes } from '../../core/volume.ts';
import { newId } from '../../engine/ids.ts';
import { callerOf, isId, ok, projectOf, single, type Answer, type Call } from '../api.ts';
import { toEntry, toLimits, toType, toVolume, type VolumeBody, type VolumeChangeBody } from './wire.ts';

export interface Cloud {
  volumes: Volumes;
  catalog: Pick<Catalog, 'listZones'>;
}

/** A call, with where its links begin: `http://host:port/volume/v3/{project}`. */
export interface VolumeCall extends Call {
  root: string;
}

const mostPerPage = 1_000;

const listAs =
  (toItem: (root: string, volume: Volume) => unknown) =>
  async ({ volumes }: Cloud, call: VolumeCall): Promise<Answer> => {
    const limit = parseLimit(call);
    const found = await volumes.list(toFilter(call), { ...toMarker(call), limit: limit + 1 });
    const page = found.slice(0, limit);
    const query = new URLSearchParams();
    for (const name of ['limit', 'name', 'status']) {
      const value = single(call, name);
      if (value !== undefined) query.set(name, value);
    }
    query.set('marker', page.at(-1)?.id ?? '');
    const path = call.path.split('?', 1)[0]!;
    const next = { rel: 'next', href: `${call.origin}${path}?${query.toString()}` };
    return ok({
      volumes: page.map((volume) => toItem(call.root, volume)),
      ...(found.length > limit ? { volumes_links: [next] } : {}),
    });
  };

export const list = listAs(toEntry);
export const listDetails = listAs(toVolume);

function toFilter(call: VolumeCall) {
  const name = single(call, 'name');
  const status = single(call, 'status');
  const statuses: readonly string[] = ['available', 'in-use'] satisfies VolumeStatus[];
  if (status !== undefined && !statuses.includes(status)) {
    throw invalid(`status is one of ${statuses.join(', ')}.`, 'status');
  }
  return {
    projectId: projectOf(call),
    ...(name === undefined ? {} : { name }),
    ...(status === undefined ? {} : { status: status as VolumeStatus }),
  };
}

function toMarker(call: VolumeCall): { marker?: string } {
  const marker = single(call, 'marker');
  return marker === undefined ? {} : { marker };
}

function parseLimit(call: VolumeCall): number {
  const text = single(call, 'limit') ?? '0';
  if (!/^\d+$/.test(text)) throw invalid(`Invalid input for limit: ${text}`, 'limit');
  return Math.min(Number(text) || mostPerPage, mostPerPage);
}

export async function show({ volumes }: Cloud, call: VolumeCall): Promise<Answer> {
  const id = call.params['volume_id']!;
  const volume = isId(id) ? await volumes.find(id, projectOf(call)) : null;
  if (!volume) throw notFound('volume', id);
  return ok({ volume: toVolume(call.root, volume) });
}

export async function create({ volumes, catalog }: Cloud, call: VolumeCall): Promise<Answer> {
  const { volume: wish } = call.body as Static<typeof VolumeBody>;
  // What we could only pretend to do is refused.
  const source = wish.imageRef ?? wish.snapshot_id ?? wish.source_volid ?? wish.backup_id;
  if (source) throw invalid('A volume is made empty; there is nothing to copy it from.');
  const type = wish.volume_type ?? volumeTypes[0];
  if (!(volumeTypes as readonly string[]).includes(type)) {
    throw invalid(`Volume type with name ${type} could not be found.`, 'volume_type');
  }
  const zones = await catalog.listZones();
  const zone = wish.availability_zone ?? zones[0];
  if (zone === undefined || !zones.includes(zone)) {
    throw invalid(`Availability zone '${zone}' is invalid.`, 'availability_zone');
  }
  const volume = await volumes.create({
    id: newId(),
    projectId: projectOf(call),
    userId: callerOf(call).user.id,
    name: wish.name ?? '',
    description: wish.description ?? '',
    sizeGb: Number(wish.size),
    type,
    zone,
    shareable: wish.multiattach ?? false,
    bootable: false,
    metadata: wish.metadata ?? {},
  });
  return ok({ volume: toVolume(call.root, volume) }, 202);
}

export async function update({ volumes }: Cloud, call: VolumeCall): Promise<Answer> {
  const { volume: wish } = call.body as Static<typeof VolumeChangeBody>;
  const id = call.params['volume_id']!;
  const volume = isId(id)
    ? await volumes.change(id, projectOf(call), {
        ...(wish.name === undefined ? {} : { name: wish.name ?? '' }),
        ...(wish.description === undefined ? {} : { description: wish.description ?? '' }),
        ...(wish.metadata === undefined ? {} : { metadata: wish.metadata }),
      })
    : null;
  if (!volume) throw notFound('volume', id);
  return ok({ volume: toVolume(call.root, volume) });
}

export async function remove({ volumes }: Cloud, call: VolumeCall): Promise<Answer> {
  const id = call.params['volume_id']!;
  if (!isId(id) || !(await volumes.remove(id, projectOf(call)))) throw notFound('volume', id);
  return { statusCode: 202 };
}

/** Those of machines: a volume is attached within its zone. */
export async function listZones({ catalog }: Cloud): Promise<Answer> {
  const zones = await catalog.listZones();
  return ok({
    availabilityZoneInfo: zones.map((zoneName) => ({ zoneName, zoneState: { available: true } })),
  });
}

export function listTypes(): Answer {
  return ok({ volume_types: volumeTypes.map(toType) });
}

export function showType(_cloud: Cloud, call: VolumeCall): Answer {
  const id = call.params['type_id']!;
  if (!(volumeTypes as readonly string[]).includes(id)) throw notFound('volume type', id);
  return ok({ volume_type: toType(id) });
}

/** Nothing is limited (-1); there are neither snapshots nor backups. */
export async function showLimits({ volumes }: Cloud, call: Call): Promise<Answer> {
  return ok(toLimits(await volumes.usage(projectOf(call))));
}
