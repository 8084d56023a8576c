/**
 * The one way in for every API: Fastify parses, this file finds out who calls, checks project and body, and turns what
 * the handler returns or throws into an answer of that API. Handlers know neither Fastify nor HTTP headers of ours.
 */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { IngotError, invalid, notFound, wrongMethod } from '../core/errors.ts';
import type { Caller } from '../core/tenancy.ts';
import type { Answer, Api, Call, Route } from './api.ts';
import type { Auth } from './auth.ts';
import { describe } from './openapi.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    api?: Api;
    ingot?: Route;
  }
}

export interface HttpOptions {
  apis: Api[];
  auth: Auth;
  logger: Logger;
  publicUrl: string | null;
  /** Requests per second and project; 0: no limit. */
  rateLimit: number;
  /** Told of each answer that was sent, streams excepted. `route` is a pattern, so that there are few. */
  onAnswer?: (answer: { method: string; route: string; statusCode: number; seconds: number }) => void;
}

/** 1 MiB holds the largest documented body (1000 servers, 32 KB user data) many times over. */
const bodyLimit = 1_048_576;
/** The event loop lagging by this much means that answers come late anyway. */
const mostLagMs = 2_000;
const eventStream = 'text/event-stream';
/** Status codes of requests that Node gives up on while it reads them. */
const unreadable: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

export async function createHttp(options: HttpOptions): Promise<FastifyInstance> {
  const { apis, logger } = options;
  const loggerInstance: FastifyBaseLogger = logger;
  const app: FastifyInstance = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    genReqId: () => randomUUID().replaceAll('-', ''),
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    forceCloseConnections: 'idle',
    // A path that cannot be decoded, or has an endless parameter.
    frameworkErrors: (error, request, reply) => {
      sendError(options, request, reply, toIngotError(error));
    },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable) return;
      const statusCode = unreadable[error.code] ?? 400;
      const words = STATUS_CODES[statusCode]!;
      const facts = { kind: 'invalid' as const, message: `${words}.` };
      const raw = (error as unknown as { rawPacket?: Buffer }).rawPacket?.toString('latin1', 0, 2_048) ?? '';
      const path = /^[A-Z]+ (\S+)/.exec(raw)?.[1] ?? '/';
      const answer = apiOf(apis, path).toError(new IngotError(facts), { origin: '', requestId: '', path });
      const body = JSON.stringify(answer.body ?? {});
      socket.end(
        `HTTP/1.1 ${statusCode} ${words}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  });

  app.setValidatorCompiler(({ schema, httpPart }) =>
    httpPart === 'body' ? bodyValidator(schema as TSchema) : () => true,
  );
  // Schemas document answers; they never drop a field that a handler gave.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  parseJson(app);
  app.decorateRequest('caller', null);

  await describe(app);
  await app.register(underPressure, {
    maxEventLoopDelay: mostLagMs,
    pressureHandler(request, reply) {
      if (request.routeOptions.config.ingot?.isPolled) return;
      sendError(options, request, reply, tooMany('The service is overloaded, please try again later.'));
    },
  });
  if (options.rateLimit > 0) {
    await app.register(rateLimit, {
      max: options.rateLimit,
      timeWindow: 1_000,
      hook: 'preHandler',
      keyGenerator: (request) => request.caller?.project?.id ?? request.ip,
      allowList: (request) => request.routeOptions.config.ingot?.isPolled ?? false,
      errorResponseBuilder: () => tooMany('The throttling threshold has been reached.'),
      addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
      addHeadersOnExceeding: {
        'x-ratelimit-limit': false,
        'x-ratelimit-remaining': false,
        'x-ratelimit-reset': false,
      },
    });
  }

  app.setErrorHandler((error, request, reply) => {
    const known = toIngotError(error);
    if (known.kind === 'internal')
      // Without the query: an event stream has its token there.
      logger.error(
        { err: error, requestId: request.id, path: request.url.split('?', 1)[0] },
        'a call failed',
      );
    sendError(options, request, reply, known);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const methods = methodsOf(path);
    if (methods.length === 0) return sendError(options, request, reply, notFound('path', path));
    void reply.header('allow', methods.join(', '));
    sendError(options, request, reply, wrongMethod(request.method, path));
  });

  app.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const { statusCode, elapsedTime: ms } = reply;
    const project = request.caller?.project?.id;
    // The pattern, not the path: what a caller writes into a path or a query is not for the log.
    logger.info(
      { requestId: request.id, method, route, statusCode, ms, project, ip: request.ip },
      'answered',
    );
    if (reply.getHeader('content-type') === eventStream) return;
    options.onAnswer?.({
      method,
      route,
      statusCode,
      seconds: ms / 1_000,
    });
  });
  const methodsOf = listMethods(apis);
  const unused = trackUnusedConnections(app);
  app.addHook('preClose', async () => {
    for (const api of apis) api.close?.();
    for (const socket of unused) socket.destroy();
  });
  for (const api of apis) for (const route of api.routes) mount(app, options, api, route);
  return app;
}

/** The methods that a path has; Fastify does not tell a wrong method from an unknown path. */
function listMethods(apis: Api[]): (path: string) => string[] {
  const routes = apis
    .flatMap((api) => api.routes)
    .map(({ method, path }) => ({ method, parts: path.split('/') }));
  return (path) => {
    const given = path.replace(/\/$/, '').split('/');
    const isThere = (parts: string[]) =>
      parts.length === given.length && parts.every((part, at) => part.startsWith(':') || part === given[at]);
    return [...new Set(routes.filter(({ parts }) => isThere(parts)).map(({ method }) => method))];
  };
}

/**
 * Connections on which nothing was asked yet; browsers and undici open them in advance. Node does not count them as
 * idle, so that a stop would wait for them until its request timeout (seen with Node 24).
 */
function trackUnusedConnections({ server }: FastifyInstance): Set<Socket> {
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }) => unused.delete(socket));
  return unused;
}

function mount(app: FastifyInstance, options: HttpOptions, api: Api, route: Route): void {
  const { auth } = options;
  app.route({
    method: route.method,
    url: route.path,
    config: { api, ingot: route },
    schema: {
      summary: route.summary,
      operationId: `${api.name}.${route.id}`,
      tags: [api.title],
      ...(route.body ? { body: route.body } : {}),
      ...(route.query ? { querystring: route.query } : {}),
      ...(route.answer ? { response: { '2xx': route.answer } } : {}),
    },
    async onRequest(request) {
      if (route.access === 'open') return;
      const caller = await auth.authenticate(request.headers);
      request.caller = caller;
      checkProject(caller, request);
      auth.authorize(caller, route);
    },
    async handler(request, reply) {
      const call = toCall(options, request);
      const answer = await route.handle(call);
      return send(reply, answer, api.headers?.(call), call.requestId);
    },
  });
}

/** Serves a route of Fastify's own (event streams, pages) under the same authentication. */
export function guard(auth: Auth, route: Route) {
  return async (request: FastifyRequest): Promise<void> => {
    const caller = await auth.authenticate(request.headers);
    request.caller = caller;
    auth.authorize(caller, route);
  };
}

function checkProject(caller: Caller, request: FastifyRequest): void {
  const asked = (request.params as Record<string, string>)['project_id'];
  if (asked === undefined || caller.project?.id === asked) return;
  throw new IngotError({
    kind: 'invalid',
    code: 'Common.0018',
    message: `The project ${caller.project?.id ?? '(none)'} of the token is not the project ${asked} of the URL.`,
  });
}

function toCall(options: HttpOptions, request: FastifyRequest): Call {
  return {
    caller: request.caller,
    params: request.params as Record<string, string>,
    query: request.query as Record<string, string>,
    body: request.body,
    headers: request.headers,
    origin: originOf(options, request),
    requestId: request.id,
    sourceIp: request.ip,
    path: request.url,
  };
}

function originOf({ publicUrl }: HttpOptions, request: FastifyRequest): string {
  if (publicUrl) return publicUrl.replace(/\/$/, '');
  const scheme = firstOf(request.headers['x-forwarded-proto']) ?? 'http';
  const host = firstOf(request.headers['x-forwarded-host']) ?? request.headers.host ?? 'localhost';
  return `${scheme}://${host}`;
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(',')[0]?.trim();
}

function send(
  reply: FastifyReply,
  answer: Answer,
  headers: Record<string, string> | undefined,
  requestId: string,
): FastifyReply {
  void reply.code(answer.statusCode).header('x-request-id', requestId);
  if (headers) void reply.headers(headers);
  if (answer.headers) void reply.headers(answer.headers);
  if (answer.stream) return reply.send(answer.stream);
  if (answer.body === undefined) return reply.send();
  if (typeof answer.body === 'string') return reply.send(answer.body);
  return reply.type('application/json').send(JSON.stringify(answer.body));
}

function sendError(
  options: HttpOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  error: IngotError,
): void {
  const path = request.url;
  const api = request.routeOptions.config?.api ?? apiOf(options.apis, path);
  const about = { origin: originOf(options, request), requestId: request.id, path, headers: request.headers };
  const answer = api.toError(error, about);
  const { retryAfterSeconds } = error.facts;
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  send(reply, answer, api.headers?.(about), request.id);
}

/** The API that an unknown path would have belonged to: the one that shares its first segment. */
function apiOf(apis: Api[], path: string): Api {
  const first = path.split(/[/?]/, 2)[1] ?? '';
  return apis.find((api) => api.routes.some((route) => route.path.split('/')[1] === first)) ?? apis[0]!;
}

function tooMany(message: string): IngotError {
  return new IngotError({ kind: 'too-many-requests', message, retryAfterSeconds: 1 });
}

function toIngotError(error: unknown): IngotError {
  if (error instanceof IngotError) return error;
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  const message = error instanceof Error ? error.message : String(error);
  if (statusCode === 413)
    return new IngotError({ kind: 'too-large', message: `The body is larger than ${bodyLimit} bytes.` });
  if (statusCode === 429) return tooMany(message);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return invalid(message);
  // PostgreSQL has no texts with NUL, whether in a parameter (22021) or in JSON (22P05).
  if (code === '22021' || code === '22P05') return invalid('The request contains a NUL character.');
  if (code === 'ECONNREFUSED' || code === '57P01' || code === '57P03' || code?.startsWith('08')) {
    return new IngotError(
      { kind: 'unavailable', message: 'The database is away.', retryAfterSeconds: 5 },
      { cause: error },
    );
  }
  return new IngotError({ kind: 'internal', message: 'Internal error.' }, { cause: error });
}

function parseJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  // Any type is read as JSON: clients send actions with odd or no types, and empty bodies with a JSON type.
  app.addContentTypeParser(['application/json', '*'], { parseAs: 'buffer' }, (_request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    try {
      const text = body.toString('utf8');
      done(null, JSON.parse(text, mayHideNoText.test(text) ? refuseNoText : undefined));
    } catch (error) {
      done(
        error instanceof IngotError
          ? error
          : new IngotError({
              kind: 'invalid',
              code: 'malformed',
              // What some of the parser's messages quote may be a password.
              message: `Malformed JSON: ${(error as Error).message.replace(/, ?\.*".*/s, '')}`,
            }),
      );
    }
  });
}

/** Escapes of NUL and of surrogates, which with luck are pairs. */
const mayHideNoText = /\\u(0000|d[89a-f])/i;

/** What PostgreSQL can keep in no text, nor in JSON. */
function refuseNoText(key: string, value: unknown): unknown {
  for (const text of [key, value]) {
    if (typeof text !== 'string' || (text.isWellFormed() && !text.includes('\0'))) continue;
    throw invalid('The request contains a NUL character or half of a surrogate pair.');
  }
  return value;
}

function bodyValidator(schema: TSchema) {
  const compiled = Compile(schema);
  return (body: unknown) => {
    if (compiled.Check(body)) return { value: body };
    const [first] = compiled.Errors(body);
    const field = first?.instancePath.slice(1).replaceAll('/', '.') ?? '';
    const says = first ? inWords(first) : 'is wrong';
    return { error: invalid(field ? `${field}: ${says}` : `the body ${says}`, field) };
  };
}

function inWords({ keyword, params, message }: TLocalizedValidationError): string {
  if (keyword === 'enum') return `must be one of ${params.allowedValues.join(', ')}`;
  return keyword === 'boolean' ? 'is not known here' : message;
}
