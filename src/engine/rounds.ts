/**
 * Rounds over the fleet: every machine that is due is visited, so many at once. A dead machine holds its place only for
 * as long as a living one would need a few times over; then the next one is visited beside it. A round ends when nobody
 * is left to begin with, and waits for no visit: one that is not over goes on beside later rounds, which pass that machine
 * over. So the dead cost the living nothing, and nobody is visited twice at once.
 */
export interface Round<T> {
  /** Takes so many that are due; fewer: these are all. */
  claim(most: number): Promise<T[]>;
  /** Never rejects for what a machine does. */
  visit(one: T): Promise<void>;
  /** The same for two claims of one machine. */
  keyOf(one: T): string;
  /** Where a claim runs out while its visit may last longer: prolongs those of visits under way. */
  hold?: { everyMs: number; prolong(keys: string[]): Promise<void> };
}

export interface RoundLimits {
  /** Visits under way that still hold their place. */
  places: number;
  /** Visits under way in all, those left over from earlier rounds included. */
  most: number;
}

export interface Rounds {
  /**
   * One round; ends when the visits to all that were due have begun. A signal ends it sooner: nothing more is claimed.
   * Rejects when claiming failed. One at a time.
   */
  run(signal?: AbortSignal): Promise<void>;
  /** When no visit is under way any more. */
  settled(): Promise<void>;
}

/** A visit that lasts so many times as long as usual gives its place away. */
const patience = 4;
/** But not sooner than this, in milliseconds: a busy process must not mistake itself for a slow machine. */
const leastPatienceMs = 250;
/** How much of the usual duration a new one makes up. */
const weight = 0.1;

export function createRounds<T>(
  { claim, visit, keyOf, hold }: Round<T>,
  { places, most }: RoundLimits,
  now: () => number = Date.now,
): Rounds {
  let usualMs = leastPatienceMs / patience;
  let held = 0;
  const underWay = new Map<string, Promise<void>>();
  let wake = () => {};
  const news = () => new Promise<void>((resolve) => (wake = resolve));

  function begin(one: T): void {
    const key = keyOf(one);
    if (underWay.has(key)) return; // its claim ran out before its visit ended; it is ours again
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
      underWay.delete(key);
      wake();
    });
    underWay.set(key, visited);
  }

  let holding: NodeJS.Timeout | undefined;
  function keepHold(): void {
    if (!hold || holding || underWay.size === 0) return;
    holding = setTimeout(() => {
      // Who cannot prolong a claim loses it, which is what claims are for.
      void hold
        .prolong([...underWay.keys()])
        .catch(() => {})
        .finally(() => {
          holding = undefined;
          keepHold();
        });
    }, hold.everyMs);
    holding.unref();
  }

  async function beginAll(signal?: AbortSignal): Promise<void> {
    while (!signal?.aborted) {
      const free = Math.min(places - held, most - underWay.size);
      // In larger helpings: a statement for every place that becomes free would cost more than the visits.
      if (free < 1 || free < Math.min(places / 4, most - underWay.size)) {
        await news();
        continue;
      }
      const due = await claim(free);
      for (const one of due) begin(one);
      keepHold();
      if (due.length < free) return;
    }
  }

  return {
    async run(signal) {
      const leave = () => wake();
      signal?.addEventListener('abort', leave, { once: true });
      try {
        await beginAll(signal);
      } finally {
        signal?.removeEventListener('abort', leave);
      }
    },
    async settled() {
      while (underWay.size > 0) await Promise.allSettled(underWay.values());
    },
  };
}
