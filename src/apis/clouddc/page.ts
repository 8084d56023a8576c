/**
 * Pages of a list. The published pages call the marker the id of the last record of the page before, the models call
 * `next_marker` the address of the next page: it is that id, and given back as `marker` it leads on, so both hold.
 * `previous_marker` is not described; it is the id of the first record, as in the sibling services.
 */
import { invalid } from '../../core/errors.ts';
import { isId, single, type Call } from '../api.ts';

/** Instances and machines: `limit` comes as a string; unset or below 10 is 10, above 1000 is 1000. */
const usualLimits = { least: 10, most: 1_000, unset: 10 };

export function parsePage(call: Call, limits = usualLimits): { limit: number; marker?: string } {
  const asked = single(call, 'limit') || String(limits.unset);
  if (!/^-?\d+$/.test(asked)) throw invalid('limit: a whole number is needed.', 'limit');
  const limit = Math.min(Math.max(Number(asked), limits.least), limits.most);
  const marker = single(call, 'marker');
  if (!marker) return { limit };
  if (!isId(marker)) throw invalid(`marker: ${marker} is not an id.`, 'marker');
  return { limit, marker };
}

/** @param found one record more than the page holds, where there is one */
export function toPage<T extends { id: string }>(
  found: T[],
  { limit }: { limit: number },
): { records: T[]; pageInfo: object } {
  const records = found.slice(0, limit);
  const pageInfo = {
    next_marker: found.length > limit ? records.at(-1)!.id : null,
    previous_marker: records[0]?.id ?? null,
    current_count: records.length,
  };
  return { records, pageInfo };
}
