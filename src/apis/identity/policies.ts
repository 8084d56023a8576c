/** Identity policies (IAM v5): documents of version 5.0 with versions, attached to users and groups of their account. */
import type { Static } from 'typebox';
import { actingAccount } from '../../core/authorization.ts';
import { conflict, IngotError, invalid, notAllowed, notFound } from '../../core/errors.ts';
import type { AttachedTo, IdentityPolicy } from '../../core/identity-policies.ts';
import { parsePolicy } from '../../core/policy.ts';
import { newId } from '../../engine/ids.ts';
import { callerOf, ok, single, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import {
  toAttachedPolicy,
  toPolicy,
  toPolicyVersion,
  type GroupOfPolicyBody,
  type PolicyBody,
  type PolicyVersionBody,
  type UserOfPolicyBody,
} from './policy-wire.ts';
import { checkMayManage, getGroup, getUser } from './reach.ts';

/** As documented. */
const mostVersions = 5;
const mostPerPage = 200;
const usualPage = 100;

/** Of the account in whose name the caller acts, also for operators; those of the installation may be looked at. */
async function getPolicy({ policies }: Cloud, call: Call): Promise<IdentityPolicy> {
  const id = call.params['policy']!;
  const policy = await policies.find(id);
  if (!policy || ![null, actingAccount(callerOf(call)).id].includes(policy.accountId)) {
    throw notFound('policy', id);
  }
  return policy;
}

async function getOwn(cloud: Cloud, call: Call): Promise<IdentityPolicy> {
  const policy = await getPolicy(cloud, call);
  if (policy.accountId === null) throw notAllowed(`The policy ${policy.name} belongs to the installation.`);
  return policy;
}

/** The document as it was written, which is kept; what it says is checked. */
function checkDocument(text: string): string {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw invalid('policy_document is not JSON.', 'policy_document');
  }
  parsePolicy(given, ['5.0']);
  return text;
}

/** `marker` is the place of the next entry, as `page_info` has told it. */
function paged<T>(call: Call, name: string, all: T[], toWire: (one: T) => unknown): Answer {
  const limit = Number(single(call, 'limit') ?? usualPage);
  const from = Number(single(call, 'marker') ?? 0);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostPerPage) {
    throw invalid(`limit is a number from 1 to ${mostPerPage}.`, 'limit');
  }
  if (!Number.isInteger(from) || from < 0) throw invalid('marker is that of a page before.', 'marker');
  const page = all.slice(from, from + limit);
  const next = from + limit;
  return ok({
    [name]: page.map(toWire),
    page_info: {
      ...(next < all.length ? { next_marker: String(next).padStart(4, '0') } : {}),
      current_count: page.length,
    },
  });
}

export async function list({ policies }: Cloud, call: Call): Promise<Answer> {
  const found = await policies.list(actingAccount(callerOf(call)).id);
  const type = single(call, 'policy_type');
  const prefix = single(call, 'path_prefix') ?? '';
  const onlyAttached = single(call, 'only_attached') === 'true';
  const wanted = found.filter(
    ({ accountId, path, attachments }) =>
      (type === undefined || (type === 'system') === (accountId === null)) &&
      path.startsWith(prefix) &&
      (!onlyAttached || attachments > 0),
  );
  return paged(call, 'policies', wanted, toPolicy);
}

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  return ok({ policy: toPolicy(await getPolicy(cloud, call)) });
}

export async function create({ policies, now }: Cloud, call: Call): Promise<Answer> {
  const wish = call.body as Static<typeof PolicyBody>;
  const policy = {
    id: toHex(newId(now())),
    accountId: actingAccount(callerOf(call)).id,
    name: wish.policy_name,
    path: wish.path ?? '',
    description: wish.description ?? '',
  };
  return ok({ policy: toPolicy(await policies.create(policy, checkDocument(wish.policy_document))) }, 201);
}

export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  const { id, name } = await getOwn(cloud, call);
  if (!(await cloud.policies.remove(id))) {
    throw conflict(`The policy ${name} is attached to somebody; detach it first.`, 'policy', id);
  }
  return { statusCode: 204 };
}

export async function listVersions(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getPolicy(cloud, call);
  return paged(call, 'policy_versions', await cloud.policies.listVersions(id), toPolicyVersion);
}

function versionOf(call: Call): number {
  const given = call.params['version']!;
  if (!/^v[1-9]\d{0,8}$/.test(given)) throw notFound('policy version', given);
  return Number(given.slice(1));
}

export async function showVersion(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getPolicy(cloud, call);
  const wanted = versionOf(call);
  const version = (await cloud.policies.listVersions(id)).find((it) => it.version === wanted);
  if (!version) throw notFound('policy version', `v${wanted}`);
  return ok({ policy_version: toPolicyVersion(version) });
}

export async function addVersion(cloud: Cloud, call: Call): Promise<Answer> {
  const { policy_document: text, set_as_default: isDefault } = call.body as Static<typeof PolicyVersionBody>;
  const { id } = await getOwn(cloud, call);
  const made = await cloud.policies.addVersion(id, checkDocument(text), isDefault ?? false, mostVersions);
  if (!made) {
    throw new IngotError({ kind: 'quota', message: `A policy has at most ${mostVersions} versions.` });
  }
  return ok({ policy_version: toPolicyVersion(made) }, 201);
}

export async function setDefault(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getOwn(cloud, call);
  const version = versionOf(call);
  if (!(await cloud.policies.setDefault(id, version))) throw notFound('policy version', `v${version}`);
  return ok(undefined);
}

export async function removeVersion(cloud: Cloud, call: Call): Promise<Answer> {
  const { id, defaultVersion } = await getOwn(cloud, call);
  const version = versionOf(call);
  if (version === defaultVersion) {
    throw conflict(`v${version} is the default version of the policy.`, 'policy version', `v${version}`);
  }
  if (!(await cloud.policies.removeVersion(id, version))) throw notFound('policy version', `v${version}`);
  return { statusCode: 204 };
}

/** The user or group of the body, which must be in reach. */
async function getHolder(cloud: Cloud, call: Call): Promise<AttachedTo> {
  const body = call.body as Static<typeof UserOfPolicyBody> | Static<typeof GroupOfPolicyBody>;
  if ('group_id' in body) return { groupId: (await getGroup(cloud, call, body.group_id)).id };
  const user = await getUser(cloud, call, body.user_id);
  await checkMayManage(cloud, call, user);
  return { userId: user.id };
}

export async function attach(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getPolicy(cloud, call);
  await cloud.policies.attach(id, await getHolder(cloud, call));
  return ok(undefined);
}

export async function detach(cloud: Cloud, call: Call): Promise<Answer> {
  const { id, name } = await getPolicy(cloud, call);
  if (!(await cloud.policies.detach(id, await getHolder(cloud, call)))) {
    throw notFound('attachment of the policy', name);
  }
  return ok(undefined);
}

/** Those of the account; a policy of the installation may be attached in others, too. */
export async function listEntities(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getPolicy(cloud, call);
  const accountId = actingAccount(callerOf(call)).id;
  const [attachments, users, groups] = await Promise.all([
    cloud.policies.listAttachments({ policyId: id }),
    cloud.tenancy.listUsers({ accountId }),
    cloud.groups.list({ accountId }),
  ]);
  const own = new Set([...users, ...groups].map((it) => it.id));
  const wanted = attachments.filter(({ userId, groupId }) => own.has(userId ?? groupId!));
  const at = (attachedAt: Date) => ({ attached_at: attachedAt.toISOString() });
  return ok({
    policy_agencies: [],
    policy_groups: wanted.flatMap(({ groupId, attachedAt }) =>
      groupId === null ? [] : [{ group_id: groupId, ...at(attachedAt) }],
    ),
    policy_users: wanted.flatMap(({ userId, attachedAt }) =>
      userId === null ? [] : [{ user_id: userId, ...at(attachedAt) }],
    ),
    page_info: { current_count: wanted.length },
  });
}

export async function listOfUser(cloud: Cloud, call: Call): Promise<Answer> {
  const id = call.params['user']!;
  const { user: self } = callerOf(call);
  if (id !== self.id) {
    if (!call.may('iam:users:listAttachedPoliciesV5'))
      throw notAllowed('You may list your own policies only.');
    await getUser(cloud, call, id);
  }
  return paged(
    call,
    'attached_policies',
    await cloud.policies.listAttachments({ userId: id }),
    toAttachedPolicy,
  );
}

export async function listOfGroup(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getGroup(cloud, call, call.params['group']!);
  return paged(
    call,
    'attached_policies',
    await cloud.policies.listAttachments({ groupId: id }),
    toAttachedPolicy,
  );
}
