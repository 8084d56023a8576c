/** The words of Glance v2. */
import { invalid, notAllowed } from '../../core/errors.ts';
import {
  diskFormats,
  visibilities,
  type Image,
  type ImageChange,
  type ImageMember,
  type ImageVisibility,
} from '../../core/image.ts';
import type { Transfer } from '../../core/image-transfer.ts';

export type WireImage = ReturnType<typeof toImage>;

/** Properties of an image stand beside its fields, as Glance has them (`__os_type`, `virtual_env_type`). */
export function toImage(image: Image) {
  return {
    ...image.properties,
    __os_type: image.osType,
    __os_bit: String(image.osBits),
    os_type: image.osType.toLowerCase(),
    id: image.id,
    name: image.name === '' ? null : image.name,
    status: image.status,
    visibility: image.visibility,
    owner: image.projectId,
    protected: image.isProtected,
    os_hidden: image.isHidden,
    tags: image.tags,
    disk_format: image.diskFormat,
    container_format: image.containerFormat,
    min_disk: image.minDiskGb,
    min_ram: image.minRamMib,
    size: image.status === 'active' || image.md5 ? image.sizeBytes : null,
    virtual_size: image.disk?.rawSizeBytes ?? null,
    checksum: image.md5,
    os_hash_algo: image.sha512 && 'sha512',
    os_hash_value: image.sha512,
    created_at: toSeconds(image.createdAt),
    updated_at: toSeconds(image.updatedAt),
    self: `/v2/images/${image.id}`,
    file: `/v2/images/${image.id}/file`,
    schema: '/v2/schemas/image',
    // How it is streamed to machines; "none": a record without bytes, which only simulated machines take.
    ingot_content: image.disk?.form ?? 'none',
    ...(image.failure === null ? {} : { ingot_failure: image.failure }),
  };
}

export function toSeconds(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

export function toMember(member: ImageMember) {
  return {
    member_id: member.projectId,
    image_id: member.imageId,
    status: member.status,
    created_at: toSeconds(member.createdAt),
    updated_at: toSeconds(member.updatedAt),
    schema: '/v2/schemas/member',
  };
}

/** An import as a task of Glance (`api_image_import`); what a request carried itself is none. */
export function toTask(transfer: Transfer, owner: string | null) {
  const { id, imageId, method, uri, succeeded } = transfer;
  const isBegun = transfer.attempt > 0;
  return {
    id,
    type: 'api_image_import',
    status: succeeded === null ? (isBegun ? 'processing' : 'pending') : succeeded ? 'success' : 'failure',
    owner,
    user_id: transfer.userId,
    request_id: transfer.requestId,
    image_id: imageId,
    input: { image_id: imageId, import_req: { method: { name: method, ...(uri ? { uri } : {}) } } },
    result: succeeded ? { image_id: imageId } : null,
    message: transfer.error ?? '',
    created_at: toSeconds(transfer.createdAt),
    updated_at: toSeconds(transfer.endedAt ?? transfer.createdAt),
    expires_at: null,
    self: `/v2/tasks/${id}`,
    schema: '/v2/schemas/task',
    ingot_attempt: transfer.attempt,
    ingot_received: transfer.receivedBytes,
    ingot_total: transfer.totalBytes,
  };
}

/** What Ingot says and nobody else. */
const readOnly = [
  'status',
  'size',
  'virtual_size',
  'checksum',
  'os_hash_algo',
  'os_hash_value',
  'created_at',
  'updated_at',
  'self',
  'file',
  'schema',
  'direct_url',
  'stores',
  'ingot_content',
  'ingot_failure',
];
const reserved = ['locations', 'deleted', 'deleted_at', 'is_public', 'os_glance_import_task'];

/** @throws not-allowed for what callers may not write */
export function checkWritable(name: string): void {
  if (readOnly.includes(name)) throw notAllowed(`Attribute '${name}' is read-only.`);
  if (reserved.includes(name)) throw notAllowed(`Attribute '${name}' is reserved.`);
}

const mostProperties = 128;
const mostTags = 128;

type Parse = (value: unknown) => ImageChange;

function wrong(name: string, says: string): never {
  throw invalid(`Provided object does not match schema 'image': ${name} ${says}`, name);
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string' || value.length > 255) wrong(name, 'is not a text of at most 255 characters');
  return value;
}

function flag(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') wrong(name, 'is not true or false');
  return value;
}

function whole(name: string, value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 2 ** 31 - 1) {
    wrong(name, 'is not a whole number from 0 to 2147483647');
  }
  return value as number;
}

function oneOf<T extends string>(name: string, value: unknown, words: readonly T[]): T {
  const word = words.find((it) => it === value);
  if (word === undefined) wrong(name, `is not one of ${words.join(', ')}`);
  return word;
}

function toTags(value: unknown): string[] {
  if (!Array.isArray(value)) wrong('tags', 'is not a list');
  if (value.length > mostTags) wrong('tags', `has more than ${mostTags} items`);
  return [...new Set(value.map((tag) => text('tags', tag)))];
}

function toBits(value: unknown): number {
  return Number(oneOf('__os_bit', String(value), ['32', '64']));
}

/** Fields by their wire names; all other names are properties. */
const fields: Readonly<Record<string, Parse>> = {
  name: (value) => ({ name: value === null ? '' : text('name', value) }),
  visibility: (value) => ({ visibility: oneOf<ImageVisibility>('visibility', value, visibilities) }),
  protected: (value) => ({ isProtected: flag('protected', value) }),
  os_hidden: (value) => ({ isHidden: flag('os_hidden', value) }),
  tags: (value) => ({ tags: toTags(value) }),
  disk_format: (value) => ({ diskFormat: value === null ? null : oneOf('disk_format', value, diskFormats) }),
  container_format: (value) => ({
    containerFormat: value === null ? null : oneOf('container_format', value, ['bare']),
  }),
  min_disk: (value) => ({ minDiskGb: whole('min_disk', value) }),
  min_ram: (value) => ({ minRamMib: whole('min_ram', value) }),
  owner: (value) => ({ projectId: text('owner', value) }),
  os_type: (value) => ({ osType: toOsType(text('os_type', value)) }),
  __os_type: (value) => ({ osType: toOsType(text('__os_type', value)) }),
  __os_bit: (value) => ({ osBits: toBits(value) }),
};

function toOsType(word: string): string {
  return /^windows/i.test(word) ? 'Windows' : /^linux/i.test(word) ? 'Linux' : word;
}

export function isField(name: string): boolean {
  return Object.hasOwn(fields, name);
}

/** One field as it was written. */
export function parseField(name: string, value: unknown): ImageChange {
  return fields[name]!(value);
}

export function parseProperty(name: string, value: unknown): string {
  if (name === '' || name.length > 255) wrong(name, 'is not a name of at most 255 characters');
  if (typeof value !== 'string' || value.length > 65_535) wrong(name, 'is not a text');
  return value;
}

export function checkProperties(properties: Record<string, string>): void {
  const count = Object.keys(properties).length;
  if (count > mostProperties) {
    throw invalid(`The limit on allowed image properties has been exceeded: ${count} of ${mostProperties}.`);
  }
}

/** A whole image, as POST has it. A property that is null is none. */
export function parseImage(body: Record<string, unknown>): { id?: string; change: ImageChange } {
  const { id, ...rest } = body;
  let change: ImageChange = {};
  const properties: Record<string, string> = {};
  for (const [name, value] of Object.entries(rest)) {
    checkWritable(name);
    if (isField(name)) change = { ...change, ...parseField(name, value) };
    else if (name === 'properties') Object.assign(properties, toNested(value));
    else if (value !== null) properties[name] = parseProperty(name, value);
  }
  checkProperties(properties);
  if (Object.keys(properties).length > 0) change = { ...change, properties };
  return id === undefined ? { change } : { id: text('id', id), change };
}

/** openstacksdk sends properties of images without bytes in an object of their own (seen with 0.101). */
function toNested(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    wrong('properties', 'is not an object');
  const given = Object.entries(value).filter(([, it]) => it !== null);
  return Object.fromEntries(given.map(([name, it]) => [name, parseProperty(name, it)]));
}
