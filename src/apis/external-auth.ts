/**
 * Who is calling, where an external Keystone looks after identity. What it said of a token is believed until the token
 * ends, but no longer than the recheck interval: a revocation there counts here after that at the latest. Refusals are
 * remembered for some seconds, so that a client that goes on trying does not become the Keystone's affair.
 */
import { unauthenticated } from '../core/errors.ts';
import type { GuestToken, Guests } from '../core/guest.ts';
import type { Caller } from '../core/tenancy.ts';
import { hashToken, type Auth } from './auth.ts';

export interface ExternalIdentity {
  validate(token: string): Promise<GuestToken | null>;
  guests: Guests;
  recheckMs: number;
  now: () => number;
}

interface Known {
  caller: Promise<Caller | null>;
  /** Ask again from then on. */
  until: number;
}

const mostRemembered = 10_000;
const refusalMs = 5_000;

export function withExternalIdentity(auth: Auth, identity: ExternalIdentity): Auth {
  const { now, recheckMs } = identity;
  /** By hash: the memory of a process is no place for tokens of others. */
  const known = new Map<string, Known>();

  async function find(token: string): Promise<Caller | null> {
    const key = hashToken(token).toString('base64');
    const remembered = known.get(key);
    if (remembered && remembered.until > now()) return remembered.caller;
    const asked: Known = { caller: findAnew(identity, token), until: now() + recheckMs };
    known.delete(key);
    if (known.size >= mostRemembered) known.delete(known.keys().next().value!);
    known.set(key, asked);
    try {
      const caller = await asked.caller;
      if (!caller) asked.until = now() + Math.min(refusalMs, recheckMs);
      return caller;
    } catch (error) {
      // Not known is not remembered; the next call asks again.
      if (known.get(key) === asked) known.delete(key);
      throw error;
    }
  }

  return {
    ...auth,
    async authenticate(headers) {
      const token = headers['x-auth-token'];
      if (typeof token !== 'string' || token === '') throw denied('x-auth-token not found');
      const caller = await find(token);
      if (!caller) throw denied('decrypt token fail');
      if (caller.expiresAt.getTime() <= now()) throw denied('token expires');
      return caller;
    },
    async verify() {
      throw denied('access keys are not known where an external Keystone looks after identity');
    },
  };
}

async function findAnew({ validate, guests }: ExternalIdentity, token: string): Promise<Caller | null> {
  const found = await validate(token);
  const standing = found && (await guests.admit(found));
  if (!standing) return null;
  const { applicationCredential, methods, auditId, issuedAt, expiresAt } = found;
  return {
    ...standing,
    applicationCredential,
    isDelegate: applicationCredential?.isRestricted ?? false,
    methods,
    auditId,
    issuedAt,
    expiresAt,
  };
}

function denied(why: string) {
  return unauthenticated(`Incorrect IAM authentication information: ${why}`);
}
