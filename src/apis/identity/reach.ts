/**
 * How far a caller's permissions reach: operators manage all accounts, others the one in whose name they act. What lies
 * beyond is not found, so that nobody learns what exists in other accounts.
 */
import { actingAccount } from '../../core/authorization.ts';
import { notAllowed, notFound } from '../../core/errors.ts';
import type { Group } from '../../core/groups.ts';
import { operatorRole, type Account, type Project, type Role, type User } from '../../core/tenancy.ts';
import { callerOf, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';

type Rooms = Pick<Cloud, 'tenancy'>;

/** The only account in reach; null: all are. */
export function reachOf(call: Call): string | null {
  const caller = callerOf(call);
  return caller.isAdmin ? null : actingAccount(caller).id;
}

export function isInReach(call: Call, accountId: string | null): boolean {
  const reach = reachOf(call);
  return reach === null || accountId === reach;
}

export async function getUser({ tenancy }: Rooms, call: Call, id: string): Promise<User> {
  const user = await tenancy.findUser(id);
  if (!user || !isInReach(call, user.accountId)) throw notFound('user', id);
  return user;
}

export async function getProject({ tenancy }: Rooms, call: Call, id: string): Promise<Project> {
  const project = await tenancy.findProject(id);
  if (!project || !isInReach(call, project.accountId)) throw notFound('project', id);
  return project;
}

export async function getGroup({ groups }: Pick<Cloud, 'groups'>, call: Call, id: string): Promise<Group> {
  const group = await groups.find(id);
  if (!group || !isInReach(call, group.accountId)) throw notFound('group', id);
  return group;
}

export async function getAccount({ tenancy }: Rooms, call: Call, id: string): Promise<Account> {
  const account = isInReach(call, id) ? await tenancy.findAccount(id) : null;
  if (!account) throw notFound('domain', id);
  return account;
}

/** Roles of the installation may be looked at and granted by all who may do so at all. */
export async function getRole({ tenancy }: Rooms, call: Call, id: string): Promise<Role> {
  const role = await tenancy.findRole(id);
  if (!role || (role.accountId !== null && !isInReach(call, role.accountId))) throw notFound('role', id);
  return role;
}

/**
 * Nobody gets more rights by managing somebody who has them: an account's root user is managed by itself, and operators
 * by operators.
 */
export async function checkMayManage({ tenancy }: Rooms, call: Call, user: User): Promise<void> {
  const caller = callerOf(call);
  if (caller.isAdmin || caller.user.id === user.id) return;
  if (user.isRoot) throw notAllowed(`The user ${user.name} is the root of its account; only it may do that.`);
  const held = await tenancy.listAssignments({ userId: user.id, effective: true });
  if (held.some(({ roleName }) => roleName === operatorRole)) {
    throw notAllowed(`The user ${user.name} is an operator of the installation; only operators may do that.`);
  }
}
