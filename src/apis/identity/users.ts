/** Users, and how they change their own password. */
import type { Static } from 'typebox';
import { notAllowed, notFound } from '../../core/errors.ts';
import { newId } from '../../engine/ids.ts';
import { callerOf, ok, single, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { forbidden } from './errors.ts';
import { asAsked, listed } from './lists.ts';
import { checkPassword } from './login.ts';
import { toUser, type PasswordBody, type UserBody, type UserChange } from './wire.ts';

/** All for administrators; others see themselves (Terraform's Huawei provider looks up its own id by name). */
export async function list({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { isAdmin, user } = callerOf(call);
  const accountId = single(call, 'domain_id');
  const name = single(call, 'name');
  const found = isAdmin
    ? await tenancy.listUsers({ accountId, name })
    : [user].filter((it) => (accountId ?? it.accountId) === it.accountId);
  return listed(call, 'users', asAsked(call, found), toUser);
}

export async function show({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { isAdmin, user: self } = callerOf(call);
  const id = call.params['user']!;
  if (!isAdmin && id !== self.id) throw forbidden('get_user');
  const user = await tenancy.findUser(id);
  if (!user) throw notFound('user', id);
  return ok({ user: toUser(user, call.origin) });
}

export async function create({ tenancy, passwords, now }: Cloud, call: Call): Promise<Answer> {
  const { user: wish } = call.body as Static<typeof UserBody>;
  const { account, projectAccount, userAccount } = callerOf(call);
  const accountId = wish.domain_id ?? (account ?? projectAccount ?? userAccount).id;
  const defaultProjectId = wish.default_project_id ?? null;
  if (!(await tenancy.findAccount(accountId))) throw notFound('domain', accountId);
  if (defaultProjectId !== null && !(await tenancy.findProject(defaultProjectId))) {
    throw notFound('project', defaultProjectId);
  }
  const user = await tenancy.createUser(
    {
      id: toHex(newId(now())),
      accountId,
      name: wish.name,
      email: wish.email ?? null,
      description: wish.description ?? '',
      enabled: wish.enabled ?? true,
      isRoot: false,
      defaultProjectId,
      createdAt: new Date(now()),
    },
    wish.password == null ? null : await passwords.hash(wish.password),
  );
  return ok({ user: toUser(user, call.origin) }, 201);
}

export async function change({ tenancy, passwords }: Cloud, call: Call): Promise<Answer> {
  const { user: wish } = call.body as Static<typeof UserChange>;
  const id = call.params['user']!;
  const projectId = wish.default_project_id;
  if (projectId != null && !(await tenancy.findProject(projectId))) throw notFound('project', projectId);
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

export async function remove({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['user']!;
  const user = await tenancy.findUser(id);
  if (!user) throw notFound('user', id);
  if (user.isRoot)
    throw notAllowed(`The user ${user.name} is the root of its account and cannot be deleted.`);
  await tenancy.removeUser(id);
  return { statusCode: 204 };
}

/** Ends all tokens of the user, this one too. Wrong passwords count as at a login. */
export async function changeOwnPassword(cloud: Cloud, call: Call): Promise<Answer> {
  const { password, original_password: original } = (call.body as Static<typeof PasswordBody>).user;
  const id = call.params['user']!;
  if (callerOf(call).user.id !== id) throw forbidden('change_password');
  await checkPassword(cloud, call, await cloud.tenancy.findCredentials({ id }), original);
  await cloud.tenancy.changeUser(id, { passwordHash: await cloud.passwords.hash(password) });
  return { statusCode: 204 };
}
