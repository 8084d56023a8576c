/**
 * The chassis as ipmi_sim sees it: for every chassis command it runs a program, which passes its arguments to us
 * (chassis.sh). One line in: `MACHINE get power`, `MACHINE set boot pxe`; the first line out is `ok` or why not, and
 * what was asked for follows as `power:1`.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Impossible, type Machine } from '../machine/machine.ts';
import type { BootDevice } from '../machine/qemu.ts';

/** ipmi_sim's words. It knows no disk: `bootdev disk` arrives as `default`. */
const devices: Readonly<Record<string, BootDevice | null>> = {
  none: null,
  default: 'disk',
  pxe: 'network',
  cdrom: 'cd',
  bios: 'bios',
};

export async function serveChassis(
  machines: readonly Machine[],
): Promise<{ port: number; close: () => void }> {
  const byName = new Map(machines.map((machine) => [machine.hardware.name, machine]));
  const server: Server = createServer((socket: Socket) => {
    const lines = createInterface({ input: socket });
    // The program was killed; nobody waits for the answer. The reader passes errors on as its own.
    for (const source of [socket, lines]) source.on('error', () => undefined);
    lines.once('line', (line) => {
      const [name = '', verb, ...words] = line.split(' ');
      const machine = byName.get(name);
      const answer = machine
        ? carryOut(machine, verb, words)
        : Promise.reject(new Error(`no machine ${name}`));
      answer.then(
        (lines) => socket.end(['ok', ...lines, ''].join('\n')),
        (error: Error) => socket.end(`${error.message}\n`),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

/** `get` is followed by names, `set` by names and values in turn. */
async function carryOut(machine: Machine, verb: string | undefined, words: string[]): Promise<string[]> {
  if (verb === 'get') return words.map((word) => `${word}:${get(machine, word)}`);
  if (verb !== 'set') throw new Error(`cannot ${verb}`);
  for (let at = 0; at < words.length; at += 2) await set(machine, words[at]!, words[at + 1] ?? '');
  return [];
}

function get(machine: Machine, name: string): string {
  if (name === 'power') return machine.power === 'on' ? '1' : '0';
  if (name === 'boot') {
    const device = machine.override?.device ?? null;
    return Object.keys(devices).find((word) => devices[word] === device)!;
  }
  throw new Error(`there is no ${name}`);
}

async function set(machine: Machine, name: string, value: string): Promise<void> {
  switch (name) {
    case 'power':
      return value === '1' ? machine.powerOn() : machine.powerOff();
    case 'reset':
      return machine.reset();
    case 'shutdown':
      return machine.pressPowerButton();
    case 'boot': {
      const device = devices[value];
      if (device === undefined) throw new Impossible(`cannot boot ${value}`);
      // ipmi_sim does not pass on the bit "persistent", so all of them hold for one start (IPMI 2.0, table 28-14).
      return machine.setOverride(device === null ? null : { device, once: true });
    }
    case 'identify': {
      const [seconds = '0', force = '0'] = value.split(' ');
      machine.isLampLit = force === '1' || seconds !== '0';
      return;
    }
    default:
      throw new Error(`there is no ${name}`);
  }
}
