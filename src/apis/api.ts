/** The shape of every API folder: a table of routes, handlers that take a call and return an answer, a map of errors. */
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { TSchema } from 'typebox';
import type { Action } from '../core/actions.ts';
import type { IngotError } from '../core/errors.ts';
import type { Tag } from '../core/resource-tags.ts';
import type { Caller } from '../core/tenancy.ts';
import type { Actor } from '../core/work.ts';
import type { TrafficClass } from './traffic.ts';

export interface Call {
  /** Null on open routes only; `caller(call)` asserts it. */
  caller: Caller | null;
  params: Record<string, string>;
  query: Record<string, string | string[] | undefined>;
  body: unknown;
  headers: Record<string, string | string[] | undefined>;
  /** `http://host:port` as the caller sees it; for links. */
  origin: string;
  requestId: string;
  sourceIp: string;
  path: string;
  /** Whether the caller's policies allow it, beyond what the route has asked for. */
  may(action: Action): boolean;
}

export interface Answer {
  statusCode: number;
  body?: unknown;
  /** Instead of a body: sent as it comes, with a content type among `headers`. */
  stream?: Readable;
  headers?: Record<string, string>;
  /** Who the caller turned out to be, where only the handler knows (a login). For the audit trail. */
  caller?: Caller;
}

interface Described {
  /** Id of the operation in the published documentation, or a name of ours. */
  id: string;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `:name` parts. `:project_id` must be the caller's project. */
  path: string;
  summary: string;
  /**
   * Answers only where the host name begins with one of these labels: the published clouds have a host per service, and
   * at `/` that alone tells them apart. The same path without labels answers everybody else.
   */
  hosts?: readonly string[];
  body?: TSchema;
  query?: TSchema;
  /** Shape of the good answer; documentation, never a filter. */
  answer?: TSchema;
  /** The body is not read but handed on as it comes (`Call.body` is an `AsyncIterable<Uint8Array>`), whatever its size. */
  takesStream?: boolean;
  /** Reads that clients poll: never refused for being frequent. */
  isPolled?: boolean;
  /** Whether it has rows in the audit trail, where its method says wrongly: a query by POST, a GET that makes something. */
  audited?: boolean;
  /** Where `trafficOf` would not find it by itself. */
  traffic?: TrafficClass;
  handle(call: Call): Promise<Answer> | Answer;
}

/** No token is needed, or the handler asks for it by itself. */
export interface OpenRoute extends Described {
  access: 'open';
  action?: undefined;
}

/** Asks the caller's policies for an action of `core/actions.ts`. */
export interface GuardedRoute extends Described {
  access?: undefined;
  action: Action | ActionChoice;
  /**
   * Whoever is logged in may ask this about what is their own, unless it is denied. The handler asks `call.may(action)`
   * before it shows or changes more.
   */
  isOwnOpen?: boolean;
  /** Ids of the resources in the body; without it the `server_id` or `id` of the path counts. */
  targets?(call: Call): readonly string[];
  /** Tags that the call gives or takes away, for policies that ask for `g:RequestTag/KEY` and `g:TagKeys`. */
  tags?(call: Call): readonly Tag[];
}

export type Route = OpenRoute | GuardedRoute;
export type RouteFacts = Omit<OpenRoute, 'handle'> | Omit<GuardedRoute, 'handle'>;

/** Several actions behind one path. */
export interface ActionChoice {
  among: readonly [Action, ...Action[]];
  /** By the body, whose form was checked. Null where it says nothing known; the handler refuses it then. */
  of(call: Call): Action | null;
}

/** All that a route may come to. */
export function actionsOf({ action }: Pick<Route, 'action'>): readonly Action[] {
  if (action === undefined) return [];
  return typeof action === 'string' ? [action] : action.among;
}

export interface Api {
  name: string;
  title: string;
  routes: Route[];
  /** An error in this API's codes and envelope. */
  toError(error: IngotError, call: Pick<Call, 'origin' | 'requestId' | 'path'>): Answer;
  /** Headers on every answer of this API. */
  headers?(call: Pick<Call, 'requestId' | 'headers' | 'path'>): Record<string, string>;
  /** Takes connections at this path that leave HTTP for a WebSocket. */
  upgrades?: {
    path: string;
    accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  };
  /** Called once when the server begins to stop: ends the streams, which would hold it up. */
  close?(): void;
}

export function callerOf(call: Call): Caller {
  if (!call.caller) throw new Error('an open route asked who is calling');
  return call.caller;
}

/** Who changes something, and with which request: kept with the job and in the history. */
export function actorOf(call: Call): Actor {
  return { userId: callerOf(call).user.id, requestId: call.requestId };
}

/** The project of the path, which http.ts has compared with the caller's. */
export function projectOf(call: Call): string {
  return call.params['project_id']!;
}

export function ok(body: unknown, statusCode = 200): Answer {
  return { statusCode, body };
}

/** A query parameter that may be given once; of several the last one counts. */
export function single(call: Call, name: string): string | undefined {
  const value = call.query[name];
  return Array.isArray(value) ? value.at(-1) : value;
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** Ids are UUIDs inside; anything else cannot exist and need not be looked for. */
export function isId(text: string): boolean {
  return uuid.test(text);
}

/** 32 hex digits, as jobs, projects and users have them on the wire. */
export function toHex(id: string): string {
  return id.replaceAll('-', '');
}
