/** Roles. The three built-in ones carry the rules and stay as they are. */
import type { Static } from 'typebox';
import { notAllowed, notFound } from '../../core/errors.ts';
import type { Role, Tenancy } from '../../core/tenancy.ts';
import { newId } from '../../engine/ids.ts';
import { ok, single, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { listed } from './lists.ts';
import { isImmutable, toRole, type RoleBody, type RoleChange } from './wire.ts';

export async function getRole(tenancy: Tenancy, id: string): Promise<Role> {
  const role = await tenancy.findRole(id);
  if (!role) throw notFound('role', id);
  return role;
}

/** Roles belong to the whole installation: a question for those of one domain finds none. */
export async function list({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const name = single(call, 'name');
  const roles = single(call, 'domain_id') ? [] : await tenancy.listRoles({ name });
  return listed(call, 'roles', roles, toRole);
}

export async function show({ tenancy }: Cloud, call: Call): Promise<Answer> {
  return ok({ role: toRole(await getRole(tenancy, call.params['role']!), call.origin) });
}

export async function create({ tenancy, now }: Cloud, call: Call): Promise<Answer> {
  const { name, description } = (call.body as Static<typeof RoleBody>).role;
  const role = await tenancy.createRole({ id: toHex(newId(now())), name, description: description ?? '' });
  return ok({ role: toRole(role, call.origin) }, 201);
}

export async function change({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { name, description } = (call.body as Static<typeof RoleChange>).role;
  const { id } = await getMutable(tenancy, call);
  const role = await tenancy.changeRole(id, { name, description: description ?? undefined });
  if (!role) throw notFound('role', id);
  return ok({ role: toRole(role, call.origin) });
}

export async function remove({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { id } = await getMutable(tenancy, call);
  await tenancy.removeRole(id);
  return { statusCode: 204 };
}

/** Keystone's refusal of a resource with the option `immutable`. */
async function getMutable(tenancy: Tenancy, call: Call): Promise<Role> {
  const role = await getRole(tenancy, call.params['role']!);
  if (isImmutable(role)) throw notAllowed(`The role ${role.name} is immutable.`);
  return role;
}
