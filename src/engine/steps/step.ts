/**
 * An operation is a list of steps. A step is called again and again until it says that it is done: it looks, acts at
 * most once, and says how things stand. It never waits. Whatever it must remember between two calls is its checkpoint.
 */
import type { ErrorFacts } from '../../core/errors.ts';
import type { Checkpoint, SubJob } from '../../core/job.ts';
import type { Node } from '../../core/node.ts';
import type { Driver, Installer, Purpose } from '../../core/ports.ts';
import type { Delivery, NodeChange, ServerChange, Work } from '../../core/work.ts';

export interface StepContext {
  subJob: SubJob;
  delivery: Delivery;
  checkpoint: Checkpoint;
  work: Work;
  purpose: Purpose;
  /** The node and what acts on it. Throws `internal` for the steps before placement. */
  machine(): { node: Node; driver: Driver; installer: Installer };
  /**
   * Commits that a command is about to be sent. After a crash the next delivery finds the note and looks before it
   * sends again, so that no command is given twice.
   */
  intend(): Promise<void>;
  now(): number;
  /** How long the operation may last on this node, in milliseconds. */
  deadlineFor(node: Node): number;
}

export type StepResult =
  | { is: 'done'; evidence: string; server?: ServerChange; node?: NodeChange; deadlineInMs?: number }
  | { is: 'waiting'; waitsFor: string; evidence: string; lookInMs: number; node?: NodeChange }
  | { is: 'failed'; error: ErrorFacts; evidence: string; node?: NodeChange };

export type Step = (context: StepContext) => Promise<StepResult>;

export function hardwareSays(message: string): ErrorFacts {
  return { kind: 'hardware', message };
}
