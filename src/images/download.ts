/**
 * Images by URL. The address that was checked is the one that is connected to: the check sits in the look-up that the
 * connection itself makes, so that a name cannot lead elsewhere in between. Each redirect is checked anew.
 */
import { lookup as lookUp, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { Agent, request } from 'undici';
import { IngotError, invalid } from '../core/errors.ts';
import type { ImageOrigin } from '../core/image-transfer.ts';

export interface DownloadOptions {
  /** Whether an address may be connected to. */
  isAllowed: (address: string) => boolean;
  /** As `dns.lookup` with `all`; for tests. */
  lookUp?: typeof lookUp;
}

type ToldAll = (error: Error | null, found: LookupAddress[]) => void;

const mostRedirects = 5;
const redirects = [301, 302, 303, 307, 308];
const connectMs = 10_000;
/** Without a word from the other side. */
const silenceMs = 60_000;

export function createDownload(options: DownloadOptions): ImageOrigin & { close(): Promise<void> } {
  const { isAllowed } = options;
  const agent = new Agent({
    connect: {
      timeout: connectMs,
      lookup: (hostname, asked, callback) => {
        (options.lookUp ?? lookUp)(hostname, { ...asked, all: true }, (error, found: LookupAddress[]) => {
          if (error) return callback(error, '', 0);
          // All of them: a name that also leads inside is not meant for us.
          if (!found.every(({ address }) => isAllowed(address))) return callback(refusal(hostname), '', 0);
          if (asked.all) return (callback as unknown as ToldAll)(null, found);
          callback(null, found[0]!.address, found[0]!.family);
        });
      },
    },
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
    pipelining: 0,
  });

  function parse(uri: string): URL {
    const url = URL.parse(uri);
    if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      throw invalid('An image is fetched by http or https only.', 'uri');
    }
    if (url.username || url.password) {
      throw invalid('A URL with a user or a password is not taken: it would be kept and shown.', 'uri');
    }
    // An address in the URL is not looked up when it is connected to.
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !isAllowed(host)) throw refusal(host);
    return url;
  }

  return {
    check: (uri) => void parse(uri),

    async fetch(uri, signal) {
      let url = parse(uri);
      for (let hop = 0; hop <= mostRedirects; hop++) {
        const answer = await ask(agent, url, signal);
        const location = answer.headers['location'];
        if (!redirects.includes(answer.statusCode) || typeof location !== 'string') {
          return toBytes(url, answer);
        }
        await answer.body.dump();
        const next = URL.parse(location, url.href);
        if (!next) throw invalid(`${url.host} leads to "${location}", which is no URL.`, 'uri');
        url = parse(next.href);
      }
      throw invalid(`The URL leads from one place to the next more than ${mostRedirects} times.`, 'uri');
    },

    close: () => agent.destroy(),
  };
}

type Reply = Awaited<ReturnType<typeof request>>;

async function ask(dispatcher: Agent, url: URL, signal: AbortSignal): Promise<Reply> {
  try {
    return await request(url, {
      dispatcher,
      signal,
      headers: { 'accept-encoding': 'identity', 'user-agent': 'ingot' },
    });
  } catch (error) {
    throw toUnavailable(url, error);
  }
}

async function toBytes(url: URL, { statusCode, headers, body }: Reply) {
  if (statusCode !== 200) {
    await body.dump();
    const message = `${url.host} answered ${statusCode}.`;
    const mayPass = statusCode >= 500 || statusCode === 429 || statusCode === 408;
    throw mayPass ? new IngotError({ kind: 'unavailable', message }) : invalid(message, 'uri');
  }
  const length = Number(headers['content-length']);
  const total = headers['content-length'] !== undefined && Number.isSafeInteger(length) ? length : null;
  return { bytes: withReason(url, body), total };
}

async function* withReason(url: URL, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw toUnavailable(url, error);
  }
}

function toUnavailable(url: URL, error: unknown): unknown {
  if (error instanceof IngotError) return error;
  const { name, code, message } = error as Error & { code?: string };
  if (name === 'AbortError') return error;
  const cause = (error as { cause?: unknown }).cause;
  if (cause instanceof IngotError) return cause;
  return new IngotError(
    { kind: 'unavailable', message: `${url.host} cannot be read (${code ?? message}).` },
    { cause: error },
  );
}

function refusal(host: string): IngotError {
  return new IngotError({
    kind: 'not-allowed',
    message: `${host} is not in the public internet; images are fetched from there only (INGOT_IMAGE_ALLOW_PRIVATE).`,
  });
}
