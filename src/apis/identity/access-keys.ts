/** Access keys (IAM v3.0, OS-CREDENTIAL): permanent ones, and temporary ones with a security token. */
import type { Static } from 'typebox';
import type { AccessKey } from '../../core/access-keys.ts';
import type { Action } from '../../core/actions.ts';
import { IngotError, invalid, notAllowed, notFound, unauthenticated } from '../../core/errors.ts';
import { hashToken } from '../auth.ts';
import { callerOf, ok, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { checkMayManage, isInReach } from './reach.ts';
import {
  toAccessKey,
  toTime,
  type AccessKeyBody,
  type AccessKeyChange,
  type TemporaryKeyBody,
} from './wire.ts';

/** As documented: enough to replace one without a gap. */
const mostPerUser = 2;
const shortestSeconds = 900;

export async function create(cloud: Cloud, call: Call): Promise<Answer> {
  const { tenancy, accessKeys } = cloud;
  const { user_id: userId, description } = (call.body as Static<typeof AccessKeyBody>).credential;
  await checkMayChange(cloud, call, userId, 'identity:create_access_key');
  const key = await accessKeys.create(userId, description ?? '', mostPerUser);
  if (key) return ok({ credential: { ...toAccessKey(key), secret: key.secret } }, 201);
  if (!(await tenancy.findUser(userId))) throw notFound('user', userId);
  throw new IngotError({
    kind: 'quota',
    message: `A user has at most ${mostPerUser} permanent access keys.`,
  });
}

export async function list(cloud: Cloud, call: Call): Promise<Answer> {
  const userId = single(call, 'user_id') ?? callerOf(call).user.id;
  await checkMaySee(cloud, call, userId, 'identity:list_access_keys');
  return ok({ credentials: (await cloud.accessKeys.list(userId)).map(toAccessKey) });
}

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  return ok({ credential: toAccessKey(await getKey(cloud, call, 'identity:get_access_key')) });
}

export async function change(cloud: Cloud, call: Call): Promise<Answer> {
  const { status, description } = (call.body as Static<typeof AccessKeyChange>).credential;
  const { access, userId } = await getKey(cloud, call, 'identity:update_access_key');
  await checkMayChange(cloud, call, userId, 'identity:update_access_key');
  const enabled = status === undefined ? undefined : status === 'active';
  const key = await cloud.accessKeys.change(access, { enabled, description });
  if (!key) throw notFound('access key', access);
  return ok({ credential: toAccessKey(key) });
}

export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  const { access, userId } = await getKey(cloud, call, 'identity:delete_access_key');
  await checkMayChange(cloud, call, userId, 'identity:delete_access_key');
  await cloud.accessKeys.remove(access);
  return { statusCode: 204 };
}

/** For the token in the body, else for that of the request; good for the project of the token, if it has one. */
export async function createTemporary({ tenancy, accessKeys }: Cloud, call: Call): Promise<Answer> {
  const { methods, token, policy } = (call.body as Static<typeof TemporaryKeyBody>).auth.identity;
  if (methods.join() !== 'token') throw invalid('methods must be ["token"].', 'auth.identity.methods');
  if (policy !== undefined) throw invalid('policy is not supported.', 'auth.identity.policy');
  const given = token?.id ?? call.headers['x-auth-token'];
  const caller = typeof given === 'string' ? await tenancy.findCaller(hashToken(given)) : null;
  if (!caller) throw unauthenticated('Incorrect IAM authentication information: decrypt token fail');
  if (caller.isDelegate) throw forbidden();
  const { expiresAt, securityToken, access, secret } = await accessKeys.createTemporary(
    caller.user.id,
    caller.project?.id ?? null,
    token?.duration_seconds ?? shortestSeconds,
  );
  const credential = { access, secret, securitytoken: securityToken, expires_at: toTime(expiresAt) };
  return ok({ credential }, 201);
}

/** Others learn no more of a key than that they may not see it. */
async function getKey(cloud: Cloud, call: Call, action: Action): Promise<AccessKey> {
  const access = call.params['access']!;
  const key = await cloud.accessKeys.find(access);
  await checkMaySee(cloud, call, key?.userId ?? null, action);
  if (!key) throw notFound('access key', access);
  return key;
}

/** Users have to do with their own keys; who is allowed to, with those in reach. */
async function checkMaySee(cloud: Cloud, call: Call, userId: string | null, action: Action): Promise<void> {
  const { user, isAdmin } = callerOf(call);
  if (user.id === userId || isAdmin) return;
  if (!call.may(action)) throw forbidden();
  const owner = userId === null ? null : await cloud.tenancy.findUser(userId);
  if (!owner || !isInReach(call, owner.accountId)) throw forbidden();
}

async function checkMayChange(cloud: Cloud, call: Call, userId: string, action: Action): Promise<void> {
  await checkMaySee(cloud, call, userId, action);
  if (callerOf(call).isDelegate) throw forbidden();
  const owner = await cloud.tenancy.findUser(userId);
  if (owner) await checkMayManage(cloud, call, owner);
}

const forbidden = () => notAllowed('You are not authorized to perform the requested action.');
