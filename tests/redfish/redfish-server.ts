/**
 * A Redfish service for tests: one BMC with one machine on one port of 127.0.0.1. It keeps the protocol's rules
 * (DSP0266) so that a driver that breaks them is caught, and shares no code with the driver.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { judgeEtag, toEtag, type EtagRule } from './etags.ts';
import { Machine, type MachineOptions } from './machine.ts';
import { refuse, type Reply } from './reply.ts';
import * as tree from './resources.ts';
import { Sessions } from './sessions.ts';
import { Tasks, type TaskRule } from './tasks.ts';

export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: tree.Json;
}

export interface RedfishServerOptions extends Partial<MachineOptions>, Partial<tree.TreeOptions> {
  port?: number;
  serial?: string;
  username?: string;
  password?: string;
  /** Added to every answer, in milliseconds. */
  latencyMs?: number;
  maxSessions?: number;
  sessionIdleMs?: number;
  etags?: EtagRule;
  /** Set: resets are answered 202 with a task monitor. */
  tasks?: TaskRule;
  tls?: { key: string; cert: string };
  /** Answers a request before the service does; for faults. Undefined: the service answers. `drop`: the line breaks. */
  fault?: (asked: Asked, server: RedfishServer) => Reply | 'drop' | undefined;
  /** Laid over the resources, by path; for other vendors' shapes. */
  overlay?: tree.Tree;
}

type Settings = Required<Omit<RedfishServerOptions, 'tls' | 'tasks' | 'fault'>> &
  Pick<RedfishServerOptions, 'tls' | 'tasks'>;

const defaults: Settings = {
  port: 0,
  serial: 'T1-0001',
  username: 'admin',
  password: 'correct horse',
  latencyMs: 0,
  maxSessions: 8,
  sessionIdleMs: 1_800_000,
  etags: 'strong',
  overlay: {},
  power: 'off',
  lagMs: 0,
  lagShows: 'old',
  authentication: 'sessions',
  allowables: 'inline',
  resetTypes: tree.allResetTypes,
  bootIn: 'system',
  vendor: 'Ingot tests',
};

export class RedfishServer {
  readonly machine: Machine;
  readonly sessions: Sessions;
  /** Every request in order of arrival, as "GET /path". */
  readonly requests: string[] = [];
  inFlight = 0;
  peakInFlight = 0;
  url = '';
  port = 0;
  /** May be set at any time. */
  fault: RedfishServerOptions['fault'];
  readonly #options: Settings;
  readonly #tasks: Tasks | null;
  #close: () => Promise<void> = async () => {};

  constructor(options: RedfishServerOptions) {
    this.#options = { ...defaults, ...options };
    this.fault = options.fault;
    this.machine = new Machine(this.#options);
    this.sessions = new Sessions(this.#options.maxSessions, this.#options.sessionIdleMs);
    this.#tasks = options.tasks ? new Tasks(options.tasks) : null;
  }

  async listen(): Promise<this> {
    const { tls, port } = this.#options;
    const handler = (request: IncomingMessage, response: ServerResponse) =>
      void this.#serve(request, response);
    const server = tls ? createHttpsServer(tls, handler) : createHttpServer(handler);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.url = `${tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
    this.#close = () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    return this;
  }

  close(): Promise<void> {
    return this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  counters() {
    const { resets, refused } = this.machine;
    return {
      power: this.machine.power(),
      resets,
      refused,
      requests: this.requests.length,
      peakInFlight: this.peakInFlight,
      sessions: this.sessions.count,
      sessionsPeak: this.sessions.peak,
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.inFlight += 1;
    this.peakInFlight = Math.max(this.peakInFlight, this.inFlight);
    const asked = await read(request);
    this.requests.push(`${asked.method} ${asked.path}`);
    if (this.#options.latencyMs > 0) await sleep(this.#options.latencyMs);
    const reply = this.fault?.(asked, this) ?? this.#answer(asked);
    this.inFlight -= 1;
    if (reply === 'drop') return void request.socket.destroy();
    const text = reply.body === undefined ? '' : JSON.stringify(reply.body);
    response.writeHead(reply.statusCode, {
      'OData-Version': '4.0',
      'Cache-Control': 'no-cache',
      'Content-Length': Buffer.byteLength(text),
      ...(text === '' ? {} : { 'Content-Type': 'application/json' }),
      ...reply.headers,
    });
    response.end(text);
  }

  #answer(asked: Asked): Reply {
    const { method, path } = asked;
    if (asked.headers['odata-version'] !== '4.0')
      return refuse(412, 'PreconditionFailed', 'OData-Version must be 4.0');
    if (path === tree.root && method === 'GET') return this.#read(path);
    const { authentication } = this.#options;
    if (authentication === 'sessions' && path === tree.sessionsPath && method === 'POST')
      return this.#logIn(asked);
    if (!this.#knows(asked.headers)) return refuse(401, 'NoValidSession', 'There is no valid session');
    if (authentication === 'sessions' && path.startsWith(`${tree.sessionsPath}/`) && method === 'DELETE') {
      const isEnded = this.sessions.end(path.slice(tree.sessionsPath.length + 1));
      return isEnded ? { statusCode: 204 } : refuse(404, 'ResourceNotFound', 'There is no such session');
    }
    if (path === tree.resetPath && method === 'POST') return this.#reset(asked);
    const task = this.#tasks?.find(path);
    if (task && method === 'GET') return task;
    if (method === 'GET') return this.#read(path);
    if (method === 'PATCH') return this.#patch(asked);
    return refuse(405, 'OperationNotAllowed', 'The method is not allowed here');
  }

  #tree(): tree.Tree {
    return { ...tree.toTree(this.machine, this.#options.serial, this.#options), ...this.#options.overlay };
  }

  #read(path: string): Reply {
    const resource = this.#tree()[path];
    if (!resource) return refuse(404, 'ResourceMissingAtURI', `There is nothing at ${path}`);
    const etag = toEtag(this.#options.etags, path, this.machine.revision);
    return { statusCode: 200, body: resource, ...(etag ? { headers: { ETag: etag } } : {}) };
  }

  #knows(headers: IncomingMessage['headers']): boolean {
    const token = headers['x-auth-token'];
    if (typeof token === 'string' && this.#options.authentication === 'sessions')
      return this.sessions.has(token);
    const expected = Buffer.from(`${this.#options.username}:${this.#options.password}`).toString('base64');
    return headers.authorization === `Basic ${expected}`; // DSP0266: every service takes Basic
  }

  #logIn({ body }: Asked): Reply {
    const isRight =
      body['UserName'] === this.#options.username && body['Password'] === this.#options.password;
    // The words repeat what was sent, as some BMCs do: a driver must not pass them on.
    if (!isRight)
      return refuse(401, 'ResourceAtUriUnauthorized', `No access with ${String(body['Password'])}`);
    const session = this.sessions.open();
    if (!session) return refuse(503, 'SessionLimitExceeded', 'All sessions are taken');
    const location = `${tree.sessionsPath}/${session.id}`;
    return {
      statusCode: 201,
      headers: { 'X-Auth-Token': session.token, Location: location },
      body: { '@odata.id': location, Id: session.id, UserName: body['UserName'] },
    };
  }

  #reset({ body }: Asked): Reply {
    const resetType = body['ResetType'];
    if (typeof resetType !== 'string') {
      return refuse(400, 'ActionParameterMissing', 'ResetType is missing');
    }
    if (!this.#options.resetTypes.includes(resetType)) {
      return refuse(400, 'ActionParameterValueNotInList', `${resetType} is not in the list`);
    }
    if (!this.machine.reset(resetType)) {
      return refuse(409, 'ActionParameterValueConflict', `${resetType} is impossible in this state`);
    }
    return this.#tasks ? this.#tasks.begin() : { statusCode: 204 };
  }

  #patch({ path, headers, body }: Asked): Reply {
    const writable = this.#options.bootIn === 'system' ? tree.system : tree.settings;
    if (!this.#tree()[path]) return refuse(404, 'ResourceMissingAtURI', `There is nothing at ${path}`);
    const { etags } = this.#options;
    const statusCode = judgeEtag(etags, toEtag(etags, path, this.machine.revision), headers['if-match']);
    if (statusCode === 428) return refuse(428, 'PreconditionRequired', 'If-Match is required');
    if (statusCode === 412) return refuse(412, 'PreconditionFailed', 'The ETag does not match');
    const boot = Object.entries((body['Boot'] ?? {}) as tree.Json);
    if (path !== writable || boot.length === 0) {
      return refuse(400, 'PropertyNotWritable', 'The property Boot is read-only');
    }
    if (boot.some(([name]) => !(name in this.machine.boot)))
      return refuse(400, 'PropertyUnknown', 'Unknown property');
    const target = boot.find(([name]) => name === 'BootSourceOverrideTarget')?.[1];
    if (target !== undefined && !tree.bootTargets.includes(target as string)) {
      return refuse(400, 'PropertyValueNotInList', 'The target is not in the list');
    }
    Object.assign(this.machine.boot, Object.fromEntries(boot));
    this.machine.revision += 1;
    return { statusCode: 200, body: this.#tree()[path] };
  }
}

export function startRedfishServer(options: RedfishServerOptions = {}): Promise<RedfishServer> {
  return new RedfishServer(options).listen();
}

async function read(request: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  const path = (request.url ?? '/').replace(/\/$/, ''); // DSP0266: both spellings name the same resource
  const body = text === '' ? {} : (JSON.parse(text) as tree.Json);
  return { method: request.method ?? 'GET', path, headers: request.headers, body };
}
