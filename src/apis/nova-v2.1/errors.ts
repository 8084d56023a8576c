/** Our kinds of failure as Nova's faults: an object with exactly one key, named after the status code. */
import type { ErrorFacts, ErrorKind, IngotError } from '../../core/errors.ts';
import { firstTaskState, toVmState } from '../../core/lifecycle.ts';
import { operationKinds } from '../../core/operations.ts';
import type { Answer, Call } from '../api.ts';
import { toUnauthenticated } from '../keystone-middleware.ts';

const faultNames: Record<number, string> = {
  400: 'badRequest',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  408: 'badRequest',
  409: 'conflictingRequest',
  413: 'overLimit',
  429: 'overLimit',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

const statusCodes: Partial<Record<ErrorKind, number>> = {
  'not-found': 404,
  'not-allowed': 403,
  invalid: 400,
  'wrong-method': 405,
  conflict: 409,
  'state-refuses': 409,
  quota: 403,
  'too-many-requests': 429,
  'too-large': 413,
  'too-slow': 408,
  unavailable: 503,
};

/** Where the kind alone is too coarse. */
const exactCodes: Record<string, number> = { 'not-acceptable': 406, 'not-implemented': 501 };

export function toError({ facts }: IngotError, { origin }: Pick<Call, 'origin'>): Answer {
  if (facts.kind === 'unauthenticated') return toUnauthenticated(origin);
  const statusCode = exactCodes[facts.code ?? ''] ?? statusCodes[facts.kind] ?? 500;
  const fault = {
    code: statusCode,
    message: toMessage(facts),
    ...(statusCode === 429 ? { retryAfter: String(facts.retryAfterSeconds ?? 1) } : {}),
  };
  return { statusCode, body: { [faultNames[statusCode] ?? 'computeFault']: fault } };
}

/** Texts that clients may match are upstream's. */
function toMessage(facts: ErrorFacts): string {
  const { kind, subject, id, operation, state, message } = facts;
  if (kind === 'not-found' && subject === 'server') return `Instance ${id} could not be found.`;
  if (kind === 'not-found' && subject === 'flavor') return `Flavor ${id} could not be found.`;
  if (kind === 'not-found' && subject === 'security group') return `Security group ${id} not found.`;
  if (kind === 'not-found' && subject === 'server group') return `Instance group ${id} could not be found.`;
  if (kind === 'not-found' && subject === 'path') return 'The resource could not be found.';
  if (kind === 'state-refuses' && operation && state) {
    const task = firstTaskState(state);
    const standing = task ? `task_state ${task}` : `vm_state ${toVmState({ state, deletingFrom: null })}`;
    return `Cannot '${operationKinds[operation].verb}' instance ${id} while it is in ${standing}`;
  }
  if (kind === 'conflict' && operation) return `Instance ${id} is locked`;
  return message;
}
