/** Holds a running Ingot against the tables: asks each call and each refusal, and says what is not as documented. */
import type { Cloud, Reply } from '../support/cloud.ts';
import { sendRaw } from '../support/raw-http.ts';
import type { Things } from '../support/things.ts';
import { type Asked, type Endpoint, type Fields, type Refusal } from './endpoint.ts';

export interface Finding {
  endpoint: Endpoint;
  /** Something other than "there is no such call" was answered. */
  isServed: boolean;
  status: number;
  fields: Share;
  refusals: Share;
  /** Short names of what is not met (`status`, a field, a code), with what was found instead. */
  unmet: Record<string, string>;
}

interface Share {
  met: number;
  of: number;
}

export async function check(cloud: Cloud, things: Things, endpoint: Endpoint): Promise<Finding> {
  const reply = await ask(cloud, things.open(), endpoint).catch(toFailure);
  const unmet: Record<string, string> = {};
  const isServed = !isNowhere(reply);
  if (!endpoint.ok.includes(reply.status)) unmet['status'] = told(reply);
  const fields = endpoint.answer === undefined ? [] : compare(endpoint.answer, reply.body, '');
  for (const { at, found } of fields) if (found !== null) unmet[at] = found;
  // Refused requests use nothing up, so that all of them may share their spare things.
  const shared = things.open();
  for (const refusal of endpoint.refusals) {
    const { said, found } = await refused(cloud, shared, endpoint, refusal);
    if (found !== null) unmet[said] = found;
  }
  const codes = endpoint.refusals.map(toName);
  return {
    endpoint,
    isServed,
    status: reply.status,
    fields: { met: fields.filter(({ found }) => found === null).length, of: fields.length },
    refusals: { met: codes.filter((name) => !(name in unmet)).length, of: codes.length },
    unmet,
  };
}

const toName = ({ status, code }: Refusal) => (code ? `${status} ${code}` : String(status));
const told = ({ status, body }: Reply) => `answered ${status} ${JSON.stringify(body)?.slice(0, 200) ?? ''}`;

/** The API does not exist: the gateway's, Nova's and Keystone's words for it. */
function isNowhere({ status, body }: Reply): boolean {
  return status === 404 && /APIGW\.0101|resource could not be found|path/i.test(JSON.stringify(body));
}

async function ask(cloud: Cloud, things: Things, asked: Asked, withoutToken = false): Promise<Reply> {
  for (const name of asked.given ?? []) await things.get(name);
  const { method, path, headers, body } = await things.fill(onlyRequest(asked));
  if (headers?.['host']) return askHost(cloud, headers['host'], `${method} ${path}`);
  return cloud.call(method, path, body, withoutToken ? { ...headers, 'x-auth-token': '' } : headers);
}

/** An endpoint has more, with names of things that this request does not need. */
const onlyRequest = ({ method, path, headers, body }: Asked) => ({ method, path, headers, body });

/** What a call needs may be missing as well. */
function toFailure(error: unknown): Reply {
  return { status: 0, headers: new Headers(), body: String(error) };
}

async function askHost(cloud: Cloud, host: string, words: string): Promise<Reply> {
  const { status, body } = await sendRaw(cloud.origin, `${words} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return { status, headers: new Headers(), body };
}

async function refused(cloud: Cloud, things: Things, endpoint: Endpoint, refusal: Refusal) {
  const { withoutToken, ...change } = refusal.asked;
  const reply = await ask(cloud, things, { ...endpoint, ...change }, withoutToken).catch(toFailure);
  const codes = codesOf(reply.body);
  const isMet = reply.status === refusal.status && (!refusal.code || codes.includes(refusal.code));
  return { said: toName(refusal), found: isMet ? null : told(reply) };
}

/** The code of a refusal, in any of the envelopes; Nova's is the one key. */
function codesOf(body: unknown): string[] {
  if (body === null || typeof body !== 'object') return [];
  const { error, error_code: code } = body as { error?: { code?: unknown }; error_code?: unknown };
  return [...Object.keys(body), String(error?.code), String(code)];
}

/** Every documented field, and what is wrong with it; null where nothing is. */
function compare(wanted: Fields, given: unknown, at: string): { at: string; found: string | null }[] {
  const isBranch = typeof wanted !== 'string';
  if (!isBranch)
    return [{ at, found: isOfType(wanted, given) ? null : `is ${describe(given)}, not ${wanted}` }];
  if (Array.isArray(wanted)) {
    const entries = Array.isArray(given) ? given : [];
    const [entry] = wanted as readonly [Fields];
    if (entries.length === 0)
      return [{ at: `${at}[]`, found: `is ${describe(given)}, not a list with entries` }];
    return merge(entries.map((one) => compare(entry, one, `${at}[]`)));
  }
  if (given === null || typeof given !== 'object') return [{ at, found: `is ${describe(given)}, not O` }];
  const fields = wanted as Record<string, Fields>;
  if ('*' in fields) {
    const values = Object.values(given);
    if (values.length === 0) return [{ at: `${at}.*`, found: 'has no entries' }];
    return merge(values.map((one) => compare(fields['*']!, one, `${at}.*`)));
  }
  return Object.entries(fields).flatMap(([name, type]) =>
    compare(type, (given as Record<string, unknown>)[name], at ? `${at}.${name}` : name),
  );
}

/** Of entries that must all look the same: each field once, with the first complaint. */
function merge(all: { at: string; found: string | null }[][]) {
  const [first = []] = all;
  return first.map(({ at }) => ({
    at,
    found: all.flat().find((one) => one.at === at && one.found !== null)?.found ?? null,
  }));
}

function isOfType(wanted: string, given: unknown): boolean {
  const types = wanted.replace('?', '').split('|');
  return given === undefined ? wanted.endsWith('?') : types.some((type) => isOne(type, given));
}

function isOne(type: string, given: unknown): boolean {
  switch (type) {
    case 'S':
      return typeof given === 'string';
    case 'I':
      return Number.isInteger(given);
    case 'F':
      return typeof given === 'number';
    case 'B':
      return typeof given === 'boolean';
    case 'O':
      return given !== null && typeof given === 'object' && !Array.isArray(given);
    case 'L':
      return Array.isArray(given);
    case 'null':
      return given === null;
    default:
      throw new Error(`no such type: ${type}`);
  }
}

function describe(given: unknown): string {
  if (given === undefined) return 'absent';
  if (Array.isArray(given)) return `a list of ${given.length}`;
  return typeof given === 'object' ? (given === null ? 'null' : 'an object') : typeof given;
}
