/** A user at a place as one statement finds it: account, project, roles, and the policies that count there. */
import { sql } from 'kysely';
import type { PolicyDocument } from '../core/policy.ts';
import { operatorRole, type Account, type Caller, type HeldRole, type Standing } from '../core/tenancy.ts';

interface AccountJson {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
  created_at: string;
}

export interface StandingJson {
  user: AccountJson & {
    account_id: string;
    email: string | null;
    is_root: boolean;
    default_project_id: string | null;
  };
  userAccount: AccountJson;
  project: (AccountJson & { account_id: string }) | null;
  projectAccount: AccountJson | null;
  account: AccountJson | null;
  roles: HeldRole[];
  policies: PolicyDocument[];
  isRoot: boolean;
}

export interface CallerRow {
  methods: string[];
  audit_id: string;
  issued_at: Date;
  expires_at: Date;
  application_credential: Caller['applicationCredential'];
  standing: StandingJson;
}

/** Of whom `standingOf` found. */
export const standing = sql`jsonb_build_object(
  'user', to_jsonb(u) - 'password_hash', 'userAccount', to_jsonb(ua), 'project', to_jsonb(p),
  'projectAccount', to_jsonb(pa), 'account', to_jsonb(a), 'roles', held.roles,
  'policies', held.policies || attached.policies, 'isRoot', self.is_root)`;

/** The groups of the user in `u`. */
const groupsOfUser = sql`select m.group_id from group_members m where m.user_id = u.id`;

/**
 * Follows `from … t` with user_id, project_id, account_id, and role_ids (null: all roles held count). Where only some
 * roles count, nothing that the user has beside them does: neither root nor identity policies.
 */
export const standingOf = sql`
  join users u on u.id = t.user_id and u.enabled
  join accounts ua on ua.id = u.account_id and ua.enabled
  left join projects p on p.id = t.project_id
  left join accounts pa on pa.id = p.account_id
  left join accounts a on a.id = t.account_id
  cross join lateral (
    select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'name', r.name, 'description', r.description)
      order by r.name), '[]') as roles,
      coalesce(jsonb_agg(r.policy order by r.name) filter (where r.policy is not null), '[]') as policies
    from roles r
    where (t.role_ids is null or r.id = any(t.role_ids)) and exists (
      select 1 from role_assignments x
      where x.role_id = r.id and (x.user_id = u.id or x.group_id in (${groupsOfUser}))
        and (x.project_id = t.project_id or (x.account_id = t.account_id and not x.inherited)
          or (x.account_id = p.account_id and x.inherited)))) held
  cross join lateral (
    select t.role_ids is null and coalesce(p.account_id, t.account_id, u.account_id) = u.account_id as is_home) home
  cross join lateral (select home.is_home and u.is_root as is_root) self
  cross join lateral (
    select coalesce(jsonb_agg(v.document::jsonb order by y.id), '[]') as policies
    from policies y join policy_versions v on v.policy_id = y.id and v.version = y.default_version
    where home.is_home and exists (
      select 1 from policy_attachments x
      where x.policy_id = y.id and (x.user_id = u.id or x.group_id in (${groupsOfUser})))) attached
  where (t.project_id is null or (p.enabled and pa.enabled
      and (held.roles <> '[]' or self.is_root or attached.policies <> '[]')))
    and (t.account_id is null or (a.enabled and (t.account_id = u.account_id or held.roles <> '[]')))`;

export function toCaller(row: CallerRow): Caller {
  return {
    ...toStanding(row.standing),
    applicationCredential: row.application_credential,
    isDelegate: row.application_credential?.isRestricted ?? false,
    methods: row.methods,
    auditId: row.audit_id,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
  };
}

export function toStanding(found: StandingJson): Standing {
  const toAccount = (json: AccountJson): Account => ({
    id: json.id,
    name: json.name,
    description: json.description,
    enabled: json.enabled,
    createdAt: new Date(json.created_at),
  });
  const { user, project, account, projectAccount } = found;
  return {
    user: {
      ...toAccount(user),
      accountId: user.account_id,
      email: user.email,
      isRoot: user.is_root,
      defaultProjectId: user.default_project_id,
    },
    userAccount: toAccount(found.userAccount),
    project: project && { ...toAccount(project), accountId: project.account_id },
    projectAccount: projectAccount && toAccount(projectAccount),
    account: account && toAccount(account),
    roles: found.roles,
    policies: found.policies,
    isRoot: found.isRoot,
    isAdmin: found.roles.some(({ name }) => name === operatorRole),
  };
}
