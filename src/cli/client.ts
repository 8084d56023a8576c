/** Speaks to a running Ingot. What goes wrong becomes one line for a person. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Credentials } from './credentials.ts';

/** An answer as the API has it; the commands pick what they show. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Answer = Record<string, any>;

export interface Client {
  origin: string;
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Sends bytes as they come. */
  upload(path: string, bytes: AsyncIterable<Uint8Array>, headers: Record<string, string>): Promise<Answer>;
  /** Follows `next_marker` to the end. */
  askAll(path: string, name: string): Promise<Answer[]>;
}

export function createClient(credentials: Credentials): Client {
  const origin = credentials.endpoint ?? credentials.authUrl.replace(/\/v3$/, '');
  let token: Promise<string> | undefined;
  if (credentials.caFile !== null) trust(credentials.caFile);

  async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
    token ??= logIn(credentials);
    const response = await send(origin, `${origin}${path}`, {
      method,
      headers: { 'x-auth-token': await token, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.answer;
  }

  return {
    origin,
    ask,
    async upload(path, bytes, headers) {
      token ??= logIn(credentials);
      const { answer } = await send(origin, `${origin}${path}`, {
        method: 'PUT',
        headers: { 'x-auth-token': await token, 'content-type': 'application/octet-stream', ...headers },
        body: ReadableStream.from(bytes),
        duplex: 'half',
      });
      return answer;
    },
    async askAll(path, name) {
      const all: Answer[] = [];
      let marker: string | null = null;
      do {
        const page = await ask('GET', withQuery(path, { limit: '1000', ...(marker ? { marker } : {}) }));
        all.push(...(page[name] as Answer[]));
        marker = page['next_marker'] as string | null;
      } while (marker);
      return all;
    },
  };
}

/** For every connection of this process. */
function trust(file: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(file, 'utf8')]);
}

/** Leaves out what is undefined. */
export function withQuery(path: string, query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter((it): it is [string, string] => it[1] !== undefined);
  if (given.length === 0) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(given).toString()}`;
}

/** A token of the identity API. @throws Error with one line for a person */
export async function logIn(credentials: Credentials): Promise<string> {
  if (credentials.token !== null) return credentials.token;
  const { username: name, password, userDomain, project, projectDomain } = credentials;
  const user = { name, password, domain: { name: userDomain } };
  const scope =
    project === null ? {} : { scope: { project: { name: project, domain: { name: projectDomain } } } };
  const { headers } = await send(credentials.authUrl, `${credentials.authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } }, ...scope } }),
  });
  const token = headers.get('x-subject-token');
  if (!token) throw new Error(`${credentials.authUrl} gave no token; is it an Ingot?`);
  return token;
}

/** How long it comes again to an Ingot that has too much to do, in all. Milliseconds. */
const patienceMs = 30_000;

async function send(
  who: string,
  url: string,
  options: RequestInit,
): Promise<{ answer: Answer; headers: Headers }> {
  const response = await fetchPatiently(who, url, options);
  const text = await response.text();
  const answer = parse(text);
  if (response.ok) return { answer: answer ?? {}, headers: response.headers };
  const message: unknown = answer?.['error']?.message ?? answer?.['error_msg'] ?? answer?.['message'];
  throw new Error(typeof message === 'string' ? message : `${url} answered ${response.status}`);
}

/** 429 was not carried out, and says when to come again (RFC 6585, 4). Bytes that are streamed cannot be sent twice. */
async function fetchPatiently(who: string, url: string, options: RequestInit): Promise<Response> {
  const canRepeat = options.body === undefined || typeof options.body === 'string';
  for (let leftMs = patienceMs; ;) {
    const response = await fetch(url, options).catch((error: unknown) => {
      const reason = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
      const words = /CERT|UNABLE_TO_VERIFY/.test(reason)
        ? `The certificate of ${who} is not trusted (${reason}); OS_CACERT names the file of one that is.`
        : `No Ingot answers at ${who} (${reason}); start it with \`ingot serve\`.`;
      throw new Error(words, { cause: error });
    });
    const waitMs = Number(response.headers.get('retry-after') ?? NaN) * 1_000;
    if (response.status !== 429 || !canRepeat || !(waitMs <= leftMs)) return response;
    await response.body?.cancel();
    await sleep(waitMs);
    leftMs -= Math.max(waitMs, 1_000);
  }
}

function parse(text: string): Answer | null {
  try {
    return text === '' ? null : (JSON.parse(text) as Answer);
  } catch {
    return null;
  }
}
