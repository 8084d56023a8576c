/** Keystone v3: discovery, tokens, and the accounts, projects, users and roles behind them. */
import { randomBytes } from 'node:crypto';
import type { TSchema } from 'typebox';
import { hashPassword, verifyPassword } from '../../engine/password.ts';
import type { Answer, Api, Call, Route } from '../api.ts';
import * as accessKeys from './access-keys.ts';
import * as applicationCredentials from './application-credentials.ts';
import * as assignments from './assignments.ts';
import * as catalog from './catalog.ts';
import type { Cloud } from './cloud.ts';
import * as domains from './domains.ts';
import { toError } from './errors.ts';
import * as projects from './projects.ts';
import * as roles from './roles.ts';
import * as tokens from './tokens.ts';
import * as users from './users.ts';
import * as versions from './versions.ts';
import * as wire from './wire.ts';

type Handler = (cloud: Cloud, call: Call) => Promise<Answer> | Answer;
type Row = [
  id: string,
  access: Route['access'],
  method: Route['method'],
  path: string,
  summary: string,
  handler: Handler,
  body?: TSchema,
];

const onProject = '/v3/projects/:project/users/:user/roles';
const credentials = '/v3.0/OS-CREDENTIAL/credentials';
const programs = '/v3/users/:user/application_credentials';
const onDomain = '/v3/domains/:domain/users/:user/roles';

/** Ids as in Keystone's policies. What `read` shows to whom is each handler's affair; `admin` is all or nothing. */
// prettier-ignore
const rows: Row[] = [
  ['list_versions', 'open', 'GET', '/', 'List versions of the identity API', versions.listVersions],
  ['show_version', 'open', 'GET', '/v3', 'Show the version of the identity API', versions.showVersion],

  ['create_token', 'open', 'POST', '/v3/auth/tokens', 'Log in', tokens.create, wire.LoginBody],
  ['validate_token', 'read', 'GET', '/v3/auth/tokens', 'Show a token', tokens.show],
  ['check_token', 'read', 'HEAD', '/v3/auth/tokens', 'Check a token', tokens.check],
  ['revoke_token', 'read', 'DELETE', '/v3/auth/tokens', 'Revoke a token', tokens.revoke],
  ['get_auth_catalog', 'read', 'GET', '/v3/auth/catalog', 'Show the catalog', catalog.showCatalog],
  ['get_auth_projects', 'read', 'GET', '/v3/auth/projects', 'List projects one can log in to', projects.listOwn],
  ['get_auth_domains', 'read', 'GET', '/v3/auth/domains', 'List domains one can log in to', domains.listOwn],

  ['list_domains', 'read', 'GET', '/v3/domains', 'List domains', domains.list],
  ['create_domain', 'admin', 'POST', '/v3/domains', 'Create a domain', domains.create, wire.DomainBody],
  ['get_domain', 'read', 'GET', '/v3/domains/:domain', 'Show a domain', domains.show],
  ['update_domain', 'admin', 'PATCH', '/v3/domains/:domain', 'Change a domain', domains.change, wire.DomainChange],
  ['delete_domain', 'admin', 'DELETE', '/v3/domains/:domain', 'Delete a disabled domain', domains.remove],

  ['list_projects', 'read', 'GET', '/v3/projects', 'List projects', projects.list],
  ['create_project', 'admin', 'POST', '/v3/projects', 'Create a project', projects.create, wire.ProjectBody],
  ['get_project', 'read', 'GET', '/v3/projects/:project', 'Show a project', projects.show],
  ['update_project', 'admin', 'PATCH', '/v3/projects/:project', 'Change a project', projects.change, wire.ProjectChange],
  ['delete_project', 'admin', 'DELETE', '/v3/projects/:project', 'Delete an empty project', projects.remove],

  ['list_users', 'read', 'GET', '/v3/users', 'List users', users.list],
  ['create_user', 'admin', 'POST', '/v3/users', 'Create a user', users.create, wire.UserBody],
  ['get_user', 'read', 'GET', '/v3/users/:user', 'Show a user', users.show],
  ['update_user', 'admin', 'PATCH', '/v3/users/:user', 'Change a user', users.change, wire.UserChange],
  ['delete_user', 'admin', 'DELETE', '/v3/users/:user', 'Delete a user', users.remove],
  ['change_password', 'read', 'POST', '/v3/users/:user/password', 'Change the own password', users.changeOwnPassword, wire.PasswordBody],
  ['list_user_projects', 'read', 'GET', '/v3/users/:user/projects', 'List projects of a user', projects.listOfUser],

  ['list_roles', 'admin', 'GET', '/v3/roles', 'List roles', roles.list],
  ['create_role', 'admin', 'POST', '/v3/roles', 'Create a role', roles.create, wire.RoleBody],
  ['get_role', 'admin', 'GET', '/v3/roles/:role', 'Show a role', roles.show],
  ['update_role', 'admin', 'PATCH', '/v3/roles/:role', 'Change a role', roles.change, wire.RoleChange],
  ['delete_role', 'admin', 'DELETE', '/v3/roles/:role', 'Delete a role', roles.remove],

  ['list_project_grants', 'read', 'GET', onProject, 'List roles of a user on a project', assignments.listHeld],
  ['create_project_grant', 'admin', 'PUT', `${onProject}/:role`, 'Give a role on a project', assignments.assign],
  ['get_project_grant', 'admin', 'GET', `${onProject}/:role`, 'Check a role on a project', assignments.check],
  ['check_project_grant', 'admin', 'HEAD', `${onProject}/:role`, 'Check a role on a project', assignments.check],
  ['revoke_project_grant', 'admin', 'DELETE', `${onProject}/:role`, 'Take a role on a project', assignments.unassign],
  ['list_domain_grants', 'read', 'GET', onDomain, 'List roles of a user on a domain', assignments.listHeld],
  ['create_domain_grant', 'admin', 'PUT', `${onDomain}/:role`, 'Give a role on a domain', assignments.assign],
  ['get_domain_grant', 'admin', 'GET', `${onDomain}/:role`, 'Check a role on a domain', assignments.check],
  ['check_domain_grant', 'admin', 'HEAD', `${onDomain}/:role`, 'Check a role on a domain', assignments.check],
  ['revoke_domain_grant', 'admin', 'DELETE', `${onDomain}/:role`, 'Take a role on a domain', assignments.unassign],
  ['list_role_assignments', 'read', 'GET', '/v3/role_assignments', 'List who holds which role', assignments.list],

  ['create_access_key', 'read', 'POST', credentials, 'Create an access key', accessKeys.create, wire.AccessKeyBody],
  ['list_access_keys', 'read', 'GET', credentials, 'List access keys', accessKeys.list],
  ['get_access_key', 'read', 'GET', `${credentials}/:access`, 'Show an access key', accessKeys.show],
  ['update_access_key', 'read', 'PUT', `${credentials}/:access`, 'Change an access key', accessKeys.change, wire.AccessKeyChange],
  ['delete_access_key', 'read', 'DELETE', `${credentials}/:access`, 'Delete an access key', accessKeys.remove],
  ['create_temporary_key', 'open', 'POST', '/v3.0/OS-CREDENTIAL/securitytokens', 'Create a temporary access key for a token', accessKeys.createTemporary, wire.TemporaryKeyBody],

  ['create_application_credential', 'read', 'POST', programs, 'Create an application credential', applicationCredentials.create, wire.ApplicationCredentialBody],
  ['list_application_credentials', 'read', 'GET', programs, 'List application credentials', applicationCredentials.list],
  ['get_application_credential', 'read', 'GET', `${programs}/:credential`, 'Show an application credential', applicationCredentials.show],
  ['delete_application_credential', 'read', 'DELETE', `${programs}/:credential`, 'Delete an application credential', applicationCredentials.remove],

  ['list_regions', 'read', 'GET', '/v3/regions', 'List regions', catalog.listRegions],
  ['get_region', 'read', 'GET', '/v3/regions/:id', 'Show a region', catalog.showRegion],
  ['list_services', 'read', 'GET', '/v3/services', 'List services', catalog.listServices],
  ['get_service', 'read', 'GET', '/v3/services/:id', 'Show a service', catalog.showService],
  ['list_endpoints', 'read', 'GET', '/v3/endpoints', 'List endpoints', catalog.listEndpoints],
  ['get_endpoint', 'read', 'GET', '/v3/endpoints/:id', 'Show an endpoint', catalog.showEndpoint],
];

type Given = Pick<
  Cloud,
  'tenancy' | 'accessKeys' | 'applicationCredentials' | 'region' | 'tokenHours' | 'now'
> &
  Partial<Pick<Cloud, 'passwords' | 'log'>>;

export function identityApi(given: Given): Api {
  const passwords = given.passwords ?? { hash: hashPassword, verify: verifyPassword };
  const cloud: Cloud = {
    log: () => undefined,
    ...given,
    passwords,
    dummyHash: passwords.hash(randomBytes(32).toString('base64url')),
  };
  return {
    name: 'identity',
    title: 'Identity (Keystone v3)',
    toError,
    headers: () => ({ vary: 'X-Auth-Token' }),
    routes: rows.map(([id, access, method, path, summary, handler, body]) => ({
      id,
      access,
      method,
      path,
      summary,
      action: `identity:${id}`,
      ...(id === 'create_token' && { traffic: 'login' as const }),
      ...(body && { body }),
      handle: (call) => handler(cloud, call),
    })),
  };
}
