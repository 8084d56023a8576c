/** Keyset paging: `limit` and `marker` in, `next_marker` out as long as there may be more. */
import { invalid } from '../../core/errors.ts';
import { isId, single, type Call } from '../api.ts';

const usual = 100;
const most = 1_000;

export interface Page {
  limit: number;
  marker?: string;
}

export function pageOf(call: Call): Page {
  const marker = single(call, 'marker');
  if (marker !== undefined && !isId(marker))
    throw invalid('marker is the id of the last one seen.', 'marker');
  const limit = Number(single(call, 'limit') ?? usual);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) {
    throw invalid(`limit is a whole number from 1 to ${most}.`, 'limit');
  }
  return { limit, ...(marker === undefined ? {} : { marker }) };
}

export function toPage<T extends { id: string }>(
  name: string,
  found: T[],
  { limit }: Page,
  show: (one: T) => unknown,
) {
  return { [name]: found.map(show), next_marker: found.length < limit ? null : found.at(-1)!.id };
}
