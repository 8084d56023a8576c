import { sql } from 'kysely';
import { conflict } from '../core/errors.ts';
import type {
  Account,
  Credentials,
  Holder,
  Place,
  Project,
  Role,
  RoleAssignment,
  Tenancy,
  User,
} from '../core/tenancy.ts';
import type { Database } from './database.ts';
import { standing, standingOf, toCaller, toStanding, type CallerRow, type StandingJson } from './standing.ts';

const channel = 'ingot_tenancy';
const uniqueViolation = '23505';
const foreignKeyViolation = '23503';

const accountColumns = sql`id, name, description, enabled, created_at as "createdAt"`;
const projectColumns = sql`id, account_id as "accountId", name, description, enabled, created_at as "createdAt"`;
export const userColumns = sql`
  id, account_id as "accountId", name, email, description, enabled, is_root as "isRoot",
  default_project_id as "defaultProjectId", created_at as "createdAt"`;

const roleColumns = sql`
  id, name, description, account_id as "accountId", display_name as "displayName", catalog, type, policy,
  is_system as "isSystem", created_at as "createdAt", updated_at as "updatedAt"`;

/** Who holds what in the end: members in place of groups, projects in place of what all projects inherit. */
const effectiveAssignments = sql`
  select distinct coalesce(x.user_id, m.user_id) as user_id, null::text as group_id, x.role_id,
    coalesce(x.project_id, p.id) as project_id, case when not x.inherited then x.account_id end as account_id,
    false as inherited
  from role_assignments x
  left join group_members m on m.group_id = x.group_id
  left join projects p on x.inherited and p.account_id = x.account_id
  where coalesce(x.user_id, m.user_id) is not null and (not x.inherited or p.id is not null)`;

/** Whether the user may log in to the project in `p`, as `standingOf` has it. */
const isOpenTo = (userId: string) => sql`
  exists (select 1 from (${effectiveAssignments}) x where x.user_id = ${userId} and x.project_id = p.id)
  or exists (select 1 from users u where u.id = ${userId} and u.account_id = p.account_id and (u.is_root
    or exists (select 1 from policy_attachments t where t.user_id = u.id or t.group_id in (
      select m.group_id from group_members m where m.user_id = u.id))))`;

const toJson = (value: unknown) => (value === null ? null : JSON.stringify(value));

function toColumns(holder: Holder, on: Place) {
  const isUser = typeof holder === 'string';
  return {
    userId: isUser ? holder : null,
    groupId: isUser ? null : holder.groupId,
    projectId: 'projectId' in on ? on.projectId : null,
    accountId: 'accountId' in on ? on.accountId : null,
    inherited: 'accountId' in on && (on.inherited ?? false),
  };
}

export function tenancy({ sql: db, listen }: Database): Tenancy {
  /** Those in this process are told before the call returns. */
  const nearby = new Set<() => void>();

  /** Everything remembered about callers is void from here on, in every process. */
  async function tell(): Promise<void> {
    for (const callback of nearby) callback();
    await sql`select pg_notify(${channel}, '')`.execute(db);
  }

  async function unique<T>(what: string, name: string, insert: () => Promise<T>): Promise<T> {
    try {
      return await insert();
    } catch (error) {
      if ((error as { code?: string }).code !== uniqueViolation) throw error;
      throw conflict(`A ${what} named ${name} exists already.`, what, name);
    }
  }

  /** Whether something was removed; what others still refer to stays. */
  async function remove(attempt: () => Promise<{ rows: unknown[] }>): Promise<boolean> {
    try {
      const { rows } = await attempt();
      await tell();
      return rows.length > 0;
    } catch (error) {
      if ((error as { code?: string }).code === foreignKeyViolation) return false;
      throw error;
    }
  }

  return {
    async listAccounts(filter = {}) {
      const { rows } = await sql<Account>`
        select ${accountColumns} from accounts
        where ${filter.name ?? null}::text is null or name = ${filter.name ?? null} order by name`.execute(
        db,
      );
      return rows;
    },
    async findAccount(id) {
      const { rows } = await sql<Account>`select ${accountColumns} from accounts where id = ${id}`.execute(
        db,
      );
      return rows[0] ?? null;
    },
    async createAccount(account) {
      const { rows } = await unique('domain', account.name, () =>
        sql<Account>`
          insert into accounts (id, name, description, enabled)
          values (${account.id}, ${account.name}, ${account.description}, ${account.enabled})
          returning ${accountColumns}`.execute(db),
      );
      return rows[0]!;
    },
    async changeAccount(id, change) {
      const { rows } = await unique('domain', change.name ?? '', () =>
        sql<Account>`
          update accounts set name = coalesce(${change.name ?? null}, name),
            description = coalesce(${change.description ?? null}, description),
            enabled = coalesce(${change.enabled ?? null}, enabled)
          where id = ${id} returning ${accountColumns}`.execute(db),
      );
      await tell();
      return rows[0] ?? null;
    },
    async removeAccount(id) {
      return remove(() => sql`delete from accounts where id = ${id} returning id`.execute(db));
    },

    async listProjects(filter = {}) {
      const { rows } = await sql<Project>`
        select ${projectColumns} from projects p
        where (${filter.accountId ?? null}::text is null or account_id = ${filter.accountId ?? null})
          and (${filter.name ?? null}::text is null or name = ${filter.name ?? null})
          and (${filter.userId === undefined} or ${isOpenTo(filter.userId ?? '')})
        order by name, id`.execute(db);
      return rows;
    },
    async findProject(id) {
      const { rows } = await sql<Project>`select ${projectColumns} from projects where id = ${id}`.execute(
        db,
      );
      return rows[0] ?? null;
    },
    async createProject(project) {
      const { rows } = await unique('project', project.name, () =>
        sql<Project>`
          insert into projects (id, account_id, name, description, enabled)
          values (${project.id}, ${project.accountId}, ${project.name}, ${project.description}, ${project.enabled})
          returning ${projectColumns}`.execute(db),
      );
      return rows[0]!;
    },
    async changeProject(id, change) {
      const { rows } = await unique('project', change.name ?? '', () =>
        sql<Project>`
          update projects set name = coalesce(${change.name ?? null}, name),
            description = coalesce(${change.description ?? null}, description),
            enabled = coalesce(${change.enabled ?? null}, enabled)
          where id = ${id} returning ${projectColumns}`.execute(db),
      );
      await tell();
      return rows[0] ?? null;
    },
    async removeProject(id) {
      return remove(() => sql`delete from projects where id = ${id} returning id`.execute(db));
    },

    async listUsers(filter = {}) {
      const { rows } = await sql<User>`
        select ${userColumns} from users
        where (${filter.accountId ?? null}::text is null or account_id = ${filter.accountId ?? null})
          and (${filter.name ?? null}::text is null or name = ${filter.name ?? null})
        order by name, id`.execute(db);
      return rows;
    },
    async findUser(id) {
      const { rows } = await sql<User>`select ${userColumns} from users where id = ${id}`.execute(db);
      return rows[0] ?? null;
    },
    async createUser(user, passwordHash) {
      const { rows } = await unique('user', user.name, () =>
        sql<User>`
          insert into users (id, account_id, name, password_hash, email, description, enabled, is_root,
            default_project_id)
          values (${user.id}, ${user.accountId}, ${user.name}, ${passwordHash}, ${user.email}, ${user.description},
            ${user.enabled}, ${user.isRoot}, ${user.defaultProjectId})
          returning ${userColumns}`.execute(db),
      );
      return rows[0]!;
    },
    async changeUser(id, change) {
      const { rows } = await unique('user', change.name ?? '', () =>
        sql<User>`
          with revoked as (
            delete from tokens where user_id = ${id} and (${change.passwordHash ?? null}::text is not null
              or ${change.enabled ?? null}::boolean is false)
          ), ended as (
            delete from access_keys where user_id = ${id} and expires_at is not null
              and (${change.passwordHash ?? null}::text is not null or ${change.enabled ?? null}::boolean is false)
          )
          update users set name = coalesce(${change.name ?? null}, name),
            email = case when ${change.email === null} then null else coalesce(${change.email ?? null}, email) end,
            description = coalesce(${change.description ?? null}, description),
            enabled = coalesce(${change.enabled ?? null}, enabled),
            default_project_id = case when ${change.defaultProjectId === null} then null
              else coalesce(${change.defaultProjectId ?? null}, default_project_id) end,
            password_hash = coalesce(${change.passwordHash ?? null}, password_hash)
          where id = ${id} returning ${userColumns}`.execute(db),
      );
      await tell();
      return rows[0] ?? null;
    },
    async removeUser(id) {
      return remove(() => sql`delete from users where id = ${id} and not is_root returning id`.execute(db));
    },

    async listRoles({ name, accountId, customOnly } = {}) {
      const { rows } = await sql<Role>`
        select ${roleColumns} from roles
        where (${name ?? null}::text is null or name = ${name ?? null})
          and (${accountId === undefined} or account_id = ${accountId ?? null}
            or (account_id is null and not ${customOnly ?? false}))
        order by name`.execute(db);
      return rows;
    },
    async findRole(id) {
      const { rows } = await sql<Role>`select ${roleColumns} from roles where id = ${id}`.execute(db);
      return rows[0] ?? null;
    },
    async createRole({ id, name, description, ...rest }) {
      const { rows } = await unique('role', rest.displayName ?? name, () =>
        sql<Role>`
          insert into roles (id, name, description, account_id, display_name, catalog, type, policy)
          values (${id}, ${name}, ${description}, ${rest.accountId ?? null}, ${rest.displayName ?? name},
            ${rest.catalog ?? ''}, ${rest.type ?? 'AA'}, ${toJson(rest.policy ?? null)})
          returning ${roleColumns}`.execute(db),
      );
      return rows[0]!;
    },
    async changeRole(id, change) {
      const { rows } = await unique('role', change.displayName ?? change.name ?? '', () =>
        sql<Role>`
          update roles set name = coalesce(${change.name ?? null}, name),
            description = coalesce(${change.description ?? null}, description),
            display_name = coalesce(${change.displayName ?? null}, display_name),
            type = coalesce(${change.type ?? null}, type),
            policy = coalesce(${toJson(change.policy ?? null)}::json, policy), updated_at = now()
          where id = ${id} returning ${roleColumns}`.execute(db),
      );
      await tell();
      return rows[0] ?? null;
    },
    async removeRole(id) {
      return remove(() => sql`delete from roles where id = ${id} returning id`.execute(db));
    },
    async listAssignments({ userId, groupId, projectId, accountId, inherited, within, effective }) {
      const { rows } = await sql<RoleAssignment>`
        select a.user_id as "userId", a.group_id as "groupId", a.role_id as "roleId", r.name as "roleName",
          a.project_id as "projectId", a.account_id as "accountId", a.inherited
        from (${effective ? effectiveAssignments : sql`select * from role_assignments`}) a
        join roles r on r.id = a.role_id
        where (${userId ?? null}::text is null or a.user_id = ${userId ?? null})
          and (${groupId ?? null}::text is null or a.group_id = ${groupId ?? null})
          and (${projectId ?? null}::text is null or a.project_id = ${projectId ?? null})
          and (${accountId ?? null}::text is null or a.account_id = ${accountId ?? null})
          and (${inherited ?? null}::boolean is null or a.inherited = ${inherited ?? null})
          and (${within ?? null}::text is null or a.account_id = ${within ?? null} or a.project_id in (
            select p.id from projects p where p.account_id = ${within ?? null}))
        order by a.user_id, a.group_id, r.name, a.project_id, a.account_id`.execute(db);
      return rows;
    },
    async assign(holder, roleId, on) {
      const { userId, groupId, projectId, accountId, inherited } = toColumns(holder, on);
      await sql`
        insert into role_assignments (user_id, group_id, role_id, project_id, account_id, inherited)
        values (${userId}, ${groupId}, ${roleId}, ${projectId}, ${accountId}, ${inherited})
        on conflict do nothing`.execute(db);
      await tell();
    },
    async unassign(holder, roleId, on) {
      const { userId, groupId, projectId, accountId, inherited } = toColumns(holder, on);
      const { rows } = await sql`
        delete from role_assignments where role_id = ${roleId}
          and user_id is not distinct from ${userId} and group_id is not distinct from ${groupId}
          and project_id is not distinct from ${projectId} and account_id is not distinct from ${accountId}
          and inherited = ${inherited} returning 1`.execute(db);
      await tell();
      return rows.length > 0;
    },

    async findCredentials(who) {
      const match =
        'id' in who ? sql`u.id = ${who.id}` : sql`u.name = ${who.name} and u.account_id = ${who.accountId}`;
      const { rows } = await sql<{ user: string; account: string; passwordHash: string | null }>`
        select u.id as user, u.account_id as account, u.password_hash as "passwordHash"
        from users u join accounts a on a.id = u.account_id
        where ${match} and u.enabled and a.enabled`.execute(db);
      const row = rows[0];
      // Looked up also where there is nobody, which shall take as long.
      const [user, account] = await Promise.all([
        this.findUser(row?.user ?? ''),
        this.findAccount(row?.account ?? ''),
      ]);
      if (!row || !user || !account) return null;
      return { user, account, passwordHash: row.passwordHash } satisfies Credentials;
    },
    async addToken(token) {
      await sql`
        insert into tokens (hash, user_id, project_id, account_id, application_credential_id, methods, audit_id,
          issued_at, expires_at)
        values (${token.hash}, ${token.userId}, ${token.projectId}, ${token.accountId},
          ${token.applicationCredentialId ?? null}, ${token.methods}, ${token.auditId}, ${token.issuedAt},
          ${token.expiresAt})`.execute(db);
    },

    async findCaller(tokenHash) {
      const { rows } = await sql<CallerRow>`
        select t.methods, t.audit_id, t.issued_at, t.expires_at, t.application_credential, ${standing} as standing
        from (
          select tokens.*, c.role_ids, case when c.id is not null then jsonb_build_object(
            'id', c.id, 'name', c.name, 'isRestricted', not c.unrestricted) end as application_credential
          from tokens left join application_credentials c on c.id = tokens.application_credential_id
          where tokens.hash = ${tokenHash} and tokens.expires_at > now()
        ) t ${standingOf}`.execute(db);
      return rows[0] ? toCaller(rows[0]) : null;
    },
    async findStanding(userId, { projectId, accountId }) {
      const { rows } = await sql<{ standing: StandingJson }>`
        select ${standing} as standing
        from (
          select ${userId}::text as user_id, ${projectId}::text as project_id, ${accountId}::text as account_id,
            null::text[] as role_ids
        ) t ${standingOf}`.execute(db);
      return rows[0] ? toStanding(rows[0].standing) : null;
    },
    async revokeToken(tokenHash) {
      const { rows } = await sql`delete from tokens where hash = ${tokenHash} returning 1`.execute(db);
      await tell();
      return rows.length > 0;
    },
    async onChange(callback) {
      nearby.add(callback);
      const stop = await listen(channel, callback);
      return async () => {
        nearby.delete(callback);
        await stop();
      };
    },
    tellChange: tell,
    async purgeExpiredTokens() {
      await sql`delete from access_keys where expires_at < now()`.execute(db);
      const { rows } = await sql`
        delete from tokens where hash in (select hash from tokens where expires_at < now() limit 5000)
        returning 1`.execute(db);
      return rows.length;
    },
  };
}
