/**
 * Giving and taking roles: to users and groups, on projects, on domains, and on all projects of a domain (Identity API v3,
 * "OS-INHERIT"; Huawei Cloud: "all projects").
 */
import { notFound } from '../../core/errors.ts';
import { operatorRole, type Holder, type Place, type Role } from '../../core/tenancy.ts';
import { callerOf, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { forbidden } from './errors.ts';
import { listed } from './lists.ts';
import { getAccount, getGroup, getProject, getRole, getUser } from './reach.ts';
import { toRole } from './wire.ts';

export async function assign(cloud: Cloud, call: Call): Promise<Answer> {
  const { holder, on } = await getGrant(cloud, call, { isChange: true });
  const role = await getGrantable(cloud, call, 'create_grant');
  await cloud.tenancy.assign(holder, role.id, on);
  return { statusCode: 204 };
}

export async function unassign(cloud: Cloud, call: Call): Promise<Answer> {
  const { holder, on } = await getGrant(cloud, call, { isChange: true });
  const role = await getGrantable(cloud, call, 'revoke_grant');
  if (!(await cloud.tenancy.unassign(holder, role.id, on))) throw notFound('role assignment', role.name);
  return { statusCode: 204 };
}

export async function check(cloud: Cloud, call: Call): Promise<Answer> {
  const role = await getRole(cloud, call, call.params['role']!);
  const held = await listHeldHere(cloud, call);
  if (!held.some(({ roleId }) => roleId === role.id)) throw notFound('role assignment', role.name);
  return { statusCode: 204 };
}

/** One's own, or those of others in reach for who may list them. */
export async function listHeld(cloud: Cloud, call: Call): Promise<Answer> {
  const isSelf = callerOf(call).user.id === call.params['user'];
  if (!isSelf && !call.may('identity:list_grants')) throw forbidden('list_grants');
  const ids = new Set((await listHeldHere(cloud, call)).map(({ roleId }) => roleId));
  const roles = (await cloud.tenancy.listRoles()).filter(({ id }) => ids.has(id));
  return listed(call, 'roles', roles, toRole);
}

async function listHeldHere(cloud: Cloud, call: Call) {
  const { holder, on } = await getGrant(cloud, call, { isChange: false });
  return cloud.tenancy.listAssignments({
    ...(typeof holder === 'string' ? { userId: holder } : holder),
    inherited: isInherited(call),
    ...('projectId' in on ? { projectId: on.projectId } : { accountId: on.accountId }),
  });
}

const isInherited = ({ path }: Call) => path.startsWith('/v3/OS-INHERIT/');

/** Only operators make operators. */
async function getGrantable(cloud: Cloud, call: Call, action: string): Promise<Role> {
  const role = await getRole(cloud, call, call.params['role']!);
  if (role.name === operatorRole && !callerOf(call).isAdmin) throw forbidden(action);
  return role;
}

/**
 * Holder and place of the path, which must exist and be in reach. Of one's own place the account is not asked where it is
 * only looked at: whoever is let into another account's project does not decide there.
 */
async function getGrant(
  cloud: Cloud,
  call: Call,
  { isChange }: { isChange: boolean },
): Promise<{ holder: Holder; on: Place }> {
  const { user, group, project, domain } = call.params;
  const isSelf = user === callerOf(call).user.id;
  const holder =
    group === undefined
      ? (isSelf ? callerOf(call).user : await getUser(cloud, call, user!)).id
      : { groupId: (await getGroup(cloud, call, group)).id };
  if (project === undefined) {
    const { id: accountId } = await getAccount(cloud, call, domain!);
    return { holder, on: { accountId, inherited: isInherited(call) } };
  }
  const own =
    isSelf && !isChange
      ? (await cloud.tenancy.listProjects({ userId: user })).find(({ id }) => id === project)
      : null;
  return { holder, on: { projectId: (own ?? (await getProject(cloud, call, project))).id } };
}
