/**
 * The Redfish face of a machine's BMC: HTTPS on port 443 of the BMC's own address, with a certificate that it signed
 * itself. The protocol's rules (DSP0266: sessions, ETags, errors) are those of the simulated BMCs (src/bmc-simulator); here
 * commands reach a QEMU machine.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeCertificate } from '../../../src/bmc-simulator/certificate.ts';
import { judgeEtag } from '../../../src/bmc-simulator/etags.ts';
import { refuse, type Reply } from '../../../src/bmc-simulator/reply.ts';
import { Sessions } from '../../../src/bmc-simulator/sessions.ts';
import { Impossible, type Machine } from '../../machine/machine.ts';
import type { BmcAccount } from '../ipmi-bmc.ts';
import { EventLog } from './event-log.ts';
import * as tree from './resources.ts';
import { actions, bootTargets, resetTypes, type Json, type ResetType } from './resources.ts';

/** How long the BMC is away when it is reset. Real ones take minutes. */
const managerResetMs = 3_000;
const mostSessions = 16;
const sessionIdleMs = 1_800_000;
const mostBodyBytes = 64 * 1024;

interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Json;
}

export class RedfishBmc {
  readonly #machine: Machine;
  readonly #address: string;
  readonly #account: BmcAccount;
  readonly #sessions = new Sessions(mostSessions, sessionIdleMs);
  readonly #log: EventLog;
  readonly #server: Server;
  #image: string | null = null;
  #thawed: PromiseWithResolvers<void> | null = null;
  #isClosed = false;

  constructor(machine: Machine, address: string, account: BmcAccount) {
    this.#machine = machine;
    this.#address = address;
    this.#account = account;
    this.#log = new EventLog(machine);
    const { key, cert } = makeCertificate(`bmc-${machine.hardware.name}`);
    this.#server = createServer({ key, cert }, (request, response) => void this.#serve(request, response));
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(443, this.#address, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Takes connections, but does not answer. */
  freeze(): void {
    this.#thawed ??= Promise.withResolvers();
  }

  thaw(): void {
    this.#thawed?.resolve();
    this.#thawed = null;
  }

  close(): void {
    this.#isClosed = true;
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.#reply(request);
    await this.#thawed?.promise;
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

  async #reply(request: IncomingMessage): Promise<Reply> {
    try {
      return await this.#answer(await read(request));
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof SyntaxError)
        return refuse(400, 'MalformedJSON', 'The request body is no JSON object');
      if (error instanceof Impossible) return refuse(409, 'ActionParameterValueConflict', message);
      this.#log.add('Warning', `A request failed: ${message}`);
      return refuse(500, 'InternalError', message);
    }
  }

  async #answer(asked: Asked): Promise<Reply> {
    const { method, path, headers } = asked;
    const version = headers['odata-version'];
    if (version !== undefined && version !== '4.0')
      return refuse(412, 'PreconditionFailed', 'OData-Version must be 4.0');
    if (method === 'GET' && path === '/redfish') return { statusCode: 200, body: { v1: `${tree.root}/` } };
    if (method === 'GET' && path === tree.root) return this.#read(asked);
    if (method === 'POST' && path === tree.sessions) return this.#logIn(asked);
    if (!this.#knows(headers)) return refuse(401, 'NoValidSession', 'There is no valid session');
    if (method === 'DELETE' && path.startsWith(`${tree.sessions}/`)) {
      const isEnded = this.#sessions.end(path.slice(tree.sessions.length + 1));
      return isEnded ? { statusCode: 204 } : refuse(404, 'ResourceMissingAtURI', 'There is no such session');
    }
    if (method === 'GET') return this.#read(asked);
    if (method === 'PATCH') return this.#patch(asked);
    if (method === 'POST') return this.#act(asked);
    return refuse(405, 'OperationNotAllowed', 'The method is not allowed here');
  }

  #tree(): tree.Tree {
    return tree.toTree(this.#machine, { address: this.#address, log: this.#log, image: this.#image });
  }

  #read({ path, headers }: Asked): Reply {
    const resource = path === tree.sessions ? { '@odata.id': path, Members: [] } : this.#tree()[path];
    if (!resource) return refuse(404, 'ResourceMissingAtURI', `There is nothing at ${path}`);
    const etag = toEtag(resource);
    if (headers['if-none-match'] === etag) return { statusCode: 304, headers: { ETag: etag } };
    return { statusCode: 200, body: resource, headers: { ETag: etag } };
  }

  /** By token, or Basic, which every service takes (DSP0266). */
  #knows(headers: IncomingMessage['headers']): boolean {
    const token = headers['x-auth-token'];
    if (typeof token === 'string') return this.#sessions.has(token);
    const { username, password } = this.#account;
    return headers.authorization === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  #logIn({ body }: Asked): Reply {
    const { username, password } = this.#account;
    if (body['UserName'] !== username || body['Password'] !== password)
      return refuse(401, 'ResourceAtUriUnauthorized', 'The user name or the password is wrong');
    const session = this.#sessions.open();
    if (!session) return refuse(503, 'SessionLimitExceeded', 'All sessions are taken');
    const path = `${tree.sessions}/${session.id}`;
    return {
      statusCode: 201,
      headers: { 'X-Auth-Token': session.token, Location: path },
      body: {
        '@odata.id': path,
        '@odata.type': '#Session.v1_6_0.Session',
        Id: session.id,
        Name: 'User Session',
        UserName: username,
      },
    };
  }

  #patch({ path, headers, body }: Asked): Reply {
    const resource = this.#tree()[path];
    if (!resource) return refuse(404, 'ResourceMissingAtURI', `There is nothing at ${path}`);
    if (judgeEtag('strong', toEtag(resource), headers['if-match']) === 412)
      return refuse(412, 'PreconditionFailed', 'The ETag does not match');
    if (path !== tree.system) return refuse(405, 'OperationNotAllowed', 'Nothing here can be changed');
    const { Boot: boot, LocationIndicatorActive: lamp, ...rest } = body;
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined)
      return refuse(400, 'PropertyNotWritable', `The property ${unknown} is read-only`);
    if (typeof lamp === 'boolean') this.#machine.isLampLit = lamp;
    const refusal = boot === undefined ? null : this.#setBoot(boot as Json);
    return refusal ?? { statusCode: 200, body: this.#tree()[path] };
  }

  /** What is left out stays as it is; a target without Enabled is for once. */
  #setBoot(boot: Json): Reply | null {
    const { override, hardware } = this.#machine;
    const shown = this.#tree()[tree.system]!['Boot'] as Json;
    const unknown = Object.keys(boot).find((name) => !(name in shown));
    if (unknown !== undefined) return refuse(400, 'PropertyUnknown', `There is no property ${unknown}`);
    const mode = boot['BootSourceOverrideMode'] ?? shown['BootSourceOverrideMode'];
    if (mode !== shown['BootSourceOverrideMode'])
      return refuse(400, 'PropertyValueNotInList', `The firmware of this machine is ${hardware.firmware}`);
    const target = (boot['BootSourceOverrideTarget'] ?? shown['BootSourceOverrideTarget']) as string;
    const device = bootTargets[target];
    if (device === undefined)
      return refuse(400, 'PropertyValueNotInList', `The target ${target} is not in the list`);
    const enabled =
      boot['BootSourceOverrideEnabled'] ?? (override === null ? 'Once' : shown['BootSourceOverrideEnabled']);
    if (!['Disabled', 'Once', 'Continuous'].includes(enabled as string))
      return refuse(400, 'PropertyValueNotInList', 'BootSourceOverrideEnabled is not in the list');
    const isOff = enabled === 'Disabled' || device === null;
    this.#machine.setOverride(isOff ? null : { device, once: enabled === 'Once' });
    return null;
  }

  async #act({ path, body }: Asked): Promise<Reply> {
    switch (path) {
      case actions.resetSystem:
        return this.#resetSystem(body);
      case actions.insertMedia:
        return this.#insert(body);
      case actions.ejectMedia:
        this.#image = null;
        await this.#machine.setMedium(null);
        return { statusCode: 204 };
      case actions.clearLog:
        this.#log.clear();
        return { statusCode: 204 };
      case actions.resetManager:
        setImmediate(() => this.#restart());
        return { statusCode: 204 };
      default:
        return refuse(404, 'ResourceMissingAtURI', `There is no action ${path}`);
    }
  }

  async #resetSystem({ ResetType: type }: Json): Promise<Reply> {
    if (type === undefined) return refuse(400, 'ActionParameterMissing', 'ResetType is missing');
    if (!resetTypes.includes(type as ResetType))
      return refuse(400, 'ActionParameterValueNotInList', `${JSON.stringify(type)} is not in the list`);
    const isOn = this.#machine.power === 'on';
    switch (type as ResetType) {
      case 'On':
        if (isOn) throw new Impossible('The system is on');
        await this.#machine.powerOn();
        break;
      case 'ForceOff':
        if (!isOn) throw new Impossible('The system is off');
        await this.#machine.powerOff();
        break;
      case 'ForceRestart':
      case 'PowerCycle':
        await this.#machine.reset();
        break;
      case 'GracefulShutdown':
        await this.#machine.pressPowerButton();
        break;
      case 'PushPowerButton':
        if (isOn) await this.#machine.pressPowerButton();
        else await this.#machine.powerOn();
    }
    return { statusCode: 204 };
  }

  /** Fetched whole before the answer; a real BMC reads it over the network block by block. */
  async #insert({ Image: image }: Json): Promise<Reply> {
    if (typeof image !== 'string') return refuse(400, 'ActionParameterMissing', 'Image is missing');
    if (!/^https?:\/\//.test(image))
      return refuse(400, 'ActionParameterValueFormatError', 'Image must be an http or https URL');
    if (this.#image !== null) throw new Impossible('There is a medium in the drive');
    const response = await fetch(image).catch(() => null);
    if (!response?.ok || !response.body)
      return refuse(400, 'ResourceAtUriInUnknownFormat', `${image} cannot be read`);
    const file = join(this.#machine.hardware.folder, 'medium.iso');
    await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
    await this.#machine.setMedium(file);
    this.#image = image;
    return { statusCode: 204 };
  }

  /** The machine goes on; sessions are forgotten, and for a while nobody answers. */
  #restart(): void {
    this.#log.add('OK', 'The BMC was reset.');
    this.#sessions.forgetAll();
    this.#server.close();
    this.#server.closeAllConnections();
    setTimeout(() => this.#isClosed || void this.listen(), managerResetMs).unref();
  }
}

/** The time of day is in the manager's body, so its tag changes by itself; nothing there can be changed anyway. */
function toEtag(resource: Json): string {
  return `"${createHash('sha256').update(JSON.stringify(resource)).digest('hex').slice(0, 16)}"`;
}

async function read(request: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > mostBodyBytes) throw new SyntaxError('too long');
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString();
  // DSP0266: both spellings name the same resource; query options are ours to ignore.
  const path = (request.url ?? '/').replace(/\?.*$/, '').replace(/(.)\/$/, '$1');
  const body: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new SyntaxError('no object');
  return { method: request.method ?? 'GET', path, headers: request.headers, body: body as Json };
}
