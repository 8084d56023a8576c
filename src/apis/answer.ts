/** From an answer or a failure of ours to what goes over the wire, in the words of the API that was asked. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IngotError } from '../core/errors.ts';
import type { Answer, Api } from './api.ts';

export interface Front {
  apis: Api[];
  /** The origin in links; null: as the caller sees it. */
  publicUrl: string | null;
  /** Of the external Keystone that looks after identity, if one does. */
  keystoneUrl?: string | null;
}

export function originOf({ publicUrl }: Front, request: FastifyRequest): string {
  if (publicUrl) return publicUrl.replace(/\/$/, '');
  const scheme = firstOf(request.headers['x-forwarded-proto']) ?? 'http';
  const host = firstOf(request.headers['x-forwarded-host']) ?? request.headers.host ?? 'localhost';
  return `${scheme}://${host}`;
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(',')[0]?.trim();
}

export function send(
  reply: FastifyReply,
  answer: Answer,
  headers: Record<string, string> | undefined,
  requestId: string,
  error: IngotError | null = null,
): FastifyReply {
  reply.request.outcome = { answer, error };
  void reply.code(answer.statusCode).header('x-request-id', requestId);
  if (headers) void reply.headers(headers);
  if (answer.headers) void reply.headers(answer.headers);
  if (answer.stream) return reply.send(answer.stream);
  if (answer.body === undefined) return reply.send();
  if (typeof answer.body === 'string') return reply.send(answer.body);
  return reply.type('application/json').send(JSON.stringify(answer.body));
}

export function sendError(
  front: Front,
  request: FastifyRequest,
  reply: FastifyReply,
  error: IngotError,
): void {
  const path = request.url;
  const api = request.routeOptions.config?.api ?? apiOf(front.apis, path);
  const about = { origin: originOf(front, request), requestId: request.id, path, headers: request.headers };
  const answer = api.toError(error, about);
  const { retryAfterSeconds } = error.facts;
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  const headers = { ...api.headers?.(about), ...toChallenge(front, answer) };
  send(reply, { ...answer, headers: { ...answer.headers, ...headers } }, undefined, request.id, error);
}

/** Where to get a token, in the words of Keystone's middleware; APIs name ours by themselves. */
function toChallenge({ keystoneUrl }: Front, { statusCode, headers = {} }: Answer): Record<string, string> {
  if (statusCode !== 401 || !keystoneUrl) return {};
  const name =
    Object.keys(headers).find((it) => it.toLowerCase() === 'www-authenticate') ?? 'www-authenticate';
  return { [name]: `Keystone uri="${keystoneUrl}"` };
}

/** The API that an unknown path would have belonged to: the one that shares its first segment. */
export function apiOf(apis: Api[], path: string): Api {
  const first = path.split(/[/?]/, 2)[1] ?? '';
  return apis.find((api) => api.routes.some((route) => route.path.split('/')[1] === first)) ?? apis[0]!;
}
