/** Groups and their members (Identity API v3, "Groups"). */
import type { Static } from 'typebox';
import { actingAccount } from '../../core/authorization.ts';
import { notFound } from '../../core/errors.ts';
import type { Group } from '../../core/groups.ts';
import { operatorRole } from '../../core/tenancy.ts';
import { newId } from '../../engine/ids.ts';
import { callerOf, ok, single, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { forbidden } from './errors.ts';
import { asAsked, listed } from './lists.ts';
import { checkMayManage, getAccount, getGroup, getUser, reachOf } from './reach.ts';
import { toGroup, toUser, type GroupBody, type GroupChange } from './wire.ts';

export async function list({ groups }: Cloud, call: Call): Promise<Answer> {
  const asked = single(call, 'domain_id');
  const found = await groups.list({ accountId: reachOf(call) ?? asked, name: single(call, 'name') });
  const wanted = found.filter(({ accountId }) => (asked ?? accountId) === accountId);
  return listed(call, 'groups', wanted, toGroup);
}

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  return ok({ group: toGroup(await getGroup(cloud, call, call.params['group']!), call.origin) });
}

export async function create(cloud: Cloud, call: Call): Promise<Answer> {
  const { group: wish } = call.body as Static<typeof GroupBody>;
  const accountId = wish.domain_id ?? actingAccount(callerOf(call)).id;
  const group = await cloud.groups.create({
    id: toHex(newId(cloud.now())),
    accountId: (await getAccount(cloud, call, accountId)).id,
    name: wish.name,
    description: wish.description ?? '',
    createdAt: new Date(cloud.now()),
  });
  return ok({ group: toGroup(group, call.origin) }, 201);
}

export async function change(cloud: Cloud, call: Call): Promise<Answer> {
  const { name, description } = (call.body as Static<typeof GroupChange>).group;
  const { id } = await getGroup(cloud, call, call.params['group']!);
  const group = await cloud.groups.change(id, { name, description: description ?? undefined });
  if (!group) throw notFound('group', id);
  return ok({ group: toGroup(group, call.origin) });
}

/** Its members lose what they held through it, at once. */
export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  const group = await getGroup(cloud, call, call.params['group']!);
  await checkNotOfOperators(cloud, call, group, 'delete_group');
  await cloud.groups.remove(group.id);
  return { statusCode: 204 };
}

export async function listMembers(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getGroup(cloud, call, call.params['group']!);
  return listed(call, 'users', asAsked(call, await cloud.groups.listMembers(id)), toUser);
}

export async function checkMember(cloud: Cloud, call: Call): Promise<Answer> {
  const { group, userId } = await getMembership(cloud, call);
  if (!(await cloud.groups.hasMember(group.id, userId))) throw notFound('user', userId);
  return { statusCode: 204 };
}

export async function addMember(cloud: Cloud, call: Call): Promise<Answer> {
  const { group, userId } = await getMembership(cloud, call, true);
  await checkNotOfOperators(cloud, call, group, 'add_user_to_group');
  await cloud.groups.addMember(group.id, userId);
  return { statusCode: 204 };
}

export async function removeMember(cloud: Cloud, call: Call): Promise<Answer> {
  const { group, userId } = await getMembership(cloud, call, true);
  await checkNotOfOperators(cloud, call, group, 'remove_user_from_group');
  if (!(await cloud.groups.removeMember(group.id, userId))) throw notFound('user', userId);
  return { statusCode: 204 };
}

/** One's own, or for who may those of others in reach. */
export async function listOfUser(cloud: Cloud, call: Call): Promise<Answer> {
  const userId = call.params['user']!;
  if (userId !== callerOf(call).user.id) {
    if (!call.may('identity:list_groups_for_user')) throw forbidden('list_groups_for_user');
    await getUser(cloud, call, userId);
  }
  return listed(call, 'groups', await cloud.groups.list({ userId, name: single(call, 'name') }), toGroup);
}

/** @param isChange a group may carry a denial, so that taking somebody in is managing them */
async function getMembership(cloud: Cloud, call: Call, isChange = false) {
  const group = await getGroup(cloud, call, call.params['group']!);
  const user = await getUser(cloud, call, call.params['user']!);
  if (isChange) await checkMayManage(cloud, call, user);
  return { group, userId: user.id };
}

/** A group that makes operators is the operators' affair. */
async function checkNotOfOperators(
  { tenancy }: Cloud,
  call: Call,
  { id }: Group,
  action: string,
): Promise<void> {
  if (callerOf(call).isAdmin) return;
  const held = await tenancy.listAssignments({ groupId: id });
  if (held.some(({ roleName }) => roleName === operatorRole)) throw forbidden(action);
}
