/** OpenStack's Redfish emulator (sushy-tools, Apache-2.0), unmodified, with fake machines behind it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { makeCertificate } from '../../src/bmc-simulator/certificate.ts';
import type { BootDevice } from '../../src/core/node.ts';

export interface SushyOptions {
  python: string;
  /** A power command shows at the latest after so many whole seconds. */
  lagSeconds?: number;
  /** With HTTPS and HTTP Basic (it has no sessions), as operators run it; otherwise open to all over HTTP. */
  account?: { username: string; password: string };
}

export interface SushyEmulator {
  address: string;
  /** Path of a system that nobody was given yet, powered off. */
  nextSystem(): string;
  truthOf(system: string): Promise<Truth>;
  close(): Promise<void>;
}

export interface Truth {
  power: 'on' | 'off';
  powerCommands: number;
  bootDevice: BootDevice | null;
  /** Name of the file in the virtual CD. */
  media: string | null;
}

const program = fileURLToPath(new URL('sushy-emulator.py', import.meta.url));
const devices: Record<string, BootDevice> = { Pxe: 'network', Hdd: 'disk', Cd: 'cd' };
const systems = 32;

export async function startSushyEmulator(options: SushyOptions): Promise<SushyEmulator> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-sushy-'));
  const { account, lagSeconds = 0 } = options;
  const tls = account ? writeCertificate(folder) : { certificate: null, key: null };
  const settings = {
    ...tls,
    systems,
    folder,
    lag: lagSeconds,
    account: account ? [account.username, account.password] : null,
  };
  // It goes with us, whatever ends us.
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', options.python, '-u', program, JSON.stringify(settings)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let complaints = '';
  child.stderr.on('data', (bytes: Buffer) => (complaints = (complaints + bytes.toString()).slice(-4_000)));
  const ended = once(child, 'exit');
  const first = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  const port = Number(first[0]);
  if (child.exitCode !== null || !Number.isInteger(port)) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`sushy-emulator does not start: ${complaints}`);
  }
  const address = `${account ? 'https' : 'http'}://127.0.0.1:${port}`;
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  let given = 0;
  return {
    address,
    nextSystem() {
      if (given === systems) throw new Error('sushy-emulator has no more systems');
      return `/redfish/v1/Systems/00000000-0000-4000-8000-${(given++).toString(16).padStart(12, '0')}`;
    },
    async truthOf(system) {
      const path = `/truth/${system.split('/').at(-1)}`;
      const { body } = await request(`${address}${path}`, { dispatcher });
      const told = (await body.json()) as {
        power: string;
        commands: number;
        boot: string | null;
        image: [string | null] | null;
      };
      return {
        power: told.power === 'On' ? 'on' : 'off',
        powerCommands: told.commands,
        bootDevice: devices[told.boot ?? ''] ?? null,
        media: told.image?.[0]?.split('/').at(-1) ?? null,
      };
    },
    async close() {
      child.kill('SIGKILL');
      await Promise.all([ended, dispatcher.destroy()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function writeCertificate(folder: string) {
  const { cert, key } = makeCertificate();
  const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.certificate, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  return files;
}
