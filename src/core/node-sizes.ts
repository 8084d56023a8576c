/** What machines have and what of it is taken, for those who count: a machine is taken whole or not at all. */
import type { TaskState } from './lifecycle.ts';
import type { Node } from './node.ts';
import type { Page } from './page.ts';

export interface NodeSize extends Pick<Node, 'id' | 'name' | 'zone' | 'standing' | 'note' | 'power'> {
  cpuModel: string;
  /** Of the inventory; of the flavor where it was not read, and 0 where there is none either. */
  cpuCores: number;
  memoryMib: number;
  /** Of all disks, 10^9 bytes. */
  diskGb: number;
  server: { id: string; name: string; taskState: TaskState | null } | null;
}

/** Over all machines. */
export interface NodeTotals {
  nodes: number;
  cpuCores: number;
  cpuCoresTaken: number;
  memoryMib: number;
  memoryMibTaken: number;
  diskGb: number;
  diskGbTaken: number;
  servers: number;
  /** Servers with something under way. */
  busy: number;
}

export interface NodeSizeFilter {
  /** A part of the name. */
  namePart?: string;
  id?: string;
  /** As `numberOf` has it. */
  number?: number;
}

export interface NodeSizes {
  /** By id. Throws invalid for a marker that is no machine. */
  list(filter: NodeSizeFilter, page: Page): Promise<NodeSize[]>;
  sum(): Promise<NodeTotals>;
}

/** Digits of an id that stand for it where a number is wanted; as many as a number in JSON holds exactly. */
export const digitsOfNumber = 13;

/** A machine as a number: the last 52 bits of its id, which are random. */
export function numberOf(id: string): number {
  return parseInt(id.replaceAll('-', '').slice(-digitsOfNumber), 16);
}
