/**
 * A boot session is one walk of a machine through the deploy ramdisk: switched off, switched on into the ramdisk, at
 * work there, and off again. It is a row, so that it outlives every process; the latest of a node is the current one.
 */
import type { BootMethod, DeployOrder } from './node.ts';

export type BootKind = 'deploy' | 'wipe' | 'inspect';

/**
 * - `armed`: to be seen off
 * - `off`: to be switched on into the ramdisk
 * - `started`: switched on; the ramdisk has not been heard of
 * - `agent`: the ramdisk's agent is at work
 * - `finished`: the agent is done and switches the machine off
 * - `done`: off, and set to boot from its disk
 * - `booted`: the installed system has reported (deploy only)
 * - `failed`: it goes no further
 */
export type BootStage = 'armed' | 'off' | 'started' | 'agent' | 'finished' | 'done' | 'booted' | 'failed';

/** What can be heard of a machine on its way, in the usual order. */
export type BootSign =
  | 'begun'
  | 'power-off'
  | 'boot-device'
  | 'power-on'
  | 'dhcp'
  | 'tftp'
  | 'script'
  | 'kernel'
  | 'initrd'
  | 'media'
  | 'agent'
  | 'image'
  | 'written'
  | 'config-drive'
  | 'wiped'
  | 'finished'
  | 'powered-off'
  | 'system-dhcp'
  | 'metadata'
  | 'phone-home'
  | 'again'
  | 'failed';

export interface BootSession {
  id: string;
  nodeId: string;
  serverId: string | null;
  kind: BootKind;
  method: BootMethod;
  stage: BootStage;
  stageAt: Date;
  /** How often the machine was switched on for it. */
  starts: number;
  /** In the address at which the installed system reports. */
  homeKey: string;
  /** With `deploy`. */
  order: DeployOrder | null;
  /** The last thing heard, in words. */
  evidence: string;
  evidenceAt: Date;
  /** The last lines of the agent's log. */
  logTail: string;
  beganAt: Date;
}

export interface SignRecord {
  at: Date;
  sign: BootSign;
  detail: string;
}

/** A sign with what it means in words. */
export interface News {
  sign: BootSign;
  evidence: string;
  /** Replaces the log kept so far. */
  logTail?: string;
}

export interface BootSessions {
  /** Begins a session; what was begun before on this node is void, its secret too. */
  begin(
    session: Pick<BootSession, 'nodeId' | 'serverId' | 'kind' | 'method' | 'order' | 'evidence'>,
  ): Promise<BootSession>;
  findCurrent(nodeId: string): Promise<BootSession | null>;
  find(id: string): Promise<BootSession | null>;
  /** The current session whose ramdisk shows a secret with this hash. */
  findBySecret(hash: Buffer): Promise<BootSession | null>;
  findByHomeKey(key: string): Promise<BootSession | null>;
  /** Inspections that have not come to their end. */
  listOpen(kind: BootKind): Promise<BootSession[]>;
  /** Moves a current session on, if it stands in one of `from`; false otherwise. Going to `armed` voids the secret. */
  advance(id: string, from: readonly BootStage[], to: BootStage, news: News): Promise<boolean>;
  /** Gives out a new secret in place of an earlier one, while the ramdisk is awaited; false otherwise. */
  putSecret(id: string, hash: Buffer, news: News): Promise<boolean>;
  /** Notes a sign without moving on. A session keeps so many and no more. */
  note(id: string, news: News): Promise<void>;
  /** While the agent is at work, without a row of its own: a percentage, or (null) only that the machine is alive. */
  refresh(id: string, evidence: string | null): Promise<void>;
  findSign(id: string, signs: readonly BootSign[]): Promise<SignRecord | null>;
  /** In the order in which they were heard. */
  listSigns(id: string): Promise<SignRecord[]>;
  /** Newest first. */
  listOfServer(serverId: string, limit: number): Promise<BootSession[]>;
}
