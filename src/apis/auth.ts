/**
 * Who is calling, and whether they may. A token is looked up by its hash; a signature is checked each time, against the
 * request as it came in. What the database says of callers is remembered until anything about callers changes.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { AccessKeys, SigningKey } from '../core/access-keys.ts';
import { actions, type Action } from '../core/actions.ts';
import type { Asked, Judge } from '../core/authorization.ts';
import { notAllowed, unauthenticated, type IngotError } from '../core/errors.ts';
import { signatureGuesses, type LoginAttempts } from '../core/login-attempts.ts';
import type { Verdict } from '../core/policy.ts';
import type { ResourceTags } from '../core/resource-tags.ts';
import type { Caller, Standing, Tenancy } from '../core/tenancy.ts';
import { actionsOf, callerOf, isId, toHex, type Call, type GuardedRoute } from './api.ts';
import {
  checkForm,
  isSignature,
  isSignedBy,
  parseSignature,
  skewMs,
  type SignedRequest,
} from './signature.ts';
import { guessOriginOf } from './source.ts';

type Headers = Record<string, string | string[] | undefined>;

/** What came with a signed request that its signature need not cover. */
interface SignedAt {
  headers: Headers;
  pathProject: string | undefined;
  sourceIp: string;
}

export interface Auth {
  /** By token. Throws unauthenticated in the words of the gateway (APIGW.0301). */
  authenticate(headers: Headers): Promise<Caller>;
  /** By signature; throws in the same words. Where nothing else is asked for, the project is that of the path. */
  verify(request: SignedRequest, at: SignedAt): Promise<Caller>;
  /**
   * Before the body is read: as exactly as can be said without it.
   * @throws not-allowed, naming the action
   */
  admit(call: Call, route: GuardedRoute): Promise<void>;
  /**
   * With the body: the very action on the very resources.
   * @param chosen null where the body says nothing known; then all that it could be must be allowed
   * @throws not-allowed, naming the action
   */
  authorize(call: Call, route: GuardedRoute, chosen: Action | null): Promise<void>;
  /** Whether policies allow an action that no route stands for. */
  may(call: Call, action: Action): boolean;
  close(): Promise<void>;
}

/** Enough for every client of a busy installation; beyond it the oldest goes. */
const mostRemembered = 10_000;

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** A token counts before a signature. */
export function isSigned(headers: Headers): boolean {
  return headers['x-auth-token'] === undefined && isSignature(textOf(headers['authorization']));
}

export async function createAuth(
  tenancy: Tenancy,
  accessKeys: AccessKeys,
  loginAttempts: LoginAttempts,
  judge: Judge,
  resourceTags: ResourceTags,
  now: () => number,
): Promise<Auth> {
  const callers = createMemory<Caller>();
  const standings = createMemory<Standing>();
  const stop = await tenancy.onChange(() => {
    callers.forget();
    standings.forget();
  });

  return {
    async authenticate(headers) {
      const token = headers['x-auth-token'];
      if (typeof token !== 'string' || token === '') throw denied('x-auth-token not found');
      const caller = await callers.recall(token, () => tenancy.findCaller(hashToken(token)));
      if (!caller) throw denied('decrypt token fail');
      checkEnd(caller.expiresAt, now());
      return caller;
    },

    async verify(request, { headers, pathProject, sourceIp }) {
      const signature = parseSignature(textOf(headers['authorization']) ?? '');
      const { access } = signature;
      checkForm(request, signature, now());
      const attempt = { subject: access, origin: guessOriginOf(sourceIp) };
      const key = await accessKeys.findSigning(access, attempt.origin);
      if (!key) throw denied(`Get secretKey failed,ak:${access},err:ak not exist`);
      if (!key.enabled) throw denied(`Get secretKey failed,ak:${access},err:ak is inactive`);
      if (key.failures >= signatureGuesses.most) {
        throw denied('AK access failed to reach the limit,forbidden.');
      }
      if (!isSignedBy(key.secret, request, signature)) {
        await loginAttempts.count(attempt, signatureGuesses);
        throw denied('verify aksk signature fail, the signature is not that of this request');
      }
      if (key.failures > 0) await loginAttempts.welcome(attempt);
      checkSecurityToken(key, textOf(headers['x-security-token']), now());

      const at = placeOf(key, headers, pathProject);
      const standing = await standings.recall(JSON.stringify([key.userId, at.projectId, at.accountId]), () =>
        tenancy.findStanding(key.userId, at),
      );
      if (!standing) {
        const place = at.projectId === null ? `domain ${at.accountId}` : `project ${at.projectId}`;
        throw notAllowed(`The access key ${access} may not be used for the ${place}.`);
      }
      const issuedAt = new Date(now());
      return {
        ...standing,
        applicationCredential: null,
        isDelegate: key.temporary !== null,
        methods: ['hw_ak_sk'],
        auditId: access,
        issuedAt,
        expiresAt: key.temporary?.expiresAt ?? new Date(now() + skewMs),
      };
    },

    async admit(call, route) {
      if (isSettledByHead(route)) return check(judge, resourceTags, call, route, [route.action]);
      if (route.isOwnOpen) return;
      const possible = actionsOf(route);
      if (!possible.some((action) => judge.mayBeAllowed(callerOf(call), action))) throw refused(...possible);
    },

    async authorize(call, route, chosen) {
      if (isSettledByHead(route)) return;
      await check(judge, resourceTags, call, route, chosen ? [chosen] : actionsOf(route));
    },

    may: (call, action) => verdictOf(judge, call, { action, ids: [] }) === 'allowed',

    close: stop,
  };
}

/** Whether nothing in the body changes what policies say. */
function isSettledByHead(route: GuardedRoute): route is GuardedRoute & { action: Action } {
  return typeof route.action === 'string' && !route.targets && !route.tags;
}

async function check(
  judge: Judge,
  resourceTags: ResourceTags,
  call: Call,
  route: GuardedRoute,
  asked: readonly Action[],
): Promise<void> {
  const caller = callerOf(call);
  const { server_id: server, id } = call.params;
  const ids = (route.targets?.(call) ?? [server ?? id]).filter((one) => one !== undefined).map(toCanonical);
  const tags = asked.some((action) => judge.weighsTags(caller, action))
    ? await resourceTags.find(caller.isAdmin ? null : (caller.project?.id ?? ''), ids.filter(isId))
    : undefined;
  const requestTags = route.tags?.(call);
  for (const action of asked) {
    const verdict = verdictOf(judge, call, {
      action,
      ids,
      ...(tags && { tags }),
      ...(requestTags && { requestTags }),
    });
    if (verdict === 'denied' || (verdict === 'not-allowed' && !route.isOwnOpen)) throw refused(action);
  }
}

/** As policies name a resource. The store finds it by any way of writing its UUID, which must not pass by a denial. */
function toCanonical(id: string): string {
  if (!isId(id)) return id;
  return toHex(id.toLowerCase()).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function verdictOf(judge: Judge, call: Call, asked: Omit<Asked, 'sourceIp' | 'userAgent'>): Verdict {
  const { sourceIp, headers } = call;
  return judge.decide(callerOf(call), { ...asked, sourceIp, userAgent: textOf(headers['user-agent']) });
}

function refused(...possible: Action[]): IngotError {
  const names = new Set(possible.map((action) => actions[action].names[0]));
  return notAllowed(`Policy doesn't allow ${[...names].join(' or ')} to be performed.`);
}

/** A temporary key goes with its token, a permanent one with none. */
function checkSecurityToken({ temporary }: SigningKey, token: string | undefined, now: number): void {
  if (!temporary && !token) return;
  if (!temporary || !token || !timingSafeEqual(hashToken(token), temporary.tokenHash)) {
    throw denied('verify aksk signature fail, x-security-token is not that of this access key');
  }
  checkEnd(temporary.expiresAt, now);
}

function checkEnd(expiresAt: Date, now: number): void {
  if (expiresAt.getTime() <= now) throw denied(`token expires, expires_at:${expiresAt.toISOString()}`);
}

/**
 * Where a signed request acts. The headers need not be signed (Terraform's providers add them afterwards), for whether
 * the key may be used there is looked up.
 */
function placeOf({ temporary }: SigningKey, headers: Headers, pathProject: string | undefined) {
  const asked = textOf(headers['x-project-id']);
  const own = temporary?.projectId ?? null;
  if (own !== null && asked && asked !== own) {
    throw notAllowed(`This temporary access key is for the project ${own} only.`);
  }
  const projectId = own ?? (asked || pathProject) ?? null;
  const accountId = projectId === null ? textOf(headers['x-domain-id']) || null : null;
  return { projectId, accountId };
}

/** What was found, by key. */
function createMemory<T>() {
  const known = new Map<string, T>();
  let changes = 0;
  return {
    async recall(key: string, find: () => Promise<T | null>): Promise<T | null> {
      const remembered = known.get(key);
      if (remembered !== undefined) return remembered;
      const before = changes;
      const found = await find();
      if (known.size >= mostRemembered) known.delete(known.keys().next().value!);
      // What was read while something changed may be out of date already.
      if (found !== null && changes === before) known.set(key, found);
      return found;
    },
    forget() {
      changes++;
      known.clear();
    },
  };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function denied(why: string): IngotError {
  return unauthenticated(`Incorrect IAM authentication information: ${why}`);
}
