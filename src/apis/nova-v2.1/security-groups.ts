/** The security groups that a server is in (X09, X10). Groups themselves are Neutron's. */
import { invalid, notFound } from '../../core/errors.ts';
import { pickGroup } from '../../core/security-group.ts';
import { checkAlterable } from '../../core/alteration.ts';
import { ok, projectOf, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { withoutNetwork } from './microversion.ts';
import { getServer } from './servers.ts';
import { toSecurityGroup } from './wire.ts';

export async function listGroups(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { id, projectId } = await getServer(cloud, call);
  const groups = await cloud.securityGroups.list(projectId, { serverId: id });
  return ok({ security_groups: groups.map(toSecurityGroup) });
}

/** Groups as Nova showed them before 2.36, where the `openstack` command still looks for them by name. */
export async function listOwn({ securityGroups }: Cloud, call: NovaCall): Promise<Answer> {
  if (call.minor >= withoutNetwork) throw notFound('path', call.path);
  const groups = await securityGroups.list(projectOf(call));
  return ok({ security_groups: groups.map(toSecurityGroup) });
}

export async function showOwn({ securityGroups }: Cloud, call: NovaCall): Promise<Answer> {
  if (call.minor >= withoutNetwork) throw notFound('path', call.path);
  const id = call.params['group_id']!;
  const [group] = await securityGroups.list(projectOf(call), { ids: [id] });
  if (!group) throw notFound('security group', id);
  return ok({ security_group: toSecurityGroup(group) });
}

/** On all NICs of the server; again is no error. */
export async function addGroup(cloud: Cloud, call: NovaCall, { name }: { name: string }): Promise<Answer> {
  const { serverId, group } = await find(cloud, call, name, 'add security group');
  await cloud.securityGroups.join(serverId, group.id);
  return { statusCode: 202 };
}

export async function removeGroup(cloud: Cloud, call: NovaCall, { name }: { name: string }): Promise<Answer> {
  const { serverId, group } = await find(cloud, call, name, 'remove security group');
  if (!(await cloud.securityGroups.leave(serverId, group.id))) {
    throw invalid(`Security group ${group.id} not associated with the instance ${serverId}`, 'name');
  }
  return { statusCode: 202 };
}

async function find(cloud: Cloud, call: NovaCall, word: string, what: string) {
  const server = await getServer(cloud, call);
  checkAlterable(server, what);
  const group = pickGroup(await cloud.securityGroups.list(server.projectId), word);
  if (!group) throw notFound('security group', word);
  return { serverId: server.id, group };
}
