/**
 * What one route answers to everybody. The request is that of the route's sample, with real ids of the first project;
 * strangers ask it as it is and, where the path names a project, once more by the path of their own.
 */
import { randomBytes } from 'node:crypto';
import { allApis, originalOf } from '../../scripts/all-apis.ts';
import type { Api, Route } from '../../src/apis/api.ts';
import { hashToken } from '../../src/apis/auth.ts';
import { readSamples, sampledRoutes, type Sample } from '../samples/samples.ts';
import { tokenFor } from '../support/callers.ts';
import type { Cloud } from '../support/cloud.ts';
import type { Things } from '../support/things.ts';
import type { Column, Outcomes } from './rows.ts';

export interface Probed {
  api: Api;
  route: Route;
  /** `API ROUTE`. */
  name: string;
  /** For each sample but the first: what tells it from that one, by the key in its body or by its number. */
  variant: string | null;
  sample: Sample;
}

/** Each route with each of its samples: they differ in what the body asks for, or in the path. */
export function probedRoutes(): Probed[] {
  const samples = new Map(
    sampledRoutes().map(({ api, route, file }) => [`${api} ${route.id}`, readSamples(file)]),
  );
  return allApis().flatMap((api) =>
    api.routes.flatMap((route) => {
      const own = samples.get(`${api.name} ${originalOf(api, route)}`) ?? [];
      const keys = own.map(({ request }) => Object.keys(request.body ?? {})[0] ?? '');
      const isToldByKey = new Set(keys).size === keys.length;
      return own.map((sample, at) => ({
        api,
        route,
        name: `${api.name} ${route.id}`,
        variant: at === 0 ? null : isToldByKey ? keys[at]! : String(at + 1),
        sample,
      }));
    }),
  );
}

export interface Callers {
  tokens: Record<Exclude<Column, 'none' | 'smuggled'>, string>;
  /** The stranger's. */
  projectId: string;
}

/** Whoever asks; the stranger is the root user of its account, whom no policy keeps from anything. */
export async function makeCallers(cloud: Cloud): Promise<Callers> {
  const id = () => randomBytes(16).toString('hex');
  const [accountId, projectId, userId, foreign, expired] = [id(), id(), id(), id(), id()];
  await cloud.sql.query(`insert into accounts (id, name) values ($1, 'stranger')`, [accountId]);
  await cloud.sql.query(`insert into projects (id, account_id, name) values ($1, $2, 'eu-de')`, [
    projectId,
    accountId,
  ]);
  await cloud.sql.query(`insert into users (id, account_id, name, is_root) values ($1, $2, 'root', true)`, [
    userId,
    accountId,
  ]);
  const token = `insert into tokens (hash, user_id, project_id, methods, audit_id, issued_at, expires_at)
    values ($1, $2, $3, '{password}', 'test', now(), now() + $4::interval)`;
  await cloud.sql.query(token, [hashToken(foreign), userId, projectId, '1 hour']);
  await cloud.sql.query(token, [hashToken(expired), cloud.userId, cloud.projectId, '-1 minute']);
  return {
    projectId,
    tokens: {
      expired,
      foreign,
      reader: await tokenFor(cloud, 'reader', cloud.projectId),
      member: await tokenFor(cloud, 'member', cloud.projectId),
      admin: cloud.token,
    },
  };
}

/** What everybody may see; all other things are the first project's own. */
const shared =
  /^(image|other image|flavor|network|vpc|subnet|zone|role|rack|tagged rack|room|origin|nobody|public key|some [a-z ]+|id|time|request|hash|mac|fingerprint|new name|reservation|secret|access key|audit id|spare idle node)$/;

export interface Probing {
  outcomes: Outcomes;
  /** Things of the first project that were in what a stranger was told. */
  leaks: string[];
  /** Tables in which something of the first project was changed by a stranger. */
  changes: string[];
}

export async function probe(
  cloud: Cloud,
  things: Things,
  callers: Callers,
  { route, sample }: Probed,
): Promise<Probing> {
  const outcomes = {} as Outcomes;
  const leaks = new Set<string>();
  const named = route.path.split('/').indexOf(':project_id');

  const prepare = async () => {
    const own = things.open();
    for (const name of [...(sample.given ?? []), 'server', 'volume', 'port', 'node']) await own.get(name);
    const filled = await own.fill(sample.request);
    return { own, ...filled, path: toPath(route, filled.path) };
  };
  const ask = async (column: Column, asked: Awaited<ReturnType<typeof prepare>>) => {
    const token = column === 'none' ? '' : callers.tokens[column === 'smuggled' ? 'foreign' : column];
    const { own, method, headers, body } = asked;
    const path = column === 'smuggled' ? withProject(asked.path, named, callers.projectId) : asked.path;
    const reply = await cloud.call(method, path, body, { ...headers, 'x-auth-token': token });
    outcomes[column] = reply.status < 300 ? 'ok' : String(reply.status);
    if ((column === 'foreign' || column === 'smuggled') && reply.status < 300) {
      // The path comes back in the links of a list; what is in it was not learned here.
      const body = (JSON.stringify(reply.body) ?? '').replaceAll(JSON.stringify(cloud.origin + path), '""');
      const told = own.toNames(body);
      for (const [, name] of told.matchAll(/<([a-z][a-z ]*)>/g)) if (!shared.test(name!)) leaks.add(name!);
    }
  };

  const first = await prepare();
  await quiet(cloud);
  const before = await snapshot(cloud);
  const strangers: Column[] = ['none', 'expired', 'foreign', ...(named >= 0 ? (['smuggled'] as const) : [])];
  outcomes.smuggled = '-';
  await Promise.all(strangers.map((column) => ask(column, first)));
  const after = await snapshot(cloud);
  await ask('reader', first);
  await ask('member', outcomes.reader === 'ok' && sample.request.method !== 'GET' ? await prepare() : first);
  await ask('admin', outcomes.member === 'ok' && sample.request.method !== 'GET' ? await prepare() : first);
  const changes = Object.keys(after).filter((table) => after[table] !== before[table]);
  return { outcomes, leaks: [...leaks], changes };
}

/** The path of a route that repeats another one, with the parts of the sample's path. */
function toPath(route: Route, path: string): string {
  const [way = '', ...query] = path.split('?');
  const given = way.split('/');
  const wanted = route.path.split('/');
  if (given.length === wanted.length) {
    const parts = wanted.map((part, at) => (part.startsWith(':') ? given[at] : part));
    return [parts.join('/'), ...query].join('?');
  }
  // `/v2.0/networks` for `/network/v2.0/networks`: counted from the end.
  const parts = wanted.map((part, at) => (part.startsWith(':') ? given.at(at - wanted.length) : part));
  return [parts.join('/'), ...query].join('?');
}

function withProject(path: string, at: number, projectId: string): string {
  return path
    .split('/')
    .map((part, index) => (index === at ? projectId : part))
    .join('/');
}

/** Work that a sample holds up on purpose. */
const isHeldUp =
  'exists (select 1 from faults f join servers v on v.node_id = f.node_id where v.id = s.server_id)';

/** Everything that was asked for has come to its end, so that only strangers could change what is there. */
async function quiet({ sql, until }: Cloud): Promise<void> {
  // An import from an address that is nowhere would be tried again for long; without its row nobody does.
  await sql.query(`delete from image_transfers where method = 'web-download'`);
  const open = `select from sub_jobs s where ended_at is null and not ${isHeldUp}
    union all select from image_transfers where ended_at is null`;
  await until(
    () => sql.query(open),
    ({ rows }) => rows.length === 0,
  );
}

/** What a call leaves behind whoever made it, and what machines do by themselves. */
const passing = ['tokens', 'audit', 'answered_requests', 'history'];

/** A sum over the rows of the first project and its account, by table. */
async function snapshot({ sql, projectId }: Cloud): Promise<Record<string, string>> {
  const { rows } = await sql.query<{ name: string; columns: string[] }>(
    `select table_name as name, array_agg(column_name::text) as columns from information_schema.columns
     where table_schema = 'public' group by 1`,
  );
  const users = `(select id from users where account_id = (select account_id from projects where id = '${projectId}'))`;
  const parts = rows
    .filter(({ name }) => !passing.includes(name))
    .flatMap(({ name, columns: has }) => {
      const own = [
        ...(has.includes('project_id') ? [`project_id = '${projectId}'`] : []),
        ...(has.includes('account_id')
          ? [`account_id = (select account_id from projects where id = '${projectId}')`]
          : []),
        ...(has.includes('user_id') && !has.includes('project_id') ? [`user_id in ${users}`] : []),
      ];
      if (own.length === 0) return [];
      const row = `to_jsonb(t) - 'failed_logins' - 'last_used_at'`;
      const sum = `select md5(coalesce(string_agg((${row})::text, '' order by (${row})::text), '')) from ${name} t where ${own.join(' or ')}`;
      return [`'${name}', (${sum})`];
    });
  const { rows: found } = await sql.query<{ sums: Record<string, string> }>(
    `select jsonb_build_object(${parts.join(', ')}) as sums`,
  );
  return found[0]!.sums;
}
