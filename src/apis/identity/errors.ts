/** Our kinds of failure in Keystone's envelope (keystone/server/flask/application.py, keystone/exception.py). */
import { STATUS_CODES } from 'node:http';
import { notAllowed, type ErrorKind, type IngotError } from '../../core/errors.ts';
import type { Answer, Call } from '../api.ts';
import { toIamError } from './iam-errors.ts';

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
  hardware: 500,
  deadline: 500,
  superseded: 409,
  internal: 500,
};

/** One text for every 401: nobody learns whether the user, the password or the scope was wrong. */
const unauthorized = 'The request you have made requires authentication.';
const unexpected = 'An unexpected error prevented the server from fulfilling your request.';

/** @param action as in Keystone's policies, without the service ("get_user") */
export function forbidden(action: string): IngotError {
  return notAllowed(`You are not authorized to perform the requested action: identity:${action}.`);
}

export function toError(
  { facts }: IngotError,
  { origin, path, requestId }: Pick<Call, 'origin' | 'path' | 'requestId'>,
): Answer {
  if (path.startsWith('/v3.0/')) return toIamError(facts);
  // IAM v5 tells the request besides.
  if (path.startsWith('/v5/')) return toIamError(facts, requestId);
  const code = statusCodes[facts.kind];
  return {
    statusCode: code,
    body: { error: { code, title: STATUS_CODES[code], message: toMessage(code, facts) } },
    ...(code === 401 ? { headers: { 'www-authenticate': `Keystone uri="${origin}"` } } : {}),
  };
}

function toMessage(code: number, { subject, message }: IngotError['facts']): string {
  if (code === 401) return unauthorized;
  if (code === 500) return unexpected;
  if (subject === 'path') return 'The resource could not be found.';
  // What auth.ts says of a route for administrators, in Keystone's words.
  const [, action] = /^Policy doesn't allow identity:(\w+) to be performed\.$/.exec(message) ?? [];
  return action ? forbidden(action).message : message;
}
