/** What drivers tell of their traffic with BMCs: as it happens, and as it stands when somebody asks. */
import type { DriverErrorKind } from './ports.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Told as it happens. Must not throw; called for every exchange, so it must be cheap. */
export interface BmcWatch {
  /** One exchange ended: answered, or failed in the way of that error. */
  exchanged(driver: string, outcome: 'answered' | DriverErrorKind, seconds: number): void;
  /** Something was sent once more; `reason` is a word out of few: it becomes a label. */
  retried(driver: string, reason: string): void;
  /** A BMC is taken for dead. */
  breakerOpened(driver: string): void;
  /** A login was made. */
  loggedIn(driver: string): void;
  /** A BMC refused our login too often and is left alone. */
  lockedOut(driver: string): void;
}

export const nobodyWatches: BmcWatch = {
  exchanged() {},
  retried() {},
  breakerOpened() {},
  loggedIn() {},
  lockedOut() {},
};

/** How one driver's BMCs are treated at this moment. */
export interface BmcCensus {
  driver: string;
  breakers: Record<BreakerState, number>;
  /** Sessions that are held open. */
  sessions: number;
  inFlight: number;
}

/** How much this process asks of all BMCs together at this moment. */
export interface TrafficCensus {
  /** Exchanges allowed at once; adapts. */
  limit: number;
  inFlight: number;
  waiting: number;
}
