/** What the simulated fleet keeps: machines outside of Ingot's own record, with commands counted on their side. */
import type { BootDevice, Health } from './node.ts';
import type { Operation } from './operations.ts';

export const faultKinds = ['fail', 'timeout', 'unreachable', 'slow'] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface SimulatedMachine {
  power: 'on' | 'off';
  bootDevice: BootDevice;
  imageId: string | null;
  hostname: string | null;
  /** What its own sensors say. */
  health: Health;
  /** 0 to 1 while a system is being installed or wiped; null when neither is under way. */
  deployed: number | null;
  wiped: number | null;
  deployLeftMs: number;
  wipeLeftMs: number;
  /** Commands taken, and changes that they made. */
  powerCommands: number;
  powerChanges: number;
  deploys: number;
  wipes: number;
}

export type SimulatedCommand =
  | { does: 'power'; power: 'on' | 'off'; takesMs: number }
  | { does: 'boot'; device: BootDevice }
  | { does: 'deploy'; imageId: string; hostname: string; takesMs: number }
  | { does: 'wipe'; takesMs: number }
  /** A command that is taken and has no effect (fault `timeout`). */
  | { does: 'nothing' };

export interface SimulatedFaultKey {
  operation: string;
  subJobId: string | null;
}

export interface SimulatedMachines {
  /** Applies what has come due and says how the machine stands, with the fault that this caller meets, if any. */
  look(
    nodeId: string,
    key: SimulatedFaultKey,
  ): Promise<{ machine: SimulatedMachine; fault: FaultKind | null } | null>;
  command(nodeId: string, command: SimulatedCommand): Promise<void>;
}

export interface Fault {
  id: string;
  target: string;
  nodeId: string;
  on: 'now' | Operation;
  kind: FaultKind;
  times: number;
  met: number;
  createdAt: Date;
}

export interface Faults {
  /** Mends a machine whose hardware broke (`on: "now"`). */
  repair(nodeId: string): Promise<void>;
  /** One `on: "now"` breaks the machine. */
  add(fault: Pick<Fault, 'id' | 'target' | 'nodeId' | 'on' | 'kind' | 'times'>): Promise<Fault>;
  list(): Promise<Fault[]>;
  /** Removes one, or all; says how many. */
  remove(id: string | null): Promise<number>;
}
