/** Tokens: made, looked at, revoked. The token itself is told once; the database has its hash only. */
import { randomBytes } from 'node:crypto';
import type { Static } from 'typebox';
import { notFound, unauthenticated } from '../../core/errors.ts';
import type { Caller } from '../../core/tenancy.ts';
import { callerOf, ok, type Answer, type Call } from '../api.ts';
import { hashToken } from '../auth.ts';
import { toCatalog } from './catalog.ts';
import type { Cloud } from './cloud.ts';
import { forbidden } from './errors.ts';
import { prove } from './login.ts';
import { findScope } from './scope.ts';
import { toToken, type LoginBody } from './wire.ts';

const hourMs = 3_600_000;

export async function create(cloud: Cloud, call: Call): Promise<Answer> {
  const { identity, scope } = (call.body as Static<typeof LoginBody>).auth;
  const { user, methods, mostUntil, applicationCredential } = await prove(cloud, call, identity);
  if (applicationCredential && scope !== undefined) {
    throw unauthenticated('an application credential has its own scope');
  }
  const { projectId, accountId } = applicationCredential
    ? { projectId: applicationCredential.projectId, accountId: null }
    : await findScope(cloud, user, scope);

  const token = randomBytes(32).toString('base64url');
  const issuedAt = new Date(cloud.now());
  const ends = issuedAt.getTime() + cloud.tokenHours * hourMs;
  const expiresAt = new Date(Math.min(ends, mostUntil?.getTime() ?? ends));
  const auditId = randomBytes(16).toString('base64url');
  const hash = hashToken(token);
  await cloud.tenancy.addToken({
    hash,
    userId: user.id,
    projectId,
    accountId,
    applicationCredentialId: applicationCredential?.id ?? null,
    methods,
    auditId,
    issuedAt,
    expiresAt,
  });
  const caller = await cloud.tenancy.findCaller(hash);
  // User, project or role went away meanwhile.
  if (!caller) throw unauthenticated('the token is void');
  return { ...tell(cloud, call, caller, token, 201), caller };
}

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  const { token, subject } = await findSubject(cloud, call, 'validate_token');
  return tell(cloud, call, subject, token, 200);
}

export async function check(cloud: Cloud, call: Call): Promise<Answer> {
  const { token } = await findSubject(cloud, call, 'check_token');
  return { statusCode: 200, headers: { 'x-subject-token': token } };
}

export async function revoke(cloud: Cloud, call: Call): Promise<Answer> {
  const { token } = await findSubject(cloud, call, 'revoke_token');
  await cloud.tenancy.revokeToken(hashToken(token));
  return { statusCode: 204 };
}

/** gophertelekomcloud reads the token from the header also where it has just sent it. */
function tell(cloud: Cloud, call: Call, caller: Caller, token: string, statusCode: number): Answer {
  const isScoped = caller.project !== null || caller.account !== null;
  const wantsCatalog = isScoped && call.query['nocatalog'] === undefined;
  const catalog = wantsCatalog ? toCatalog(cloud.region, call.origin, caller.project?.id ?? null) : undefined;
  return { ...ok({ token: toToken(caller, catalog) }, statusCode), headers: { 'x-subject-token': token } };
}

/** Everybody may ask about tokens of their own; administrators about any. */
async function findSubject(
  { tenancy }: Cloud,
  call: Call,
  action: string,
): Promise<{ token: string; subject: Caller }> {
  const token = call.headers['x-subject-token'];
  const subject = typeof token === 'string' ? await tenancy.findCaller(hashToken(token)) : null;
  if (typeof token !== 'string' || !subject) throw notFound('token', 'of X-Subject-Token');
  const caller = callerOf(call);
  if (!caller.isAdmin && caller.user.id !== subject.user.id) throw forbidden(action);
  return { token, subject };
}
