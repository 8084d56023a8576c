/**
 * What the engine needs of the store: accepting work, claiming it, and writing what came of it. Every write is
 * guarded: by the state that was expected and by the fence of the claim.
 */
import type { ErrorFacts } from './errors.ts';
import type { Checkpoint, OperationInput, SubJob } from './job.ts';
import type { Door, Power, Standing, State, TaskState } from './lifecycle.ts';
import type { DeployOrder, Health, Node, Outcome } from './node.ts';
import type { AnsweredRequest } from './once.ts';
import type { Operation, StepName } from './operations.ts';
import type { Fault, NewServer, Provisioning, Server } from './server.ts';

/** A server as it stands under lock, while a request on it is decided. */
export interface LockedServer extends Standing {
  id: string;
  projectId: string;
  nodeId: string | null;
  driver: Node['driver'] | null;
  imageId: string;
  updatedAt: Date;
  locked: boolean;
}

/** A node under lock: power operations on machines that carry no server (CloudDC). */
export interface LockedNode {
  id: string;
  driver: Node['driver'];
  projectId: string | null;
  serverId: string | null;
  standing: Node['standing'];
}

export interface Actor {
  userId: string;
  requestId: string;
}

export interface PlannedSubJob {
  id: string;
  position: number;
  serverId: string | null;
  nodeId: string | null;
  input: OperationInput;
  deadlineMs: number;
  /** Refused at acceptance: the sub-job is born ended. */
  error: ErrorFacts | null;
}

/** A change of state that acceptance brings about. */
export interface Move {
  serverId: string;
  from: State;
  to: State;
  taskState: TaskState | null;
  deletingFrom: State | null;
  provisioning: Provisioning | null;
  /** The sub-job that carries it out. */
  subJobId: string;
}

export interface Plan {
  job: { id: string; projectId: string; operation: Operation; door: Door; orderId: string | null };
  actor: Actor;
  /** Kept with the job, for a caller that asks again. */
  answered?: AnsweredRequest;
  newServers: NewServer[];
  moves: Move[];
  subJobs: PlannedSubJob[];
}

/** A claimed sub-job with all that its next step needs, read in the claiming statement. */
export interface Delivery {
  subJob: SubJob & { operation: Operation };
  fence: number;
  /** The claim itself noted the intent; the first command needs no note of its own. */
  isIntended: boolean;
  deadlineMs: number;
  projectId: string | null;
  server: (Standing & { id: string; name: string; nodeId: string | null }) | null;
  node: Node | null;
  /** With operations that deploy: what to put on the machine. */
  order: DeployOrder | null;
}

/** Thrown by guarded statements: the sub-job belongs to somebody else by now, and nothing was written. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}

/** What a delivery came to: one row of the batch that is written together. */
export interface DeliveryOutcome {
  subJobId: string;
  fence: number;
  /** The state the server must still be in; null: there is no server. */
  expectedState: State | null;
  status: 'running' | 'waiting' | 'succeeded' | 'failed';
  step: StepName;
  checkpoint: Checkpoint;
  /** With `waiting`: in how many milliseconds to look again. */
  runInMs: number;
  waitsFor: string | null;
  evidence: string | null;
  remedies: string[];
  /** The one that was tried just now. */
  remedy: string | null;
  /** With a new deadline, counted from now. */
  deadlineInMs: number | null;
  error: ErrorFacts | null;
  server: ServerChange | null;
  node: NodeChange | null;
}

export interface ServerChange {
  state?: State;
  taskState?: TaskState | null;
  power?: Power;
  fault?: Fault | null;
  provisioningOutcome?: Outcome;
  imageId?: string;
  launched?: boolean;
  terminated?: boolean;
}

export interface NodeChange {
  id: string;
  power?: Power;
  standing?: Node['standing'];
  note?: string;
  /** The server on it is gone. */
  freed?: boolean;
}

export interface Work {
  /** Locks the servers that exist in the project (in id order), asks `decide`, writes its plan; one transaction. */
  acceptForServers(
    projectId: string,
    serverIds: string[],
    decide: (servers: Map<string, LockedServer>) => Plan,
  ): Promise<void>;
  /** Locks nodes and the servers on them; otherwise as above. */
  acceptForNodes(
    nodeIds: string[],
    decide: (nodes: Map<string, LockedNode>, servers: Map<string, LockedServer>) => Plan,
  ): Promise<void>;
  /** Throws AnsweredBefore. */
  acceptNew(plan: Plan): Promise<void>;

  /** Makes this process known; until `leave` it counts as alive as long as its database connection lives. */
  join(): Promise<number>;
  leave(): Promise<void>;
  claim(worker: number, most: number, leaseMs: number): Promise<Delivery[]>;
  extendLeases(worker: number, subJobIds: string[], leaseMs: number): Promise<void>;
  /** Writes outcomes; returns those that held. The others belong to somebody else by now. */
  write(outcomes: DeliveryOutcome[]): Promise<Set<string>>;
  /** Lets go of a claim whose sub-job was ended by somebody else, so that the next of its server can go on at once. */
  letGo(claim: { subJobId: string; fence: number }): Promise<void>;
  /** Gives a delivery back without a word (shutdown). */
  release(worker: number): Promise<void>;
  /** Hands back what processes hold that are no longer alive, and leases that ran out; says how many. */
  releaseDead(): Promise<number>;
  /** When the next open sub-job is due; null when there is none. */
  nextDueAt(): Promise<Date | null>;
  /** A server or sub-job is to be looked at now ("retry"). */
  hasten(serverId: string): Promise<boolean>;

  /**
   * Chooses a free node and ties it to the server; the same again when repeated. null: none is free; `busy`: one is, but
   * something is being done to it or written of it, so that it is worth asking again.
   */
  placeServer(subJobId: string, fence: number, serverId: string): Promise<Node | 'busy' | null>;
  /** Gives the server its ports; the same again when repeated. */
  connectServer(subJobId: string, fence: number, serverId: string): Promise<{ ip: string }[]>;
  /** Takes away ports and volumes; the node is freed by the outcome. Volumes are kept unless they go with the server. */
  disconnectServer(serverId: string, deleteVolumes?: boolean): Promise<void>;

  /** Stable → Faulty because of the hardware; false when the server was not in a stable state. */
  reportHardwareFault(nodeId: string, fault: Fault): Promise<boolean>;
  /** Moves a stable server to another stable state (power followed, fault cleared); false when it had moved on. */
  moveStable(serverId: string, from: State, to: State, power: Power, reason: string): Promise<boolean>;
  /**
   * Makes the record of a server on an enrolled or ready node as the machine is found; nothing is done to the machine.
   * false when the node was taken meanwhile.
   */
  adopt(nodeId: string, server: NewServer, power: 'on' | 'off'): Promise<boolean>;
  /** Removes records of servers deleted longer ago than this, and old answers; says how many servers. */
  purgeDeleted(retentionMs: number): Promise<number>;
  /**
   * Nodes whose power should be read again and on which nothing is under way. A node that was claimed here or by
   * `claimHealthReads` is visited: no process claims it again before the result was written or the lease ran out.
   */
  claimPowerReads(most: number, intervalMs: number, leaseMs: number): Promise<PowerSyncNode[]>;
  /** Machines whose health should be read again and which are not visited. */
  claimHealthReads(most: number, intervalMs: number, leaseMs: number): Promise<HealthNode[]>;
  /** For visits that last longer than their lease. */
  prolongVisits(nodeIds: string[], leaseMs: number): Promise<void>;
  /** Ends visits. Returns the nodes whose health is another one now: two equal readings are believed. */
  writeHealthReads(reads: HealthRead[]): Promise<Set<string>>;
  /** Ends visits. What was read beside an operation that began meanwhile is not kept. */
  writePowerReads(reads: { nodeId: string; power: Power; disagreements: number }[]): Promise<void>;

  /** Calls back when work may have become due; returns how to stop. */
  onWork(wake: () => void): Promise<() => Promise<void>>;
}

export interface HealthNode {
  node: Node;
}

export interface HealthRead {
  nodeId: string;
  /** null: nobody answered, which says nothing about the machine. */
  health: Health | null;
}

export interface PowerSyncNode {
  node: Node;
  disagreements: number;
  server: Pick<Server, 'id' | 'state' | 'projectId'> | null;
}
