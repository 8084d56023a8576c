/**
 * The samples: per route a file with one or more requests and their answers, in `API/ID.json`. Ids and the like are
 * names (`<server>`, see tests/support/things.ts). An answer of null is filled in by `npm run samples`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { allApis, originalOf } from '../../scripts/all-apis.ts';
import type { Route } from '../../src/apis/api.ts';
import type { Cloud, Reply } from '../support/cloud.ts';
import { sendRaw } from '../support/raw-http.ts';
import { thin } from '../support/shape.ts';
import type { Things } from '../support/things.ts';

export interface Sample {
  /** Things that must be there though the request does not name them. */
  given?: string[];
  request: { method: string; path: string; headers?: Record<string, string>; body?: unknown };
  answer: { status: number; headers?: Record<string, string>; body?: unknown } | null;
}

export interface SampledRoute {
  api: string;
  route: Route;
  /** Absolute. */
  file: string;
}

/** Every route that must have a sample: those that only repeat another one by an older path need none. */
export function sampledRoutes(): SampledRoute[] {
  return allApis().flatMap((api) =>
    api.routes
      .filter((route) => originalOf(api, route) === route.id)
      .map((route) => ({ api: api.name, route, file: fileOf(api.name, route.id) })),
  );
}

function fileOf(api: string, id: string): string {
  const name = `${api}/${id.toLowerCase().replaceAll('_', '-')}.json`;
  return fileURLToPath(new URL(name, import.meta.url));
}

export function readSamples(file: string): Sample[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Sample[]) : [];
}

export async function writeSamples(file: string, samples: Sample[]): Promise<void> {
  const options = await resolveConfig(file);
  writeFileSync(file, await format(JSON.stringify(samples, null, 2), { ...options, parser: 'json' }));
}

/** What answers show though nobody asked for it. */
const oftenShown = ['account', 'image', 'flavor', 'network', 'vpc', 'subnet'];
const partsOfServer = ['port', 'volume', 'node'];

/** Headers of an answer that are part of it. */
const toldHeaders = ['location', 'x-subject-token', 'content-disposition'];

/** Asks what the sample asks, and gives the answer as a sample has it. */
export async function ask(
  cloud: Cloud,
  things: Things,
  sample: Sample,
): Promise<NonNullable<Sample['answer']>> {
  const text = JSON.stringify(sample);
  const known = text.includes('<server>') ? [...oftenShown, ...partsOfServer] : oftenShown;
  for (const name of [...(sample.given ?? []), ...known]) await things.get(name);
  const { method, path, headers, body } = await things.fill(sample.request);
  return things.toNames(toAnswer(await send(cloud, { method, path, headers, body })));
}

function send(cloud: Cloud, { method, path, headers, body }: Sample['request']): Promise<Reply> {
  if (path.startsWith('/events')) return begin(cloud.origin + path);
  if (headers?.['host']) return sendTo(headers['host'], cloud.origin, `${method} ${path}`);
  return cloud.call(method, path, body, headers);
}

/** Which service is meant may stand in the host name alone; `fetch` sets that by itself. */
async function sendTo(host: string, origin: string, words: string): Promise<Reply> {
  const { status, body } = await sendRaw(origin, `${words} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return { status, headers: new Headers({ 'content-type': 'application/json' }), body };
}

/** The beginning of an answer that has no end. */
async function begin(url: string): Promise<Reply> {
  const { status, headers, body } = await fetch(url);
  await body?.cancel();
  return { status, headers, body: '' };
}

function toAnswer({ status, headers, body }: Reply): NonNullable<Sample['answer']> {
  const told = toldHeaders.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  const type = headers.get('content-type')?.split(';', 1)[0];
  const isJson = type === 'application/json';
  if (body !== null && !isJson) told.push(['content-type', type ?? 'none']);
  return {
    status,
    ...(told.length > 0 ? { headers: Object.fromEntries(told) } : {}),
    ...(body === null ? {} : { body: isJson ? thin(body) : '<text>' }),
  };
}
