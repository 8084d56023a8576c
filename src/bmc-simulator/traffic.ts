/** How busy a BMC is, what it cannot bear, and what goes wrong by chance. */
import { refuse, type Asked, type Reply } from './reply.ts';
import type { BmcSettings } from './settings.ts';

export class Traffic {
  requests = 0;
  inFlight = 0;
  peakInFlight = 0;
  /** Requests that came while as many as it bears were under way. */
  tooManyAtOnce = 0;
  /** Requests that came faster than it bears. */
  tooFast = 0;
  readonly #settings: BmcSettings;
  readonly #chance: () => number;
  #second = 0;
  #inSecond = 0;

  constructor(settings: BmcSettings, chance: () => number) {
    this.#settings = settings;
    this.#chance = chance;
  }

  /** A refusal for a request that is too much; it counts as under way all the same. */
  begin(): Reply | null {
    const { maxInFlight, rateLimit } = this.#settings;
    this.requests += 1;
    this.inFlight += 1;
    this.peakInFlight = Math.max(this.peakInFlight, this.inFlight);
    if (maxInFlight > 0 && this.inFlight > maxInFlight) {
      this.tooManyAtOnce += 1;
      return this.#later(503, 'ServiceTemporarilyUnavailable');
    }
    const second = Math.floor(Date.now() / 1000);
    this.#inSecond = second === this.#second ? this.#inSecond + 1 : 1;
    this.#second = second;
    if (rateLimit === 0 || this.#inSecond <= rateLimit) return null;
    this.tooFast += 1;
    return this.#later(429, 'RateLimitExceeded');
  }

  end(): void {
    this.inFlight -= 1;
  }

  latencyMs(): number {
    const { latencyMs, latencySpreadMs } = this.#settings;
    return latencySpreadMs > 0 ? latencyMs + this.#chance() * latencySpreadMs : latencyMs;
  }

  forgetsSessions(): boolean {
    return this.#settings.sessionLoss > 0 && this.#chance() < this.#settings.sessionLoss;
  }

  /** What goes wrong this time, if anything. A request that changes something is refused, never half done. */
  mishap({ method }: Asked): Reply | 'drop' | null {
    const { busyShare, failShare, dropShare } = this.#settings;
    if (busyShare + failShare + dropShare === 0) return null;
    const dice = this.#chance();
    if (dice < busyShare) return this.#later(503, 'ServiceTemporarilyUnavailable');
    if (method !== 'GET') return null;
    if (dice < busyShare + failShare) return refuse(500, 'InternalError', 'Something went wrong');
    return dice < busyShare + failShare + dropShare ? 'drop' : null;
  }

  #later(statusCode: 429 | 503, id: string): Reply {
    const { retryAfter } = this.#settings;
    const headers: Record<string, string> = {};
    if (retryAfter === 'seconds') headers['Retry-After'] = '1';
    if (retryAfter === 'date') headers['Retry-After'] = new Date(Date.now() + 1_000).toUTCString();
    return refuse(statusCode, id, 'Come again later', headers);
  }
}
