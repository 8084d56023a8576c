/** Shedding: what comes too often, or while the program is behind anyway, is told to come again. */
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendError, type Front } from './answer.ts';
import type { Route } from './api.ts';
import { tooMany } from './failure.ts';
import { sourceIpOf } from './source.ts';
import { trafficClasses, trafficOf, type Limits, type TrafficClass } from './traffic.ts';
import { createTurns, type Turns } from './turns.ts';

export interface ThrottleOptions extends Front {
  limits: Limits;
  /** Lag of the event loop, in milliseconds, from which on reads are shed. */
  shedLagMs: number;
}

/** Far more than that and the last of them would wait longer than clients do. */
const mostWaiting = 1_000;
const untold = { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false };
const overloaded = () => tooMany('The service is overloaded, please try again later.');

export async function throttle(app: FastifyInstance, options: ThrottleOptions): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: options.shedLagMs,
    pressureHandler(request, reply, _type, lagMs) {
      const route = request.routeOptions.config.ingot;
      if (route && Number(lagMs) < trafficClasses[trafficOf(route)].shedsAtLag * options.shedLagMs) return;
      sendError(options, request, reply, overloaded());
    },
  });
  await app.register(rateLimit, {
    max: (request) => limitOf(options.limits, request),
    timeWindow: 1_000,
    hook: 'preHandler',
    keyGenerator: toKey,
    allowList: (request) => limitOf(options.limits, request) === 0,
    errorResponseBuilder: () => tooMany('The throttling threshold has been reached.'),
    addHeaders: untold,
    addHeadersOnExceeding: untold,
  });
}

function limitOf(limits: Limits, request: FastifyRequest): number {
  const route = request.routeOptions.config.ingot;
  const limit = route ? trafficClasses[trafficOf(route)].limit : 'reads';
  return limit === null ? 0 : limits[limit];
}

/** Each project its own count of each class; before a login there is only the address. */
function toKey(request: FastifyRequest): string {
  const route = request.routeOptions.config.ingot;
  const who = request.caller?.project?.id ?? sourceIpOf(request);
  return `${route ? trafficOf(route) : 'none'} ${who}`;
}

/** Lets the calls of each class in, as many at once as the class has places. */
export function createDoorkeeper(): (route: Route) => Turns {
  const turns = new Map<TrafficClass, Turns>();
  for (const name of Object.keys(trafficClasses) as TrafficClass[]) {
    turns.set(name, createTurns(trafficClasses[name].atOnce, mostWaiting, overloaded));
  }
  return (route) => turns.get(trafficOf(route))!;
}
