/** Keyset paging as in all of OpenStack: `limit` and `marker`, and a link to the next page. */
import { invalid } from '../../core/errors.ts';
import { single } from '../api.ts';
import type { NovaCall } from './cloud.ts';

/** More is not an error; there are just no longer pages. */
const mostPerPage = 1_000;

export function parseLimit(call: NovaCall): number {
  const text = single(call, 'limit');
  if (text === undefined) return mostPerPage;
  if (!/^\d+$/.test(text)) {
    throw invalid(`Invalid input for query parameters limit. Value: ${text}.`, 'limit');
  }
  return Math.min(Number(text) || mostPerPage, mostPerPage);
}

export function parseSort<Key>(
  call: NovaCall,
  keys: Readonly<Record<string, Key>>,
  byDefault: 'asc' | 'desc',
): { key: Key; descending: boolean }[] {
  const directions = listOf(call, 'sort_dir');
  return listOf(call, 'sort_key').map((word, at) => {
    const direction = directions[at] ?? byDefault;
    const key = Object.hasOwn(keys, word) ? keys[word] : undefined;
    if (key === undefined) {
      throw invalid(`Invalid input for query parameters sort_key. Value: ${word}.`, 'sort_key');
    }
    if (direction !== 'asc' && direction !== 'desc') {
      throw invalid(`Invalid input for query parameters sort_dir. Value: ${direction}.`, 'sort_dir');
    }
    return { key, descending: direction === 'desc' };
  });
}

/** A moment; without a zone it is UTC (upstream), where Date would take it for local time. */
export function parseChangesSince(call: NovaCall): Date | undefined {
  const text = single(call, 'changes-since');
  if (text === undefined) return undefined;
  const isZoned = !text.includes('T') || /(Z|[+-]\d\d:?\d\d)$/i.test(text);
  const moment = new Date(isZoned ? text : `${text}Z`);
  if (Number.isNaN(moment.getTime())) {
    throw invalid(`Invalid input for query parameters changes-since. Value: ${text}.`, 'changes-since');
  }
  return moment;
}

/** All values of a parameter that may be given several times. */
export function listOf(call: NovaCall, name: string): string[] {
  const value = call.query[name];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** `{"servers_links": [...]}` (`links` without a name) when there is more behind `found`, which holds one item too many then. */
export function cutPage<Item>(
  call: NovaCall,
  name: 'servers' | 'flavors' | 'keypairs' | 'hypervisors' | null,
  path: string,
  found: Item[],
  toMarker: (item: Item) => string,
): { items: Item[]; links: Record<string, unknown> } {
  const limit = parseLimit(call);
  const items = found.slice(0, limit);
  if (found.length <= limit) return { items, links: {} };
  const links = linkToNext(call, path, toMarker(items.at(-1)!));
  return { items, links: { [name === null ? 'links' : `${name}_links`]: links } };
}

/** To what is behind the marker of this page, asked for likewise. */
export function linkToNext(call: NovaCall, path: string, marker: string): { rel: 'next'; href: string }[] {
  const query = new URLSearchParams();
  for (const key of Object.keys(call.query)) {
    if (key !== 'marker') for (const value of listOf(call, key)) query.append(key, value);
  }
  query.set('marker', marker);
  return [{ rel: 'next', href: `${call.root}${path}?${query.toString()}` }];
}
