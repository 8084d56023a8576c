/** Users, and how they change their own password. */
import type { Static } from 'typebox';
import { actingAccount } from '../../core/authorization.ts';
import { notAllowed, notFound } from '../../core/errors.ts';
import { newId } from '../../engine/ids.ts';
import { callerOf, ok, single, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { forbidden } from './errors.ts';
import { asAsked, listed } from './lists.ts';
import { checkPassword, inTurn } from './login.ts';
import { checkMayManage, getAccount, getProject, getUser, reachOf } from './reach.ts';
import { toUser, type PasswordBody, type UserBody, type UserChange } from './wire.ts';

/** Those in reach; who may not list sees itself (Terraform's Huawei provider looks up its own id by name). */
export async function list({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const asked = single(call, 'domain_id');
  const name = single(call, 'name');
  const accountId = reachOf(call) ?? asked;
  const known = call.may('identity:list_users')
    ? await tenancy.listUsers({ accountId, name })
    : [callerOf(call).user];
  const found = known.filter((it) => (asked ?? it.accountId) === it.accountId);
  return listed(call, 'users', asAsked(call, found), toUser);
}

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  const self = callerOf(call).user;
  const id = call.params['user']!;
  if (id !== self.id && !call.may('identity:get_user')) throw forbidden('get_user');
  const user = id === self.id ? self : await getUser(cloud, call, id);
  return ok({ user: toUser(user, call.origin) });
}

/** The root user of an account, who may do all in it, is made by operators, as the account itself is. */
export async function create(cloud: Cloud, call: Call): Promise<Answer> {
  const { tenancy, passwords, now } = cloud;
  const { user: wish } = call.body as Static<typeof UserBody>;
  const caller = callerOf(call);
  const { id: accountId } = await getAccount(cloud, call, wish.domain_id ?? actingAccount(caller).id);
  const defaultProjectId = wish.default_project_id ?? null;
  if (defaultProjectId !== null) await getProject(cloud, call, defaultProjectId);
  const isRoot = wish.is_domain_owner ?? false;
  if (isRoot && !caller.isAdmin) throw forbidden('create_user');
  const user = await tenancy.createUser(
    {
      id: toHex(newId(now())),
      accountId,
      name: wish.name,
      email: wish.email ?? null,
      description: wish.description ?? '',
      enabled: wish.enabled ?? true,
      isRoot,
      defaultProjectId,
      createdAt: new Date(now()),
    },
    wish.password == null ? null : await passwords.hash(wish.password),
  );
  return ok({ user: toUser(user, call.origin) }, 201);
}

export async function change(cloud: Cloud, call: Call): Promise<Answer> {
  const { tenancy, passwords } = cloud;
  const { user: wish } = call.body as Static<typeof UserChange>;
  const id = call.params['user']!;
  await checkMayManage(cloud, call, await getUser(cloud, call, id));
  const projectId = wish.default_project_id;
  if (projectId != null) await getProject(cloud, call, projectId);
  const user = await tenancy.changeUser(id, {
    name: wish.name,
    description: wish.description ?? undefined,
    enabled: wish.enabled,
    email: wish.email,
    defaultProjectId: projectId,
    ...(wish.password === undefined ? {} : { passwordHash: await passwords.hash(wish.password) }),
  });
  if (!user) throw notFound('user', id);
  return ok({ user: toUser(user, call.origin) });
}

export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  const user = await getUser(cloud, call, call.params['user']!);
  if (user.isRoot)
    throw notAllowed(`The user ${user.name} is the root of its account and cannot be deleted.`);
  await checkMayManage(cloud, call, user);
  await cloud.tenancy.removeUser(user.id);
  return { statusCode: 204 };
}

/** Ends all tokens of the user, this one too. Wrong passwords count as at a login. */
export async function changeOwnPassword(cloud: Cloud, call: Call): Promise<Answer> {
  const { password, original_password: original } = (call.body as Static<typeof PasswordBody>).user;
  const id = call.params['user']!;
  if (callerOf(call).user.id !== id) throw forbidden('change_password');
  await inTurn(cloud, call, async () =>
    checkPassword(cloud, call, await cloud.tenancy.findCredentials({ id }), original),
  );
  await cloud.tenancy.changeUser(id, { passwordHash: await cloud.passwords.hash(password) });
  return { statusCode: 204 };
}
