import { sql } from 'kysely';
import { conflict } from '../core/errors.ts';
import type {
  Account,
  Caller,
  Credentials,
  Project,
  Role,
  RoleAssignment,
  Standing,
  Tenancy,
  User,
} from '../core/tenancy.ts';
import type { Database } from './database.ts';

const channel = 'ingot_tenancy';
const uniqueViolation = '23505';
const foreignKeyViolation = '23503';

const accountColumns = sql`id, name, description, enabled, created_at as "createdAt"`;
const projectColumns = sql`id, account_id as "accountId", name, description, enabled, created_at as "createdAt"`;
const userColumns = sql`
  id, account_id as "accountId", name, email, description, enabled, is_root as "isRoot",
  default_project_id as "defaultProjectId", created_at as "createdAt"`;

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
          and (${filter.userId ?? null}::text is null or exists (
            select 1 from role_assignments r where r.user_id = ${filter.userId ?? null} and r.project_id = p.id))
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

    async listRoles(filter = {}) {
      const { rows } = await sql<Role>`
        select id, name, description from roles
        where ${filter.name ?? null}::text is null or name = ${filter.name ?? null} order by name`.execute(
        db,
      );
      return rows;
    },
    async findRole(id) {
      const { rows } = await sql<Role>`select id, name, description from roles where id = ${id}`.execute(db);
      return rows[0] ?? null;
    },
    async createRole(role) {
      await unique('role', role.name, () =>
        sql`insert into roles (id, name, description) values (${role.id}, ${role.name}, ${role.description})`.execute(
          db,
        ),
      );
      return role;
    },
    async changeRole(id, change) {
      const { rows } = await unique('role', change.name ?? '', () =>
        sql<Role>`
          update roles set name = coalesce(${change.name ?? null}, name),
            description = coalesce(${change.description ?? null}, description)
          where id = ${id} returning id, name, description`.execute(db),
      );
      await tell();
      return rows[0] ?? null;
    },
    async removeRole(id) {
      return remove(() => sql`delete from roles where id = ${id} returning id`.execute(db));
    },
    async listAssignments(filter) {
      const { rows } = await sql<RoleAssignment>`
        select a.user_id as "userId", a.role_id as "roleId", r.name as "roleName", a.project_id as "projectId",
          a.account_id as "accountId"
        from role_assignments a join roles r on r.id = a.role_id
        where (${filter.userId ?? null}::text is null or a.user_id = ${filter.userId ?? null})
          and (${filter.projectId ?? null}::text is null or a.project_id = ${filter.projectId ?? null})
          and (${filter.accountId ?? null}::text is null or a.account_id = ${filter.accountId ?? null})
        order by a.user_id, r.name`.execute(db);
      return rows;
    },
    async assign(userId, roleId, on) {
      await sql`
        insert into role_assignments (user_id, role_id, project_id, account_id)
        values (${userId}, ${roleId}, ${'projectId' in on ? on.projectId : null}, ${'accountId' in on ? on.accountId : null})
        on conflict do nothing`.execute(db);
      await tell();
    },
    async unassign(userId, roleId, on) {
      const { rows } = await sql`
        delete from role_assignments where user_id = ${userId} and role_id = ${roleId}
          and project_id is not distinct from ${'projectId' in on ? on.projectId : null}
          and account_id is not distinct from ${'accountId' in on ? on.accountId : null} returning 1`.execute(
        db,
      );
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
      if (!row) return null;
      const [user, account] = await Promise.all([this.findUser(row.user), this.findAccount(row.account)]);
      if (!user || !account) return null;
      return { user, account, passwordHash: row.passwordHash } satisfies Credentials;
    },
    async countFailedLogin(userId, most, lockSeconds) {
      await sql`
        update users set
          failed_logins = case when failed_logins + 1 >= ${most} then 0 else failed_logins + 1 end,
          locked_until = case when failed_logins + 1 >= ${most}
            then now() + ${lockSeconds} * interval '1 second' else locked_until end
        where id = ${userId} and (locked_until is null or locked_until <= now())`.execute(db);
    },
    async forgiveFailedLogins(userId) {
      // Asked after the password was found right, so that guesses sent at once do not pass a lock they brought about.
      const { rows } = await sql<{ isFree: boolean }>`
        with forgiven as (
          update users set failed_logins = 0, locked_until = null
          where id = ${userId} and (failed_logins > 0 or locked_until is not null)
            and (locked_until is null or locked_until <= now())
        )
        select locked_until is null or locked_until <= now() as "isFree" from users where id = ${userId}`.execute(
        db,
      );
      return rows[0]?.isFree ?? false;
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

interface AccountJson {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
  created_at: string;
}

interface StandingJson {
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
  roles: Role[];
}

interface CallerRow {
  methods: string[];
  audit_id: string;
  issued_at: Date;
  expires_at: Date;
  application_credential: Caller['applicationCredential'];
  standing: StandingJson;
}

/** Of whom `standingOf` found. */
const standing = sql`jsonb_build_object(
  'user', to_jsonb(u) - 'password_hash', 'userAccount', to_jsonb(ua), 'project', to_jsonb(p),
  'projectAccount', to_jsonb(pa), 'account', to_jsonb(a), 'roles', held.roles)`;

/** Follows `from … t` with user_id, project_id, account_id, and role_ids (null: all roles held count). */
const standingOf = sql`
  join users u on u.id = t.user_id and u.enabled
  join accounts ua on ua.id = u.account_id and ua.enabled
  left join projects p on p.id = t.project_id
  left join accounts pa on pa.id = p.account_id
  left join accounts a on a.id = t.account_id
  cross join lateral (
    select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'name', r.name, 'description', r.description)
      order by r.name), '[]') as roles
    from role_assignments x join roles r on r.id = x.role_id
    where x.user_id = u.id and (x.project_id = t.project_id or x.account_id = t.account_id)
      and (t.role_ids is null or r.id = any(t.role_ids))) held
  where (t.project_id is null or (p.enabled and pa.enabled and held.roles <> '[]'))
    and (t.account_id is null or (a.enabled and (t.account_id = u.account_id or held.roles <> '[]')))`;

function toCaller(row: CallerRow): Caller {
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

function toStanding(found: StandingJson): Standing {
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
    isAdmin: found.roles.some(({ name }) => name === 'admin'),
  };
}
