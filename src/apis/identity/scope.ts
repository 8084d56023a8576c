/** What a token is good for: a project, an account, or nothing in particular (Identity API v3, "Authentication"). */
import type { Static } from 'typebox';
import { invalid, unauthenticated } from '../../core/errors.ts';
import type { Account, Project, User } from '../../core/tenancy.ts';
import type { Cloud } from './cloud.ts';
import type { LoginBody } from './wire.ts';

type AskedScope = NonNullable<Static<typeof LoginBody>['auth']['scope']>;
type AskedProject = NonNullable<Exclude<AskedScope, string>['project']>;
type AskedAccount = NonNullable<Exclude<AskedScope, string>['domain']>;

export interface TokenScope {
  projectId: string | null;
  accountId: string | null;
}

const unscoped: TokenScope = { projectId: null, accountId: null };

/** Where project and domain are both given, the project wins (Huawei Cloud; Keystone refuses). */
export async function findScope(
  cloud: Cloud,
  user: User,
  asked: AskedScope | undefined,
): Promise<TokenScope> {
  if (asked === undefined) return defaultScope(cloud, user);
  if (typeof asked === 'string') return unscoped;
  if (asked.project) return projectScope(cloud, user, await findProject(cloud, user, asked.project));
  if (asked.domain) return accountScope(cloud, user, await findAccount(cloud, asked.domain));
  // Keystone's further scopes (system, trust) are held by nobody here.
  if (Object.keys(asked).some((kind) => kind !== 'unscoped')) throw unauthenticated('no such scope');
  return unscoped;
}

/** The user's default project if it may be used, else no scope (keystone/auth/core.py, default scoping). */
async function defaultScope(cloud: Cloud, user: User): Promise<TokenScope> {
  if (user.defaultProjectId === null) return unscoped;
  const project = await cloud.tenancy.findProject(user.defaultProjectId);
  return project && (await mayUse(cloud, user, project))
    ? { projectId: project.id, accountId: null }
    : unscoped;
}

async function projectScope(cloud: Cloud, user: User, project: Project | null): Promise<TokenScope> {
  if (!project || !(await mayUse(cloud, user, project)))
    throw unauthenticated('no such project for this user');
  return { projectId: project.id, accountId: null };
}

/**
 * The own account needs no role, as in Huawei Cloud: Terraform's providers log in to it at every start, whoever the user
 * is. Such a token holds no roles, so it opens no more than an unscoped one.
 */
async function accountScope({ tenancy }: Cloud, user: User, account: Account | null): Promise<TokenScope> {
  const at = account && { projectId: null, accountId: account.id };
  if (!at || !(await tenancy.findStanding(user.id, at)))
    throw unauthenticated('no such domain for this user');
  return at;
}

async function mayUse({ tenancy }: Cloud, user: User, project: Project): Promise<boolean> {
  return (await tenancy.findStanding(user.id, { projectId: project.id, accountId: null })) !== null;
}

/** A name alone is looked for in the user's account (Huawei Cloud: projects are called like regions). */
async function findProject(
  cloud: Cloud,
  user: User,
  { id, name, domain }: AskedProject,
): Promise<Project | null> {
  if (id !== undefined) return cloud.tenancy.findProject(id);
  if (name === undefined) throw invalid('Expecting to find id or name in project.', 'scope.project');
  const accountId = domain ? (await findAccount(cloud, domain))?.id : user.accountId;
  if (accountId === undefined) return null;
  const [project] = await cloud.tenancy.listProjects({ accountId, name });
  return project ?? null;
}

async function findAccount({ tenancy }: Cloud, { id, name }: AskedAccount): Promise<Account | null> {
  if (id !== undefined && id !== idOfFirst) return tenancy.findAccount(id);
  if (id === undefined && name === undefined) {
    throw invalid('Expecting to find id or name in domain.', 'scope.domain');
  }
  const [account] = await tenancy.listAccounts({ name: id === undefined ? name! : nameOfFirst });
  return account ?? null;
}

/**
 * Keystone's first domain has this id (keystone-manage bootstrap), and clients take it for granted where none is named:
 * the command openstack, libcloud, many an openrc. Here it is the account that the first start makes.
 */
const idOfFirst = 'default';
const nameOfFirst = 'Default';

/** The account of a user who is named: by id, or by name. */
export async function findAccountId(
  cloud: Cloud,
  domain: { id?: string; name?: string },
): Promise<string | null> {
  if (domain.id !== undefined && domain.id !== idOfFirst) return domain.id;
  return (await findAccount(cloud, domain))?.id ?? null;
}
