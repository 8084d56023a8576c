/** The words of IAM's custom policies (v3.0, OS-ROLE) and identity policies (v5). */
import { Type } from 'typebox';
import type { Attachment, IdentityPolicy, PolicyVersionRecord } from '../../core/identity-policies.ts';
import type { Role } from '../../core/tenancy.ts';
import { toRole } from './wire.ts';

const Description = Type.String({ maxLength: 1_000 });
const custom = {
  display_name: Type.String({ minLength: 1, maxLength: 64 }),
  type: Type.Union([Type.Literal('AX'), Type.Literal('XA')]),
  description: Description,
  description_cn: Type.Optional(Description),
  policy: Type.Unknown(),
};
export const CustomPolicyBody = Type.Object({
  role: Type.Object({ ...custom, description: Type.Optional(Description) }),
});
export const CustomPolicyChange = Type.Object({ role: Type.Partial(Type.Object(custom)) });

export const PolicyBody = Type.Object({
  policy_name: Type.String({ pattern: '^[A-Za-z0-9_+=.@-]{1,128}$' }),
  path: Type.Optional(Type.String({ maxLength: 512, pattern: '^([A-Za-z0-9.,+@=_-]+/)*$' })),
  policy_document: Type.String(),
  description: Type.Optional(Description),
});
export const PolicyVersionBody = Type.Object({
  policy_document: Type.String(),
  set_as_default: Type.Optional(Type.Boolean()),
});
export const UserOfPolicyBody = Type.Object({ user_id: Type.String({ maxLength: 64 }) });
export const GroupOfPolicyBody = Type.Object({ group_id: Type.String({ maxLength: 64 }) });

export function toCustomPolicy(role: Role, origin: string) {
  return {
    ...toRole(role, origin),
    catalog: 'CUSTOMED',
    links: { self: `${origin}/v3.0/OS-ROLE/roles/${role.id}` },
  };
}

const toUrn = ({ accountId, path, name }: IdentityPolicy) =>
  `iam::${accountId ?? 'system'}:policy:${path}${name}`;

export function toPolicy(policy: IdentityPolicy) {
  return {
    policy_type: policy.accountId === null ? 'system' : 'custom',
    policy_name: policy.name,
    policy_id: policy.id,
    urn: toUrn(policy),
    path: policy.path,
    default_version_id: `v${policy.defaultVersion}`,
    attachment_count: policy.attachments,
    description: policy.description,
    created_at: policy.createdAt.toISOString(),
    updated_at: policy.updatedAt.toISOString(),
  };
}

export function toPolicyVersion({ document, version, isDefault, createdAt }: PolicyVersionRecord) {
  return {
    document,
    version_id: `v${version}`,
    is_default: isDefault,
    created_at: createdAt.toISOString(),
  };
}

export function toAttachedPolicy({ policy, attachedAt }: Attachment) {
  return {
    policy_name: policy.name,
    policy_id: policy.id,
    urn: toUrn(policy),
    attached_at: attachedAt.toISOString(),
  };
}
