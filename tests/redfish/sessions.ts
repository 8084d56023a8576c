/** The session table of a test BMC: tokens, an idle limit and a maximum, as DSP0266 "Session lifetime" has them. */
import { randomBytes } from 'node:crypto';

interface Entry {
  id: string;
  usedAt: number;
}

export class Sessions {
  peak = 0;
  /** Logins with good credentials, whether there was room or not. */
  logins = 0;
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

  /** Null when all places are taken. */
  open(): { id: string; token: string } | null {
    this.#sweep();
    this.logins += 1;
    if (this.#byToken.size >= this.#most) return null;
    const entry = { id: String(this.logins), usedAt: Date.now() };
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
