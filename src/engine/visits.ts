/** How rounds over the fleet hold the nodes that they visit, so that no other process visits them as well. */
import type { Work } from '../core/work.ts';
import type { Round } from './rounds.ts';

/** How long a visit keeps other processes away without a sign of life of this one. */
export const visitLeaseMs = 30_000;

export function holdVisits(work: Pick<Work, 'prolongVisits'>): Round<unknown>['hold'] {
  return { everyMs: visitLeaseMs / 3, prolong: (nodeIds) => work.prolongVisits(nodeIds, visitLeaseMs) };
}
