/** The words of Keystone v3: bodies as TypeBox schemas, records as JSON (Identity API v3). */
import { Type } from 'typebox';
import {
  builtInRoles,
  type Account,
  type Caller,
  type Project,
  type Role,
  type User,
} from '../../core/tenancy.ts';
import type { toCatalog } from './catalog.ts';

const Name = Type.String({ minLength: 1, maxLength: 255 });
const Id = Type.String({ maxLength: 64 });
const Text = Type.Union([Type.String({ maxLength: 4_096 }), Type.Null()]);
const Password = Type.String({ minLength: 1, maxLength: 4_096 });
const Enabled = Type.Optional(Type.Boolean());

/** In a login a name that is too long is only one that nobody has. */
const GivenText = Type.String();
const GivenDomain = Type.Object({ id: Type.Optional(GivenText), name: Type.Optional(GivenText) });

export const LoginBody = Type.Object({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Array(Type.String()),
      password: Type.Optional(
        Type.Object({
          user: Type.Object({
            id: Type.Optional(GivenText),
            name: Type.Optional(GivenText),
            domain: Type.Optional(GivenDomain),
            password: Type.String(),
          }),
        }),
      ),
      token: Type.Optional(Type.Object({ id: Type.String() })),
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

/** RFC 3339 in UTC with six decimals, as all clients parse it. */
function toTime(at: Date): string {
  return at.toISOString().replace('Z', '000Z');
}

const toName = ({ id, name }: { id: string; name: string }) => ({ id, name });

export function toToken(caller: Caller, catalog: ReturnType<typeof toCatalog> | undefined) {
  const { user, userAccount, project, projectAccount, account } = caller;
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
    ...((project || account) && { roles: caller.roles.map(toName) }),
    ...(catalog && { catalog }),
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
    password_expires_at: null,
    options: {},
    links: { self: `${origin}/v3/users/${id}` },
  };
}

export function isImmutable({ name }: Role): boolean {
  return builtInRoles.some((it) => it === name);
}

export function toRole(role: Role, origin: string) {
  const { id, name, description } = role;
  const options = isImmutable(role) ? { immutable: true } : {};
  return { id, name, domain_id: null, description, options, links: { self: `${origin}/v3/roles/${id}` } };
}
