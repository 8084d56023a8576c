/**
 * A round over the fleet: every machine that is due is visited, so many at once. A dead machine holds its place only for
 * as long as a living one would need a few times over; then the next one is visited beside it, so that the dead never
 * slow the living.
 */
export interface Round<T> {
  /** Takes so many that are due; fewer: these are all. */
  claim(most: number): Promise<T[]>;
  /** Never rejects for what a machine does. */
  visit(one: T): Promise<void>;
}

export interface RoundLimits {
  /** Ends the round: nothing more is claimed, and visits under way get a moment to end. */
  signal?: AbortSignal;
  /** Visits under way that still hold their place. */
  places: number;
  /** Visits under way in all. */
  most: number;
}

/** A visit that lasts so many times as long as usual gives its place away. */
const patience = 4;
/** But not sooner than this, in milliseconds: a busy process must not mistake itself for a slow machine. */
const leastPatienceMs = 250;
/** For visits under way when a round is ended from outside, in milliseconds. */
const goodbyeMs = 2_000;
/** How much of the usual duration a new one makes up. */
const weight = 0.1;

/** Ends when all that were due have been visited. Rejects when claiming failed, after the visits under way have ended. */
export async function walkRound<T>(
  { claim, visit }: Round<T>,
  { places, most, signal }: RoundLimits,
  now: () => number = Date.now,
): Promise<void> {
  let usualMs = leastPatienceMs / patience;
  let held = 0;
  let isExhausted = false;
  const underWay = new Set<Promise<void>>();
  let wake = () => {};

  function begin(one: T): void {
    const beganAt = now();
    let holdsPlace = true;
    held += 1;
    const giveUpPlace = () => {
      if (!holdsPlace) return;
      holdsPlace = false;
      held -= 1;
      wake();
    };
    const timer = setTimeout(giveUpPlace, Math.max(usualMs * patience, leastPatienceMs));
    const visited = visit(one).finally(() => {
      clearTimeout(timer);
      if (holdsPlace) usualMs += (now() - beganAt - usualMs) * weight;
      giveUpPlace();
      underWay.delete(visited);
      wake();
    });
    underWay.add(visited);
  }

  signal?.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!isExhausted && !signal?.aborted) {
      const free = Math.min(places - held, most - underWay.size);
      // In larger helpings: a statement for every place that becomes free would cost more than the visits.
      if (free < 1 || free < Math.min(places / 4, most - underWay.size)) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      const due = await claim(free);
      isExhausted = due.length < free;
      for (const one of due) begin(one);
    }
  } finally {
    const ended = Promise.allSettled(underWay);
    await (signal ? Promise.race([ended, afterAbort(signal)]) : ended);
  }
}

function afterAbort(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const leave = () => setTimeout(resolve, goodbyeMs).unref();
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
}
