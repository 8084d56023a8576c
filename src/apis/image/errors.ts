/** Our kinds of failure as Glance tells them: status line, title, message (webob's JSON form). */
import type { ErrorFacts, ErrorKind, IngotError } from '../../core/errors.ts';
import type { Answer, Call } from '../api.ts';
import { toUnauthenticated } from '../keystone-middleware.ts';

const statuses: Partial<Record<ErrorKind, [statusCode: number, title: string]>> = {
  'not-found': [404, 'Not Found'],
  'not-allowed': [403, 'Forbidden'],
  invalid: [400, 'Bad Request'],
  'wrong-method': [405, 'Method Not Allowed'],
  conflict: [409, 'Conflict'],
  superseded: [410, 'Gone'],
  'too-many-requests': [429, 'Too Many Requests'],
  'too-large': [413, 'Request Entity Too Large'],
  'too-slow': [408, 'Request Timeout'],
  unavailable: [503, 'Service Unavailable'],
};

/** Cases that HTTP has a code for and our kinds have not. */
const special: Readonly<Record<string, [statusCode: number, title: string]>> = {
  'media-type': [415, 'Unsupported Media Type'],
  range: [416, 'Requested Range Not Satisfiable'],
};

export function toError({ facts }: IngotError, { origin }: Pick<Call, 'origin'>): Answer {
  if (facts.kind === 'unauthenticated') return toUnauthenticated(origin);
  const known = special[facts.code ?? ''] ?? statuses[facts.kind];
  const [statusCode, title] = known ?? [500, 'Internal Server Error'];
  return { statusCode, body: { code: `${statusCode} ${title}`, title, message: toMessage(facts) } };
}

function toMessage({ kind, subject, id, message }: ErrorFacts): string {
  if (kind === 'not-found' && subject === 'image') return `No image found with ID ${id}`;
  if (kind === 'not-found' && subject === 'path') return 'The resource could not be found.';
  return message;
}
