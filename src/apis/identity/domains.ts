/** Accounts, which Keystone calls domains. */
import type { Static } from 'typebox';
import { conflict, notAllowed, notFound } from '../../core/errors.ts';
import type { Account, Tenancy, User } from '../../core/tenancy.ts';
import { newId } from '../../engine/ids.ts';
import { callerOf, ok, single, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { forbidden } from './errors.ts';
import { asAsked, listed } from './lists.ts';
import { toDomain, type DomainBody, type DomainChange } from './wire.ts';

/** The user's own account, and those where the user holds a role. */
async function accountsOf(tenancy: Tenancy, user: User): Promise<Account[]> {
  const assignments = await tenancy.listAssignments({ userId: user.id, effective: true });
  const ids = new Set([user.accountId, ...assignments.flatMap(({ accountId }) => accountId ?? [])]);
  const found = await Promise.all([...ids].map((id) => tenancy.findAccount(id)));
  return found.filter((account) => account !== null);
}

export async function listOwn({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const accounts = (await accountsOf(tenancy, callerOf(call).user)).filter(({ enabled }) => enabled);
  return listed(call, 'domains', asAsked(call, accounts), toDomain);
}

export async function list({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { isAdmin, user } = callerOf(call);
  const name = single(call, 'name');
  const accounts = isAdmin ? await tenancy.listAccounts({ name }) : await accountsOf(tenancy, user);
  return listed(call, 'domains', asAsked(call, accounts), toDomain);
}

export async function show({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { isAdmin, user } = callerOf(call);
  const id = call.params['domain']!;
  const account = isAdmin
    ? await tenancy.findAccount(id)
    : (await accountsOf(tenancy, user)).find((it) => it.id === id);
  if (!account) throw isAdmin ? notFound('domain', id) : forbidden('get_domain');
  return ok({ domain: toDomain(account, call.origin) });
}

export async function create({ tenancy, now }: Cloud, call: Call): Promise<Answer> {
  const { domain } = call.body as Static<typeof DomainBody>;
  const account = await tenancy.createAccount({
    id: toHex(newId(now())),
    name: domain.name,
    description: domain.description ?? '',
    enabled: domain.enabled ?? true,
    createdAt: new Date(now()),
  });
  return ok({ domain: toDomain(account, call.origin) }, 201);
}

export async function change({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const { name, description, enabled } = (call.body as Static<typeof DomainChange>).domain;
  const id = call.params['domain']!;
  const account = await tenancy.changeAccount(id, { name, description: description ?? undefined, enabled });
  if (!account) throw notFound('domain', id);
  return ok({ domain: toDomain(account, call.origin) });
}

/** Keystone asks for disabling first, so that nobody loses an account by a slip. Projects and users go first. */
export async function remove({ tenancy }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['domain']!;
  const account = await tenancy.findAccount(id);
  if (!account) throw notFound('domain', id);
  if (account.enabled) throw notAllowed('Cannot delete a domain that is enabled, please disable it first.');
  if (!(await tenancy.removeAccount(id))) {
    throw conflict(`The domain ${account.name} still has projects or users.`, 'domain', id);
  }
  return { statusCode: 204 };
}
