/** What is answered where no handler has the word: a request that cannot be read, a path that nobody has, a failure. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyError, FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { IngotError, notFound, wrongMethod } from '../core/errors.ts';
import { apiOf, sendError, type Front } from './answer.ts';
import type { Api } from './api.ts';
import { hearOut, signedBodyLimit } from './body.ts';
import { toIngotError } from './failure.ts';

/** Status codes of requests that Node gives up on while it reads them. */
const unreadable: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** For Fastify's `clientErrorHandler`: there is no request yet, only bytes. */
export function refuseUnreadable(apis: Api[]): (error: ConnectionError, socket: Socket) => void {
  return (error, socket) => {
    if (!socket.writable) return;
    const statusCode = unreadable[error.code] ?? 400;
    const words = STATUS_CODES[statusCode]!;
    const kind = statusCode === 408 ? ('too-slow' as const) : ('invalid' as const);
    const facts = { kind, message: `${words}.` };
    const raw = (error as unknown as { rawPacket?: Buffer }).rawPacket?.toString('latin1', 0, 2_048) ?? '';
    const path = /^[A-Z]+ (\S+)/.exec(raw)?.[1] ?? '/';
    const answer = apiOf(apis, path).toError(new IngotError(facts), { origin: '', requestId: '', path });
    const body = JSON.stringify(answer.body ?? {});
    socket.end(
      `HTTP/1.1 ${statusCode} ${words}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  };
}

export function answerFailures(app: FastifyInstance, front: Front & { logger: Logger }): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = toIngotError(error, signedBodyLimit);
    if (known.kind === 'internal')
      // Without the query: an event stream has its token there.
      front.logger.error(
        { err: error, requestId: request.id, path: request.url.split('?', 1)[0] },
        'a call failed',
      );
    if (known.kind === 'too-large') hearOut(request, reply);
    sendError(front, request, reply, known);
  });
  const methodsOf = listMethods(front.apis);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const methods = methodsOf(path);
    if (methods.length === 0) return sendError(front, request, reply, notFound('path', path));
    void reply.header('allow', methods.join(', '));
    sendError(front, request, reply, wrongMethod(request.method, path));
  });
}

/** The methods that a path has; Fastify does not tell a wrong method from an unknown path. */
function listMethods(apis: Api[]): (path: string) => string[] {
  const routes = apis
    .flatMap((api) => api.routes)
    .map(({ method, path }) => ({ method, parts: toParts(path) }));
  return (path) => {
    const given = toParts(path);
    const isThere = (parts: string[]) =>
      parts.length === given.length && parts.every((part, at) => part.startsWith(':') || part === given[at]);
    return [...new Set(routes.filter(({ parts }) => isThere(parts)).map(({ method }) => method))];
  };
}

function toParts(path: string): string[] {
  return path.replace(/\/$/, '').split('/');
}
