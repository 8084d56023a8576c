/** The words of Keystone v3: bodies as TypeBox schemas, records as JSON (Identity API v3). */
import { Type } from 'typebox';
import type { AccessKey } from '../../core/access-keys.ts';
import type { ApplicationCredential } from '../../core/application-credentials.ts';
import type { Group } from '../../core/groups.ts';
import type { Account, Caller, Project, Role, User } from '../../core/tenancy.ts';
import type { toCatalog } from './catalog.ts';

const Name = Type.String({ minLength: 1, maxLength: 255 });
const Id = Type.String({ maxLength: 64 });
const Text = Type.Union([Type.String({ maxLength: 4_096 }), Type.Null()]);
const Password = Type.String({ minLength: 1, maxLength: 4_096 });
const Enabled = Type.Optional(Type.Boolean());

/** In a login a name that is too long is only one that nobody has. */
const GivenText = Type.String();
const GivenDomain = Type.Object({ id: Type.Optional(GivenText), name: Type.Optional(GivenText) });
const GivenUser = Type.Object({
  id: Type.Optional(GivenText),
  name: Type.Optional(GivenText),
  domain: Type.Optional(GivenDomain),
});

export const LoginBody = Type.Object({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Array(Type.String()),
      password: Type.Optional(
        Type.Object({
          user: Type.Intersect([GivenUser, Type.Object({ password: Type.String() })]),
        }),
      ),
      token: Type.Optional(Type.Object({ id: Type.String() })),
      application_credential: Type.Optional(
        Type.Object({
          id: Type.Optional(GivenText),
          name: Type.Optional(GivenText),
          secret: Type.String(),
          user: Type.Optional(GivenUser),
        }),
      ),
    }),
    scope: Type.Optional(
      Type.Union([
        Type.Literal('unscoped'),
        Type.Object({
          project: Type.Optional(
            Type.Object({
              id: Type.Optional(GivenText),
              name: Type.Optional(GivenText),
              domain: Type.Optional(GivenDomain),
            }),
          ),
          domain: Type.Optional(GivenDomain),
        }),
      ]),
    ),
  }),
});

export const DomainBody = Type.Object({
  domain: Type.Object({ name: Name, description: Type.Optional(Text), enabled: Enabled }),
});
export const DomainChange = Type.Object({
  domain: Type.Object({ name: Type.Optional(Name), description: Type.Optional(Text), enabled: Enabled }),
});

export const ProjectBody = Type.Object({
  project: Type.Object({
    name: Name,
    domain_id: Type.Optional(Id),
    parent_id: Type.Optional(Id),
    is_domain: Type.Optional(Type.Boolean()),
    description: Type.Optional(Text),
    enabled: Enabled,
  }),
});
export const ProjectChange = Type.Object({
  project: Type.Object({ name: Type.Optional(Name), description: Type.Optional(Text), enabled: Enabled }),
});

const userFields = {
  default_project_id: Type.Optional(Type.Union([Id, Type.Null()])),
  description: Type.Optional(Text),
  email: Type.Optional(Text),
  enabled: Enabled,
};

export const UserBody = Type.Object({
  user: Type.Object({
    name: Name,
    domain_id: Type.Optional(Id),
    password: Type.Optional(Type.Union([Password, Type.Null()])),
    // Huawei Cloud's word for the root user of an account, there read only.
    is_domain_owner: Type.Optional(Type.Boolean()),
    ...userFields,
  }),
});
export const UserChange = Type.Object({
  user: Type.Object({ name: Type.Optional(Name), password: Type.Optional(Password), ...userFields }),
});
export const PasswordBody = Type.Object({
  user: Type.Object({ password: Password, original_password: Type.String() }),
});

export const RoleBody = Type.Object({
  role: Type.Object({ name: Name, description: Type.Optional(Text) }),
});
export const RoleChange = Type.Object({
  role: Type.Object({ name: Type.Optional(Name), description: Type.Optional(Text) }),
});

export const GroupBody = Type.Object({
  group: Type.Object({ name: Name, domain_id: Type.Optional(Id), description: Type.Optional(Text) }),
});
export const GroupChange = Type.Object({
  group: Type.Object({ name: Type.Optional(Name), description: Type.Optional(Text) }),
});

const Access = Type.Object({ description: Type.Optional(Type.String({ maxLength: 4_096 })) });
export const AccessKeyBody = Type.Object({
  credential: Type.Intersect([Access, Type.Object({ user_id: Id })]),
});
export const AccessKeyChange = Type.Object({
  credential: Type.Intersect([
    Access,
    Type.Object({ status: Type.Optional(Type.Union([Type.Literal('active'), Type.Literal('inactive')])) }),
  ]),
});

export const TemporaryKeyBody = Type.Object({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Array(Type.String()),
      policy: Type.Optional(Type.Unknown()),
      token: Type.Optional(
        Type.Object({
          id: Type.Optional(Type.String()),
          duration_seconds: Type.Optional(Type.Integer({ minimum: 900, maximum: 86_400 })),
        }),
      ),
    }),
  }),
});

export const ApplicationCredentialBody = Type.Object({
  application_credential: Type.Object({
    name: Name,
    description: Type.Optional(Text),
    secret: Type.Optional(Type.Union([Password, Type.Null()])),
    expires_at: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    roles: Type.Optional(
      Type.Array(Type.Object({ id: Type.Optional(GivenText), name: Type.Optional(GivenText) })),
    ),
    unrestricted: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    access_rules: Type.Optional(Type.Union([Type.Array(Type.Unknown()), Type.Null()])),
  }),
});

/** RFC 3339 in UTC with six decimals, as all clients parse it. */
export function toTime(at: Date): string {
  return at.toISOString().replace('Z', '000Z');
}

const toName = ({ id, name }: { id: string; name: string }) => ({ id, name });

export function toToken(caller: Caller, catalog: ReturnType<typeof toCatalog> | undefined) {
  const { user, userAccount, project, projectAccount, account, applicationCredential: program } = caller;
  return {
    methods: caller.methods,
    issued_at: toTime(caller.issuedAt),
    expires_at: toTime(caller.expiresAt),
    audit_ids: [caller.auditId],
    user: { ...toName(user), domain: toName(userAccount), password_expires_at: null },
    ...(project && {
      project: { ...toName(project), domain: toName(projectAccount!) },
      is_domain: false,
    }),
    ...(account && { domain: toName(account) }),
    ...(program && { application_credential: { ...toName(program), restricted: program.isRestricted } }),
    ...((project || account) && { roles: caller.roles.map(toName) }),
    ...(catalog && { catalog }),
  };
}

export function toAccessKey({ access, userId, description, enabled, createdAt }: AccessKey) {
  const status = enabled ? 'active' : 'inactive';
  return { access, user_id: userId, status, create_time: toTime(createdAt), description };
}

export function toApplicationCredential(one: ApplicationCredential, origin: string) {
  return {
    id: one.id,
    name: one.name,
    description: one.description,
    project_id: one.projectId,
    roles: one.roles.map(({ id, name }) => ({ id, name, domain_id: null })),
    expires_at: one.expiresAt && toTime(one.expiresAt),
    unrestricted: one.unrestricted,
    system: null,
    links: { self: `${origin}/v3/users/${one.userId}/application_credentials/${one.id}` },
  };
}

export function toDomain({ id, name, description, enabled }: Account, origin: string) {
  const links = { self: `${origin}/v3/domains/${id}` };
  return { id, name, description, enabled, tags: [], options: {}, links };
}

/** Every project stands directly below its domain. */
export function toProject({ id, name, accountId, description, enabled }: Project, origin: string) {
  return {
    id,
    name,
    domain_id: accountId,
    parent_id: accountId,
    is_domain: false,
    description,
    enabled,
    tags: [],
    options: {},
    links: { self: `${origin}/v3/projects/${id}` },
  };
}

export function toUser(user: User, origin: string) {
  const { id, name, accountId, description, enabled, email, defaultProjectId } = user;
  return {
    id,
    name,
    domain_id: accountId,
    description,
    enabled,
    ...(email !== null && { email }),
    ...(defaultProjectId !== null && { default_project_id: defaultProjectId }),
    is_domain_owner: user.isRoot,
    password_expires_at: null,
    options: {},
    links: { self: `${origin}/v3/users/${id}` },
  };
}

/** `create_time` in milliseconds is Huawei Cloud's. */
export function toGroup({ id, name, accountId, description, createdAt }: Group, origin: string) {
  const links = { self: `${origin}/v3/groups/${id}` };
  return { id, name, domain_id: accountId, description, create_time: createdAt.getTime(), links };
}

/** With the members that Huawei Cloud has beside Keystone's. A role without a policy is called by its name only. */
export function toRole(role: Role, origin: string) {
  const { id, name, description, accountId, displayName, catalog, type, policy, createdAt, updatedAt } = role;
  return {
    id,
    name,
    domain_id: accountId,
    description,
    options: role.isSystem ? { immutable: true } : {},
    ...(policy && {
      display_name: displayName,
      catalog,
      type,
      policy,
      created_time: String(createdAt.getTime()),
      updated_time: String(updatedAt.getTime()),
    }),
    links: { self: `${origin}/v3/roles/${id}` },
  };
}
