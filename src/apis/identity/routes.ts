/** Keystone v3: discovery, tokens, and the accounts, projects, users and roles behind them. */
import { randomBytes } from 'node:crypto';
import type { TSchema } from 'typebox';
import { hashPassword, verifyPassword } from '../../engine/password.ts';
import type { Action } from '../../core/actions.ts';
import type { Answer, Api, Call, GuardedRoute, OpenRoute, Route } from '../api.ts';
import { tooMany } from '../failure.ts';
import { createFairTurns } from '../fair-turns.ts';
import * as accessKeys from './access-keys.ts';
import * as applicationCredentials from './application-credentials.ts';
import * as assignments from './assignments.ts';
import * as catalog from './catalog.ts';
import type { Cloud } from './cloud.ts';
import * as customPolicies from './custom-policies.ts';
import * as domains from './domains.ts';
import { toError } from './errors.ts';
import * as grants from './grants.ts';
import * as groups from './groups.ts';
import * as policies from './policies.ts';
import * as policyWire from './policy-wire.ts';
import * as projects from './projects.ts';
import * as roles from './roles.ts';
import * as tokens from './tokens.ts';
import * as users from './users.ts';
import * as versions from './versions.ts';
import * as wire from './wire.ts';

type Handler = (cloud: Cloud, call: Call) => Promise<Answer> | Answer;
type Guard = Pick<OpenRoute, 'access'> | Pick<GuardedRoute, 'action' | 'isOwnOpen'>;
type Name = Action extends infer A ? (A extends `identity:${infer N}` ? N : never) : never;
type Row = [
  id: string,
  guard: Guard,
  method: Route['method'],
  path: string,
  summary: string,
  handler: Handler,
  body?: TSchema,
];

const open: Guard = { access: 'open' };
const by = (name: Name): Guard => ({ action: `identity:${name}` });
type IamName = Action extends infer A ? (A extends `iam:${infer N}` ? N : never) : never;
/** Of identity policies, whose permissions have no other names. */
const iam = (name: IamName): Pick<GuardedRoute, 'action'> => ({ action: `iam:${name}` });
/** What is one's own is open to all who are logged in. */
const own = (name: Name): Guard => ({ action: `identity:${name}`, isOwnOpen: true });

const customs = '/v3.0/OS-ROLE/roles';
const policy = '/v5/policies/:policy';
const credentials = '/v3.0/OS-CREDENTIAL/credentials';
const programs = '/v3/users/:user/application_credentials';

/** The same calls for users and groups, on projects, on domains and on all projects of a domain. */
function grantsOn(place: string, path: string, end = ''): Row[] {
  return (['user', 'group'] as const).flatMap((holder): Row[] => {
    const roles = `${path}/${holder}s/:${holder}/roles`;
    const one = `${roles}/:role${end}`;
    const id = (verb: string) => `${verb}_${place}_${holder === 'user' ? '' : 'group_'}grant`;
    const words = `of a ${holder} on ${place === 'inherited' ? 'all projects of a domain' : `a ${place}`}`;
    const list = holder === 'user' ? own('list_grants') : by('list_grants');
    return [
      [`${id('list')}s`, list, 'GET', roles + end, `List roles ${words}`, grants.listHeld],
      [id('create'), by('create_grant'), 'PUT', one, `Give a role ${words}`, grants.assign],
      [id('get'), by('check_grant'), 'GET', one, `Check a role ${words}`, grants.check],
      [id('check'), by('check_grant'), 'HEAD', one, `Check a role ${words}`, grants.check],
      [id('revoke'), by('revoke_grant'), 'DELETE', one, `Take a role ${words}`, grants.unassign],
    ];
  });
}

/** Ids as in Keystone's policies. What is shown to whom beyond the own is each handler's affair. */
// prettier-ignore
const rows: Row[] = [
  ['list_versions', open, 'GET', '/', 'List versions of the identity API', versions.listVersions],
  ['show_version', open, 'GET', '/v3', 'Show the version of the identity API', versions.showVersion],

  ['create_token', open, 'POST', '/v3/auth/tokens', 'Log in', tokens.create, wire.LoginBody],
  ['validate_token', own('validate_token'), 'GET', '/v3/auth/tokens', 'Show a token', tokens.show],
  ['check_token', own('check_token'), 'HEAD', '/v3/auth/tokens', 'Check a token', tokens.check],
  ['revoke_token', own('revoke_token'), 'DELETE', '/v3/auth/tokens', 'Revoke a token', tokens.revoke],
  ['get_auth_catalog', own('get_auth_catalog'), 'GET', '/v3/auth/catalog', 'Show the catalog', catalog.showCatalog],
  ['get_auth_projects', own('get_auth_projects'), 'GET', '/v3/auth/projects', 'List projects one can log in to', projects.listOwn],
  ['get_auth_domains', own('get_auth_domains'), 'GET', '/v3/auth/domains', 'List domains one can log in to', domains.listOwn],

  ['list_domains', own('list_domains'), 'GET', '/v3/domains', 'List domains', domains.list],
  ['create_domain', by('create_domain'), 'POST', '/v3/domains', 'Create a domain', domains.create, wire.DomainBody],
  ['get_domain', own('get_domain'), 'GET', '/v3/domains/:domain', 'Show a domain', domains.show],
  ['update_domain', by('update_domain'), 'PATCH', '/v3/domains/:domain', 'Change a domain', domains.change, wire.DomainChange],
  ['delete_domain', by('delete_domain'), 'DELETE', '/v3/domains/:domain', 'Delete a disabled domain', domains.remove],

  ['list_projects', own('list_projects'), 'GET', '/v3/projects', 'List projects', projects.list],
  ['create_project', by('create_project'), 'POST', '/v3/projects', 'Create a project', projects.create, wire.ProjectBody],
  ['get_project', own('get_project'), 'GET', '/v3/projects/:project', 'Show a project', projects.show],
  ['update_project', by('update_project'), 'PATCH', '/v3/projects/:project', 'Change a project', projects.change, wire.ProjectChange],
  ['delete_project', by('delete_project'), 'DELETE', '/v3/projects/:project', 'Delete an empty project', projects.remove],

  ['list_users', own('list_users'), 'GET', '/v3/users', 'List users', users.list],
  ['create_user', by('create_user'), 'POST', '/v3/users', 'Create a user', users.create, wire.UserBody],
  ['get_user', own('get_user'), 'GET', '/v3/users/:user', 'Show a user', users.show],
  ['update_user', by('update_user'), 'PATCH', '/v3/users/:user', 'Change a user', users.change, wire.UserChange],
  ['delete_user', by('delete_user'), 'DELETE', '/v3/users/:user', 'Delete a user', users.remove],
  ['change_password', own('change_password'), 'POST', '/v3/users/:user/password', 'Change the own password', users.changeOwnPassword, wire.PasswordBody],
  ['list_user_projects', own('list_user_projects'), 'GET', '/v3/users/:user/projects', 'List projects of a user', projects.listOfUser],

  ['list_groups', by('list_groups'), 'GET', '/v3/groups', 'List groups', groups.list],
  ['create_group', by('create_group'), 'POST', '/v3/groups', 'Create a group', groups.create, wire.GroupBody],
  ['get_group', by('get_group'), 'GET', '/v3/groups/:group', 'Show a group', groups.show],
  ['update_group', by('update_group'), 'PATCH', '/v3/groups/:group', 'Change a group', groups.change, wire.GroupChange],
  ['delete_group', by('delete_group'), 'DELETE', '/v3/groups/:group', 'Delete a group', groups.remove],
  ['list_users_in_group', by('list_users_in_group'), 'GET', '/v3/groups/:group/users', 'List the members of a group', groups.listMembers],
  ['add_user_to_group', by('add_user_to_group'), 'PUT', '/v3/groups/:group/users/:user', 'Take a user into a group', groups.addMember],
  ['check_user_in_group', by('check_user_in_group'), 'HEAD', '/v3/groups/:group/users/:user', 'Check whether a user is in a group', groups.checkMember],
  ['get_user_in_group', by('check_user_in_group'), 'GET', '/v3/groups/:group/users/:user', 'Check whether a user is in a group', groups.checkMember],
  ['remove_user_from_group', by('remove_user_from_group'), 'DELETE', '/v3/groups/:group/users/:user', 'Take a user out of a group', groups.removeMember],
  ['list_groups_for_user', own('list_groups_for_user'), 'GET', '/v3/users/:user/groups', 'List the groups of a user', groups.listOfUser],

  ['list_roles', by('list_roles'), 'GET', '/v3/roles', 'List roles', roles.list],
  ['create_role', by('create_role'), 'POST', '/v3/roles', 'Create a role', roles.create, wire.RoleBody],
  ['get_role', by('get_role'), 'GET', '/v3/roles/:role', 'Show a role', roles.show],
  ['update_role', by('update_role'), 'PATCH', '/v3/roles/:role', 'Change a role', roles.change, wire.RoleChange],
  ['delete_role', by('delete_role'), 'DELETE', '/v3/roles/:role', 'Delete a role', roles.remove],

  ...grantsOn('project', '/v3/projects/:project'),
  ...grantsOn('domain', '/v3/domains/:domain'),
  ...grantsOn('inherited', '/v3/OS-INHERIT/domains/:domain', '/inherited_to_projects'),
  ['list_role_assignments', own('list_role_assignments'), 'GET', '/v3/role_assignments', 'List who holds which role', assignments.list],

  ['list_custom_policies', by('list_custom_policies'), 'GET', customs, 'List custom policies', customPolicies.list],
  ['create_custom_policy', by('create_custom_policy'), 'POST', customs, 'Create a custom policy', customPolicies.create, policyWire.CustomPolicyBody],
  ['get_custom_policy', by('get_custom_policy'), 'GET', `${customs}/:role`, 'Show a custom policy', customPolicies.show],
  ['update_custom_policy', by('update_custom_policy'), 'PATCH', `${customs}/:role`, 'Change a custom policy', customPolicies.change, policyWire.CustomPolicyChange],
  ['delete_custom_policy', by('delete_custom_policy'), 'DELETE', `${customs}/:role`, 'Delete a custom policy', customPolicies.remove],

  ['ListPoliciesV5', iam('policies:listV5'), 'GET', '/v5/policies', 'List identity policies', policies.list],
  ['CreatePolicyV5', iam('policies:createV5'), 'POST', '/v5/policies', 'Create an identity policy', policies.create, policyWire.PolicyBody],
  ['GetPolicyV5', iam('policies:getV5'), 'GET', policy, 'Show an identity policy', policies.show],
  ['DeletePolicyV5', iam('policies:deleteV5'), 'DELETE', policy, 'Delete an identity policy', policies.remove],
  ['ListPolicyVersionsV5', iam('policies:listVersionsV5'), 'GET', `${policy}/versions`, 'List the versions of an identity policy', policies.listVersions],
  ['CreatePolicyVersionV5', iam('policies:createVersionV5'), 'POST', `${policy}/versions`, 'Add a version to an identity policy', policies.addVersion, policyWire.PolicyVersionBody],
  ['GetPolicyVersionV5', iam('policies:getVersionV5'), 'GET', `${policy}/versions/:version`, 'Show a version of an identity policy', policies.showVersion],
  ['DeletePolicyVersionV5', iam('policies:deleteVersionV5'), 'DELETE', `${policy}/versions/:version`, 'Delete a version of an identity policy', policies.removeVersion],
  ['SetDefaultPolicyVersionV5', iam('policies:setDefaultVersionV5'), 'POST', `${policy}/versions/:version/set-default`, 'Let a version of an identity policy count', policies.setDefault],
  ['ListEntitiesForPolicyV5', iam('policies:listEntitiesV5'), 'GET', `${policy}/attached-entities`, 'List to whom an identity policy is attached', policies.listEntities],
  ['AttachUserPolicyV5', iam('users:attachPolicyV5'), 'POST', `${policy}/attach-user`, 'Attach an identity policy to a user', policies.attach, policyWire.UserOfPolicyBody],
  ['DetachUserPolicyV5', iam('users:detachPolicyV5'), 'POST', `${policy}/detach-user`, 'Detach an identity policy from a user', policies.detach, policyWire.UserOfPolicyBody],
  ['AttachGroupPolicyV5', iam('groups:attachPolicyV5'), 'POST', `${policy}/attach-group`, 'Attach an identity policy to a group', policies.attach, policyWire.GroupOfPolicyBody],
  ['DetachGroupPolicyV5', iam('groups:detachPolicyV5'), 'POST', `${policy}/detach-group`, 'Detach an identity policy from a group', policies.detach, policyWire.GroupOfPolicyBody],
  ['ListAttachedUserPoliciesV5', { ...iam('users:listAttachedPoliciesV5'), isOwnOpen: true }, 'GET', '/v5/users/:user/attached-policies', 'List the identity policies of a user', policies.listOfUser],
  ['ListAttachedGroupPoliciesV5', iam('groups:listAttachedPoliciesV5'), 'GET', '/v5/groups/:group/attached-policies', 'List the identity policies of a group', policies.listOfGroup],

  ['create_access_key', own('create_access_key'), 'POST', credentials, 'Create an access key', accessKeys.create, wire.AccessKeyBody],
  ['list_access_keys', own('list_access_keys'), 'GET', credentials, 'List access keys', accessKeys.list],
  ['get_access_key', own('get_access_key'), 'GET', `${credentials}/:access`, 'Show an access key', accessKeys.show],
  ['update_access_key', own('update_access_key'), 'PUT', `${credentials}/:access`, 'Change an access key', accessKeys.change, wire.AccessKeyChange],
  ['delete_access_key', own('delete_access_key'), 'DELETE', `${credentials}/:access`, 'Delete an access key', accessKeys.remove],
  ['create_temporary_key', open, 'POST', '/v3.0/OS-CREDENTIAL/securitytokens', 'Create a temporary access key for a token', accessKeys.createTemporary, wire.TemporaryKeyBody],

  ['create_application_credential', own('create_application_credential'), 'POST', programs, 'Create an application credential', applicationCredentials.create, wire.ApplicationCredentialBody],
  ['list_application_credentials', own('list_application_credentials'), 'GET', programs, 'List application credentials', applicationCredentials.list],
  ['get_application_credential', own('get_application_credential'), 'GET', `${programs}/:credential`, 'Show an application credential', applicationCredentials.show],
  ['delete_application_credential', own('delete_application_credential'), 'DELETE', `${programs}/:credential`, 'Delete an application credential', applicationCredentials.remove],

  ['list_regions', own('list_regions'), 'GET', '/v3/regions', 'List regions', catalog.listRegions],
  ['get_region', own('get_region'), 'GET', '/v3/regions/:id', 'Show a region', catalog.showRegion],
  ['list_services', own('list_services'), 'GET', '/v3/services', 'List services', catalog.listServices],
  ['get_service', own('get_service'), 'GET', '/v3/services/:id', 'Show a service', catalog.showService],
  ['list_endpoints', own('list_endpoints'), 'GET', '/v3/endpoints', 'List endpoints', catalog.listEndpoints],
  ['get_endpoint', own('get_endpoint'), 'GET', '/v3/endpoints/:id', 'Show an endpoint', catalog.showEndpoint],
];

type Given = Pick<
  Cloud,
  | 'tenancy'
  | 'groups'
  | 'policies'
  | 'accessKeys'
  | 'loginAttempts'
  | 'applicationCredentials'
  | 'region'
  | 'tokenHours'
  | 'now'
> &
  Partial<Pick<Cloud, 'passwords' | 'log'>>;

/** One fewer than Node has threads for such work, which files and names of hosts need as well. */
const verifyingAtOnce = 3;
/** From one address: more than the programs of one machine log in with at once. */
const mostWaiting = 200;

export function identityApi(given: Given): Api {
  const passwords = given.passwords ?? { hash: hashPassword, verify: verifyPassword };
  const cloud: Cloud = {
    log: () => undefined,
    ...given,
    passwords,
    verifying: createFairTurns(verifyingAtOnce, mostWaiting, () =>
      tooMany('Too many logins from this address wait already, please try again later.'),
    ),
    dummyHash: passwords.hash(randomBytes(32).toString('base64url')),
  };
  return {
    name: 'identity',
    title: 'Identity (Keystone v3)',
    toError,
    headers: () => ({ vary: 'X-Auth-Token' }),
    routes: rows.map(([id, guard, method, path, summary, handler, body]) => ({
      id,
      method,
      path,
      summary,
      ...guard,
      ...(id === 'create_token' && { traffic: 'login' as const }),
      ...(body && { body }),
      handle: (call) => handler(cloud, call),
    })),
  };
}
