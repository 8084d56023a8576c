/** Who holds which role where. */
import { invalid } from '../../core/errors.ts';
import type { Account, RoleAssignment } from '../../core/tenancy.ts';
import { callerOf, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { forbidden } from './errors.ts';
import { flag, listed } from './lists.ts';
import { reachOf } from './reach.ts';

/** A kind of place that we have none of; asking for it finds nothing. */
const absentKind = 'scope.system';

/** One's own, or those in reach for who may list them. */
export async function list(cloud: Cloud, call: Call): Promise<Answer> {
  const [userId, groupId, roleId] = ['user.id', 'group.id', 'role.id'].map((name) => single(call, name));
  const effective = flag(call, 'effective') ?? false;
  if (userId !== callerOf(call).user.id && !call.may('identity:list_role_assignments')) {
    throw forbidden('list_role_assignments');
  }
  if (groupId !== undefined && (effective || userId !== undefined)) {
    throw invalid('group.id cannot be combined with effective or with user.id.', 'group.id');
  }
  const inheritedTo = single(call, 'scope.OS-INHERIT:inherited_to');
  if (inheritedTo !== undefined && inheritedTo !== 'projects') {
    throw invalid('scope.OS-INHERIT:inherited_to can be projects only.', 'scope.OS-INHERIT:inherited_to');
  }
  const found = await cloud.tenancy.listAssignments({
    userId,
    groupId,
    projectId: single(call, 'scope.project.id'),
    accountId: single(call, 'scope.domain.id'),
    within: userId === callerOf(call).user.id ? undefined : (reachOf(call) ?? undefined),
    effective,
    ...(inheritedTo === undefined ? {} : { inherited: true }),
  });
  const wanted = single(call, absentKind) ? [] : found.filter((one) => (roleId ?? one.roleId) === one.roleId);
  const names = flag(call, 'include_names') ? await readNames(cloud) : null;
  return listed(call, 'role_assignments', wanted, (one, origin) => toAssignment(one, names, origin));
}

type Named = { id: string; name?: string; domain?: { id: string; name: string } };

interface Names {
  user(id: string): Named;
  group(id: string): Named;
  project(id: string): Named;
  account(id: string): Named;
}

async function readNames({ tenancy, groups }: Cloud): Promise<Names> {
  const [accounts, projects, users, allGroups] = await Promise.all([
    tenancy.listAccounts(),
    tenancy.listProjects(),
    tenancy.listUsers(),
    groups.list(),
  ]);
  const accountById = new Map(accounts.map((it) => [it.id, toName(it)]));
  const byId = (all: { id: string; name: string; accountId: string }[]) =>
    new Map(all.map((it) => [it.id, { ...toName(it), domain: accountById.get(it.accountId)! }]));
  const [projectById, userById, groupById] = [byId(projects), byId(users), byId(allGroups)];
  return {
    user: (id) => userById.get(id) ?? { id },
    group: (id) => groupById.get(id) ?? { id },
    project: (id) => projectById.get(id) ?? { id },
    account: (id) => accountById.get(id) ?? { id },
  };
}

const toName = ({ id, name }: Pick<Account, 'id' | 'name'>) => ({ id, name });

function toAssignment(one: RoleAssignment, names: Names | null, origin: string) {
  const { userId, groupId, roleId, roleName, projectId, accountId, inherited } = one;
  const place = projectId === null ? `domains/${accountId}` : `projects/${projectId}`;
  const holder = userId === null ? `groups/${groupId}` : `users/${userId}`;
  const role = `${place}/${holder}/roles/${roleId}`;
  const scope =
    projectId === null
      ? { domain: names?.account(accountId!) ?? { id: accountId } }
      : { project: names?.project(projectId) ?? { id: projectId } };
  return {
    role: names ? { id: roleId, name: roleName } : { id: roleId },
    ...(userId === null
      ? { group: names?.group(groupId!) ?? { id: groupId } }
      : { user: names?.user(userId) ?? { id: userId } }),
    scope: { ...scope, ...(inherited && { 'OS-INHERIT:inherited_to': 'projects' }) },
    links: {
      assignment: inherited
        ? `${origin}/v3/OS-INHERIT/${role}/inherited_to_projects`
        : `${origin}/v3/${role}`,
    },
  };
}
