/** New passwords of BMCs on their way. */
import type { Node } from './node.ts';

export interface PasswordChange {
  node: Node;
  next: string;
  /** How often it was put off. */
  failures: number;
}

/** What an operator sees of it; never the password. */
export interface PasswordChangeState {
  /** null: nothing goes on by itself; an operator must look. */
  dueAt: Date | null;
  note: string;
}

export interface PasswordChanges {
  /**
   * Commits the new password beside the old one. False when another one is on its way already, unless that one waits for
   * an operator.
   */
  begin(nodeId: string, password: string): Promise<boolean>;
  find(nodeId: string): Promise<PasswordChangeState | null>;
  /** Those that are due, each for one process until the lease ends. */
  claim(most: number, leaseMs: number): Promise<PasswordChange[]>;
  /** The new one takes the old one's place, if it is still the one on its way. */
  complete(nodeId: string, password: string): Promise<void>;
  /** @param pauseMs null: not before an operator says so */
  postpone(nodeId: string, note: string, pauseMs: number | null): Promise<void>;
  /** Forgets the new password; the old one stays. False when there was none. */
  abandon(nodeId: string): Promise<boolean>;
}
