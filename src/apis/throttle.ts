/** Shedding: what comes too often, or while the program is behind anyway, is told to come again. */
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { sendError, type Front } from './answer.ts';
import { tooMany } from './failure.ts';

/** The event loop lagging by this much means that answers come late anyway. */
const mostLagMs = 2_000;
const untold = { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false };

/** Reads that clients poll are never refused: a single 429 stops some of them for a minute. */
export async function throttle(app: FastifyInstance, options: Front & { rateLimit: number }): Promise<void> {
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
      addHeaders: untold,
      addHeadersOnExceeding: untold,
    });
  }
}
