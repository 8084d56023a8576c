/** Roles. Those that come with the installation carry the rules and stay as they are. */
import type { Static } from 'typebox';
import { notAllowed, notFound } from '../../core/errors.ts';
import type { Role } from '../../core/tenancy.ts';
import { newId } from '../../engine/ids.ts';
import { ok, single, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { listed } from './lists.ts';
import { getRole, isInReach } from './reach.ts';
import { toRole, type RoleBody, type RoleChange } from './wire.ts';

/**
 * Those of the installation; a question for those of one domain finds its custom policies, as Huawei Cloud has it.
 * `display_name`, `type` and `catalog` are Huawei Cloud's, too.
 */
export async function list({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const asked = single(call, 'domain_id');
  const customOnly = asked !== undefined;
  if (customOnly && !isInReach(call, asked)) return listed(call, 'roles', [], toRole);
  const found = await tenancy.listRoles({ name: single(call, 'name'), accountId: asked ?? null, customOnly });
  const [displayName, type, catalog] = ['display_name', 'type', 'catalog'].map((key) => single(call, key));
  const roles = found.filter(
    (role) =>
      (displayName ?? role.displayName) === role.displayName &&
      (type ?? role.type) === role.type &&
      (catalog ?? role.catalog) === role.catalog,
  );
  return listed(call, 'roles', roles, toRole);
}

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  return ok({ role: toRole(await getRole(cloud, call, call.params['role']!), call.origin) });
}

export async function create({ tenancy, now }: Cloud, call: Call): Promise<Answer> {
  const { name, description } = (call.body as Static<typeof RoleBody>).role;
  const role = await tenancy.createRole({ id: toHex(newId(now())), name, description: description ?? '' });
  return ok({ role: toRole(role, call.origin) }, 201);
}

export async function change(cloud: Cloud, call: Call): Promise<Answer> {
  const { name, description } = (call.body as Static<typeof RoleChange>).role;
  const { id } = await getMutable(cloud, call);
  const role = await cloud.tenancy.changeRole(id, { name, description: description ?? undefined });
  if (!role) throw notFound('role', id);
  return ok({ role: toRole(role, call.origin) });
}

export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getMutable(cloud, call);
  await cloud.tenancy.removeRole(id);
  return { statusCode: 204 };
}

/** Keystone's refusal of a resource with the option `immutable`. */
async function getMutable(cloud: Cloud, call: Call): Promise<Role> {
  const role = await getRole(cloud, call, call.params['role']!);
  if (role.isSystem) throw notAllowed(`The role ${role.name} is immutable.`);
  return role;
}
