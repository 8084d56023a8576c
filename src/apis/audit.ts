/**
 * An audit row for every call that was to change something, written before its answer goes out: whoever was told that
 * something was done finds it in the trail, also when the process ends right after. Bodies are read for ids and names
 * only, and never kept: they hold passwords and keys.
 */
import { actions } from '../core/actions.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditEntry, AuditPerson } from '../core/audit.ts';
import type { IngotError } from '../core/errors.ts';
import { newId } from '../engine/ids.ts';
import { isId, type Answer, type Api, type Route } from './api.ts';
import { isObject, toAuditName } from './audit-names.ts';
import { sourceIpOf } from './source.ts';

/** What was answered, kept from `send` to the moment before it goes out. */
export interface Outcome {
  answer: Answer;
  error: IngotError | null;
}

export function isAudited({ method, audited }: Route): boolean {
  return audited ?? (method !== 'GET' && method !== 'HEAD');
}

/** Nobody shall fill the disk from outside: of refusals to strangers, this many per second are kept by a process. */
const mostStrangers = 50;

export function createAuditClerk(record: (entry: AuditEntry) => Promise<void>) {
  let second = 0;
  let strangers = 0;

  function isOneTooMany(): boolean {
    const now = Math.floor(Date.now() / 1_000);
    if (now !== second) [second, strangers] = [now, 0];
    return ++strangers > mostStrangers;
  }

  /** Comes back when the row is durable. What was put off as too much was never looked at, and has no row. */
  return async (api: Api, route: Route, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { statusCode } = reply;
    if (statusCode === 429) return;
    if (!request.caller && statusCode >= 400 && isOneTooMany()) return;
    await record(toEntry(api, route, request, statusCode));
  };
}

function toEntry(api: Api, route: Route, request: FastifyRequest, statusCode: number): AuditEntry {
  const { answer, error } = request.outcome ?? {};
  const { body } = request;
  const caller = request.caller ?? answer?.caller ?? null;
  const account = caller && (caller.projectAccount ?? caller.account ?? caller.userAccount);
  const permission = request.action && actions[request.action].names[0]!;
  const jobId = textIn(answer?.body, 'job_id') ?? textIn(answer?.body, 'jobId');
  return {
    id: newId(),
    account: account && { id: account.id, name: account.name },
    projectId: caller?.project?.id ?? null,
    user: caller
      ? {
          id: caller.user.id,
          name: caller.user.name,
          accountId: caller.userAccount.id,
          accountName: caller.userAccount.name,
        }
      : toClaimed(body),
    accessKey: toAccessKey(request),
    sourceIp: sourceIpOf(request),
    requestId: request.id,
    service: api.name,
    route: route.id,
    method: request.method,
    name: toAuditName(api.name, route, permission, body),
    action: permission,
    resourceType: toResourceType(permission ?? ''),
    resourceIds: toResourceIds(request, statusCode < 300 ? answer?.body : undefined),
    resourceName: toName(body),
    jobId: jobId !== null && isId(jobId) ? jobId : null,
    statusCode,
    errorCode: error ? (findCode(answer?.body) ?? error.facts.kind) : null,
  };
}

/** Who a refused login said to be. */
function toClaimed(body: unknown): AuditPerson {
  const password = within(body, 'auth', 'identity', 'password', 'user');
  const user = isObject(password) ? password : {};
  const domain = isObject(user['domain']) ? user['domain'] : {};
  return {
    id: textIn(user, 'id'),
    name: textIn(user, 'name'),
    accountId: textIn(domain, 'id'),
    accountName: textIn(domain, 'name'),
  };
}

function within(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), value);
}

/** Cut short: nothing that is longer is an id or a name. */
function textIn(value: unknown, key: string): string | null {
  const found = within(value, key);
  return typeof found === 'string' && found !== '' ? found.slice(0, 255) : null;
}

/** Also of a signature that was wrong. */
function toAccessKey({ headers }: FastifyRequest): string | null {
  const [, access] = /\b(?:Access|Credential)=([^,/\s]{1,128})/.exec(headers.authorization ?? '') ?? [];
  return access ?? null;
}

/** `servers` of `bms:servers:stop`, `user` of `identity:create_user`. */
function toResourceType(action: string): string | null {
  const parts = action.split(':');
  return parts.length > 2 ? parts.at(-2)! : (/_(\w+)$/.exec(action)?.[1] ?? null);
}

/** As many as a batch may have. */
const mostIds = 1_000;

/** What the path, the body and the good answer name by id, in that order, each once. */
function toResourceIds({ params, body }: FastifyRequest, answer: unknown): string[] {
  const ids = new Set<string>();
  for (const [name, value] of Object.entries(params as Record<string, string>)) {
    if (name !== 'project_id') ids.add(value.slice(0, 255));
  }
  for (const part of [body, answer]) for (const id of idsIn(part)) ids.add(id);
  return [...ids].slice(0, mostIds);
}

/** `{servers: [{id}]}`, `{server: {id}}`, `{server_id_set: []}`, each also below the key of an action. */
function* idsIn(value: unknown, depth = 0): Generator<string> {
  if (!isObject(value) || depth > 2) return;
  for (const [key, part] of Object.entries(value)) {
    if (typeof part === 'string') {
      if (depth > 0 && key === 'id' && part !== '') yield part.slice(0, 255);
    } else if (Array.isArray(part)) {
      const areIds = /(_ids?|_set)$/.test(key);
      for (const item of part) {
        const id: unknown = isObject(item) ? item['id'] : areIds ? item : undefined;
        if (typeof id === 'string' && id !== '') yield id.slice(0, 255);
      }
    } else if (!/^(auth|token|user_data|metadata|image|flavor)$/.test(key)) yield* idsIn(part, depth + 1);
  }
}

/** `{server: {name}}`: the name of the one thing that the body is about. */
function toName(body: unknown): string | null {
  if (!isObject(body)) return null;
  const parts = Object.values(body);
  return textIn(body, 'name') ?? (parts.length === 1 ? textIn(parts[0], 'name') : null);
}

/** The code in the words of the API, wherever its envelope has it. */
function findCode(body: unknown): string | null {
  return textIn(body, 'error_code') ?? textIn(within(body, 'error'), 'code');
}
