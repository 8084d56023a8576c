import type { IngotError } from '../../core/errors.ts';
import type { Answer } from '../api.ts';

export function toFailure({ facts }: IngotError): Answer {
  return { statusCode: statusOf(facts.kind), body: { error: { message: facts.message } } };
}

function statusOf(kind: IngotError['kind']): number {
  switch (kind) {
    case 'unauthenticated':
      return 403; // a link is no login: asking for one would lead nowhere
    case 'state-refuses':
    case 'conflict':
      return 409;
    case 'not-found':
      return 404;
    case 'wrong-method':
      return 405;
    case 'too-many-requests':
      return 429;
    case 'unavailable':
      return 503;
    case 'internal':
      return 500;
    default:
      return 400;
  }
}
