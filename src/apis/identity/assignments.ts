/** Who holds which role where. */
import { notFound } from '../../core/errors.ts';
import type { Account, RoleAssignment, Tenancy } from '../../core/tenancy.ts';
import { callerOf, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { forbidden } from './errors.ts';
import { flag, listed } from './lists.ts';
import { getRole } from './roles.ts';
import { toRole } from './wire.ts';

type Place = { projectId: string } | { accountId: string };

interface Grant {
  userId: string;
  on: Place;
}

export async function assign({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { userId, on } = await getGrant(tenancy, call);
  const { id } = await getRole(tenancy, call.params['role']!);
  await tenancy.assign(userId, id, on);
  return { statusCode: 204 };
}

export async function unassign({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { userId, on } = await getGrant(tenancy, call);
  const role = await getRole(tenancy, call.params['role']!);
  if (!(await tenancy.unassign(userId, role.id, on))) throw notFound('role assignment', role.name);
  return { statusCode: 204 };
}

export async function check({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { userId, on } = await getGrant(tenancy, call);
  const role = await getRole(tenancy, call.params['role']!);
  const held = await tenancy.listAssignments({ userId, ...on });
  if (!held.some(({ roleId }) => roleId === role.id)) throw notFound('role assignment', role.name);
  return { statusCode: 204 };
}

export async function listHeld({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { isAdmin, user } = callerOf(call);
  if (!isAdmin && user.id !== call.params['user']) throw forbidden('list_grants');
  const { userId, on } = await getGrant(tenancy, call);
  const held = await tenancy.listAssignments({ userId, ...on });
  const ids = new Set(held.map(({ roleId }) => roleId));
  const roles = (await tenancy.listRoles()).filter(({ id }) => ids.has(id));
  return listed(call, 'roles', roles, toRole);
}

/** User and place of the path, which must exist. */
async function getGrant(tenancy: Tenancy, { params }: Call): Promise<Grant> {
  const { user: userId, project: projectId, domain: accountId } = params;
  if (!(await tenancy.findUser(userId!))) throw notFound('user', userId!);
  if (projectId !== undefined) {
    if (!(await tenancy.findProject(projectId))) throw notFound('project', projectId);
    return { userId: userId!, on: { projectId } };
  }
  if (!(await tenancy.findAccount(accountId!))) throw notFound('domain', accountId!);
  return { userId: userId!, on: { accountId: accountId! } };
}

/** Kinds of holder and place that we have none of; asking for them finds nothing. */
const absentKinds = ['group.id', 'scope.system', 'scope.OS-INHERIT:inherited_to'];

/** Administrators see all, others what they hold themselves. */
export async function list({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { isAdmin, user } = callerOf(call);
  const userId = single(call, 'user.id');
  if (!isAdmin && userId !== user.id) throw forbidden('list_role_assignments');
  const projectId = single(call, 'scope.project.id');
  const accountId = single(call, 'scope.domain.id');
  const roleId = single(call, 'role.id');
  const found = await tenancy.listAssignments({ userId, projectId, accountId });
  const wanted = absentKinds.some((kind) => single(call, kind) !== undefined)
    ? []
    : found.filter((one) => (roleId ?? one.roleId) === one.roleId);
  const names = flag(call, 'include_names') ? await readNames(tenancy) : null;
  return listed(call, 'role_assignments', wanted, (one, origin) => toAssignment(one, names, origin));
}

type Named = { id: string; name?: string; domain?: { id: string; name: string } };

interface Names {
  user(id: string): Named;
  project(id: string): Named;
  account(id: string): Named;
}

async function readNames(tenancy: Tenancy): Promise<Names> {
  const [accounts, projects, users] = await Promise.all([
    tenancy.listAccounts(),
    tenancy.listProjects(),
    tenancy.listUsers(),
  ]);
  const accountById = new Map(accounts.map((it) => [it.id, toName(it)]));
  const byId = (all: { id: string; name: string; accountId: string }[]) =>
    new Map(all.map((it) => [it.id, { ...toName(it), domain: accountById.get(it.accountId)! }]));
  const [projectById, userById] = [byId(projects), byId(users)];
  return {
    user: (id) => userById.get(id) ?? { id },
    project: (id) => projectById.get(id) ?? { id },
    account: (id) => accountById.get(id) ?? { id },
  };
}

const toName = ({ id, name }: Pick<Account, 'id' | 'name'>) => ({ id, name });

function toAssignment(one: RoleAssignment, names: Names | null, origin: string) {
  const { userId, roleId, roleName, projectId, accountId } = one;
  const place = projectId === null ? `domains/${accountId}` : `projects/${projectId}`;
  return {
    role: names ? { id: roleId, name: roleName } : { id: roleId },
    user: names?.user(userId) ?? { id: userId },
    scope:
      projectId === null
        ? { domain: names?.account(accountId!) ?? { id: accountId } }
        : { project: names?.project(projectId) ?? { id: projectId } },
    links: { assignment: `${origin}/v3/${place}/users/${userId}/roles/${roleId}` },
  };
}
