/** A fleet of simulated BMCs in a process of its own, and their enrolment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { newId } from '../src/engine/ids.ts';
import { openDatabase } from '../src/store/database.ts';
import { nodes as openNodes } from '../src/store/nodes.ts';
import { createVault } from '../src/store/vault.ts';

/** The key of the vault in benches. */
export const benchKey = '0'.repeat(64);

/** What a simulated BMC tells of itself at the control port. */
export interface Counters {
  url: string;
  personality: string;
  power: 'on' | 'off';
  requests: number;
  /** Open now, and the most at once. */
  sessions: number;
  sessionsPeak: number;
  peakInFlight: number;
  lockouts: number;
  violations: { sessions: number; inFlight: number; rate: number };
}

export interface BenchFleet {
  addresses: string[];
  counters(): Promise<Counters[]>;
  /** Lets a BMC hang or answer again, or switches its machine as a hand at the button would. */
  tell(index: number, change: { isSilent?: boolean; power?: 'on' | 'off' }): Promise<void>;
  stop(): void;
}

/** @param words options of `ingot sim-bmc` */
export async function startFleet(...words: (string | number)[]): Promise<BenchFleet> {
  const program = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
  const args = ['sim-bmc', '--with-parent', '--http', ...words].map(String);
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const control = /control at (\S+)/.exec(line)![1]!;
  const ask = <T>(path: string, body?: unknown) => askOnce<T>(control + path, body);
  const bmcs = await ask<{ url: string }[]>('/bmcs');
  return {
    addresses: bmcs.map(({ url }) => url),
    counters: () => ask<Counters[]>('/counters'),
    async tell(index, change) {
      await ask(`/bmcs/${index}`, change);
    },
    stop: () => void child.kill('SIGTERM'),
  };
}

/** Each has a listening socket per BMC and a connection to most of them, and 20,000 open files are a common limit. */
const bmcsPerProcess = 2_500;

/**
 * A fleet too large for the open files of one process: one address per BMC, several processes.
 * @param words options of `ingot sim-bmc`, without --count, --host and --spread
 */
export async function startLargeFleet(
  count: number,
  words: (string | number)[],
  perProcess = bmcsPerProcess,
): Promise<BenchFleet> {
  const parts: BenchFleet[] = [];
  for (let from = 0; from < count; from += perProcess) {
    const size = Math.min(perProcess, count - from);
    const host = `127.${parts.length + 1}.0.1`;
    parts.push(await startFleet('--count', size, '--spread', '--host', host, ...words));
  }
  return {
    addresses: parts.flatMap(({ addresses }) => addresses),
    counters: async () => (await Promise.all(parts.map((part) => part.counters()))).flat(),
    tell: (index, change) => parts[Math.floor(index / perProcess)]!.tell(index % perProcess, change),
    stop: () => parts.forEach((part) => part.stop()),
  };
}

/** On a connection of its own: a kept one may have been closed while this process was busy for seconds. */
async function askOnce<T>(url: string, body: unknown): Promise<T> {
  const asked = request(url, { agent: false, method: body === undefined ? 'GET' : 'POST' });
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const told = await json(answer);
  if (answer.statusCode !== 200)
    throw new Error(`${url} answered ${answer.statusCode}: ${JSON.stringify(told)}`);
  return told as T;
}

/** Enrols a machine behind each address, switched on and ready. */
export async function enrolFleet(databaseUrl: string, addresses: string[]): Promise<void> {
  const database = await openDatabase(databaseUrl, { onError: () => undefined });
  const nodes = openNodes(database.sql, createVault([Buffer.from(benchKey, 'hex')]));
  for (let from = 0; from < addresses.length; from += 1_000) {
    await nodes.enrol(addresses.slice(from, from + 1_000).map((address, at) => toNode(address, from + at)));
  }
  await database.close();
}

function toNode(address: string, at: number) {
  return {
    id: newId(),
    name: `bmc-${String(at).padStart(5, '0')}`,
    driver: 'redfish' as const,
    bmc: { address, username: 'admin', password: 'correct horse', system: null, certificateSha256: null },
    standing: 'ready' as const,
    zone: 'eu-de-01',
    flavorId: 'physical.m2.large',
    projectId: null,
    power: 'on' as const,
    health: 'OK' as const,
    inventory: null,
    powerPolicy: 'follow' as const,
    rack: '',
    unit: 0,
    note: '',
  };
}
