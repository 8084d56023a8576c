/**
 * Gentleness with one BMC: at most two exchanges at once, spaced, none while it asked for quiet, and none while it is
 * dead, except for one probe now and then. A call that may not go out fails at once and says when to come again, so
 * that a dead BMC holds no worker and never slows a healthy one.
 *
 * Two at once: BMCs serve few connections (bmcweb 100, later 200: commit 4393bdb), and we are not their only client.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DriverError } from '../../core/ports.ts';

export interface GovernorOptions {
  /** Exchanges at once. */
  concurrency: number;
  /** Between the beginnings of two exchanges, in milliseconds. */
  spacingMs: number;
  /** So many connection failures in a row open the breaker. */
  failuresToOpen: number;
  /** Upper bound of the first pause after a failure, in milliseconds; doubles with every further failure. */
  firstPauseMs: number;
  longestPauseMs: number;
  now: () => number;
  /** 0 (included) to 1 (excluded). */
  random: () => number;
  wait: (ms: number) => Promise<unknown>;
}

export const governorDefaults: GovernorOptions = {
  concurrency: 2,
  spacingMs: 0,
  failuresToOpen: 3,
  firstPauseMs: 2_000,
  longestPauseMs: 300_000,
  now: Date.now,
  random: Math.random,
  wait: sleep,
};

/** Shorter pauses than this are no pauses, in milliseconds. */
const shortestPauseMs = 250;

export class Governor {
  readonly #options: GovernorOptions;
  #underWay = 0;
  #waiting: (() => void)[] = [];
  #nextStartAt = 0;
  #failures = 0;
  #closedUntil = 0;
  #probing = false;
  #quietUntil = 0;

  constructor(options: GovernorOptions) {
    this.#options = options;
  }

  /** How the BMC is treated just now. */
  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#failures < this.#options.failuresToOpen) return 'closed';
    return this.#probing || this.#options.now() >= this.#closedUntil ? 'half-open' : 'open';
  }

  get underWay(): number {
    return this.#underWay;
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

  /** The BMC asked not to be spoken to for so many milliseconds. */
  keepQuiet(ms: number): void {
    this.#quietUntil = Math.max(this.#quietUntil, this.#options.now() + ms);
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
      const result = await exchange();
      this.#failures = 0;
      return result;
    } catch (error) {
      throw this.#count(error);
    } finally {
      if (isProbe) this.#probing = false;
    }
  }

  #count(error: unknown): unknown {
    if (!(error instanceof DriverError) || error.kind !== 'unreachable') {
      this.#failures = 0; // it answered
      return error;
    }
    const retryAfterMs = this.pauseMs(this.#failures);
    this.#failures += 1;
    this.#closedUntil = this.#options.now() + retryAfterMs;
    return new DriverError('unreachable', error.message, { retryAfterMs, cause: error.cause });
  }

  async #space(): Promise<void> {
    const { now, spacingMs, wait } = this.#options;
    const delay = this.#nextStartAt - now();
    this.#nextStartAt = Math.max(this.#nextStartAt, now()) + spacingMs;
    if (delay > 0) await wait(delay);
  }

  #acquire(): Promise<void> | void {
    if (this.#underWay >= this.#options.concurrency) {
      return new Promise((resolve) => this.#waiting.push(resolve)); // the place is handed over in #release
    }
    this.#underWay += 1;
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#underWay -= 1;
  }
}
