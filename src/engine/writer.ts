/**
 * Outcomes that come within the same few milliseconds are written by one statement: while one batch is on its way to
 * the database the next one gathers. No timer is involved, so a lone outcome is written at once.
 */
import type { DeliveryOutcome, Work } from '../core/work.ts';

export interface Writer {
  /** Resolves when the outcome is committed; false when the delivery belongs to somebody else by now. */
  write(outcome: DeliveryOutcome): Promise<boolean>;
}

/** A larger batch would hold its rows locked for longer than it saves. */
const mostInOneStatement = 250;

interface Pending {
  outcome: DeliveryOutcome;
  resolve: (held: boolean) => void;
  reject: (error: unknown) => void;
}

export function createWriter(work: Pick<Work, 'write'>): Writer {
  let gathering: Pending[] = [];
  let isWriting = false;

  async function drain(): Promise<void> {
    isWriting = true;
    while (gathering.length > 0) {
      const batch = gathering.slice(0, mostInOneStatement);
      gathering = gathering.slice(mostInOneStatement);
      try {
        const held = await work.write(batch.map(({ outcome }) => outcome));
        for (const { outcome, resolve } of batch) resolve(held.has(outcome.subJobId));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isWriting = false;
  }

  return {
    write(outcome) {
      return new Promise((resolve, reject) => {
        gathering.push({ outcome, resolve, reject });
        if (!isWriting) {
          isWriting = true;
          setImmediate(() => void drain());
        }
      });
    },
  };
}
