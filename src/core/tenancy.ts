/** Accounts (wire: domain), projects, users, roles, and who is asking. */

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

export interface Role {
  id: string;
  name: string;
  description: string;
}

/** `admin` may do all, everywhere; `member` all within its project; `reader` looks only. */
export const builtInRoles = ['admin', 'member', 'reader'] as const;

export interface RoleAssignment {
  userId: string;
  roleId: string;
  roleName: string;
  projectId: string | null;
  accountId: string | null;
}

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
  roles: Role[];
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

  listRoles(filter?: { name?: string }): Promise<Role[]>;
  findRole(id: string): Promise<Role | null>;
  createRole(role: Role): Promise<Role>;
  changeRole(id: string, change: Partial<Pick<Role, 'name' | 'description'>>): Promise<Role | null>;
  removeRole(id: string): Promise<boolean>;
  listAssignments(filter: {
    userId?: string;
    projectId?: string;
    accountId?: string;
  }): Promise<RoleAssignment[]>;
  assign(userId: string, roleId: string, on: { projectId: string } | { accountId: string }): Promise<void>;
  unassign(
    userId: string,
    roleId: string,
    on: { projectId: string } | { accountId: string },
  ): Promise<boolean>;

  findCredentials(who: { id: string } | { name: string; accountId: string }): Promise<Credentials | null>;
  /** Counts a wrong password; after `most` in a row the user is locked for `lockSeconds`, which do not grow. */
  countFailedLogin(userId: string, most: number, lockSeconds: number): Promise<void>;
  /** After a right password. False, and nothing forgiven, while the user is locked. */
  forgiveFailedLogins(userId: string): Promise<boolean>;

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
