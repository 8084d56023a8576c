/**
 * What OpenStack services answer to a caller without a good token: not words of their own, but those of Keystone's
 * middleware in front of them (keystonemiddleware, auth_token).
 */
import type { Answer } from './api.ts';

export function toUnauthenticated(origin: string): Answer {
  const message = 'The request you have made requires authentication.';
  return {
    statusCode: 401,
    body: { error: { code: 401, title: 'Unauthorized', message } },
    headers: { 'WWW-Authenticate': `Keystone uri="${origin}/v3"` },
  };
}
