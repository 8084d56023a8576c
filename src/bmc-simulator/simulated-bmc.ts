/**
 * One simulated BMC: it keeps the protocol's rules (DSP0266) so that a driver that breaks them is caught, has the habits
 * that its settings give it, and shares no code with the driver. It knows nothing of sockets: it is asked, and answers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Access } from './access.ts';
import { disguise } from './appearance.ts';
import { changeBoot } from './boot-rules.ts';
import { makeChance } from './chance.ts';
import { judgeEtag, toEtag } from './etags.ts';
import type { Machine } from './machine.ts';
import { ejectMedia, insertMedia, patchMedia } from './media-rules.ts';
import { metadata, odata } from './metadata.ts';
import { refuse, type Asked, type Json, type Reply } from './reply.ts';
import { driveOf } from './resources/bmc-itself.ts';
import { accountPath, root, sessionsPath, toPaths, type Paths } from './resources/paths.ts';
import { toSession } from './resources/root-services.ts';
import type { Resource, View } from './resources/draft.ts';
import { toTree } from './resources/tree.ts';
import type { Sessions } from './sessions.ts';
import type { BmcSettings } from './settings.ts';
import { Tasks } from './tasks.ts';
import { Traffic } from './traffic.ts';

/** `drop`: the line breaks without an answer. */
export type Answer = Reply | 'drop';

export type Fault = Answer | undefined;

export interface SimulatedBmcOptions {
  settings: BmcSettings;
  machine: Machine;
  username: string;
  password: string;
  /** Of the chance in its habits. */
  seed: number;
  /** Laid over the resources, by path; for other shapes. */
  overlay: Record<string, Json | Resource>;
  /** There is nothing but the overlay, sessions and accounts. */
  isRecorded?: boolean;
  /** Where things stand, if not where the settings say. */
  paths?: Partial<Paths>;
  /** Keep every request in `requests`; a fleet only counts. */
  keepsRequests: boolean;
}

export class SimulatedBmc {
  readonly settings: BmcSettings;
  readonly access: Access;
  readonly traffic: Traffic;
  /** Every request in order of arrival, as "GET /path". */
  readonly requests: string[] = [];
  /** Connections are accepted and never served. */
  isSilent = false;
  /** Answers a request before the BMC does; for faults in tests. Undefined: the BMC answers, as soon as that is said. */
  fault: ((asked: Asked) => Fault | Promise<Fault>) | undefined;
  readonly #machine: Machine;
  readonly #options: SimulatedBmcOptions;
  readonly #paths: Paths;
  readonly #tasks: Tasks | null;
  readonly #drive: string;
  readonly #readCollections = new Set<string>();
  #lastResetAt = -Infinity;
  #awayUntil = 0;

  constructor(options: SimulatedBmcOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.#machine = options.machine;
    this.access = new Access(options.settings, options.username, options.password);
    this.traffic = new Traffic(options.settings, makeChance(options.seed));
    this.#paths = { ...toPaths(options.settings), ...options.paths };
    this.#tasks = options.settings.tasks ? new Tasks(options.settings.tasks) : null;
    this.#drive = driveOf(options.settings.mediaSlots, this.#paths.media);
  }

  get sessions(): Sessions {
    return this.access.sessions;
  }

  /** What it was told and how it was treated. Violations: what a gentle client never does. */
  counters() {
    const { traffic, sessions, access } = this;
    return {
      power: this.#machine.reported(),
      requests: traffic.requests,
      peakInFlight: traffic.peakInFlight,
      logins: sessions.logins,
      sessions: sessions.count,
      sessionsPeak: sessions.peak,
      refusedLogins: access.refusedLogins,
      lockouts: access.lockouts,
      violations: {
        sessions: sessions.turnedAway,
        inFlight: traffic.tooManyAtOnce,
        rate: traffic.tooFast,
      },
    };
  }

  async answer(asked: Asked): Promise<Answer> {
    if (this.#options.keepsRequests) this.requests.push(`${asked.method} ${asked.path}`);
    const refusal = this.traffic.begin();
    try {
      if (Date.now() < this.#awayUntil) return 'drop';
      const latencyMs = this.traffic.latencyMs();
      if (latencyMs > 0) await sleep(latencyMs);
      const fault = await this.fault?.(asked);
      if (fault !== undefined) return fault;
      const reply = refusal ?? this.traffic.mishap(asked) ?? (await this.#answer(asked));
      return reply === 'drop' ? reply : disguise(reply, this.settings);
    } finally {
      this.traffic.end();
    }
  }

  async #answer(asked: Asked): Promise<Reply> {
    const { method, path, url, headers } = asked;
    const { settings, access } = this;
    const version = headers['odata-version'];
    if (version !== undefined && version !== '4.0') {
      return refuse(412, 'PreconditionFailed', 'OData-Version must be 4.0');
    }
    if (settings.refusesIdentity && /^identity$/i.test(String(headers['accept-encoding'] ?? ''))) {
      return refuse(406, 'HeaderInvalid', 'Identity is no encoding here');
    }
    const moved = this.#redirect(asked);
    if (moved) return moved;
    const isRead = method === 'GET' || method === 'HEAD';
    const open = isRead ? openDocument(path) : null;
    if (open) return open;
    if (this.traffic.forgetsSessions()) access.sessions.forgetAll();
    const isKnown = access.knows(headers);
    if (isRead && unknownQuery.test(url))
      return refuse(501, 'QueryNotSupported', 'Queries are not supported');
    if (path === root && isRead) return this.#read(path, isKnown);
    const hasSessions = settings.authentication === 'sessions';
    if (hasSessions && method === 'POST' && isLogin.test(path)) {
      return asked.isMalformed ? malformed() : access.logIn(asked);
    }
    if (!isKnown) {
      return refuse(401, 'NoValidSession', 'There is no valid session', {
        'WWW-Authenticate': 'Basic realm="BMC"',
      });
    }
    const demand = access.demandNewPassword(asked);
    if (demand) return demand;
    if (hasSessions && path.startsWith(`${sessionsPath}/`)) return this.#session(asked);
    if (isRead) return this.#tasks?.find(path) ?? this.#read(path, isKnown);
    if (asked.isMalformed) return malformed();
    if (method === 'POST') return this.#act(asked);
    if (method === 'PATCH') return this.#patch(asked);
    return this.#notAllowed(path);
  }

  #redirect({ method, path, url }: Asked): Reply | null {
    const { redirects } = this.settings;
    const isAsked =
      redirects === 'slash'
        ? method === 'GET' && !url.endsWith('/') && !url.includes('?')
        : redirects === 'actions' && method === 'POST' && path !== sessionsPath && !url.includes('?');
    if (!isAsked) return null;
    return { statusCode: 308, headers: { Location: redirects === 'slash' ? `${path}/` : `${path}?moved` } };
  }

  /** A session by its path: read or ended. */
  #session({ method, path }: Asked): Reply {
    const id = path.slice(sessionsPath.length + 1);
    const session = this.sessions.list().find((one) => one.id === id);
    if (!session) return refuse(404, 'ResourceNotFound', 'There is no such session');
    if (method === 'GET') return { statusCode: 200, body: toSession(id, session.username) };
    if (method !== 'DELETE') return this.#notAllowed(path);
    this.sessions.end(id);
    return { statusCode: 204 };
  }

  #resource(path: string, isKnown = true): Json | undefined {
    const { settings, access } = this;
    const machine = this.#machine;
    const view: View = { settings, machine, sessions: access.sessions, username: access.username, isKnown };
    const given = this.#options.overlay[path];
    if (given) return typeof given === 'function' ? given(view) : given;
    if (this.#options.isRecorded && !ownServices.test(path)) return undefined;
    return toTree(settings, machine).get(path)?.(view);
  }

  #read(path: string, isKnown: boolean): Reply {
    const body = this.#isHidden(path) ? undefined : this.#resource(path, isKnown);
    if (!body) return refuse(404, 'ResourceMissingAtURI', `There is nothing at ${path}`);
    const etag = toEtag(this.settings.etags, path, this.#machine.revision);
    const type = /^#(\w+)/.exec(String(body['@odata.type']))?.[1];
    return {
      statusCode: 200,
      body,
      headers: {
        Allow: this.#methods(path),
        ...(type ? { Link: `<http://redfish.dmtf.org/schemas/v1/${type}.json>; rel=describedby` } : {}),
        ...(etag ? { ETag: etag } : {}),
      },
    };
  }

  /** With lazy members, a member of the inner collections is not there before its collection was read. */
  #isHidden(path: string): boolean {
    if (!this.settings.lazyMembers) return false;
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (this.#resource(path)?.['Members']) this.#readCollections.add(path);
    const isInner = parent.split('/').length > 4 && this.#resource(parent)?.['Members'] !== undefined;
    return isInner && !this.#readCollections.has(parent);
  }

  #act(asked: Asked): Reply | Promise<Reply> {
    const { path, body, hasBody } = asked;
    const { settings } = this;
    if (path === this.#paths.reset) return this.#reset(body);
    if (path === this.#paths.managerReset) return this.#resetBmc(body);
    if (settings.mediaBy === 'action' && path.startsWith(`${this.#paths.media}/`)) {
      const [drive, action] = path.split(/\/Actions\/\w+\./);
      if (action !== undefined && drive !== this.#drive) {
        return refuse(400, 'ActionNotSupported', 'This drive takes no such image');
      }
      if (action === 'InsertMedia') return insertMedia(settings, this.#machine, body);
      if (action === 'EjectMedia') return ejectMedia(settings, this.#machine, hasBody);
    }
    return this.#notAllowed(path);
  }

  async #reset(body: Json): Promise<Reply> {
    const { settings } = this;
    const resetType = body['ResetType'];
    if (typeof resetType !== 'string') {
      return refuse(400, 'ActionParameterMissing', 'ResetType is missing');
    }
    if (!settings.resetTypes.includes(resetType)) {
      return refuse(400, 'ActionParameterValueNotInList', `${resetType} is not in the list`);
    }
    if (Date.now() < this.#lastResetAt + settings.coolDownMs) {
      return refuse(409, 'ActionParameterValueConflict', 'The last reset was only just now');
    }
    if (!(await this.#machine.reset(resetType))) {
      if (settings.alreadyThere === 204) return { statusCode: 204 };
      const words = `${resetType} is impossible in this state`;
      return refuse(settings.alreadyThere, 'ActionParameterValueConflict', words);
    }
    this.#lastResetAt = Date.now();
    return this.#tasks ? this.#tasks.begin() : { statusCode: 204 };
  }

  #resetBmc({ ResetType }: Json): Reply {
    const { managerResetTypes, awayMs } = this.settings;
    if (!managerResetTypes.includes(ResetType as string)) {
      return refuse(400, 'ActionParameterValueNotInList', 'ResetType is not in the list');
    }
    this.sessions.forgetAll();
    this.#awayUntil = Date.now() + awayMs;
    return { statusCode: 204 };
  }

  async #patch({ path, headers, body }: Asked): Promise<Reply> {
    if (!this.#resource(path)) return refuse(404, 'ResourceMissingAtURI', `There is nothing at ${path}`);
    if (!this.#methods(path).includes('PATCH')) return this.#notAllowed(path);
    const { etags } = this.settings;
    const statusCode = judgeEtag(etags, toEtag(etags, path, this.#machine.revision), headers['if-match']);
    if (statusCode === 428) return refuse(428, 'PreconditionRequired', 'If-Match is required');
    if (statusCode === 412) return refuse(412, 'PreconditionFailed', 'The ETag does not match');
    if (path === accountPath && 'Password' in body) return this.access.changePassword(body['Password']);
    if (path === this.#drive && this.settings.mediaBy === 'patch') return patchMedia(this.#machine, body);
    return this.#patchBoot(path, body);
  }

  #patchBoot(path: string, body: Json): Reply {
    const { system, settings } = this.#paths;
    const writable = this.settings.bootIn === 'system' ? system : settings;
    const boot = body['Boot'];
    const isBoot = typeof boot === 'object' && boot !== null && Object.keys(boot).length > 0;
    const other = Object.keys(body).find((name) => name !== 'Boot');
    if (other !== undefined || !isBoot) {
      return refuse(400, 'PropertyNotWritable', `The property ${other ?? 'Boot'} is read-only`);
    }
    if (path !== writable) return refuse(400, 'PropertyNotWritable', 'The property Boot is read-only');
    const refusal = changeBoot(this.settings, this.#machine, boot as Json);
    return refusal ?? { statusCode: 200, body: this.#resource(path) };
  }

  #notAllowed(path: string): Reply {
    const isAction = [this.#paths.reset, this.#paths.managerReset].includes(path);
    if (!isAction && !this.#resource(path)) {
      return refuse(404, 'ResourceMissingAtURI', `There is nothing at ${path}`);
    }
    const methods = isAction ? 'POST' : this.#methods(path);
    return refuse(405, 'OperationNotAllowed', 'The method is not allowed here', { Allow: methods });
  }

  /** What can be done to a resource. */
  #methods(path: string): string {
    const { system, settings } = this.#paths;
    const isDrive = path === this.#drive && this.settings.mediaBy === 'patch';
    const isWritable = [system, settings, accountPath].includes(path) || isDrive;
    return [
      'GET',
      'HEAD',
      ...(isWritable ? ['PATCH'] : []),
      ...(path === sessionsPath ? ['POST'] : []),
    ].join();
  }
}

/** What a replayed BMC does itself. */
const ownServices = /^\/redfish\/v1\/(SessionService|AccountService)/;
/** DSP0266 "POST (create)": a POST to the Members of a collection is one to the collection. */
const isLogin = new RegExp(`^${sessionsPath}(/Members)?$`);
/** DSP0266 "Query parameters": a parameter with a dollar that is not supported is answered 501. */
const unknownQuery = /[?&]\$/;

function malformed(): Reply {
  return refuse(400, 'MalformedJSON', 'The body is no JSON object');
}

/** What DSP0266 lets everybody read besides the root. */
function openDocument(path: string): Reply | null {
  if (path === '/redfish') return { statusCode: 200, body: { v1: `${root}/` } };
  if (path === `${root}/odata`) return { statusCode: 200, body: odata };
  if (path === `${root}/$metadata`) {
    return { statusCode: 200, text: { type: 'application/xml', content: metadata } };
  }
  return null;
}
