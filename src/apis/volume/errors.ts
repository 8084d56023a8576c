/** Our kinds of failure as Cinder's faults: an object with one key, named after the status code. */
import type { ErrorKind, IngotError } from '../../core/errors.ts';
import type { Answer, Call } from '../api.ts';
import { toUnauthenticated } from '../keystone-middleware.ts';

/** Cinder answers 400 to what the status of a volume does not allow. */
const faults: Partial<Record<ErrorKind, [statusCode: number, name: string]>> = {
  'not-found': [404, 'itemNotFound'],
  'not-allowed': [403, 'forbidden'],
  invalid: [400, 'badRequest'],
  conflict: [400, 'badRequest'],
  'wrong-method': [405, 'badMethod'],
  'too-many-requests': [429, 'overLimit'],
  'too-large': [413, 'overLimit'],
  'too-slow': [408, 'badRequest'],
  unavailable: [503, 'serviceUnavailable'],
};

export function toError({ facts }: IngotError, { origin }: Pick<Call, 'origin'>): Answer {
  const { kind, subject, id } = facts;
  if (kind === 'unauthenticated') return toUnauthenticated(origin);
  const [code, name] = faults[kind] ?? [500, 'computeFault'];
  const isMissing = kind === 'not-found' && subject === 'volume';
  const message = isMissing ? `Volume ${id} could not be found.` : facts.message;
  return { statusCode: code, body: { [name]: { code, message } } };
}
