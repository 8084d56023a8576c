/**
 * HTTP to one BMC: its own pool, its own idea of the certificate. BMC certificates are self-signed and their clocks
 * wrong, so a certificate authority proves nothing; the certificate met first is remembered and no other is accepted.
 */
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { buildConnector, Pool } from 'undici';
import type { BmcWatch } from '../../core/bmc-traffic.ts';
import { DriverError } from '../../core/ports.ts';
import type { Habits } from '../habits.ts';
import type { Answer, Method } from './answer.ts';
import { toRecord, toText } from './fields.ts';

export interface ConnectionOptions {
  /** Until the connection stands, in milliseconds. */
  connectTimeoutMs: number;
  /** Until the answer's head came, and between two parts of its body, in milliseconds. */
  answerTimeoutMs: number;
  connections: number;
  /** Of a body, as it comes; 8 MiB where it is left out. */
  largestAnswerBytes?: number;
  /** That is spoken with BMCs. Those from before 2014 or so know 1.0 or 1.1 only, with ciphers that are weak today. */
  oldestTls: '1.0' | '1.2';
  driver: string;
  watch: BmcWatch;
}

export interface Request {
  method: Method;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** Shorter than usual, in milliseconds, for a BMC that is known to be quick. */
  answerTimeoutMs?: number;
}

const mostRedirects = 5;
/** A body may take so many times as long as its head may, in all: one that drips must not hold a place for ever. */
const bodyTimes = 4;
const largestAnswerBytes = 8 << 20;

export class Connection {
  readonly #origin: URL;
  readonly #pool: Pool;
  readonly #onRetry: (reason: string) => void;
  readonly #readings = new AbortController();
  readonly #habits: Habits;
  readonly #longestBodyMs: number;
  #pinned: string | null;

  /** `address` is an origin (`https://10.0.0.7`); `pinned` a SHA-256 in hex or null. Throws `rejected` on nonsense. */
  constructor(address: string, pinned: string | null, options: ConnectionOptions, habits: Habits) {
    if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
      throw new DriverError('rejected', 'The BMC address is no http or https address');
    }
    this.#origin = new URL(address);
    this.#pinned = pinned === null ? null : toHex(pinned);
    this.#habits = habits;
    this.#longestBodyMs = bodyTimes * options.answerTimeoutMs;
    this.#onRetry = (reason) => options.watch.retried(options.driver, reason);
    this.#pool = new Pool(this.#origin.origin, {
      connect: this.#connector(options),
      connections: options.connections,
      allowH2: false,
      headersTimeout: options.answerTimeoutMs,
      bodyTimeout: options.answerTimeoutMs,
      // BMCs have few places for connections, so idle ones are not kept for long whatever the BMC offers.
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 10_000,
      maxResponseSize: options.largestAnswerBytes ?? largestAnswerBytes,
    });
  }

  /** SHA-256 of the only certificate that is accepted, hex; null before the first contact and over plain HTTP. */
  get certificateSha256(): string | null {
    return this.#pinned;
  }

  isPinnedTo(certificateSha256: string): boolean {
    return this.#pinned === toHex(certificateSha256);
  }

  /**
   * Sends one request. Redirects keep the method (307, 308: BMCs answer POST so, LP 2146882). A GET is repeated once
   * when the connection broke, for BMCs drop idle connections; nothing else ever is.
   */
  async send(request: Request): Promise<Answer> {
    const isSlashed = request.method === 'GET' && this.#habits.winnerOf('paths') !== null;
    const asked = plainPath.test(request.path) ? request.path : this.toPath(request.path);
    if (asked === null) throw new DriverError('rejected', `The BMC gives ${request.path} for a path`);
    let path = isSlashed ? withSlash(asked) : asked;
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const answer = await this.#sendOnce({ ...request, path });
      const isRedirect =
        [307, 308].includes(answer.statusCode) ||
        (request.method === 'GET' && [301, 302].includes(answer.statusCode));
      const location = answer.headers['location'];
      if (!isRedirect || location === undefined || !URL.canParse(location, this.#origin.href)) return answer;
      const target = new URL(location, new URL(path, this.#origin));
      if (target.origin !== this.#origin.origin) {
        throw new DriverError(
          'rejected',
          `The BMC redirects to ${target.origin}; enrol it under that address`,
        );
      }
      const moved = target.pathname + target.search;
      if (request.method === 'GET') {
        if (moved === `${path}/`)
          this.#habits.learn('paths', 'end with a slash'); // HPE iLO, at every path
        else if (`${moved}/` === path) this.#habits.learn('paths', null);
      }
      path = moved;
    }
    throw new DriverError('rejected', `The BMC redirected ${request.path} more than ${mostRedirects} times`);
  }

  /**
   * A path on this BMC from a path or URL in an answer; BMCs behind NAT name hosts that only they know. Null for what is
   * neither, such as a URL with the zone of an IPv6 address.
   */
  toPath(location: string): string | null {
    if (!URL.canParse(location, this.#origin.href)) return null;
    const url = new URL(location, this.#origin);
    return url.pathname + url.search;
  }

  /** Gives up what is being read, and all that would be read from now on: its connections are wanted for a goodbye. */
  stopReading(): void {
    this.#readings.abort();
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  get #takesIdentity(): boolean {
    return this.#habits.winnerOf('encoding') === null;
  }

  /** HPE Gen10+ answers 406 where it would have to send a body as it is (sushy connector). */
  async #sendOnce(request: Request): Promise<Answer> {
    const answer = await this.#sendSafely(request);
    if (answer.statusCode !== 406 || !this.#takesIdentity) return answer;
    this.#habits.learn('encoding', 'any');
    this.#onRetry('encoding');
    return this.#sendSafely(request); // 406: it was not carried out, so any method may be repeated
  }

  async #sendSafely(request: Request): Promise<Answer> {
    try {
      return await this.#exchange(request);
    } catch (error) {
      if (request.method !== 'GET' || !isReset(error)) throw toUnreachable(error, request);
    }
    this.#onRetry('connection');
    try {
      return await this.#exchange(request);
    } catch (error) {
      throw toUnreachable(error, request);
    }
  }

  async #exchange({ method, path, headers, body, answerTimeoutMs }: Request): Promise<Answer> {
    const response = await this.#pool.request({
      method,
      path,
      ...(method === 'GET' ? { signal: this.#readings.signal } : {}),
      ...(answerTimeoutMs === undefined
        ? {}
        : { headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs }),
      headers: {
        accept: 'application/json',
        // Compression turns ETags weak (sushy connector).
        ...(this.#takesIdentity ? { 'accept-encoding': 'identity' } : {}),
        'odata-version': '4.0', // some BMCs insist (DSP0266 "Request headers")
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const late = new DriverError(
      'unreachable',
      `The BMC does not come to the end of its answer to ${method} ${path}`,
    );
    const timer = setTimeout(() => response.body.destroy(late), this.#longestBodyMs);
    const bytes = Buffer.from(await response.body.arrayBuffer().finally(() => clearTimeout(timer)));
    const flat = Object.entries(response.headers).map(([name, value]) => [name, [value].flat()[0] ?? '']);
    return {
      method,
      path,
      statusCode: response.statusCode,
      headers: Object.fromEntries(flat),
      body: parse(unpack(bytes, String(response.headers['content-encoding'] ?? ''))),
    };
  }

  #connector({ connectTimeoutMs: timeout, oldestTls }: ConnectionOptions): buildConnector.connector {
    // A resumed TLS session carries no certificate to compare, hence no cached sessions.
    const connect = buildConnector({
      ...(oldestTls === '1.0' ? { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } : {}),
      rejectUnauthorized: false,
      maxCachedSessions: 0,
      allowH2: false,
      timeout,
    });
    return (options, callback) =>
      connect(
        { ...options, servername: isIP(options.hostname) ? '' : options.servername },
        (error, socket) => {
          if (error) return callback(error, null);
          const refusal = options.protocol === 'https:' ? this.#judge(socket as TLSSocket) : null;
          if (refusal === null) return callback(null, socket);
          socket.destroy();
          return callback(refusal, null);
        },
      );
  }

  #judge(socket: TLSSocket): DriverError | null {
    const seen = toHex(socket.getPeerCertificate().fingerprint256 ?? '');
    this.#pinned ??= seen;
    if (seen !== '' && seen === this.#pinned) return null;
    const words = `The BMC shows another certificate (SHA-256 ${seen}) than the pinned one (${this.#pinned}); nothing was sent. Pin the new one if the change is meant`;
    return new DriverError('denied', words);
  }
}

function toHex(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

/** As it may stand in a request line. Links with spaces, and whole URLs in their place, are made into such. */
const plainPath = /^\/(?!\/)[!-~]*$/;

function withSlash(path: string): string {
  return /[/?#]$|[?#]/.test(path) ? path : `${path}/`;
}

/** Some compress whatever was asked for; some say that they did and did not. */
function unpack(bytes: Buffer, encoding: string): string {
  const options = { maxOutputLength: largestAnswerBytes };
  try {
    if (/gzip/i.test(encoding)) return gunzipSync(bytes, options).toString();
    if (/deflate/i.test(encoding)) return inflateSync(bytes, options).toString();
    if (/br/i.test(encoding)) return brotliDecompressSync(bytes, options).toString();
  } catch {
    // It is taken as it is.
  }
  return bytes.toString();
}

function parse(text: string): Answer['body'] {
  try {
    return toRecord(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch {
    return {};
  }
}

function codeOf(error: unknown): string {
  const { code, cause } = toRecord(error);
  return toText(code) ?? toText(toRecord(cause)['code']) ?? 'no further word';
}

/** The connection broke before there was an answer. */
export function isReset(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error));
}

/** OpenSSL's words for a BMC with which no version, cipher or key is common. */
const tooOld = /^ERR_SSL_.*(UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|HANDSHAKE_FAILURE|TOO_SMALL|NO_CIPHER)/;

function toUnreachable(error: unknown, { method, path }: Request): DriverError {
  if (error instanceof DriverError) return error;
  if (tooOld.test(codeOf(error))) {
    const words = `The BMC knows only older TLS than is spoken with BMCs here (${codeOf(error)}); INGOT_BMC_TLS=1.0 allows it`;
    return new DriverError('unreachable', words, { cause: error });
  }
  const unknown = method === 'GET' ? '' : '; whether it was carried out is not known';
  const words = `The BMC gave no answer to ${method} ${path} (${codeOf(error)})${unknown}`;
  return new DriverError('unreachable', words, { cause: error });
}
