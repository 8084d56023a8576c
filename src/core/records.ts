/** Reading jobs, nodes and history: what APIs show beside servers. */
import type { Job, SubJob } from './job.ts';
import type { Power, State, TaskState } from './lifecycle.ts';
import type { BmcAddress, HabitNews, Node, NodeBoot, NodeStanding } from './node.ts';

export interface Jobs {
  /** With its sub-jobs in order; null when unknown or of another project. */
  find(id: string, projectId: string | null): Promise<Job | null>;
  /** The latest sub-job of a server; `why` speaks of it. */
  findLatestSubJob(serverId: string): Promise<SubJob | null>;
  /** What is under way on a node, or waits for its turn there: the first of them. */
  findOpenSubJobOfNode(nodeId: string): Promise<SubJob | null>;
  /** How far jobs have come, in numbers. */
  listProgress(jobIds: string[]): Promise<JobProgress[]>;
  /** The sub-jobs of a server, newest first (Nova instance actions). */
  listOfServer(
    serverId: string,
    page: { limit: number; before?: ServerSubJob; changedSince?: Date },
  ): Promise<ServerSubJob[]>;
  /** The one that a request made. */
  findOfServer(serverId: string, requestId: string): Promise<ServerSubJob | null>;
}

/** A sub-job with the request, user and project of its job. */
export interface ServerSubJob extends SubJob {
  requestId: string;
  userId: string;
  projectId: string;
  /** When it last moved: ended, was looked at, began or was accepted. */
  changedAt: Date;
}

export interface JobProgress {
  jobId: string;
  total: number;
  ended: number;
  failed: number;
}

export interface NodeFilter {
  ids?: string[];
  /** Dedicated to this project or carrying its servers; null: all. */
  projectId?: string | null;
  /** With a project: also the machines of the shared pool that carry nobody's server. */
  withPool?: boolean;
  standing?: NodeStanding[];
  driver?: Node['driver'];
  name?: string;
}

export type NewNode = Omit<
  Node,
  | 'serverId'
  | 'powerSeenAt'
  | 'powerOperation'
  | 'powerOutcome'
  | 'powerError'
  | 'room'
  | 'createdAt'
  | 'updatedAt'
> &
  Partial<Pick<Node, 'room'>>;

export type NodeEdit = Partial<
  Pick<
    Node,
    | 'name'
    | 'zone'
    | 'flavorId'
    | 'projectId'
    | 'standing'
    | 'powerPolicy'
    | 'room'
    | 'rack'
    | 'unit'
    | 'note'
    | 'health'
    | 'inventory'
    | 'power'
  >
> & { bmc?: Partial<BmcAddress>; boot?: Partial<NodeBoot> };

export interface Nodes {
  find(id: string): Promise<Node | null>;
  findByName(name: string): Promise<Node | null>;
  /** By the MAC address of one of its NICs, in lower case. */
  findByMac(mac: string): Promise<Node | null>;
  /** By the serial number of its inventory; null as well when several have it. */
  findBySerial(serialNumber: string): Promise<Node | null>;
  /** By the UUID that its BMC tells, in any of these spellings; null as well when several have it. */
  findBySystemUuid(spellings: string[]): Promise<Node | null>;
  /** The MAC addresses of all nodes. */
  listMacs(): Promise<{ nodeId: string; macs: string[] }[]>;
  /** The BMCs of all nodes at these places, as they are written there but for what stands behind a `?`. */
  listBmcs(
    places: string[],
  ): Promise<{ nodeId: string; name: string; place: string; system: string | null }[]>;
  list(filter: NodeFilter, page: { limit: number; marker?: string }): Promise<Node[]>;
  count(filter: NodeFilter): Promise<number>;
  /** One statement for many; simulated ones get their machine. Throws conflict for a name that is taken. */
  enrol(nodes: NewNode[]): Promise<void>;
  change(id: string, edit: NodeEdit): Promise<Node | null>;
  /** Keeps what was learnt of a node's BMC beside what is known of it. */
  learnHabits(id: string, news: HabitNews): Promise<void>;
  /**
   * Changes where a node stands, if it stands in one of `from`; false otherwise. `ready` means `in-use` where there is
   * a server on it.
   */
  stand(id: string, from: NodeStanding[], to: NodeStanding, note: string): Promise<boolean>;
  /** Only nodes without a server. */
  remove(id: string): Promise<boolean>;
}

/** How many of everything, by how they stand. */
export interface Counts {
  servers: { state: State; count: number }[];
  nodes: { standing: NodeStanding; power: Power; count: number }[];
  /** Those that have not ended. */
  subJobs: { status: SubJob['status']; count: number }[];
}

export interface Census {
  take(): Promise<Counts>;
}

/** One move, or one piece of news of a job. */
export interface HistoryEvent {
  /** Opaque, ordered; `Last-Event-ID` of the event stream. */
  cursor: string;
  at: Date;
  projectId: string | null;
  serverId: string | null;
  nodeId: string | null;
  jobId: string | null;
  subJobId: string | null;
  requestId: string | null;
  actor: string;
  reason: string;
  operation: string | null;
  fromState: State | null;
  toState: State | null;
  taskState: TaskState | null;
  status: SubJob['status'] | null;
  lastedMs: number | null;
  evidence: string | null;
}

export interface History {
  /** In commit order, after a cursor (null: from the beginning); never skips a row that commits late. */
  listAfter(cursor: string | null, limit: number): Promise<HistoryEvent[]>;
  /** The cursor of now. */
  latestCursor(): Promise<string>;
  listOfServer(serverId: string, limit: number): Promise<HistoryEvent[]>;
  listOfNode(nodeId: string, limit: number): Promise<HistoryEvent[]>;
  onNews(callback: () => void): Promise<() => Promise<void>>;
}
