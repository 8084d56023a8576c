/** One BMC as the driver sees it: connection, governor and session joined, and what was learnt about it. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BmcAddress } from '../../core/node.ts';
import { Pending } from '../../core/pending.ts';
import { DriverError } from '../../core/ports.ts';
import { Governor, type GovernorOptions } from '../governor.ts';
import { Habits } from '../habits.ts';
import { isLoggedOut, isSuccess, retryAfterMs, toDriverError, type Answer } from './answer.ts';
import { Connection, type ConnectionOptions, type Request } from './connection.ts';
import type { Json } from './fields.ts';
import { findQuirks, type Quirks } from './quirks.ts';
import { Session, type SessionOptions } from './session.ts';

export type BmcOptions = ConnectionOptions &
  GovernorOptions &
  SessionOptions & {
    /** Factor on the waits that are asked of this driver by the table of quirks; less than 1 for simulated BMCs. */
    timeFactor: number;
  };

/** DSP0266 "Redfish-defined URIs": the root is found here on every service and is open to all. */
const rootPath = '/redfish/v1/';
/** A BMC that does not answer must not hold up the shutdown. */
const longestGoodbyeMs = 3_000;
/** How long a patient client waits in all, in milliseconds. */
const longestPatienceMs = 120_000;
/** A request is sent again after so many sessions that the BMC has forgotten. */
const sessionsLost = 2;
/** Sessions kept in memory per BMC; more than one only while credentials change. */
const mostSessions = 4;

export class Bmc {
  readonly connection: Connection;
  readonly governor: Governor;
  readonly habits = new Habits();
  /** Of the system, when the node names none. */
  systemPath: string | null = null;
  /** Those that were read, as the nodes name them. */
  readonly systemsSeen = new Set<BmcAddress['system']>();
  /** When we last sent a reset that was accepted, epoch milliseconds. */
  resetAt = -Infinity;
  /** How often in a row it took a boot override and did not show it. */
  bootsIgnored = 0;
  readonly #options: BmcOptions;
  readonly #sessions = new Map<string, Session>();
  /** Of sessions that were put aside. */
  readonly #farewells = new Pending();
  #root: Json | null = null;
  #quirks: Quirks | null = null;
  #givenPin: string | null;

  constructor(address: string, pinned: string | null, options: BmcOptions) {
    this.#options = options;
    this.#givenPin = pinned;
    this.connection = new Connection(address, pinned, options, this.habits);
    this.governor = new Governor(options);
  }

  /** A way to speak to this BMC as that account. Another account ends the session of the one before. */
  as(account: Pick<BmcAddress, 'username' | 'password'>): Client {
    const key = createHash('sha256').update(`${account.username}\0${account.password}`).digest('hex');
    let session = this.#sessions.get(key);
    if (!session) {
      this.#sessions.forEach((other) => void other.end());
      const oldest = this.#sessions.entries().next();
      if (this.#sessions.size >= mostSessions && !oldest.done) this.#putAside(oldest.value);
      session = new Session(this.connection, account, () => this.#readRoot(), this.habits, this.#options);
      this.#sessions.set(key, session);
    }
    return new Client(this, session, this.#options.now);
  }

  /** Whether connections made here are good for that pin. A pin taken away means: learn the next certificate. */
  suits(pin: string | null): boolean {
    const isTakenAway = pin === null && this.#givenPin !== null;
    this.#givenPin = pin;
    return !isTakenAway && (pin === null || this.connection.isPinnedTo(pin));
  }

  /** For the figures: something is sent once more. */
  retried(reason: 'server-error' | 'session' | 'etag' | 'encoding'): void {
    this.#options.watch.retried(this.#options.driver, reason);
  }

  get sessions(): number {
    return [...this.#sessions.values()].filter((session) => session.isOpen).length;
  }

  #putAside([key, session]: [string, Session]): void {
    this.#sessions.delete(key);
    this.#farewells.add(session.close());
  }

  /** Ends the sessions; what is under way here ends with them. */
  async close(): Promise<void> {
    const ended = [...this.#sessions.values()].map((session) => session.close());
    this.connection.stopReading();
    ended.push(this.#farewells.settled());
    await Promise.race([Promise.all(ended), sleep(longestGoodbyeMs, null, { ref: false })]);
    await this.connection.close();
  }

  /** The service root, read once; it may be read without logging in. Runs inside an exchange. */
  async #readRoot(): Promise<Json> {
    if (this.#root) return this.#root;
    const answer = await this.connection.send({ method: 'GET', path: rootPath });
    if (answer.statusCode === 401) return {}; // against the clause; without its links Basic is left
    if (!isSuccess(answer)) throw toDriverError(answer, this.#options.now(), this.governor.pauseMs(1));
    return (this.#root = this.#toRoot(answer));
  }

  /** The service root for whoever has logged in already. */
  async root(client: Client): Promise<Json> {
    return (this.#root ??= this.#toRoot(await client.get(rootPath)));
  }

  /** A web server that is up before Redfish is, or in place of it, has a page at every path; it is told no password. */
  #toRoot({ body }: Answer): Json {
    if (Object.keys(body).length > 0) return body;
    const words = `There is something else than Redfish at ${rootPath}; the BMC may be starting, or it may not know Redfish`;
    throw new DriverError('busy', words, { retryAfterMs: this.governor.pauseMs(1) });
  }

  /** By what the root says of itself; found anew when the root is read. */
  get quirks(): Quirks {
    if (!this.#root) return {};
    return (this.#quirks ??= findQuirks(this.#root));
  }

  get answerTimeoutMs(): number {
    return this.#options.answerTimeoutMs;
  }

  inTime(ms: number): number {
    return ms * this.#options.timeFactor;
  }

  /** The BMC restarts: sessions are over, and the next login reads the root anew. */
  forgetSessions(): void {
    this.#sessions.forEach((session) => session.forget());
    this.#root = null;
    this.#quirks = null;
  }
}

/** Requests to a BMC as one account. Each is one exchange of the governor; logging in happens within it. */
export class Client {
  readonly bmc: Bmc;
  readonly #session: Session;
  readonly #now: () => number;
  #patienceMs = 0;

  constructor(bmc: Bmc, session: Session, now: () => number) {
    this.bmc = bmc;
    this.#session = session;
    this.#now = now;
  }

  /**
   * A client for long readings, of dozens of resources: where the BMC asks for patience in the middle of it, it waits
   * and goes on, for starting over would ask for more than going on does.
   */
  patient(): Client {
    const client = new Client(this.bmc, this.#session, this.#now);
    client.#patienceMs = longestPatienceMs;
    return client;
  }

  /** Reads a resource; throws when it cannot be had. */
  async get(path: string): Promise<Answer> {
    const answer = await this.#read(path);
    if (!isSuccess(answer)) throw this.toError(answer);
    return answer;
  }

  /** Reads a resource that a BMC may not have; null whenever it answers anything but the resource. */
  async find(path: string | null): Promise<Json | null> {
    if (path === null) return null;
    const answer = await this.#read(path);
    return isSuccess(answer) ? answer.body : null;
  }

  /** 500 to a GET is often gone the second time (sushy get-retry). */
  async #read(path: string): Promise<Answer> {
    const answer = await this.#sendPatiently({ method: 'GET', path });
    if (answer.statusCode < 500) return answer;
    this.bmc.retried('server-error');
    return this.#sendPatiently({ method: 'GET', path });
  }

  async #sendPatiently(request: Request): Promise<Answer> {
    for (;;) {
      try {
        return await this.send(request);
      } catch (error) {
        const waitMs = error instanceof DriverError && error.kind === 'busy' ? (error.retryAfterMs ?? 0) : 0;
        if (waitMs === 0 || waitMs > this.#patienceMs) throw error;
        this.#patienceMs -= waitMs;
        await sleep(waitMs);
      }
    }
  }

  root(): Promise<Json> {
    return this.bmc.root(this);
  }

  /** Answers of any status except 401; throws `busy` when the BMC names a time to come again. */
  async send(request: Request): Promise<Answer> {
    const isRead = request.method === 'GET';
    const patienceMs = this.bmc.governor.patienceMs(this.bmc.answerTimeoutMs);
    const asked = isRead ? { ...request, answerTimeoutMs: patienceMs } : request;
    const answer = await this.bmc.governor.run(() => this.#exchange(asked));
    const quietMs = [429, 503].includes(answer.statusCode) ? retryAfterMs(answer, this.#now()) : null;
    if (quietMs === null) return answer;
    this.bmc.governor.keepQuiet(quietMs);
    throw this.toError(answer);
  }

  toError(answer: Answer): DriverError {
    const { notReadyMs } = this.quirks;
    const patienceMs = notReadyMs === undefined ? this.bmc.governor.pauseMs(1) : this.inTime(notReadyMs);
    return toDriverError(answer, this.#now(), patienceMs);
  }

  get quirks(): Quirks {
    return this.bmc.quirks;
  }

  now(): number {
    return this.#now();
  }

  /** A wait of the table of quirks, as long as it is for this driver. Milliseconds. */
  inTime(ms: number): number {
    return this.bmc.inTime(ms);
  }

  retryAfterMs(answer: Answer): number | null {
    return retryAfterMs(answer, this.#now());
  }

  async #exchange(request: Request): Promise<Answer> {
    for (let times = 1; ; times += 1) {
      const credentials = await this.#session.credentials();
      const answer = await this.#sendAs(credentials, request);
      if (!isLoggedOut(answer)) {
        this.#session.confirm(answer);
        return answer;
      }
      if (!this.#session.expire(credentials)) throw this.#session.refuse(answer);
      // Sessions end with idleness and with the BMC's own restarts. The request was not carried out, so any method may be
      // repeated.
      if (times > sessionsLost) throw this.#sessionsVanish();
      this.bmc.retried('session');
    }
  }

  /** The account was accepted each time, so this is no refused login, and later is another day. */
  #sessionsVanish(): DriverError {
    const words = `The BMC took nothing in ${sessionsLost + 1} sessions in a row that it had just begun`;
    return new DriverError('busy', words, { retryAfterMs: this.bmc.governor.pauseMs(1) });
  }

  #sendAs(credentials: Record<string, string>, request: Request): Promise<Answer> {
    return this.bmc.connection.send({ ...request, headers: { ...request.headers, ...credentials } });
  }
}
