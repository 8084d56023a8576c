/** Changes of an image as JSON patches, in the two forms that Glance reads. */
import { IngotError, conflict, invalid, notAllowed } from '../../core/errors.ts';
import type { Image, ImageChange } from '../../core/image.ts';
import type { Call } from '../api.ts';
import { checkProperties, checkWritable, isField, parseField, parseProperty } from './wire.ts';

export interface PatchOperation {
  op: 'add' | 'replace' | 'remove';
  name: string;
  value: unknown;
}

const mediaTypes = [
  'application/openstack-images-v2.1-json-patch',
  'application/openstack-images-v2.0-json-patch',
];
const verbs = ['add', 'replace', 'remove'] as const;

/** @throws invalid with code `media-type` for a body that is no such patch */
export function parsePatch(call: Call): PatchOperation[] {
  const type = String(call.headers['content-type'] ?? '')
    .split(';', 1)[0]!
    .trim();
  if (!mediaTypes.includes(type)) {
    throw new IngotError({
      kind: 'invalid',
      code: 'media-type',
      message: `Accept-Patch: ${mediaTypes.join(',')}`,
    });
  }
  if (!Array.isArray(call.body)) throw invalid('Request body must be a JSON array of operation objects.');
  return call.body.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw invalid('Operations must be JSON objects.');
    return toOperation(item as Record<string, unknown>);
  });
}

/** v2.1 says `op` and `path`; in v2.0 the verb is the key of the path. */
function toOperation(item: Record<string, unknown>): PatchOperation {
  const op = verbs.find((verb) => item['op'] === verb || (item['op'] === undefined && verb in item));
  if (op === undefined) throw invalid(`Operations must be one of ${verbs.join(', ')}.`);
  const path = item['op'] === undefined ? item[op] : item['path'];
  if (typeof path !== 'string' || !path.startsWith('/'))
    throw invalid('Pointer does not start with "/".', 'path');
  if (path.slice(1).includes('/'))
    throw invalid(`Pointer ${path} leads into a field; only whole fields change.`, 'path');
  if (op !== 'remove' && !('value' in item))
    throw invalid(`Operation "${op}" requires a member named "value".`);
  const name = path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
  return { op, name, value: item['value'] };
}

/** What they make of an image, one after the other. */
export function applyPatch(image: Image, operations: PatchOperation[]): ImageChange {
  let change: ImageChange = {};
  const properties = { ...image.properties };
  for (const { op, name, value } of operations) {
    checkWritable(name);
    if (name === 'id') throw notAllowed("Attribute 'id' is read-only.");
    if (isField(name)) {
      if (op === 'remove') throw notAllowed(`Property ${name} may not be removed.`);
      change = { ...change, ...parseField(name, value) };
    } else if (op === 'add') {
      properties[name] = parseProperty(name, value);
    } else {
      if (!Object.hasOwn(properties, name)) throw conflict(`Property ${name} does not exist.`);
      if (op === 'remove') delete properties[name];
      else properties[name] = parseProperty(name, value);
    }
  }
  checkProperties(properties);
  return { ...change, properties };
}
