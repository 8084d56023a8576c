/**
 * Sees to chores, each when its time has come round. A chore takes no input, does the same thing each time, and may run in
 * every process at once: each claims its rows. A long one (a round over the fleet) keeps no other waiting.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Sweep {
  start(): void;
  /** Begins no chore any more, and gives what is under way a moment to end. */
  stop(): Promise<void>;
}

export interface Chore {
  /** In the log: "… failed; the next pass tries again". */
  what: string;
  everyMs: number;
  run(signal: AbortSignal): Promise<unknown>;
  /** When nothing is under way any more that a run has left behind. */
  settled?(): Promise<void>;
}

/** What is under way at the stop may take so long, in milliseconds: a dead BMC must not hold it up. */
const goodbyeMs = 2_000;

export function createSweep(chores: readonly Chore[], log: (error: unknown, message: string) => void): Sweep {
  const ending = new AbortController();
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();

  async function attempt({ what, run }: Chore): Promise<void> {
    try {
      await run(ending.signal);
    } catch (error) {
      if (!ending.signal.aborted) log(error, `${what} failed; the next pass tries again`);
    }
  }

  function keep(chore: Chore): void {
    const run = attempt(chore).finally(() => {
      running.delete(run);
      if (ending.signal.aborted) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        keep(chore);
      }, chore.everyMs);
      timers.add(timer);
    });
    running.add(run);
  }

  return {
    start() {
      for (const chore of chores) keep(chore);
    },
    async stop() {
      ending.abort();
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(running);
      const leftBehind = Promise.all(chores.flatMap(({ settled }) => settled?.() ?? []));
      await Promise.race([leftBehind, sleep(goodbyeMs, null, { ref: false })]);
    },
  };
}
