/**
 * Who we are to one BMC: one session, made when needed, ended on close; HTTP Basic where the BMC has no sessions
 * (DSP0266 "Authentication" knows these two). Another name or password is another `Session` with a guard of its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BmcWatch } from '../../core/bmc-traffic.ts';
import { DriverError } from '../../core/ports.ts';
import type { Habits } from '../habits.ts';
import { LockoutGuard, lockoutDefaults, type LockoutOptions } from '../lockout-guard.ts';
import {
  changeFirst,
  hasMessage,
  isBusy,
  isSuccess,
  passwordChange,
  retryAfterMs,
  sessionLimit,
  toDriverError,
  type Answer,
} from './answer.ts';
import { isReset, type Connection } from './connection.ts';
import { toLink, toRecord, toText, type Json } from './fields.ts';

export interface Account {
  username: string;
  password: string;
}

export interface SessionOptions extends LockoutOptions {
  /** How long Basic is used when all sessions are taken (Supermicro has 16, iDRAC 8) or missing, in milliseconds. */
  fullHoldMs: number;
  driver: string;
  watch: BmcWatch;
}

export const sessionDefaults: Omit<SessionOptions, 'driver' | 'watch'> = {
  ...lockoutDefaults,
  fullHoldMs: 600_000,
};

/** How often ending a session is asked of a BMC that is busy or hangs up, and the pauses between, in milliseconds. */
const endTries = 4;
const endPauseMs = 250;
const longestEndPauseMs = 700; // so that all tries fit into the goodbye of a BMC

/** When it is asked again for a session, in milliseconds. */
const noSessionMs = 30_000;

const hungUp = Symbol('the connection broke before there was an answer');

export type Credentials = Record<string, string>;

export class Session {
  readonly #connection: Connection;
  readonly #account: Account;
  readonly #root: () => Promise<Json>;
  readonly #habits: Habits;
  readonly #options: SessionOptions;
  #token: { credentials: Credentials; location: string | null } | null = null;
  #login: Promise<Credentials> | null = null;
  #ending: Promise<void> | null = null;
  #isClosed = false;
  #basicUntil = 0;
  /** It refused Basic while no session was to be had just then, so that this is no way out. */
  #refusesBasic = false;
  /** Sessions were asked for and are not to be had. */
  #hasNoSessions = false;
  readonly #guard: LockoutGuard;

  constructor(
    connection: Connection,
    account: Account,
    root: () => Promise<Json>,
    habits: Habits,
    options: SessionOptions,
  ) {
    this.#connection = connection;
    this.#account = account;
    this.#root = root;
    this.#habits = habits;
    this.#options = options;
    this.#guard = new LockoutGuard(options, () => options.watch.lockedOut(options.driver));
  }

  /** There is a session on the BMC that is ours. */
  get isOpen(): boolean {
    return this.#token !== null;
  }

  /**
   * The headers that say who we are; logs in when there is no session. Throws `denied` while held, `unreachable` when
   * closed.
   */
  async credentials(): Promise<Credentials> {
    this.#beOpen();
    this.#guard.admit();
    if (this.#token) return this.#token.credentials;
    if (this.#options.now() < this.#basicUntil || this.#habits.winnerOf('login')) return this.#basic();
    this.#login ??= this.#logIn().finally(() => (this.#login = null));
    return this.#login;
  }

  /** A request was answered 401. True: the session had ended, and with new credentials it may be sent again. */
  expire(used: Credentials): boolean {
    if (this.#token?.credentials === used) this.#token = null;
    return 'x-auth-token' in used;
  }

  /** A request was let in: the account is good, and so is Basic, where there are no sessions. */
  confirm(answer: Answer): void {
    this.#guard.confirm();
    if (isSuccess(answer) && this.#hasNoSessions) this.#habits.learn('login', 'basic');
  }

  /** Counts a refused login and makes the error for it. Only status and message ids are told, never words. */
  refuse(answer: Answer): DriverError {
    this.#guard.count();
    const wasWayOut = this.#basicUntil > 0 && this.#basicUntil < Infinity;
    this.#refusesBasic ||= wasWayOut;
    this.#basicUntil = 0;
    this.#hasNoSessions = false;
    this.#habits.learn('login', null);
    if (hasMessage(answer, passwordChange)) return new DriverError('denied', changeFirst);
    if (wasWayOut) return this.#noSession();
    return new DriverError('denied', `The BMC refused the login with ${answer.statusCode}`);
  }

  /** The BMC restarts, and with it all sessions end. */
  forget(): void {
    this.#token = null;
  }

  /** Ends the session on the BMC; idle ones count against its few. The next request logs in again. Never throws. */
  end(): Promise<void> {
    this.#ending ??= this.#end().finally(() => (this.#ending = null));
    return this.#ending;
  }

  /** Ends the session for good: whatever is still under way here does not log in again. Never throws. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#ending; // of an earlier session
    await this.end();
  }

  /**
   * A BMC that is busy is asked again, a few times and with short waits, since stopping must stay quick; so is one that
   * hung up before it answered, for ending twice does no harm. Any other answer (404, 401: it has ended) and silence are
   * final.
   */
  async #end(): Promise<void> {
    await this.#login?.catch(() => {});
    const token = this.#token;
    this.#token = null;
    if (!token?.location) return;
    const request = { method: 'DELETE', path: token.location, headers: token.credentials } as const;
    for (let times = 1; times <= endTries; times += 1) {
      const answer = await this.#connection
        .send(request)
        .catch((error: unknown) => (isReset(error) ? hungUp : null));
      if (answer === null || (answer !== hungUp && !isBusy(answer)) || times === endTries) return;
      const pauseMs = answer === hungUp ? null : retryAfterMs(answer, this.#options.now());
      await sleep(Math.min(pauseMs ?? endPauseMs, longestEndPauseMs));
    }
  }

  #beOpen(): void {
    if (this.#isClosed) throw new DriverError('unreachable', 'The driver is closed');
  }

  async #logIn(): Promise<Credentials> {
    const root = await this.#root();
    this.#beOpen();
    // Links.Sessions is there before login; SessionService itself may be hidden until then (sushy).
    const hasService = toLink(root['SessionService']) !== null;
    const link = toLink(toRecord(root['Links'])['Sessions']);
    const isTold = link !== null || hasService;
    // A root without links says nothing about sessions (NICo nv-redfish quirks); then the usual place is tried.
    const sessions = link ?? '/redfish/v1/SessionService/Sessions';
    if (!isTold && toLink(root['Systems']) !== null) return this.#useBasic(Infinity);

    const body = { UserName: this.#account.username, Password: this.#account.password };
    const answer = await this.#connection.send({ method: 'POST', path: sessions, body });
    const token = toText(answer.headers['x-auth-token']);
    if (isSuccess(answer) && token !== null) {
      const location = answer.headers['location'] ?? toText(answer.body['@odata.id']);
      const credentials = { 'x-auth-token': token };
      this.#options.watch.loggedIn(this.#options.driver);
      this.#token = { credentials, location: location ? this.#connection.toPath(location) : null };
      return credentials;
    }
    const isGuess = !isTold && [400, 401, 403].includes(answer.statusCode);
    // Sessions that are told of and not there may come yet: the BMC may be starting.
    const isMissing = answer.statusCode === 404 && isTold;
    if (isMissing || hasMessage(answer, sessionLimit)) {
      if (this.#refusesBasic) throw this.#noSession();
      return this.#useBasic(this.#options.now() + this.#options.fullHoldMs);
    }
    if (isSuccess(answer) || isGuess || [404, 405, 501].includes(answer.statusCode)) {
      this.#hasNoSessions = true;
      return this.#useBasic(Infinity);
    }
    if (isBusy(answer)) throw toDriverError({ ...answer, body: {} }, this.#options.now(), 5_000);
    throw this.refuse(answer);
  }

  /** Somebody else's session will end; whether the account is good is not known. */
  #noSession(): DriverError {
    const words = 'The BMC has no session left for us, and does not take Basic';
    return new DriverError('busy', words, { retryAfterMs: noSessionMs });
  }

  #useBasic(until: number): Credentials {
    this.#basicUntil = until;
    return this.#basic();
  }

  #basic(): Credentials {
    const { username, password } = this.#account;
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  }
}
