/** The session table of a BMC: tokens, an idle limit and a maximum, as DSP0266 "Session lifetime" has them. */
import { randomBytes } from 'node:crypto';

interface Entry {
  id: string;
  username: string;
  usedAt: number;
}

export class Sessions {
  peak = 0;
  /** Logins with good credentials, whether there was room or not. */
  logins = 0;
  /** Logins that found no room. */
  turnedAway = 0;
  readonly #most: number;
  readonly #idleMs: number;
  readonly #byToken = new Map<string, Entry>();

  constructor(most: number, idleMs: number) {
    this.#most = most;
    this.#idleMs = idleMs;
  }

  get count(): number {
    this.#sweep();
    return this.#byToken.size;
  }

  list(): { id: string; username: string }[] {
    this.#sweep();
    return [...this.#byToken.values()];
  }

  /** Null when all places are taken. */
  open(username = 'admin'): { id: string; token: string } | null {
    this.#sweep();
    this.logins += 1;
    if (this.#byToken.size >= this.#most) {
      this.turnedAway += 1;
      return null;
    }
    const entry = { id: String(this.logins), username, usedAt: Date.now() };
    const token = randomBytes(16).toString('hex');
    this.#byToken.set(token, entry);
    this.peak = Math.max(this.peak, this.#byToken.size);
    return { id: entry.id, token };
  }

  has(token: string): boolean {
    this.#sweep();
    const entry = this.#byToken.get(token);
    if (entry) entry.usedAt = Date.now();
    return entry !== undefined;
  }

  end(id: string): boolean {
    const found = [...this.#byToken].find(([, entry]) => entry.id === id);
    return found !== undefined && this.#byToken.delete(found[0]);
  }

  /** As when the BMC restarts. */
  forgetAll(): void {
    this.#byToken.clear();
  }

  #sweep(): void {
    for (const [token, { usedAt }] of this.#byToken) {
      if (Date.now() - usedAt > this.#idleMs) this.#byToken.delete(token);
    }
  }
}
