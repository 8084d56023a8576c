/** In-band inspections: the ramdisk looks at a machine that carries no server. Each is a row that outlives processes. */
import type { Node } from './node.ts';

export interface Inspection {
  status: 'under-way' | 'succeeded' | 'failed';
  /** What was heard last, or why it ended, in words. */
  evidence: string;
  beganAt: Date;
  /** If it has not ended by then it fails. */
  deadlineAt: Date;
  endedAt: Date | null;
}

/** One that is due, held by whoever claimed it last. */
export interface ClaimedInspection {
  id: string;
  fence: number;
  node: Node;
  /** Whether the machine was told already. */
  isBegun: boolean;
  isOverdue: boolean;
  isCancelled: boolean;
}

/** How a node stands afterwards. */
export interface InspectionEnd {
  status: 'succeeded' | 'failed';
  evidence: string;
  standing: 'ready' | 'enrolled';
  note: string;
  /** Where the node had none. */
  flavorId: string | null;
}

export interface Inspections {
  /**
   * Takes the node out of the pool in the same moment: it is `enrolled` while it is inspected. False when it is not
   * enrolled or ready, carries a server, or something else is under way on it.
   */
  begin(nodeId: string, evidence: string, deadlineMs: number): Promise<boolean>;
  find(nodeId: string): Promise<Inspection | null>;
  /** Ends it at its next look, which is soon; whoever looks just now is not disturbed. False when none is under way. */
  cancel(nodeId: string): Promise<boolean>;
  /** Those that are due, each for one process until the lease ends. */
  claim(most: number, leaseMs: number): Promise<ClaimedInspection[]>;
  /** It was begun and goes on; to be looked at again in so many milliseconds. Nothing when the claim is lost. */
  postpone(claimed: ClaimedInspection, isBegun: boolean, evidence: string, pauseMs: number): Promise<void>;
  /** Once, with a line in the node's history; false when the claim is lost. */
  end(claimed: ClaimedInspection, end: InspectionEnd): Promise<boolean>;
}
