/** A BMC by pyghmi (Lenovo, Apache-2.0), whose RMCP+ has nothing in common with that of OpenIPMI and ipmitool. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BootDevice } from '../../src/core/node.ts';
import { freePort, ipmiAccount } from '../ipmi/ipmi-sim.ts';

export interface PyghmiBmc {
  address: string;
  power(): Promise<'on' | 'off'>;
  powerCommands(): Promise<number>;
  bootDevice(): Promise<BootDevice | null>;
  /** As if somebody pressed the button at the machine. */
  forcePower(power: 'on' | 'off'): Promise<void>;
  /** The machine writes to its console. */
  say(text: string): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Truth {
  power: 'on' | 'off';
  commands: number;
  boot: string;
}

const program = fileURLToPath(new URL('pyghmi-bmc.py', import.meta.url));
const devices: Record<string, BootDevice> = { network: 'network', hd: 'disk', optical: 'cd', setup: 'bios' };

/** A free port is looked for first, as pyghmi tells the console's port from what it was given; others may be quicker. */
export async function startPyghmiBmc(python: string): Promise<PyghmiBmc> {
  for (let tries = 1; ; tries += 1) {
    const bmc = await start(python, await freePort());
    if (typeof bmc !== 'string') return bmc;
    if (tries === 5) throw new Error(`pyghmi does not start: ${bmc}`);
  }
}

async function start(python: string, port: number): Promise<PyghmiBmc | string> {
  const settings = { port, account: [ipmiAccount.username, ipmiAccount.password] };
  // It goes with us, whatever ends us.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', python, '-u', program, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (bytes: Buffer) => (complaints = (complaints + bytes.toString()).slice(-2_000)));
  const ended = once(child, 'exit');
  const answers: ((line: string) => void)[] = [];
  const lines = createInterface(child.stdout);
  const listening = once(lines, 'line');
  await Promise.race([listening, ended]);
  if (child.exitCode !== null) return complaints;
  lines.on('line', (line) => answers.shift()?.(line));

  async function ask(words: object = {}): Promise<Truth> {
    const answer = Promise.withResolvers<string>();
    answers.push(answer.resolve);
    child.stdin.write(`${JSON.stringify(words)}\n`);
    return JSON.parse(await answer.promise) as Truth;
  }
  const close = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return {
    address: `127.0.0.1:${port}`,
    power: async () => (await ask()).power,
    powerCommands: async () => (await ask()).commands,
    bootDevice: async () => devices[(await ask()).boot] ?? null,
    forcePower: async (power) => void (await ask({ power })),
    say: (text) => void ask({ say: text }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
