/**
 * A rack of QEMU machines with BMCs, on networks of its own.
 *
 *     const rack = await startRack({ machines: [{ name: 'n1', bmc: 'both', firmware: 'bios' }] });
 *     await rack.run('ipmitool', ['-I', 'lanplus', '-C', '3', '-H', rack.machine('n1').bmcAddress, …]);
 *     await rack.stop();
 *
 * Needs root, Debian's packages of `scripts/debian-packages.mjs`, and nothing on the host: no bridge, no service, no
 * port. It serves no DHCP; who manages the rack does (on `network.bridge`, from inside: `rack.enter`).
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpawnOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Hardware } from '../machine/qemu.ts';
import { Terminal } from '../machine/terminal.ts';
import { forward, portOf } from './forward.ts';
import { reachInto, type Hand, type MachineState } from './hand.ts';
import { enter, findFirstProcess, toEntry, unshare, type Entered } from './namespaces.ts';
import { findObstacle } from './obstacle.ts';
import { account, network, toPlan, type MachinePlan, type MachineWish } from './plan.ts';

export interface RackOptions {
  machines: readonly MachineWish[];
}

/** What a program printed that ran inside and ended well. */
export interface Output {
  stdout: string;
  stderr: string;
}

const inside = fileURLToPath(new URL('inside.ts', import.meta.url));

/** One machine, seen from outside; what is done here is past its BMC, by hand. */
export class RackMachine {
  readonly hardware: Hardware;
  readonly bmc: MachineWish['bmc'];
  readonly bmcAddress: string;
  readonly #hand: Hand;

  constructor({ hardware, bmc, bmcAddress }: MachinePlan, hand: Hand) {
    this.hardware = hardware;
    this.bmc = bmc;
    this.bmcAddress = bmcAddress;
    this.#hand = hand;
  }

  get name(): string {
    return this.hardware.name;
  }

  get consoleSocket(): string {
    return join(this.hardware.folder, 'console.sock');
  }

  get consoleLog(): string {
    return join(this.hardware.folder, 'console.log');
  }

  openConsole(): Promise<Terminal> {
    return Terminal.open(this.consoleSocket);
  }

  look(): Promise<MachineState> {
    return this.#hand.look(this.name);
  }

  /** On: somebody presses the button. Off: somebody pulls the plug. */
  setPower(power: 'on' | 'off'): Promise<void> {
    return this.#hand.setPower(this.name, power);
  }

  setBmcFrozen(isFrozen: boolean): Promise<void> {
    return this.#hand.setBmcFrozen(this.name, isFrozen);
  }

  setCable(isPlugged: boolean): Promise<void> {
    return this.#hand.setCable(this.name, isPlugged);
  }

  /** Warms it up or cools it down: 80 °C is a warning, 90 critical. */
  setCelsius(celsius: number): Promise<void> {
    return this.#hand.setCelsius(this.name, celsius);
  }
}

export class Rack {
  readonly folder: string;
  readonly machines: readonly RackMachine[];
  readonly network = network;
  readonly account = account;
  /** Resolves when the rack is gone, be it stopped or broken. */
  readonly ended: Promise<void>;
  readonly #firstProcess: number;
  readonly #hand: Hand;
  readonly #disconnect: () => void;
  readonly #ways: Server[] = [];

  constructor(
    folder: string,
    machines: readonly RackMachine[],
    parts: { firstProcess: number; hand: Hand; ended: Promise<void>; disconnect: () => void },
  ) {
    this.folder = folder;
    this.machines = machines;
    this.ended = parts.ended;
    this.#firstProcess = parts.firstProcess;
    this.#hand = parts.hand;
    this.#disconnect = parts.disconnect;
  }

  machine(name: string): RackMachine {
    const found = this.machines.find((machine) => machine.name === name);
    if (!found) throw new Error(`There is no machine ${name}`);
    return found;
  }

  /** The words before a command that shall run inside, for people. */
  get entry(): string {
    return toEntry(this.#firstProcess).join(' ');
  }

  /** Starts a program inside, where BMCs and machines can be reached; it ends with the rack at the latest. */
  enter(command: string, args: readonly string[], options?: SpawnOptions): Entered {
    return enter(this.#firstProcess, command, args, options);
  }

  /** Runs a program inside to its end. @throws Error with what it printed, when it ends badly */
  async run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Output> {
    const { process: child, ended } = this.enter(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
    const output = { stdout: '', stderr: '' };
    child.stdout?.on('data', (part: Buffer) => (output.stdout += part.toString()));
    child.stderr?.on('data', (part: Buffer) => (output.stderr += part.toString()));
    const [{ code, signal }] = await Promise.all([ended, once(child, 'close')]);
    if (code === 0) return output;
    const words = `${output.stdout}${output.stderr}`.trim();
    throw new Error(`${command} ${args.join(' ')}: ${signal ?? `exit code ${code}`}\n${words}`);
  }

  /** A port of 127.0.0.1 that leads to a place in the rack's network. */
  async publish(host: string, port: number, ownPort = 0): Promise<number> {
    const socket = join(this.folder, `way-${this.#ways.length}.sock`);
    await this.#hand.openWay(host, port, socket);
    const server = await forward({ host: '127.0.0.1', port: ownPort }, { path: socket });
    server.unref();
    this.#ways.push(server);
    return portOf(server);
  }

  /** Ends everything inside at once and removes the files. */
  async stop(): Promise<void> {
    for (const way of this.#ways) way.close();
    this.#disconnect();
    await this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** @throws Error that says what is missing; nothing is left behind then */
export async function startRack({ machines: wishes }: RackOptions): Promise<Rack> {
  const obstacle = findObstacle();
  if (obstacle !== null) throw new Error(`No rack can be built here: ${obstacle}`);
  const folder = await mkdtemp(join(tmpdir(), 'ingot-lab-'));
  const plan = await Promise.resolve()
    .then(() => toPlan(folder, wishes))
    .catch(async (error: unknown) => {
      await rm(folder, { recursive: true });
      throw error;
    });
  const shell = unshare(inside, folder);
  const ended = once(shell, 'exit').then(() => undefined);
  const disconnect = () => {
    if (shell.connected) shell.disconnect();
  };
  try {
    const hand = reachInto(shell);
    const firstProcess = await findFirstProcess(shell);
    await hand.build(plan);
    const machines = plan.machines.map((machine) => new RackMachine(machine, hand));
    return new Rack(folder, machines, { firstProcess, hand, ended, disconnect });
  } catch (error) {
    disconnect();
    await ended;
    throw error;
  }
}
