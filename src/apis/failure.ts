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
  const lack = toLack(code, message);
  if (lack) {
    return new IngotError({ kind: 'unavailable', message: lack, retryAfterSeconds: 5 }, { cause: error });
  }
  return new IngotError({ kind: 'internal', message: 'Internal error.' }, { cause: error });
}

const networkCodes = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
];

/** What the database lacks, for it is the only thing that handlers ask without a guard; null: nothing, the fault is ours. */
function toLack(code: string | undefined, message: string): string | null {
  // Classes and codes of PostgreSQL, "Error Codes": 53 insufficient resources, 08 connection exceptions, 57P shutdowns.
  if (code === '53100') return 'The disk of the database is full.';
  if (code?.startsWith('53')) return 'The database has no room for more.';
  const isAway =
    code?.startsWith('08') ||
    (code && [...networkCodes, '57P01', '57P02', '57P03'].includes(code)) ||
    // pg's own words, without a code, for a connection that broke in the middle or did not come about.
    /^(Connection terminated|timeout exceeded when trying to connect)/.test(message);
  return isAway ? 'The database is away.' : null;
}
