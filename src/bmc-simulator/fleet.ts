/** Many simulated BMCs in one process, each at an address of its own, and a control port that tells what they were told. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeChance } from './chance.ts';
import { Listener, type Answering } from './listener.ts';
import { makeFacts } from './machine.ts';
import { toSettings, type PersonalityName } from './personalities.ts';
import type { QuirkName } from './quirks.ts';
import type { Replay } from './replay.ts';
import { inTime, type BmcSettings } from './settings.ts';
import { SimulatedBmc } from './simulated-bmc.ts';
import { SimulatedMachine } from './simulated-machine.ts';

export interface FleetOptions {
  count: number;
  /** They are played in turns. */
  personalities: readonly PersonalityName[];
  more: readonly QuirkName[];
  less: readonly QuirkName[];
  /** Laid over every personality. */
  settings: Partial<BmcSettings>;
  seed: number;
  /** Factor on everything that takes time. */
  timeFactor: number;
  /** Share of BMCs that accept connections and never answer; 0 to 1. */
  dead: number;
  power: 'on' | 'off';
  username: string;
  password: string;
  host: string;
  /** Of the first BMC; the next ones have the next ports. 0: any free ones. */
  port: number;
  /** Each BMC gets an address of its own from `host` upwards, all on the same port. */
  spread: boolean;
  /** 0: any free port. */
  controlPort: number;
  tls?: { key: string; cert: string };
  /** Every BMC plays this recording in place of a personality. */
  replay?: Replay;
}

const fleetDefaults: FleetOptions = {
  count: 1,
  personalities: ['lawful'],
  more: [],
  less: [],
  settings: {},
  seed: 1,
  timeFactor: 1,
  dead: 0,
  power: 'off',
  username: 'admin',
  password: 'correct horse',
  host: '127.0.0.1',
  port: 0,
  spread: false,
  controlPort: 0,
};

export interface FleetMember {
  url: string;
  personality: PersonalityName;
  bmc: SimulatedBmc;
  machine: SimulatedMachine;
}

export interface Fleet {
  members: readonly FleetMember[];
  /** `GET /bmcs`, `GET /counters`, `POST /bmcs/{index}` with `power` or `isSilent`. */
  controlUrl: string;
  close(): Promise<void>;
}

export async function startFleet(given: Partial<FleetOptions> = {}): Promise<Fleet> {
  const options = { ...fleetDefaults, ...given };
  const listener = new Listener(options.tls ? { tls: options.tls } : {});
  const kinds = new Map(options.personalities.map((name) => [name, toKind(name, options)]));
  const chance = makeChance(options.seed);
  const members: FleetMember[] = [];
  try {
    for (let index = 0; index < options.count; index += 1) {
      const personality = options.personalities[index % options.personalities.length]!;
      const member = makeMember(index, kinds.get(personality)!, options);
      member.bmc.isSilent = chance() < options.dead;
      const { url } = await addTo(listener, member.bmc, index, options);
      members.push({ ...member, url, personality });
    }
    const control = await openControl(members, options.controlPort);
    return {
      members,
      controlUrl: control.url,
      close: async () => void (await Promise.all([listener.close(), control.close()])),
    };
  } catch (error) {
    await listener.close();
    throw error;
  }
}

function toKind(
  name: PersonalityName,
  { more, less, settings, timeFactor, replay }: FleetOptions,
): BmcSettings {
  return inTime({ ...toSettings(name, more, less), ...replay?.settings, ...settings }, timeFactor);
}

function makeMember(index: number, settings: BmcSettings, options: FleetOptions) {
  const { power, username, password, seed, replay } = options;
  const machine = new SimulatedMachine({ ...settings, power, facts: makeFacts(index) });
  const bmc = new SimulatedBmc({
    machine,
    username,
    password,
    seed: seed + index,
    overlay: {},
    ...replay,
    settings,
    keepsRequests: false,
  });
  return { bmc, machine };
}

function addTo(listener: Listener, bmc: Answering, index: number, { host, port, spread }: FleetOptions) {
  if (spread) return listener.add(bmc, addressAfter(host, index), port);
  return listener.add(bmc, host, port === 0 ? 0 : port + index);
}

/** The IPv4 address so many after another one. */
function addressAfter(first: string, steps: number): string {
  const number = first.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) + steps;
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join('.');
}

async function openControl(members: readonly FleetMember[], port: number) {
  const server = createServer((request, response) => void answer(members, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  // Whoever asks now and then must not meet a connection that is just being closed for idleness.
  server.keepAliveTimeout = 3_600_000;
  const { port: taken } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${taken}`, close: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(
  members: readonly FleetMember[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const say = (statusCode: number, body: unknown) => {
    response.writeHead(statusCode, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const { method, url = '/' } = request;
  if (method === 'GET' && url === '/bmcs') return say(200, members.map(toEntry));
  if (method === 'GET' && url === '/counters') return say(200, members.map(toCounters));
  const member = members[Number(/^\/bmcs\/(\d+)$/.exec(url)?.[1] ?? -1)];
  if (!member) return say(404, { error: 'There are GET /bmcs, GET /counters and POST /bmcs/{index}' });
  if (method === 'GET') return say(200, toCounters(member));
  const asked = await readJson(request);
  if (asked['power'] === 'on' || asked['power'] === 'off') member.machine.forcePower(asked['power']);
  if (typeof asked['isSilent'] === 'boolean') member.bmc.isSilent = asked['isSilent'];
  return say(200, toCounters(member));
}

function toEntry({ url, personality, machine }: FleetMember) {
  return { url, personality, serial: machine.facts.serial };
}

function toCounters(member: FleetMember) {
  const { bmc, machine } = member;
  const { resets, refused } = machine;
  return { ...toEntry(member), ...bmc.counters(), power: machine.power(), resets, refused };
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  try {
    return JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}
