/** Who is calling: the token of a request, looked up by its hash and remembered until anything about callers changes. */
import { createHash } from 'node:crypto';
import { notAllowed, unauthenticated } from '../core/errors.ts';
import type { Caller, Tenancy } from '../core/tenancy.ts';
import type { Route } from './api.ts';

export interface Auth {
  /** Throws unauthenticated in the words of the gateway (APIGW.0301). */
  authenticate(headers: Record<string, string | string[] | undefined>): Promise<Caller>;
  authorize(caller: Caller, route: Route): void;
  close(): Promise<void>;
}

/** Enough for every client of a busy installation; beyond it the oldest goes. */
const mostRemembered = 10_000;

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export async function createAuth(tenancy: Tenancy, now: () => number): Promise<Auth> {
  const remembered = new Map<string, Caller>();
  let changes = 0;
  const stop = await tenancy.onChange(() => {
    changes++;
    remembered.clear();
  });

  return {
    async authenticate(headers) {
      const token = headers['x-auth-token'];
      if (typeof token !== 'string' || token === '') {
        throw unauthenticated('Incorrect IAM authentication information: x-auth-token not found');
      }
      const known = remembered.get(token);
      if (known && known.expiresAt.getTime() > now()) return known;
      const before = changes;
      const caller = await tenancy.findCaller(hashToken(token));
      if (!caller) throw unauthenticated('Incorrect IAM authentication information: decrypt token fail');
      if (remembered.size >= mostRemembered) remembered.delete(remembered.keys().next().value!);
      // What was read while something changed may be out of date already.
      if (changes === before) remembered.set(token, caller);
      return caller;
    },

    authorize(caller, route) {
      if (route.access === 'open' || caller.isAdmin) return;
      const mayWrite = caller.roles.some(({ name }) => name !== 'reader');
      if (route.access === 'admin' || (route.access === 'write' && !mayWrite)) {
        throw notAllowed(`Policy doesn't allow ${route.action ?? route.id} to be performed.`);
      }
    },

    close: stop,
  };
}
