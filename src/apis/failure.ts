/** What went wrong before or outside of a handler, as one of our kinds of failure. */
import { IngotError, invalid } from '../core/errors.ts';

export function tooMany(message: string): IngotError {
  return new IngotError({ kind: 'too-many-requests', message, retryAfterSeconds: 1 });
}

export function tooLarge(limit: number): IngotError {
  return new IngotError({ kind: 'too-large', message: `The body is larger than ${limit} bytes.` });
}

export function tooSlow(seconds: number): IngotError {
  return new IngotError({ kind: 'too-slow', message: `The body did not arrive within ${seconds} seconds.` });
}

/** @param bodyLimit bytes that Fastify itself takes at the most */
export function toIngotError(error: unknown, bodyLimit: number): IngotError {
  if (error instanceof IngotError) return error;
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  const message = error instanceof Error ? error.message : String(error);
  if (statusCode === 413) return tooLarge(bodyLimit);
  if (statusCode === 429) return tooMany(message);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return invalid(message);
  // PostgreSQL has no texts with NUL, whether in a parameter (22021) or in JSON (22P05).
  if (code === '22021' || code === '22P05') return invalid('The request contains a NUL character.');
  if (code === 'ECONNREFUSED' || code === '57P01' || code === '57P03' || code?.startsWith('08')) {
    return new IngotError(
      { kind: 'unavailable', message: 'The database is away.', retryAfterSeconds: 5 },
      { cause: error },
    );
  }
  return new IngotError({ kind: 'internal', message: 'Internal error.' }, { cause: error });
}
