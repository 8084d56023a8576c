/**
 * What must be seen to now and then. A chore takes no input, does the same thing each time, and may run in every process
 * at once: each claims its rows. A long one (a round over the fleet) keeps no other waiting.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Work } from '../core/work.ts';
import type { Drivers } from './clockwork.ts';
import { healthRounds } from './health-watch.ts';
import { powerRounds } from './power-sync.ts';
import type { Submit } from './submit.ts';

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

export interface SweepRoom {
  work: Work;
  submit: Submit;
  drivers: Drivers;
  log: (error: unknown, message: string) => void;
  retentionMs: number;
  /** 0: real power is not read by itself. */
  powerSyncMs: number;
  /** 0: health is not read by itself. */
  healthMs: number;
  /** What other rooms have to see to. */
  chores: Chore[];
}

const oftenMs = 1_000;
const seldomMs = 30_000;
/** What is under way at the stop may take so long, in milliseconds: a dead BMC must not hold it up. */
const goodbyeMs = 2_000;
/** Visits at once. The driver's own limits are narrower; these keep the claims short. */
const round = { places: 512, most: 4_096 };

export function createSweep(room: SweepRoom): Sweep {
  const { work, log, powerSyncMs, healthMs } = room;
  const ending = new AbortController();
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();

  const chores: Chore[] = [
    { what: 'taking over from processes that are gone', everyMs: oftenMs, run: () => work.releaseDead() },
    {
      what: 'removing deleted servers',
      everyMs: seldomMs,
      run: () => work.purgeDeleted(room.retentionMs),
    },
    ...room.chores,
  ];
  if (powerSyncMs > 0) {
    chores.push({
      what: 'reading power',
      everyMs: oftenMs,
      ...powerRounds(room, powerSyncMs, round),
    });
  }
  if (healthMs > 0) {
    chores.push({
      what: 'reading health',
      everyMs: oftenMs,
      ...healthRounds(room, healthMs, round),
    });
  }

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
