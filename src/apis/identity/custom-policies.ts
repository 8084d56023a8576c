/** Custom policies of an account (IAM v3.0, OS-ROLE): roles with a document of version 1.1, granted as roles are. */
import type { Static } from 'typebox';
import { actingAccount } from '../../core/authorization.ts';
import { notFound } from '../../core/errors.ts';
import { parsePolicy } from '../../core/policy.ts';
import type { Role } from '../../core/tenancy.ts';
import { newId } from '../../engine/ids.ts';
import { callerOf, ok, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { toCustomPolicy, type CustomPolicyBody, type CustomPolicyChange } from './policy-wire.ts';

/** Those of the account in whose name the caller acts, also for operators. */
async function getCustom({ tenancy }: Cloud, call: Call): Promise<Role> {
  const id = call.params['role']!;
  const role = await tenancy.findRole(id);
  if (!role || role.accountId !== actingAccount(callerOf(call)).id) throw notFound('role', id);
  return role;
}

export async function list({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { id: accountId } = actingAccount(callerOf(call));
  const roles = await tenancy.listRoles({ accountId, customOnly: true });
  return ok({
    roles: roles.map((role) => toCustomPolicy(role, call.origin)),
    links: { self: call.origin + call.path, previous: null, next: null },
    total_number: roles.length,
  });
}

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  return ok({ role: toCustomPolicy(await getCustom(cloud, call), call.origin) });
}

export async function create({ tenancy, now }: Cloud, call: Call): Promise<Answer> {
  const { role: wish } = call.body as Static<typeof CustomPolicyBody>;
  const id = toHex(newId(now()));
  const role = await tenancy.createRole({
    id,
    name: `custom_${id}`,
    displayName: wish.display_name,
    description: wish.description ?? '',
    accountId: actingAccount(callerOf(call)).id,
    catalog: 'CUSTOMED',
    type: wish.type,
    policy: parsePolicy(wish.policy, ['1.1']),
  });
  return ok({ role: toCustomPolicy(role, call.origin) }, 201);
}

export async function change(cloud: Cloud, call: Call): Promise<Answer> {
  const { role: wish } = call.body as Static<typeof CustomPolicyChange>;
  const { id } = await getCustom(cloud, call);
  const role = await cloud.tenancy.changeRole(id, {
    displayName: wish.display_name,
    description: wish.description,
    type: wish.type,
    ...(wish.policy === undefined ? {} : { policy: parsePolicy(wish.policy, ['1.1']) }),
  });
  if (!role) throw notFound('role', id);
  return ok({ role: toCustomPolicy(role, call.origin) });
}

/** 200, as documented; whoever held it holds it no more. */
export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getCustom(cloud, call);
  await cloud.tenancy.removeRole(id);
  return ok(undefined);
}
