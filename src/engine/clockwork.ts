/** Deadlines and pauses: all the lengths of time that the engine works with. */
import { lifecycle, type State } from '../core/lifecycle.ts';
import type { DriverName } from '../core/node.ts';
import { remedyKinds, type Remedy } from '../core/remedy.ts';
import type { Driver, Inspector, Installer } from '../core/ports.ts';

export type Drivers = Readonly<Partial<Record<DriverName, Driver>>>;
export type Inspectors = Readonly<Partial<Record<DriverName, Inspector>>>;
export type Installers = Readonly<Partial<Record<DriverName, Installer>>>;

export interface Clockwork {
  /** How long a state may last on a driver's machines, in milliseconds. */
  deadlineMs(state: State, driver: DriverName | null): number;
  /** How much longer an operation may last after a remedy, in milliseconds. */
  remedyMs(remedy: Remedy, wholeMs: number, driver: DriverName | null): number;
}

/** Simulated minutes last milliseconds, but a busy machine must not look like a broken one. */
const leastDeadlineMs = 30_000;

/** @param factor scales every deadline (setting INGOT_DEADLINE_FACTOR) */
export function createClockwork(drivers: Drivers, factor: number): Clockwork {
  const toMs = (minutes: number, driver: DriverName | null) => {
    const scale = (driver && drivers[driver]?.timeScale) ?? 1;
    return Math.round(Math.max(minutes * 60_000 * scale, leastDeadlineMs) * factor);
  };
  return {
    deadlineMs: (state, driver) => toMs(lifecycle[state].deadlineMinutes ?? 10, driver),
    remedyMs(remedy, wholeMs, driver) {
      const { share, mostMinutes } = remedyKinds[remedy];
      return Math.max(Math.round(Math.min(wholeMs * share, toMs(mostMinutes, driver))), 1);
    },
  };
}

/** Full jitter between half and the whole of an exponentially growing pause, in milliseconds. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const pause = Math.min(250 * 2 ** Math.min(failures, 8), 30_000);
  return Math.round(pause * (0.5 + random() / 2));
}

/**
 * The next look at a change under way: soon at first, then ever less often.
 * @param lagMs how slow this kind of BMC may be to show a change; the first pauses are a fortieth of it
 */
export function nextLookMs(sinceMs: number, lagMs: number): number {
  return Math.round(Math.min(Math.max(sinceMs / 4, lagMs / 40), 5_000));
}
