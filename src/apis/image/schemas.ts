/** Bodies as schemas, and the schemas that Glance itself answers with. */
import { Type } from 'typebox';
import { diskFormats, visibilities } from '../../core/image.ts';
import { ok, type Answer } from '../api.ts';

export const ImageBody = Type.Record(Type.String(), Type.Unknown());

export const ImportBody = Type.Object({
  method: Type.Object({
    name: Type.String(),
    uri: Type.Optional(Type.String({ maxLength: 2_048 })),
    // Ours: what the bytes must come to.
    hash_algo: Type.Optional(Type.String()),
    hash_value: Type.Optional(Type.String()),
  }),
  stores: Type.Optional(Type.Array(Type.String())),
  all_stores: Type.Optional(Type.Boolean()),
  all_stores_must_succeed: Type.Optional(Type.Boolean()),
});

export const MemberBody = Type.Object({ member: Type.String({ minLength: 1, maxLength: 255 }) });
export const MemberStatusBody = Type.Object({
  status: Type.Union([Type.Literal('pending'), Type.Literal('accepted'), Type.Literal('rejected')]),
});

const text = { type: 'string' };
const whole = { type: 'integer' };
const flag = { type: 'boolean' };
const maybe = (type: string) => ({ type: ['null', type] });

const imageSchema = {
  name: 'image',
  properties: {
    id: text,
    name: maybe('string'),
    status: {
      ...text,
      readOnly: true,
      enum: ['queued', 'saving', 'uploading', 'importing', 'active', 'deactivated', 'killed'],
    },
    visibility: { ...text, enum: [...visibilities] },
    owner: maybe('string'),
    protected: flag,
    os_hidden: flag,
    tags: { type: 'array', items: text },
    disk_format: { ...maybe('string'), enum: [null, ...diskFormats] },
    container_format: { ...maybe('string'), enum: [null, 'bare'] },
    min_disk: whole,
    min_ram: whole,
    size: { ...maybe('integer'), readOnly: true },
    virtual_size: { ...maybe('integer'), readOnly: true },
    checksum: { ...maybe('string'), readOnly: true },
    os_hash_algo: { ...maybe('string'), readOnly: true },
    os_hash_value: { ...maybe('string'), readOnly: true },
    created_at: { ...text, readOnly: true },
    updated_at: { ...text, readOnly: true },
    self: { ...text, readOnly: true },
    file: { ...text, readOnly: true },
    schema: { ...text, readOnly: true },
    ingot_content: { ...text, readOnly: true },
    ingot_failure: { ...text, readOnly: true },
  },
  additionalProperties: text,
};

const memberSchema = {
  name: 'member',
  properties: {
    member_id: text,
    image_id: text,
    status: { ...text, enum: ['pending', 'accepted', 'rejected'] },
    created_at: text,
    updated_at: text,
    schema: text,
  },
};

const taskSchema = {
  name: 'task',
  properties: {
    id: text,
    type: { ...text, enum: ['api_image_import'] },
    status: { ...text, enum: ['pending', 'processing', 'success', 'failure'] },
    owner: maybe('string'),
    image_id: text,
    message: text,
    created_at: text,
    updated_at: text,
    self: text,
    schema: text,
  },
};

function listOf(item: { name: string }) {
  return {
    name: `${item.name}s`,
    properties: { [`${item.name}s`]: { type: 'array', items: item }, first: text, next: text, schema: text },
  };
}

const schemas: [name: string, schema: unknown][] = [
  ['image', imageSchema],
  ['images', listOf(imageSchema)],
  ['member', memberSchema],
  ['members', listOf(memberSchema)],
  ['task', taskSchema],
  ['tasks', listOf(taskSchema)],
];

/** Each with the handler that shows it. */
export const schemaHandlers = schemas.map(([name, schema]): [name: string, show: () => Answer] => [
  name,
  () => ok(schema),
]);
