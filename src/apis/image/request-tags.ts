/** What policies may ask of the tags that a call gives to an image or takes off. */
import type { Tag } from '../../core/resource-tags.ts';
import { toKeyValue } from '../../core/server-tags.ts';
import type { Call } from '../api.ts';
import { parsePatch } from './patch.ts';

/** A list that is none is refused by the handler. */
function toTags(given: unknown): Tag[] {
  if (!Array.isArray(given)) return [];
  return given.filter((tag): tag is string => typeof tag === 'string').map(toKeyValue);
}

export function tagsOfNew({ body }: Call): Tag[] {
  return toTags((body as Record<string, unknown>)['tags']);
}

/** @throws invalid for a body that is no patch, as the handler does */
export function tagsInPatch(call: Call): Tag[] {
  return parsePatch(call).flatMap(({ name, value }) => (name === 'tags' ? toTags(value) : []));
}

export function tagInPath({ params }: Call): Tag[] {
  return [toKeyValue(params['tag']!)];
}
