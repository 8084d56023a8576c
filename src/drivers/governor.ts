/**
 * Gentleness with one BMC, whatever protocol it speaks: at most two exchanges at once, spaced, none while it asked for
 * quiet, and none while it is dead, except for one probe now and then. A call that may not go out fails at once and
 * says when to come again, so that a dead BMC holds no worker and never slows a healthy one. A BMC that answers much
 * slower than it usually does is labouring: it gets one exchange at a time and a pause as long as its last answer took
 * (iDRAC goes into maintenance when it is polled hard: Ironic, iDRAC driver).
 *
 * Two at once: BMCs serve few connections (bmcweb 100, later 200: commit 4393bdb), and we are not their only client.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { nobodyWatches, type BmcWatch, type BreakerState } from '../core/bmc-traffic.ts';
import { DriverError } from '../core/ports.ts';
import type { TrafficLimit } from './traffic-limit.ts';

export interface GovernorOptions {
  /** Name of the driver, for the figures. */
  driver: string;
  /** Exchanges at once. */
  concurrency: number;
  /** Between the beginnings of two exchanges, in milliseconds. */
  spacingMs: number;
  /** So many connection failures in a row open the breaker. */
  failuresToOpen: number;
  /** Upper bound of the first pause after a failure, in milliseconds; doubles with every further failure. */
  firstPauseMs: number;
  longestPauseMs: number;
  /** No pause is longer than this while an operation waits for the BMC, in milliseconds. */
  longestAwaitedPauseMs: number;
  now: () => number;
  /** 0 (included) to 1 (excluded). */
  random: () => number;
  wait: (ms: number) => Promise<unknown>;
  /** Shared by all BMCs of a process. */
  traffic: TrafficLimit;
  watch: BmcWatch;
}

/** Everything but the shared limit; a driver that is given none has one of its own. */
export const governorDefaults: Omit<GovernorOptions, 'traffic' | 'driver'> = {
  concurrency: 2,
  spacingMs: 0,
  failuresToOpen: 3,
  firstPauseMs: 2_000,
  longestPauseMs: 300_000,
  longestAwaitedPauseMs: 15_000,
  now: Date.now,
  random: Math.random,
  wait: sleep,
  watch: nobodyWatches,
};

/** An operation that has not asked for so long, in milliseconds, does not wait for the BMC any more. */
const awaitedForMs = 60_000;
/** Shorter pauses than this are no pauses, in milliseconds. */
const shortestPauseMs = 250;
/** Answers that take so many times the usual, and longer than this in milliseconds, mean that the BMC labours. */
const labouringSlowdown = 3;
const labouringLatencyMs = 500;
const longestLabouringSpacingMs = 5_000;
/** The first and the longest spacing after refusals, in milliseconds, and what is left of it after each answer. */
const firstPaceMs = 50;
const longestPaceMs = 1_000;
const paceFades = 0.95;
/** An answer may take so many times the usual, and so long at least, in milliseconds. */
const patientTimes = 20;
const leastPatienceMs = 5_000;
/**
 * An answer may take so many times the usual, and so long at least, in milliseconds, before another BMC is asked beside
 * this one; to a probe of a dead one the least applies.
 */
const lentTimes = 4;
const leastLentMs = 100;
/** Weight of the newest answer in what counts as recent and as usual. */
const recentWeight = 0.4;
const usualWeight = 0.05;
/** Slowness against less than this is noise, in milliseconds. */
const leastUsualMs = 5;

export class Governor {
  readonly #options: GovernorOptions;
  #spacingMs: number;
  #underWay = 0;
  #waiting: (() => void)[] = [];
  #nextStartAt = 0;
  #failures = 0;
  #closedUntil = 0;
  #failedAt = -Infinity;
  #awaitedAt = -Infinity;
  #probing = false;
  #quietUntil = 0;
  #recentMs: number | null = null;
  #usualMs: number | null = null;
  /** Spacing that the BMC's refusals taught, in milliseconds; fades while it answers. */
  #paceMs = 0;

  constructor(options: GovernorOptions) {
    this.#options = options;
    this.#spacingMs = options.spacingMs;
  }

  /** How the BMC is treated just now. */
  get state(): BreakerState {
    if (this.#failures < this.#options.failuresToOpen) return 'closed';
    return this.#probing || this.#options.now() >= this.#closedUntil ? 'half-open' : 'open';
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** It answers much slower than it usually does. */
  get isLabouring(): boolean {
    if (this.#recentMs === null || this.#usualMs === null) return false;
    return this.#recentMs > labouringLatencyMs && this.#recentMs > labouringSlowdown * this.#usualMs;
  }

  /**
   * How long an answer is waited for, in milliseconds: many times what this BMC usually takes, so that a quick one that
   * died is found out soon; as long as allowed while nothing is known of it.
   */
  patienceMs(longestMs: number): number {
    if (this.#usualMs === null) return longestMs;
    return Math.min(longestMs, Math.max(leastPatienceMs, patientTimes * this.#usualMs));
  }

  /** Runs one exchange. Throws `unreachable` or `busy` without running it when the BMC is to be left alone. */
  async run<T>(exchange: () => Promise<T>): Promise<T> {
    this.#admit();
    await this.#acquire();
    try {
      this.#admit(); // while it waited, others may have found the BMC dead
      return await this.#attempt(exchange);
    } finally {
      this.#release();
    }
  }

  /**
   * An operation waits for this BMC, and has a deadline: a dead one is tried more often than for a mere reading, lest the
   * operation fail although the BMC was back in time.
   */
  hurry(): void {
    const { now, longestAwaitedPauseMs } = this.#options;
    this.#awaitedAt = now();
    this.#closedUntil = Math.min(this.#closedUntil, this.#failedAt + longestAwaitedPauseMs);
  }

  /** The BMC asked not to be spoken to for so many milliseconds. Afterwards it is spoken to more slowly for a while. */
  keepQuiet(ms: number): void {
    this.#paceMs = Math.min(longestPaceMs, Math.max(firstPaceMs, this.#paceMs * 2));
    this.#quietUntil = Math.max(this.#quietUntil, this.#options.now() + ms);
  }

  /** This model needs at least so many milliseconds between the beginnings of two exchanges. */
  keepApart(spacingMs: number): void {
    this.#spacingMs = Math.max(this.#options.spacingMs, spacingMs);
  }

  /** Full jitter: anything between nothing and the bound that doubles with every attempt. Milliseconds. */
  pauseMs(attempt: number): number {
    const { firstPauseMs, longestPauseMs, random } = this.#options;
    const bound = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt, 20));
    return Math.max(shortestPauseMs, Math.round(random() * bound));
  }

  #admit(): void {
    const now = this.#options.now();
    if (now < this.#quietUntil) {
      const retryAfterMs = this.#quietUntil - now;
      throw new DriverError('busy', 'The BMC asked for patience; it is left alone until then', {
        retryAfterMs,
      });
    }
    if (this.state === 'open' || this.#probing) {
      const retryAfterMs = Math.max(this.#closedUntil - now, shortestPauseMs);
      const words = `The BMC did not answer ${this.#failures} times in a row; it is left alone until the next probe`;
      throw new DriverError('unreachable', words, { retryAfterMs });
    }
  }

  async #attempt<T>(exchange: () => Promise<T>): Promise<T> {
    const isProbe = this.state === 'half-open';
    this.#probing ||= isProbe;
    try {
      await this.#space();
      return await this.#options.traffic.pass(() => this.#measure(exchange), this.#lendMs(isProbe));
    } finally {
      if (isProbe) this.#probing = false;
    }
  }

  #lendMs(isProbe: boolean): number {
    if (isProbe) return leastLentMs;
    return this.#usualMs === null ? Infinity : Math.max(leastLentMs, lentTimes * this.#usualMs);
  }

  async #measure<T>(exchange: () => Promise<T>): Promise<T> {
    const { now, driver, watch } = this.#options;
    const beganAt = now();
    try {
      const result = await exchange();
      this.#answered(now() - beganAt);
      watch.exchanged(driver, 'answered', (now() - beganAt) / 1000);
      return result;
    } catch (error) {
      if (error instanceof DriverError) watch.exchanged(driver, error.kind, (now() - beganAt) / 1000);
      if (!(error instanceof DriverError) || error.kind !== 'unreachable') {
        this.#failures = 0; // it answered
        throw error;
      }
      throw this.#countFailure(error);
    }
  }

  #answered(latencyMs: number): void {
    this.#failures = 0;
    if (this.#usualMs !== null) {
      this.#options.traffic.answered(
        Math.max(latencyMs, leastUsualMs) / Math.max(this.#usualMs, leastUsualMs),
      );
    }
    this.#paceMs = this.#paceMs < 1 ? 0 : this.#paceMs * paceFades;
    this.#recentMs = blend(this.#recentMs, latencyMs, recentWeight);
    // Quick to learn that it can be faster, slow to believe that it is slow for good.
    this.#usualMs =
      this.#usualMs !== null && latencyMs < this.#usualMs
        ? blend(this.#usualMs, latencyMs, recentWeight)
        : blend(this.#usualMs, latencyMs, usualWeight);
  }

  #countFailure(error: DriverError): DriverError {
    const { now, driver, failuresToOpen, traffic, watch } = this.#options;
    if (this.#usualMs !== null && this.#failures === 0) traffic.failed();
    const isAwaited = now() - this.#awaitedAt < awaitedForMs;
    const retryAfterMs = Math.min(
      this.pauseMs(this.#failures),
      isAwaited ? this.#options.longestAwaitedPauseMs : Infinity,
    );
    this.#failures += 1;
    this.#failedAt = now();
    this.#closedUntil = this.#failedAt + retryAfterMs;
    if (this.#failures === failuresToOpen) watch.breakerOpened(driver);
    return new DriverError('unreachable', error.message, { retryAfterMs, cause: error.cause });
  }

  async #space(): Promise<void> {
    const { now, wait } = this.#options;
    const labouring = this.isLabouring ? Math.min(this.#recentMs ?? 0, longestLabouringSpacingMs) : 0;
    const delay = this.#nextStartAt - now();
    this.#nextStartAt =
      Math.max(this.#nextStartAt, now()) + Math.max(this.#spacingMs, labouring, this.#paceMs);
    if (delay > 0) await wait(delay);
  }

  get #places(): number {
    return this.isLabouring ? 1 : this.#options.concurrency;
  }

  #acquire(): Promise<void> | void {
    if (this.#underWay >= this.#places) {
      return new Promise((resolve) => this.#waiting.push(resolve)); // the place is handed over in #release
    }
    this.#underWay += 1;
  }

  #release(): void {
    this.#underWay -= 1;
    while (this.#underWay < this.#places) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#underWay += 1;
      next();
    }
  }
}

function blend(old: number | null, latest: number, weight: number): number {
  return old === null ? latest : old + weight * (latest - old);
}
