/**
 * The one way in for every API: Fastify parses, this file finds out who calls, checks project and body, and turns what
 * the handler returns or throws into an answer of that API. Handlers know neither Fastify nor HTTP headers of ours.
 */
import { randomUUID } from 'node:crypto';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { TSchema } from 'typebox';
import type { AuditEntry } from '../core/audit.ts';
import type { Action } from '../core/actions.ts';
import { IngotError } from '../core/errors.ts';
import type { Caller } from '../core/tenancy.ts';
import { originOf, send, sendError } from './answer.ts';
import type { Api, Call, Route } from './api.ts';
import { createAuditClerk, isAudited, type Outcome } from './audit.ts';
import { isSigned, type Auth } from './auth.ts';
import {
  bodyValidator,
  keepBytes,
  limitBodyTime,
  parseJson,
  passBytes,
  signedBodyLimit,
  toStream,
} from './body.ts';
import { tooSlow, toIngotError } from './failure.ts';
import { endAtStop } from './farewell.ts';
import { describe } from './openapi.ts';
import { answerFailures, refuseUnreadable } from './refusals.ts';
import { sourceIpOf } from './source.ts';
import { createDoorkeeper, throttle, type ThrottleOptions } from './throttle.ts';
import type { Turns } from './turns.ts';
import { createUpgradeRule, takeUpgrades } from './upgrades.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
    /** What policies are asked for; null while the body has not said it, and on open routes. */
    action: Action | null;
    outcome: Outcome | null;
    isAudited: boolean;
  }
  interface FastifyContextConfig {
    api?: Api;
    ingot?: Route;
  }
}

export interface HttpOptions extends ThrottleOptions {
  auth: Auth;
  /** Comes back when the row of the audit trail is durable. */
  record: (entry: AuditEntry) => Promise<void>;
  logger: Logger;
  /** Addresses and networks whose word is taken for where a request comes from (X-Forwarded-For). */
  trustedProxies: string[];
  /** How long the head, and then the body, of a request may take. */
  bodySeconds: number;
  /** Told of each answer that was sent, streams excepted. `route` is a pattern, so that there are few. */
  onAnswer?: (answer: { method: string; route: string; statusCode: number; seconds: number }) => void;
}

const eventStream = 'text/event-stream';

/** Instead of Ajv and its companion, which then need not be loaded; Fastify's types know no others. */
const compilersFactory: object = {
  buildValidator: () => (part: { schema: TSchema; httpPart?: string }) =>
    part.httpPart === 'body' ? bodyValidator(part.schema) : () => true,
  // Schemas document answers; they never drop a field that a handler gave.
  buildSerializer: () => () => (data: unknown) => JSON.stringify(data),
};

export async function createHttp(options: HttpOptions): Promise<FastifyInstance> {
  const { apis, logger } = options;
  const loggerInstance: FastifyBaseLogger = logger;
  const app: FastifyInstance = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: signedBodyLimit,
    trustProxy: options.trustedProxies.length > 0 ? options.trustedProxies : false,
    genReqId: () => randomUUID().replaceAll('-', ''),
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    schemaController: { compilersFactory },
    forceCloseConnections: 'idle',
    // As to the head; the body has a limit of its own, which knows the route and so the API's words.
    http: {
      headersTimeout: options.bodySeconds * 1_000,
      connectionsCheckingInterval: Math.min(30_000, options.bodySeconds * 500),
      shouldUpgradeCallback: createUpgradeRule(apis),
    },
    // A path that cannot be decoded, or has an endless parameter.
    frameworkErrors: (error, request, reply) => {
      sendError(options, request, reply, toIngotError(error, signedBodyLimit));
    },
    clientErrorHandler: refuseUnreadable(apis),
  });

  keepBytes(app);
  limitBodyTime(app, options.bodySeconds, (request, reply) => {
    // The rest of the body, should it come, is nobody's request.
    void reply.header('connection', 'close');
    sendError(options, request, reply, tooSlow(options.bodySeconds));
  });
  app.decorateRequest('caller', null);
  app.decorateRequest('action', null);
  app.decorateRequest('outcome', null);
  app.decorateRequest('isAudited', false);

  await describe(app);
  await throttle(app, options);

  answerFailures(app, options);
  reportAnswers(app, options);
  const watchUpload = endAtStop(app, apis);
  takeUpgrades(app.server, apis);

  const turnsOf = createDoorkeeper();
  const clerk = createAuditClerk(options.record);
  const mountAll = (place: FastifyInstance, which: (route: Route) => boolean) => {
    for (const api of apis) {
      for (const route of api.routes.filter(which)) {
        mount(place, options, api, route, { turns: turnsOf(route), clerk });
      }
    }
  };
  mountAll(app, (route) => !route.takesStream);
  await app.register(async (scope: FastifyInstance) => {
    passBytes(scope);
    scope.addHook('onRequest', async ({ raw }) => watchUpload(raw));
    mountAll(scope, (route) => Boolean(route.takesStream));
  });
  return app;
}

/** A line of the log for each answer, and what the metrics count. */
function reportAnswers(app: FastifyInstance, { logger, onAnswer }: HttpOptions): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const { statusCode, elapsedTime: ms } = reply;
    const project = request.caller?.project?.id;
    // The pattern, not the path: what a caller writes into a path or a query is not for the log.
    logger.info(
      { requestId: request.id, method, route, statusCode, ms, project, ip: sourceIpOf(request) },
      'answered',
    );
    if (reply.getHeader('content-type') === eventStream) return;
    onAnswer?.({ method, route, statusCode, seconds: ms / 1_000 });
  });
}

interface Hands {
  turns: Turns;
  clerk: ReturnType<typeof createAuditClerk>;
}

function mount(
  app: FastifyInstance,
  options: HttpOptions,
  api: Api,
  route: Route,
  { turns, clerk }: Hands,
): void {
  const { auth } = options;
  const admit = async (request: FastifyRequest) => {
    if (route.access === 'open') return;
    const caller = await findCaller(auth, request);
    request.caller = caller;
    checkProject(caller, request);
    request.action = typeof route.action === 'string' ? route.action : null;
    await auth.admit(toCall(options, request), route);
  };
  app.route({
    method: route.method,
    url: route.path,
    config: { api, ingot: route },
    ...(route.hosts && { constraints: { host: new RegExp(`^(${route.hosts.join('|')})\\.`, 'i') } }),
    schema: {
      // OpenAPI has a path once; the document shown is the one without a host of its own.
      hide: route.hosts !== undefined,
      summary: route.summary,
      operationId: `${api.name}.${route.id}`,
      tags: [api.title],
      ...(route.body ? { body: route.body } : {}),
      ...(route.query ? { querystring: route.query } : {}),
      ...(route.answer ? { response: { '2xx': route.answer } } : {}),
    },
    // A signature covers the body, so that it can be checked only when all of it is there.
    async onRequest(request) {
      if (!isSigned(request.headers)) await admit(request);
    },
    async preValidation(request) {
      if (isSigned(request.headers)) await admit(request);
      if (route.takesStream) request.body = toStream(request.body);
      else request.body = route.method === 'GET' ? undefined : parseJson(request.body as Buffer | undefined);
    },
    ...(isAudited(route) && {
      async onSend(request: FastifyRequest, reply: FastifyReply) {
        // Once, also when the row could not be written: then the answer is that failure.
        if (request.isAudited) return;
        request.isAudited = true;
        const row = clerk(api, route, request, reply);
        await (reply.statusCode < 400
          ? row
          : row.catch((error: unknown) => tellLost(options, request, error)));
      },
    }),
    async handler(request, reply) {
      const call = toCall(options, request);
      if (route.access !== 'open') {
        request.action = typeof route.action === 'string' ? route.action : route.action.of(call);
        await auth.authorize(call, route, request.action);
      }
      const answer = await turns
        .take(() => route.handle(call))
        .finally(() => {
          // Clients read the answer when they have sent everything.
          if (route.takesStream) request.raw.resume();
        });
      return send(reply, answer, api.headers?.(call), call.requestId);
    },
  });
}

/** The row of a refusal: nothing was done, and the caller is better served by the refusal than by the failure. */
function tellLost({ logger }: HttpOptions, { id }: FastifyRequest, error: unknown): void {
  logger.error({ err: error, requestId: id }, 'a refusal is missing in the audit trail');
}

function findCaller(auth: Auth, request: FastifyRequest): Promise<Caller> {
  const { headers, raw, method, url } = request;
  if (!isSigned(headers)) return auth.authenticate(headers);
  const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
  const { project_id: pathProject } = request.params as Record<string, string>;
  const at = { headers, pathProject, sourceIp: sourceIpOf(request) };
  return auth.verify({ method, url, rawHeaders: raw.rawHeaders, body }, at);
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
  const call: Call = {
    caller: request.caller,
    params: request.params as Record<string, string>,
    query: request.query as Record<string, string>,
    body: request.body,
    headers: request.headers,
    origin: originOf(options, request),
    requestId: request.id,
    sourceIp: sourceIpOf(request),
    path: request.url,
    may: (action) => options.auth.may(call, action),
  };
  return call;
}
