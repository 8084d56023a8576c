/**
 * A job is an accepted request; a sub-job is its part for one server. The sub-job row is also the queue entry, so
 * there is no second copy of how the work stands.
 */
import type { Alteration } from './alteration.ts';
import type { ErrorFacts } from './errors.ts';
import type { Door } from './lifecycle.ts';
import type { Operation, StepName } from './operations.ts';

/** `waiting` has a due time and a reason; `running` has an owner and a lease. */
export type SubJobStatus = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed';

export function hasEnded(status: SubJobStatus): boolean {
  return status === 'succeeded' || status === 'failed';
}

/** Status words of the BMS job API (otc0118696596). */
export type JobStatus = 'INIT' | 'RUNNING' | 'SUCCESS' | 'FAIL';

/** The caller's words that an operation carries along: image, name, placement … */
export interface OperationInput {
  imageId?: string;
  /** `SOFT` or `HARD` as asked; power operations are always forced. */
  powerType?: 'SOFT' | 'HARD';
  /** Create: a failed server is removed again (BMS v1) instead of being kept as Faulty (Nova, CloudDC). */
  rollBack?: boolean;
  /** Create: this node and no other. */
  nodeId?: string;
  /** Alterations: what was tied to the server or let go. */
  nicId?: string;
  volumeId?: string;
  deletePublicIp?: boolean;
  deleteVolumes?: boolean;
  /** Here and in the next two an empty text takes away what the server had. */
  userData?: string;
  keyName?: string;
  /** That of `keyName`, whatever becomes of the keypair meanwhile. */
  publicKey?: string;
  adminPasswordHash?: string;
}

export interface SubJob {
  id: string;
  jobId: string;
  /** Order within the job, from 0. */
  position: number;
  /** An alteration has ended when it is written down; only operations are ever carried out later. */
  operation: Operation | Alteration;
  door: Door;
  serverId: string | null;
  nodeId: string | null;
  status: SubJobStatus;
  input: OperationInput;
  step: StepName | null;
  /** Private notes of the step under way: what was sent and when, readings so far. */
  checkpoint: Checkpoint;
  /** Deliveries so far. */
  attempt: number;
  /** Not before this moment. */
  runAt: Date;
  /** When the deadline of the state passes. */
  deadlineAt: Date;
  /** What it waits for, in words; and the last thing seen. */
  waitsFor: string | null;
  evidence: string | null;
  evidenceAt: Date | null;
  /** Remedies tried so far, in order. */
  remedies: string[];
  error: ErrorFacts | null;
  createdAt: Date;
  beganAt: Date | null;
  endedAt: Date | null;
}

export interface Checkpoint {
  /** A command that was about to be sent when this was written (ISO time); its result is not known yet. */
  intended?: string;
  /** When the command was known to be taken by the BMC (ISO time). */
  sent?: string;
  /** Equal readings in a row that show the wanted effect. */
  seen?: number;
  /** Failed calls in a row, for the backoff. */
  failures?: number;
  /** The notes of a power-off that a remedy put in between; the step begins afresh when the machine is off. */
  cycling?: Checkpoint;
}

export interface Job {
  id: string;
  projectId: string;
  operation: Operation | Alteration;
  door: Door;
  createdAt: Date;
  subJobs: SubJob[];
}

/**
 * FAIL if any part failed and all ended, SUCCESS if all succeeded, RUNNING as soon as one part left the queue
 * (OTC user manual, failed tasks: the manual calls a batch failed unless every part succeeded).
 */
export function toJobStatus(parts: readonly Pick<SubJob, 'status'>[]): JobStatus {
  if (parts.every((part) => hasEnded(part.status))) {
    return parts.some((part) => part.status === 'failed') ? 'FAIL' : 'SUCCESS';
  }
  return parts.every((part) => part.status === 'queued') ? 'INIT' : 'RUNNING';
}

export function toSubJobStatus(status: SubJobStatus): JobStatus {
  switch (status) {
    case 'queued':
      return 'INIT';
    case 'running':
    case 'waiting':
      return 'RUNNING';
    case 'succeeded':
      return 'SUCCESS';
    case 'failed':
      return 'FAIL';
  }
}
