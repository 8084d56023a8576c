/** By what a create request says that it is the same as one before. */
import { createHash } from 'node:crypto';
import { invalid } from '../core/errors.ts';
import type { RequestKey } from '../core/once.ts';
import type { Call } from './api.ts';

const longestKey = 255;

/**
 * `Idempotency-Key`, a client token, or the id that the client gave the request. An id may be shared by requests that
 * belong together, so that only the same request under the same id is the same; the others are unique by their nature.
 */
export function toRequestKey({ headers, body, path }: Call, clientToken?: unknown): RequestKey | null {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  const own = text(headers['idempotency-key']) ?? text(headers['x-client-token']) ?? text(clientToken);
  const requestId = text(headers['x-request-id']) ?? text(headers['x-openstack-request-id']);
  const given = own ?? requestId;
  if (given === undefined) return null;
  if (given.length > longestKey) throw invalid(`A request key has at most ${longestKey} characters.`);
  const fingerprint = toFingerprint(path, body);
  return { key: own === undefined ? `${given} ${fingerprint}` : given, fingerprint };
}

/** Passwords are left out: a hash over so little could be guessed. */
function toFingerprint(path: string, body: unknown): string {
  const asked = JSON.stringify(body, (key, value: unknown) => (/pass/i.test(key) ? undefined : value));
  return createHash('sha256').update(`${path}\n${asked}`).digest('base64url');
}
