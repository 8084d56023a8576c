/**
 * What may be allowed or denied: every action of every API with its documented name and access level. Routes name their
 * action from here, policies are matched against the names, and the system policies are computed from the levels.
 *
 * Names of BMS and CloudDC are those of the published permission pages. Names of ECS, IMS, VPC, EVS and BSS follow the
 * published lists of those services; where a call has none there it is inferred from its neighbours. `ingot:` is ours.
 */

/** As the identity-policy pages have them. */
export type Level = 'List' | 'Read' | 'Write' | 'Tagging' | 'Permission_management';

export interface ActionFacts {
  level: Level;
  /** All names that a policy may call it by; the first one is told in a refusal. */
  names: readonly string[];
  /** Types of resource as they stand in a URN, where one resource can be named; none: only all at once. */
  on: readonly string[];
  /** The name of the same under bms, for a call of the Nova family. */
  twin?: string;
  /** Concerns the installation rather than an account: no policy opens it to anybody but its operators. */
  isForOperators: boolean;
}

type Facts = Partial<Omit<ActionFacts, 'names' | 'level'>> & {
  /** The name in version 1.1, where it differs from that in 5.0. */
  as?: string;
  also?: readonly string[];
};

const list = (facts: Facts = {}) => ({ level: 'List' as const, ...facts });
const read = (facts: Facts = {}) => ({ level: 'Read' as const, ...facts });
const write = (facts: Facts = {}) => ({ level: 'Write' as const, ...facts });
const tagging = (facts: Facts = {}) => ({ level: 'Tagging' as const, ...facts });
const permission = (facts: Facts = {}) => ({ level: 'Permission_management' as const, ...facts });

/** `instance` in 5.0, `server` in 1.1. */
const instance = { on: ['instance', 'server'] };
const imetal = { on: ['imetal'] };
const irack = { on: ['irack'] };
const forOperators = { isForOperators: true };

const bms = {
  'bms:servers:create': write(),
  'bms:servers:list': list(),
  'bms:servers:get': read({ ...instance, also: ['bms:servers:showBaremetalServer'] }),
  'bms:servers:showBaremetalServerInterfaceAttachments': read({ ...instance, as: 'bms:servers:get' }),
  'bms:servers:showBaremetalServerVolumeInfo': read({ ...instance, as: 'bms:servers:get' }),
  'bms:servers:showResetPasswordFlag': read({ ...instance, as: 'bms:servers:get' }),
  'bms:servers:showBaremetalServerTags': read({ ...instance, as: 'bms:servers:get' }),
  'bms:servers:showServerPassword': read({ ...instance, as: 'bms:servers:get' }),
  'bms:servers:showJob': read({ as: 'bms:servers:get' }),
  'bms:servers:put': write({ ...instance, also: ['bms:servers:updateBaremetalServer'] }),
  'bms:servers:batchCreateBaremetalServerTags': tagging({ ...instance, as: 'bms:servers:put' }),
  'bms:servers:batchDeleteBaremetalServerTags': tagging({ ...instance, as: 'bms:servers:put' }),
  'bms:servers:start': write(instance),
  'bms:servers:stop': write(instance),
  'bms:servers:reboot': write(instance),
  'bms:servers:delete': write(instance),
  'bms:servers:reInstallOS': write(instance),
  'bms:servers:changeOS': write(instance),
  'bms:servers:serialConsole': write(instance),
  'bms:servers:resetServerPwd': write(instance),
  'bms:servers:deletePassword': write(instance),
  'bms:servers:attachVolume': write(instance),
  'bms:servers:detachVolume': write(instance),
  // The published lists have these with and without the s of `servers`.
  'bms:servers:addNics': write({ ...instance, also: ['bms:server:addNics'] }),
  'bms:server:deleteNics': write({ ...instance, also: ['bms:servers:deleteNics'] }),
  'bms:server:updateInterface': write({ ...instance, also: ['bms:servers:updateInterface'] }),
  'bms:server:configureNic': write({
    as: 'bms:server:updateInterface',
    also: ['bms:servers:updateInterface'],
  }),
  'bms:servers:updateMetadata': write(instance),
  'bms:servers:showMetadataOptions': read(instance),
  'bms:servers:updateMetadataOptions': write(instance),
  'bms:serverFlavors:get': read(),
  'bms:serverAvailableResource:get': read(),
  'bms:serverQuotas:get': read(),
};

/** The Nova family, and what Open Telekom Cloud puts beside it. */
const ecs = {
  'ecs:servers:create': write({ twin: 'bms:servers:create' }),
  'ecs:servers:list': list({ twin: 'bms:servers:list' }),
  'ecs:servers:get': read({ ...instance, twin: 'bms:servers:get' }),
  'ecs:servers:update': write({ ...instance, twin: 'bms:servers:put' }),
  'ecs:servers:delete': write({ ...instance, twin: 'bms:servers:delete' }),
  'ecs:servers:start': write({ ...instance, twin: 'bms:servers:start' }),
  'ecs:servers:stop': write({ ...instance, twin: 'bms:servers:stop' }),
  'ecs:servers:reboot': write({ ...instance, twin: 'bms:servers:reboot' }),
  'ecs:servers:rebuild': write({ ...instance, twin: 'bms:servers:reInstallOS' }),
  'ecs:servers:lock': write({ ...instance, twin: 'bms:servers:put' }),
  'ecs:servers:unlock': write({ ...instance, twin: 'bms:servers:put' }),
  'ecs:servers:getTags': read({ ...instance, twin: 'bms:servers:get' }),
  'ecs:servers:setTags': tagging({ ...instance, twin: 'bms:servers:put' }),
  'ecs:servers:getMetadata': read({ ...instance, twin: 'bms:servers:get' }),
  'ecs:servers:setMetadata': write({ ...instance, twin: 'bms:servers:updateMetadata' }),
  'ecs:servers:getPassword': read({ ...instance, twin: 'bms:servers:get' }),
  'ecs:servers:deletePassword': write({ ...instance, twin: 'bms:servers:deletePassword' }),
  'ecs:servers:getConsole': write({ ...instance, twin: 'bms:servers:serialConsole' }),
  'ecs:servers:getConsoleOutput': read({ ...instance, twin: 'bms:servers:get' }),
  'ecs:servers:attach': write({ ...instance, twin: 'bms:servers:attachVolume' }),
  'ecs:servers:detach': write({ ...instance, twin: 'bms:servers:detachVolume' }),
  'ecs:serverVolumes:list': list({ ...instance, twin: 'bms:servers:get' }),
  'ecs:serverVolumes:get': read({ ...instance, twin: 'bms:servers:get' }),
  'ecs:serverInterfaces:list': list({ ...instance, twin: 'bms:servers:get' }),
  'ecs:serverInterfaces:get': read({ ...instance, twin: 'bms:servers:get' }),
  'ecs:serverInterfaces:use': write({ ...instance, twin: 'bms:servers:addNics' }),
  'ecs:instanceActions:list': list({ ...instance, twin: 'bms:servers:get' }),
  'ecs:instanceActions:get': read({ ...instance, twin: 'bms:servers:get' }),
  'ecs:servers:getSecurityGroups': read({
    ...instance,
    as: 'ecs:securityGroups:use',
    twin: 'bms:servers:get',
  }),
  'ecs:servers:createImage': write({ ...instance, twin: 'bms:servers:put' }),
  'ecs:securityGroups:list': list({ as: 'vpc:securityGroups:get' }),
  'ecs:securityGroups:get': read({ as: 'vpc:securityGroups:get' }),
  'ecs:securityGroups:use': write({ ...instance, twin: 'bms:servers:put' }),
  'ecs:serverGroups:list': list(),
  'ecs:serverGroups:get': read(),
  'ecs:serverGroups:manage': write(),
  'ecs:flavors:get': read({ twin: 'bms:serverFlavors:get' }),
  'ecs:serverKeypairs:list': list(),
  'ecs:serverKeypairs:get': read(),
  'ecs:serverKeypairs:create': write(),
  'ecs:serverKeypairs:delete': write(),
  'ecs:availabilityZones:list': list({ twin: 'bms:serverAvailableResource:get' }),
  'ecs:availabilityZones:listHosts': list(forOperators),
  'ecs:hypervisors:list': list(forOperators),
  'ecs:hypervisors:get': read(forOperators),
  'ecs:usages:list': list(forOperators),
  'ecs:usages:get': read({ twin: 'bms:serverQuotas:get' }),
  'ecs:quotas:get': read({ twin: 'bms:serverQuotas:get' }),
};

const clouddc = {
  'clouddc:instance:create': write(),
  'clouddc:instance:createBatch': write(),
  'clouddc:instance:list': list(),
  'clouddc:instance:get': read(),
  'clouddc:instance:delete': write(),
  'clouddc:instance:deleteBatch': write(),
  'clouddc:instance:reinstallOS': write(),
  'clouddc:instance:changePassword': write(),
  'clouddc:instance:updateIP': write(),
  'clouddc:imetal:list': list(),
  'clouddc:imetal:get': read(imetal),
  'clouddc:imetal:getHardwareAttribute': read(imetal),
  'clouddc:imetal:getFirmwareAttribute': read(imetal),
  'clouddc:imetal:updatePowerStatus': write(imetal),
  'clouddc:imetal:createRemoteConsoleLink': write(imetal),
  'clouddc:imetal:createDumpLog': write(imetal),
  'clouddc:imetal:getDumpLogProgress': read(imetal),
  'clouddc:imetal:createDownloadLog': write(imetal),
  // Alarms, events and tags have no resource in the middle of their names.
  'clouddc::listAlarm': list(),
  'clouddc::listAlarmStat': list(),
  'clouddc::listEvent': list(),
  'clouddc::tagResource': tagging({ on: ['imetal', 'irack'] }),
  'clouddc::untagResource': tagging({ on: ['imetal', 'irack'] }),
  'clouddc:idc:list': list(),
  'clouddc:idc:update': write(),
  'clouddc:irack:list': list(),
  'clouddc:irack:update': write(irack),
};

const ims = {
  'ims:images:list': list(),
  'ims:images:get': read(),
  'ims:images:create': write(),
  'ims:images:update': write(),
  'ims:images:delete': write(),
  'ims:images:upload': write(),
  'ims:images:copy': write(),
  'ims:images:export': write(),
  'ims:images:share': write(),
  'ims:images:setTags': tagging({ also: ['ims:images:setOrDeleteTags'] }),
};

const vpc = {
  'vpc:vpcs:list': list(),
  'vpc:vpcs:get': read(),
  'vpc:vpcs:create': write(),
  'vpc:vpcs:update': write(),
  'vpc:vpcs:delete': write(),
  'vpc:networks:list': list({ also: ['vpc:networks:get'] }),
  'vpc:networks:get': read(),
  'vpc:networks:create': write(),
  'vpc:networks:update': write(),
  'vpc:networks:delete': write(),
  'vpc:subnets:list': list({ also: ['vpc:subnets:get'] }),
  'vpc:subnets:get': read(),
  'vpc:subnets:create': write(),
  'vpc:subnets:update': write(),
  'vpc:subnets:delete': write(),
  'vpc:ports:list': list({ also: ['vpc:ports:get'] }),
  'vpc:ports:get': read(),
  'vpc:ports:create': write(),
  'vpc:ports:update': write(),
  'vpc:ports:delete': write(),
  'vpc:securityGroups:list': list({ also: ['vpc:securityGroups:get'] }),
  'vpc:securityGroups:get': read(),
  'vpc:securityGroups:create': write(),
  'vpc:securityGroups:update': write(),
  'vpc:securityGroups:delete': write(),
  'vpc:securityGroupRules:list': list({ also: ['vpc:securityGroupRules:get'] }),
  'vpc:securityGroupRules:get': read(),
  'vpc:securityGroupRules:create': write(),
  'vpc:securityGroupRules:delete': write(),
  'vpc:quotas:list': list(),
};

const evs = {
  'evs:volumes:list': list(),
  'evs:volumes:get': read(),
  'evs:volumes:create': write(),
  'evs:volumes:update': write(),
  'evs:volumes:delete': write(),
  'evs:volumes:use': write(),
  'evs:availabilityZones:list': list(),
  'evs:types:get': read(),
  'evs:quotas:get': read(),
};

const bss = {
  'bss:order:view': read(),
  'bss:order:update': write(),
  'bss:unsubscribe:update': write(),
  'bss:product:view': read({ also: ['bss:order:view'] }),
};

/** Cloud Trace: who changed what in a project. */
const cts = {
  'cts:trace:list': list(),
};

/** Keystone's name comes first, since Keystone's envelope tells it; IAM's is the one that policies are written with. */
const keystone = <const T extends Record<string, [level: Level, iam: string, facts?: Facts]>>(rows: T) =>
  Object.fromEntries(
    Object.entries(rows).map(([name, [level, iam, facts]]): [string, object] => [
      `identity:${name}`,
      { level, ...facts, also: [`iam:${iam}`] },
    ]),
  ) as Record<`identity:${keyof T & string}`, { level: Level } & Facts>;

const identity = keystone({
  validate_token: ['Read', 'tokens:get'],
  check_token: ['Read', 'tokens:get'],
  revoke_token: ['Write', 'tokens:revoke'],
  get_auth_catalog: ['Read', 'catalogs:get'],
  get_auth_projects: ['List', 'projects:listProjectsForUser'],
  get_auth_domains: ['List', 'domains:listDomains'],
  list_domains: ['List', 'domains:listDomains'],
  get_domain: ['Read', 'domains:getDomain'],
  create_domain: ['Write', 'domains:createDomain', forOperators],
  update_domain: ['Write', 'domains:updateDomain', forOperators],
  delete_domain: ['Write', 'domains:deleteDomain', forOperators],
  list_projects: ['List', 'projects:listProjects'],
  get_project: ['Read', 'projects:getProject'],
  create_project: ['Write', 'projects:createProject'],
  update_project: ['Write', 'projects:updateProject'],
  delete_project: ['Write', 'projects:deleteProject'],
  list_user_projects: ['List', 'projects:listProjectsForUser'],
  list_users: ['List', 'users:listUsers'],
  get_user: ['Read', 'users:getUser'],
  create_user: ['Write', 'users:createUser'],
  update_user: ['Write', 'users:updateUser'],
  delete_user: ['Write', 'users:deleteUser'],
  change_password: ['Write', 'users:updateUserPwd'],
  list_groups: ['List', 'groups:listGroups'],
  get_group: ['Read', 'groups:getGroup'],
  create_group: ['Write', 'groups:createGroup'],
  update_group: ['Write', 'groups:updateGroup'],
  delete_group: ['Write', 'groups:deleteGroup'],
  list_groups_for_user: ['List', 'groups:listGroupsForUser'],
  list_users_in_group: ['List', 'users:listUsersForGroup'],
  check_user_in_group: ['Read', 'permissions:checkUserInGroup'],
  add_user_to_group: ['Permission_management', 'permissions:addUserToGroup'],
  remove_user_from_group: ['Permission_management', 'permissions:removeUserFromGroup'],
  list_roles: ['List', 'roles:listRoles'],
  get_role: ['Read', 'roles:getRole'],
  create_role: ['Permission_management', 'roles:createKeystoneRole', forOperators],
  update_role: ['Permission_management', 'roles:updateKeystoneRole', forOperators],
  delete_role: ['Permission_management', 'roles:deleteKeystoneRole', forOperators],
  list_custom_policies: ['List', 'roles:listRoles'],
  get_custom_policy: ['Read', 'roles:getRole'],
  create_custom_policy: ['Permission_management', 'roles:createRole'],
  update_custom_policy: ['Permission_management', 'roles:updateRole'],
  delete_custom_policy: ['Permission_management', 'roles:deleteRole'],
  list_grants: ['List', 'permissions:listRolesForGroup'],
  check_grant: ['Read', 'permissions:checkRoleForGroup'],
  create_grant: ['Permission_management', 'permissions:grantRoleToGroup'],
  revoke_grant: ['Permission_management', 'permissions:revokeRoleFromGroup'],
  list_role_assignments: ['List', 'permissions:listRoleAssignments'],
  create_access_key: ['Write', 'credentials:createCredential'],
  list_access_keys: ['List', 'credentials:listCredentials'],
  get_access_key: ['Read', 'credentials:getCredential'],
  update_access_key: ['Write', 'credentials:updateCredential'],
  delete_access_key: ['Write', 'credentials:deleteCredential'],
  create_application_credential: ['Write', 'applicationCredentials:create'],
  list_application_credentials: ['List', 'applicationCredentials:list'],
  get_application_credential: ['Read', 'applicationCredentials:get'],
  delete_application_credential: ['Write', 'applicationCredentials:delete'],
  list_regions: ['List', 'regions:list'],
  get_region: ['Read', 'regions:get'],
  list_services: ['List', 'services:list'],
  get_service: ['Read', 'services:get'],
  list_endpoints: ['List', 'endpoints:list'],
  get_endpoint: ['Read', 'endpoints:get'],
});

/** Identity policies (IAM v5), under their published names. */
const iam = {
  'iam:policies:listV5': list(),
  'iam:policies:getV5': read(),
  'iam:policies:createV5': permission(),
  'iam:policies:deleteV5': permission(),
  'iam:policies:listVersionsV5': list(),
  'iam:policies:getVersionV5': read(),
  'iam:policies:createVersionV5': permission(),
  'iam:policies:deleteVersionV5': permission(),
  'iam:policies:setDefaultVersionV5': permission(),
  'iam:policies:listEntitiesV5': list(),
  'iam:users:attachPolicyV5': permission(),
  'iam:users:detachPolicyV5': permission(),
  'iam:users:listAttachedPoliciesV5': list(),
  'iam:groups:attachPolicyV5': permission(),
  'iam:groups:detachPolicyV5': permission(),
  'iam:groups:listAttachedPoliciesV5': list(),
};

/** The operator's API. What concerns one server is open to its project. */
const ingot = {
  'ingot:status:get': read(forOperators),
  'ingot:nodes:list': list(forOperators),
  'ingot:nodes:get': read(forOperators),
  'ingot:nodes:enrol': write(forOperators),
  'ingot:nodes:scan': write(forOperators),
  'ingot:nodes:changePassword': write(forOperators),
  'ingot:nodes:update': write(forOperators),
  'ingot:nodes:retire': write(forOperators),
  'ingot:nodes:maintain': write(forOperators),
  'ingot:nodes:clear': write(forOperators),
  'ingot:nodes:inspect': write(forOperators),
  'ingot:nodes:adopt': write(forOperators),
  'ingot:nodes:openConsole': write(forOperators),
  'ingot:flavors:create': write(forOperators),
  'ingot:flavors:update': write(forOperators),
  'ingot:flavors:delete': write(forOperators),
  'ingot:servers:list': list(forOperators),
  'ingot:servers:openConsole': write(forOperators),
  'ingot:servers:clearFault': write(forOperators),
  'ingot:faults:list': list(forOperators),
  'ingot:faults:add': write(forOperators),
  'ingot:faults:remove': write(forOperators),
  'ingot:audits:list': list(forOperators),
  'ingot:events:get': read(),
  'ingot:servers:why': read(instance),
  'ingot:servers:listHistory': read(instance),
  'ingot:servers:showTimeline': read(instance),
  'ingot:servers:retry': write(instance),
};

const rows = {
  ...bms,
  ...ecs,
  ...clouddc,
  ...ims,
  ...vpc,
  ...evs,
  ...bss,
  ...cts,
  ...identity,
  ...iam,
  ...ingot,
};

export type Action = keyof typeof rows;

function toFacts(
  action: string,
  { level, as, also, on, twin, isForOperators }: { level: Level } & Facts,
): ActionFacts {
  const names = [...new Set([...(as === undefined ? [] : [as]), action, ...(also ?? [])])];
  return {
    level,
    names,
    on: on ?? [],
    ...(twin === undefined ? {} : { twin }),
    isForOperators: isForOperators ?? false,
  };
}

export const actions: Readonly<Record<Action, ActionFacts>> = Object.fromEntries(
  Object.entries(rows).map(([action, facts]): [string, object] => [action, toFacts(action, facts)]),
) as Record<Action, ActionFacts>;

export const allActions = Object.keys(actions) as Action[];

/** What changes something, or who may. */
export function changes(level: Level): boolean {
  return level !== 'List' && level !== 'Read';
}
