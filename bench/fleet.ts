/** A fleet of simulated BMCs in a process of its own, and their enrolment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
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
  sessionsPeak: number;
  peakInFlight: number;
  violations: { sessions: number; inFlight: number; rate: number };
}

export interface BenchFleet {
  addresses: string[];
  counters(): Promise<Counters[]>;
  /** Lets a BMC hang, or answer again. */
  hang(index: number, isSilent: boolean): Promise<void>;
  stop(): void;
}

/** @param words options of `ingot sim-bmc` */
export async function startFleet(...words: (string | number)[]): Promise<BenchFleet> {
  const program = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
  const args = ['sim-bmc', '--with-parent', '--http', ...words].map(String);
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const control = /control at (\S+)/.exec(line)![1]!;
  const ask = async <T>(path: string, body?: unknown): Promise<T> => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return (await (await fetch(control + path, init)).json()) as T;
  };
  const bmcs = await ask<{ url: string }[]>('/bmcs');
  return {
    addresses: bmcs.map(({ url }) => url),
    counters: () => ask<Counters[]>('/counters'),
    async hang(index, isSilent) {
      await ask(`/bmcs/${index}`, { isSilent });
    },
    stop: () => void child.kill('SIGTERM'),
  };
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
    name: `bmc-${at}`,
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
