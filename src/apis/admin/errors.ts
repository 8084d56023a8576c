/** The envelope of the operator's API: our own kinds as codes, and the facts that a program may want beside the words. */
import type { ErrorFacts, ErrorKind, IngotError } from '../../core/errors.ts';
import type { Answer } from '../api.ts';

const statusCodes: Record<ErrorKind, number> = {
  'not-found': 404,
  'not-allowed': 403,
  unauthenticated: 401,
  invalid: 400,
  'wrong-method': 405,
  conflict: 409,
  'state-refuses': 409,
  quota: 403,
  'no-capacity': 409,
  'too-many-requests': 429,
  'too-large': 413,
  'too-slow': 408,
  unavailable: 503,
  hardware: 502,
  deadline: 504,
  superseded: 409,
  internal: 500,
};

export function toError({ facts }: IngotError): Answer {
  return { statusCode: statusCodes[facts.kind], body: { error: toFailure(facts) } };
}

/** Also the `error` of `why`. */
export function toFailure({ kind, message, ...facts }: ErrorFacts) {
  const { subject, id, operation, state, wanted, field, retryAfterSeconds } = facts;
  const details = {
    subject,
    id,
    operation,
    state,
    wanted,
    field,
    retry_after_seconds: retryAfterSeconds,
  };
  const hasDetails = Object.values(details).some((it) => it !== undefined);
  return { code: kind, message, ...(hasDetails ? { details } : {}) };
}
