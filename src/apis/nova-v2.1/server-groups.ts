/** Groups of servers that are to stand apart (X17). */
import { randomUUID } from 'node:crypto';
import type { Static } from 'typebox';
import { invalid, notFound } from '../../core/errors.ts';
import { serverGroupPolicies, type ServerGroup } from '../../core/server-group.ts';
import { callerOf, ok, projectOf, single, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { parseLimit } from './paging.ts';
import { toServerGroup, type ServerGroupBody } from './wire.ts';

export async function listGroups({ serverGroups }: Cloud, call: NovaCall): Promise<Answer> {
  const offset = single(call, 'offset') ?? '0';
  if (!/^\d{1,9}$/.test(offset)) throw invalid(`Invalid offset: ${offset}`, 'offset');
  const isAll = single(call, 'all_projects') !== undefined && callerOf(call).isAdmin;
  const page = { limit: parseLimit(call), offset: Number(offset) };
  const groups = await serverGroups.list(isAll ? null : projectOf(call), page);
  return ok({ server_groups: groups.map((group) => toServerGroup(call, group)) });
}

export async function showGroup({ serverGroups }: Cloud, call: NovaCall): Promise<Answer> {
  const id = call.params['group_id']!;
  const group = await serverGroups.find(id, projectOf(call));
  if (!group) throw notFound('server group', id);
  return ok({ server_group: toServerGroup(call, group) });
}

/** Soft anti-affinity came with 2.15. Affinity would put servers on one host, which bare metal cannot. */
export async function createGroup({ serverGroups }: Cloud, call: NovaCall): Promise<Answer> {
  const { server_group: wish } = call.body as Static<typeof ServerGroupBody>;
  const known = call.minor >= 15 ? serverGroupPolicies : serverGroupPolicies.slice(0, 1);
  const policy = known.find((it) => it === wish.policies[0]);
  if (!policy) {
    throw invalid(`The policy ${wish.policies[0]} is not one of ${known.join(', ')}.`, 'policies');
  }
  const group: ServerGroup = {
    // Of version 4: gophercloud takes a hint for no UUID whose version is above 5 (compute/v2/servers/requests.go).
    id: randomUUID(),
    projectId: projectOf(call),
    userId: callerOf(call).user.id,
    name: wish.name,
    policy,
    members: [],
  };
  await serverGroups.create(group);
  return ok({ server_group: toServerGroup(call, group) });
}

export async function removeGroup({ serverGroups }: Cloud, call: NovaCall): Promise<Answer> {
  const id = call.params['group_id']!;
  if (!(await serverGroups.remove(id, projectOf(call)))) throw notFound('server group', id);
  return { statusCode: 204 };
}
