/**
 * The kinds of failure inside Ingot. No HTTP here: each API maps the kinds to its own codes and envelope in its
 * `errors.ts`. `message` is for the caller; `cause` and `detail` are for the operator's log and never leave.
 */
import type { Operation } from './operations.ts';
import type { State } from './lifecycle.ts';

export type ErrorKind =
  | 'not-found'
  | 'not-allowed'
  | 'unauthenticated'
  | 'invalid'
  | 'wrong-method'
  | 'conflict'
  | 'state-refuses'
  | 'quota'
  | 'no-capacity'
  | 'too-many-requests'
  | 'too-large'
  | 'too-slow'
  | 'unavailable'
  | 'hardware'
  | 'deadline'
  | 'superseded'
  | 'internal';

/** What a failure says besides its message; kept in sub-jobs as JSON, so plain data only. */
export interface ErrorFacts {
  kind: ErrorKind;
  message: string;
  /** The thing spoken of: 'server', 'image', 'node' … */
  subject?: string;
  id?: string;
  /** With `state-refuses`: what was asked, the state it met, and the states that would do. */
  operation?: Operation;
  /** What was asked, in words, when it is no operation: 'get console'. */
  wish?: string;
  state?: State;
  wanted?: State[];
  /** With `invalid`: where in the request. */
  field?: string;
  /** An exact code that the API documents for this case, where the kind alone is too coarse ('BMS.0206'). */
  code?: string;
  /** With `too-many-requests` and `unavailable`: seconds until it makes sense to try again. */
  retryAfterSeconds?: number;
}

export class IngotError extends Error {
  readonly facts: ErrorFacts;

  constructor(facts: ErrorFacts, options?: { cause?: unknown }) {
    super(facts.message, options);
    this.name = 'IngotError';
    this.facts = facts;
  }

  get kind(): ErrorKind {
    return this.facts.kind;
  }
}

export function notFound(subject: string, id: string): IngotError {
  return new IngotError({ kind: 'not-found', subject, id, message: `The ${subject} ${id} does not exist.` });
}

/** The place exists; this is not done to it. */
export function wrongMethod(method: string, path: string): IngotError {
  return new IngotError({ kind: 'wrong-method', message: `${method} is not done to ${path}.` });
}

export function invalid(message: string, field?: string, code?: string): IngotError {
  return new IngotError({
    kind: 'invalid',
    message,
    ...(field === undefined ? {} : { field }),
    ...(code === undefined ? {} : { code }),
  });
}

export function conflict(message: string, subject?: string, id?: string): IngotError {
  return new IngotError({
    kind: 'conflict',
    message,
    ...(subject === undefined ? {} : { subject }),
    ...(id === undefined ? {} : { id }),
  });
}

export function notAllowed(message: string): IngotError {
  return new IngotError({ kind: 'not-allowed', message });
}

export function unauthenticated(message: string): IngotError {
  return new IngotError({ kind: 'unauthenticated', message });
}

/** A refusal names the state and the states that would do. */
export function stateRefuses(id: string, operation: Operation, state: State, wanted: State[]): IngotError {
  return new IngotError({
    kind: 'state-refuses',
    subject: 'server',
    id,
    operation,
    state,
    wanted,
    message: `The server ${id} is ${state}; ${operation} needs ${wanted.length > 0 ? wanted.join(' or ') : 'another way'}.`,
  });
}
