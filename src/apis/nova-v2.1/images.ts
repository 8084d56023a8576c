/** Images as the compute endpoint of Open Telekom Cloud shows them to the Go client (`cloudimages`). */
import type { Image } from '../../core/image.ts';
import { ok, projectOf, single, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { parseLimit } from './paging.ts';
import { toSeconds } from './wire.ts';

export async function list({ catalog }: Cloud, call: NovaCall): Promise<Answer> {
  const id = single(call, 'id');
  const name = single(call, 'name');
  const marker = single(call, 'marker');
  const images = await catalog.listImages(
    projectOf(call),
    {
      ...(id === undefined ? {} : { id }),
      ...(name === undefined ? {} : { name }),
    },
    { limit: parseLimit(call), ...(marker === undefined ? {} : { marker }) },
  );
  return ok({ images: images.map(toImage) });
}

function toImage(image: Image) {
  return {
    ...image.properties,
    id: image.id,
    name: image.name,
    status: image.status,
    visibility: image.visibility,
    __os_type: image.osType,
    __os_bit: String(image.osBits),
    disk_format: image.diskFormat,
    min_disk: image.minDiskGb,
    min_ram: image.minRamMib,
    size: image.sizeBytes,
    created_at: toSeconds(image.createdAt),
    updated_at: toSeconds(image.updatedAt),
  };
}
