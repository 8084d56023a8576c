/** The words of Glance v2. */
import type { Image } from '../../core/catalog.ts';

export type WireImage = ReturnType<typeof toImage>;

/** Properties of an image stand beside its fields, as Glance has them (`__os_type`, `virtual_env_type`). */
export function toImage(image: Image) {
  return {
    ...image.properties,
    __os_type: image.osType,
    __os_bit: String(image.osBits),
    os_type: image.osType.toLowerCase(),
    id: image.id,
    name: image.name,
    status: 'active',
    visibility: image.projectId === null ? 'public' : 'private',
    owner: image.projectId,
    protected: false,
    os_hidden: false,
    tags: [] as string[],
    disk_format: image.diskFormat,
    container_format: 'bare',
    min_disk: image.minDiskGb,
    min_ram: image.minRamMib,
    size: image.sizeBytes,
    virtual_size: null,
    // Glance means MD5 here; ours is a SHA-256 and has fields of its own.
    checksum: null,
    os_hash_algo: image.checksum && 'sha256',
    os_hash_value: image.checksum,
    created_at: toSeconds(image.createdAt),
    updated_at: toSeconds(image.updatedAt),
    self: `/v2/images/${image.id}`,
    file: `/v2/images/${image.id}/file`,
    schema: '/v2/schemas/image',
  };
}

function toSeconds(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

const text = { type: 'string' };
const whole = { type: 'integer' };
const flag = { type: 'boolean' };

export const imageSchema = {
  name: 'image',
  properties: {
    id: text,
    name: text,
    status: { ...text, enum: ['active'] },
    visibility: { ...text, enum: ['public', 'private'] },
    owner: { type: ['null', 'string'] },
    protected: flag,
    os_hidden: flag,
    tags: { type: 'array', items: text },
    disk_format: text,
    container_format: text,
    min_disk: whole,
    min_ram: whole,
    size: whole,
    virtual_size: { type: ['null', 'integer'] },
    checksum: { type: ['null', 'string'] },
    os_hash_algo: { type: ['null', 'string'] },
    os_hash_value: { type: ['null', 'string'] },
    created_at: text,
    updated_at: text,
    self: text,
    file: text,
    schema: text,
  },
  additionalProperties: text,
};

export const imagesSchema = {
  name: 'images',
  properties: {
    images: { type: 'array', items: imageSchema },
    first: text,
    next: text,
    schema: text,
  },
};
