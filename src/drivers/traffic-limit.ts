/**
 * How much a process asks of all BMCs together. The limit finds itself: it grows while it is used and nothing suffers,
 * and shrinks when answers come slower than the same BMCs usually give them, when many that used to answer fail at
 * once, or when this process is late with its own timers (AIMD, as in congestion control of TCP, RFC 5681). Each BMC
 * is compared with itself, so a slow one says nothing about the rest.
 *
 * A place is lent for a second at most, and for less where the BMC usually is quick: an exchange with a dead BMC goes on
 * waiting for its time-out, but another BMC is asked meanwhile. So the dead cost the healthy little, whatever their number.
 */
import type { TrafficCensus } from '../core/bmc-traffic.ts';

export interface TrafficOptions {
  least: number;
  most: number;
  start: number;
  /** After so long at most an exchange gives back its place although it still runs, in milliseconds. */
  lendMs: number;
  /** How often the limit is judged while there is traffic, in milliseconds. */
  windowMs: number;
}

const trafficDefaults: TrafficOptions = {
  least: 32,
  most: 2_048,
  start: 128,
  lendMs: 1_000,
  windowMs: 100,
};

/** Timers later than this mean that the process has more to do than it can, in milliseconds. */
const lateTimerMs = 50;
/** Answers that take so many times as long as usual, in the middle, mean crowding. */
const crowdedSlowdown = 2.5;
/** So many samples are needed for a judgement on slowness or failures. */
const fewestSamples = 10;
/** More failures than this share of BMCs that used to answer are no matter of single BMCs. */
const crowdedFailures = 0.25;
const shrink = 0.8;

export class TrafficLimit {
  readonly #options: TrafficOptions;
  #limit: number;
  #inFlight = 0;
  readonly #waiting: (() => void)[] = [];
  #slowdowns: number[] = [];
  #failures = 0;
  #wasFull = false;
  #hasSuffered = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: Partial<TrafficOptions> = {}) {
    this.#options = { ...trafficDefaults, ...options };
    this.#limit = this.#options.start;
  }

  census(): TrafficCensus {
    return { limit: Math.floor(this.#limit), inFlight: this.#inFlight, waiting: this.#waiting.length };
  }

  /** Runs an exchange as soon as there is a place for it; `lendMs` is how long it may keep it, if not as long as any. */
  async pass<T>(exchange: () => Promise<T>, lendMs = Infinity): Promise<T> {
    await this.#acquire();
    let isLent = true;
    const giveBack = () => {
      if (isLent) this.#release();
      isLent = false;
    };
    const timer = setTimeout(giveBack, Math.min(lendMs, this.#options.lendMs));
    timer.unref();
    try {
      return await exchange();
    } finally {
      clearTimeout(timer);
      giveBack();
    }
  }

  /** A BMC answered. `slowdown`: how long it took, as a multiple of what that BMC usually takes. */
  answered(slowdown: number): void {
    this.#slowdowns.push(slowdown);
  }

  /** A BMC that used to answer did not. */
  failed(): void {
    this.#failures += 1;
  }

  /** Ends a window. `lateMs`: how late this process was with its own timer. Public for tests. */
  judge(lateMs: number): void {
    const { least, most } = this.#options;
    const isCrowded = lateMs > lateTimerMs || this.#isSlow() || this.#isFailing();
    const answers = this.#slowdowns.length;
    if (isCrowded) {
      this.#limit = Math.max(least, this.#limit * shrink);
      this.#hasSuffered = true;
    } else if (this.#wasFull) {
      // Doubling with each round trip until the first crowding, then a little at a time.
      this.#limit = Math.min(most, this.#limit + (this.#hasSuffered ? 8 : Math.max(8, answers)));
    }
    this.#slowdowns = [];
    this.#failures = 0;
    this.#wasFull = this.#waiting.length > 0;
    this.#handOn();
  }

  #isSlow(): boolean {
    if (this.#slowdowns.length < fewestSamples) return false;
    const sorted = this.#slowdowns.toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1]! > crowdedSlowdown;
  }

  #isFailing(): boolean {
    const all = this.#slowdowns.length + this.#failures;
    return all >= fewestSamples && this.#failures > crowdedFailures * all;
  }

  #acquire(): Promise<void> | void {
    this.#watch();
    if (this.#inFlight < this.#limit) {
      this.#inFlight += 1;
      return;
    }
    this.#wasFull = true;
    return new Promise((resolve) => this.#waiting.push(resolve)); // the place is handed over in #handOn
  }

  #release(): void {
    this.#inFlight -= 1;
    this.#handOn();
  }

  #handOn(): void {
    while (this.#inFlight < this.#limit) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#inFlight += 1;
      next();
    }
  }

  /** The timer runs only while there is traffic. */
  #watch(): void {
    if (this.#timer) return;
    const { windowMs } = this.#options;
    const dueAt = performance.now() + windowMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.judge(performance.now() - dueAt);
      if (this.#inFlight > 0) this.#watch();
    }, windowMs);
    this.#timer.unref();
  }
}
