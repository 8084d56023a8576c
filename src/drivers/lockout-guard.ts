/**
 * Refused logins are counted, and after a few the BMC is left alone, for more would lock the account (NICo
 * AvoidLockout). One guard belongs to one name and password at one BMC: others start afresh.
 */
import { DriverError } from '../core/ports.ts';

export interface LockoutOptions {
  /** So many refusals in a row are risked. */
  refusalsAllowed: number;
  /** How long the BMC is then left alone, in milliseconds. */
  refusalHoldMs: number;
  now: () => number;
}

export const lockoutDefaults: LockoutOptions = {
  refusalsAllowed: 2,
  refusalHoldMs: 3_600_000,
  now: Date.now,
};

export class LockoutGuard {
  readonly #options: LockoutOptions;
  readonly #onHold: () => void;
  #refusals = 0;
  #heldUntil = 0;

  /** @param onHold called whenever the guard begins to hold */
  constructor(options: LockoutOptions, onHold: () => void = () => {}) {
    this.#options = options;
    this.#onHold = onHold;
  }

  /** Throws `denied` while no login may be tried. */
  admit(): void {
    const now = this.#options.now();
    if (now >= this.#heldUntil) return;
    const minutes = Math.ceil((this.#heldUntil - now) / 60_000);
    const words = `The BMC refused the login ${this.#refusals} times; it is not asked again for ${minutes} min or until name, password or address change, lest it lock the account`;
    throw new DriverError('denied', words);
  }

  /** A login was refused. */
  count(): void {
    const { refusalsAllowed, refusalHoldMs, now } = this.#options;
    this.#refusals += 1;
    if (this.#refusals < refusalsAllowed) return;
    this.#heldUntil = now() + refusalHoldMs;
    this.#onHold();
  }

  /** A request was accepted: the account is good. */
  confirm(): void {
    this.#refusals = 0;
  }
}
