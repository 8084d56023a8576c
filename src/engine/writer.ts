/** Outcomes that come within the same few milliseconds are written by one statement. */
import { gather } from '../core/gather.ts';
import type { DeliveryOutcome, Work } from '../core/work.ts';

export interface Writer {
  /** Resolves when the outcome is committed; false when the delivery belongs to somebody else by now. */
  write(outcome: DeliveryOutcome): Promise<boolean>;
}

/** A larger batch would hold its rows locked for longer than it saves. */
const mostInOneStatement = 250;

export function createWriter(work: Pick<Work, 'write'>): Writer {
  return {
    write: gather(mostInOneStatement, async (outcomes) => {
      const held = await work.write(outcomes);
      return outcomes.map(({ subJobId }) => held.has(subJobId));
    }),
  };
}
