/**
 * What somebody can do who stands in front of the rack, past all BMCs. The two halves of the rack speak of it over
 * Node's IPC channel: the outer half asks, the one inside the namespaces acts.
 */
import type { ChildProcess } from 'node:child_process';
import type { BootOverride } from '../machine/machine.ts';
import type { RackPlan } from './plan.ts';

/** How a machine is, without asking its BMC. */
export interface MachineState {
  power: 'on' | 'off';
  override: BootOverride | null;
  medium: string | null;
  /** How often QEMU was started, by a BMC or because the guest rebooted. */
  starts: number;
}

/** Orders by name, with what they need; the answer is the function's result. */
export interface Hand {
  build(plan: RackPlan): Promise<void>;
  look(machine: string): Promise<MachineState>;
  setPower(machine: string, power: 'on' | 'off'): Promise<void>;
  /** A BMC that does not answer any more, over neither protocol, and its return. */
  setBmcFrozen(machine: string, isFrozen: boolean): Promise<void>;
  setCable(machine: string, isPlugged: boolean): Promise<void>;
  /** How warm its processor is, for its sensors; 38 at first, critical from 90 on. */
  setCelsius(machine: string, celsius: number): Promise<void>;
  /** Opens a way out: connections to the unix socket are carried to this place in the rack's network. */
  openWay(host: string, port: number, socket: string): Promise<void>;
}

export interface Order {
  id: number;
  name: keyof Hand;
  args: unknown[];
}

export interface Report {
  id: number;
  result?: unknown;
  error?: string;
}

/** The outer half: a hand whose orders go to the process inside. */
export function reachInto(inside: ChildProcess): Hand {
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let count = 0;
  inside.on('message', ({ id, result, error }: Report) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(error));
  });
  inside.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the rack is gone'));
    waiting.clear();
  });
  const order = (name: keyof Hand, args: unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      if (!inside.connected) return reject(new Error('the rack is gone'));
      const id = (count += 1);
      waiting.set(id, { resolve, reject });
      inside.send({ id, name, args } satisfies Order, (error) => {
        if (error) reject(new Error('the rack is gone'));
      });
    });
  return new Proxy({} as Hand, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        order(name as keyof Hand, args),
  });
}

/** The inner half: carries out what the outer half orders. */
export function obey(hand: Hand): void {
  process.on('message', ({ id, name, args }: Order) => {
    const act = hand[name] as (...args: unknown[]) => Promise<unknown>;
    act.apply(hand, args).then(
      (result) => process.send?.({ id, result } satisfies Report),
      (error: Error) => process.send?.({ id, error: error.message } satisfies Report),
    );
  });
}
