/** Accounts (wire: domain), projects, users, roles, and who is asking. */
import type { PolicyDocument } from './policy.ts';

export interface Account {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
  createdAt: Date;
}

export interface Project {
  id: string;
  accountId: string;
  name: string;
  description: string;
  enabled: boolean;
  createdAt: Date;
}

export interface User {
  id: string;
  accountId: string;
  name: string;
  email: string | null;
  description: string;
  enabled: boolean;
  isRoot: boolean;
  defaultProjectId: string | null;
  createdAt: Date;
}

/** What is granted. It carries a policy; a role without one is a name that others may look at, and allows nothing. */
export interface Role {
  id: string;
  name: string;
  description: string;
  /** Null: of the installation; else a custom policy of this account. */
  accountId: string | null;
  displayName: string;
  catalog: string;
  /** AX: for an account, XA: for projects, AA: for both. */
  type: 'AX' | 'XA' | 'AA';
  policy: PolicyDocument | null;
  /** Comes with the installation and stays as it is. */
  isSystem: boolean;
  createdAt: Date;
  updatedAt: Date;
}

/** What a caller is told of a role. */
export type HeldRole = Pick<Role, 'id' | 'name' | 'description'>;

/** Who holds it works for the installation: sees all accounts, manages machines. */
export const operatorRole = 'admin';

/** A role held by a user or by the members of a group. */
export interface RoleAssignment {
  userId: string | null;
  groupId: string | null;
  roleId: string;
  roleName: string;
  projectId: string | null;
  accountId: string | null;
  /** On all projects of the account, and not on the account itself. */
  inherited: boolean;
}

/** A user, by id, or a group. */
export type Holder = string | { groupId: string };
export type Place = { projectId: string } | { accountId: string; inherited?: boolean };

/** Exactly one of project and account, or neither (unscoped). */
export interface Scope {
  project: Project | null;
  account: Account | null;
}

/** A user at a place, with the roles held there. */
export interface Standing extends Scope {
  user: User;
  userAccount: Account;
  /** The project's account when scoped to a project. */
  projectAccount: Account | null;
  roles: HeldRole[];
  /** All that count here: of the roles, and those attached to the user and its groups. */
  policies: readonly PolicyDocument[];
  /** The root user of the account, within that account. */
  isRoot: boolean;
  /** Holds the role of operators here. */
  isAdmin: boolean;
}

/** Who is asking, already checked. */
export interface Caller extends Standing {
  /** The login of a program, if that is how the caller came in. */
  applicationCredential: { id: string; name: string; isRestricted: boolean } | null;
  /** Acts in place of somebody, for a time or a purpose, and so may make no further keys, credentials or tokens. */
  isDelegate: boolean;
  /** How the caller proved who it is: `password`, `token`, … */
  methods: string[];
  auditId: string;
  issuedAt: Date;
  expiresAt: Date;
}

export interface NewToken {
  hash: Buffer;
  userId: string;
  projectId: string | null;
  accountId: string | null;
  /** The token dies with it. */
  applicationCredentialId?: string | null;
  methods: string[];
  auditId: string;
  issuedAt: Date;
  expiresAt: Date;
}

/** What a login looks at; `passwordHash` null: cannot log in by password. */
export interface Credentials {
  user: User;
  account: Account;
  passwordHash: string | null;
}

export type NewRole = HeldRole & Partial<Role>;

export interface Tenancy {
  listAccounts(filter?: { name?: string }): Promise<Account[]>;
  findAccount(id: string): Promise<Account | null>;
  createAccount(account: Account): Promise<Account>;
  changeAccount(
    id: string,
    change: Partial<Pick<Account, 'name' | 'description' | 'enabled'>>,
  ): Promise<Account | null>;
  removeAccount(id: string): Promise<boolean>;

  listProjects(filter?: { accountId?: string; name?: string; userId?: string }): Promise<Project[]>;
  findProject(id: string): Promise<Project | null>;
  createProject(project: Project): Promise<Project>;
  changeProject(
    id: string,
    change: Partial<Pick<Project, 'name' | 'description' | 'enabled'>>,
  ): Promise<Project | null>;
  removeProject(id: string): Promise<boolean>;

  listUsers(filter?: { accountId?: string; name?: string }): Promise<User[]>;
  findUser(id: string): Promise<User | null>;
  createUser(user: User, passwordHash: string | null): Promise<User>;
  /** A new password revokes the user's tokens. Null takes e-mail or default project away. */
  changeUser(
    id: string,
    change: Partial<Pick<User, 'name' | 'email' | 'description' | 'enabled' | 'defaultProjectId'>> & {
      passwordHash?: string;
    },
  ): Promise<User | null>;
  removeUser(id: string): Promise<boolean>;

  /** With an account: those of the installation and its own; `customOnly`: its own. */
  listRoles(filter?: { name?: string; accountId?: string | null; customOnly?: boolean }): Promise<Role[]>;
  findRole(id: string): Promise<Role | null>;
  createRole(role: NewRole): Promise<Role>;
  changeRole(
    id: string,
    change: Partial<Pick<Role, 'name' | 'description' | 'displayName' | 'type' | 'policy'>>,
  ): Promise<Role | null>;
  removeRole(id: string): Promise<boolean>;
  /**
   * @param filter.effective groups dissolved into their members, and what is inherited into projects
   */
  listAssignments(filter: {
    userId?: string;
    groupId?: string;
    projectId?: string;
    accountId?: string;
    inherited?: boolean;
    /** Places of this account only. */
    within?: string;
    effective?: boolean;
  }): Promise<RoleAssignment[]>;
  assign(holder: Holder, roleId: string, on: Place): Promise<void>;
  unassign(holder: Holder, roleId: string, on: Place): Promise<boolean>;

  findCredentials(who: { id: string } | { name: string; accountId: string }): Promise<Credentials | null>;

  addToken(token: NewToken): Promise<void>;
  /**
   * The caller behind an unexpired token of an enabled user, project and account; null otherwise. A scoped token is
   * void as soon as the user holds no role there; only in the own account does one need none (it grants nothing).
   */
  findCaller(tokenHash: Buffer): Promise<Caller | null>;
  /** The same without a token: an enabled user at a place, by the same rules. */
  findStanding(
    userId: string,
    at: { projectId: string | null; accountId: string | null },
  ): Promise<Standing | null>;
  revokeToken(tokenHash: Buffer): Promise<boolean>;
  /** Calls back when a token, user, role or project has changed anywhere: what was remembered is void. */
  onChange(callback: () => void): Promise<() => Promise<void>>;
  /** For changes made elsewhere that concern callers. */
  tellChange(): Promise<void>;
  /** Temporary access keys too. */
  purgeExpiredTokens(): Promise<number>;
}
