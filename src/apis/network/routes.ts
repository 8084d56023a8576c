/**
 * Neutron v2.0, as far as clients need it to make servers, under `/network` and, for the provider of Huawei Cloud, under
 * `/v2.0`; and the VPC API v1, which shows the same.
 */
import type { TSchema } from 'typebox';
import type { Action } from '../../core/actions.ts';
import type { Answer, Api, Call, Route } from '../api.ts';
import * as changes from './changes.ts';
import { toError } from './errors.ts';
import * as networks from './networks.ts';
import * as quotas from './quotas.ts';
import { RuleBody, SecurityGroupBody, SecurityGroupChangeBody } from './security-group-wire.ts';
import * as security from './security-groups.ts';
import * as vpc from './vpc.ts';
import {
  NetworkBody,
  NetworkChangeBody,
  PortBody,
  PortChangeBody,
  SubnetBody,
  SubnetChangeBody,
} from './wire.ts';

type Handler = (cloud: networks.Cloud, call: Call) => Promise<Answer> | Answer;

/** Not `:project_id`, which must be the caller's own. */
const quotaProject = ':quota_project_id';

export function networkApi(cloud: networks.Cloud): Api {
  const route = (
    method: Route['method'],
    id: string,
    path: string,
    summary: string,
    handler: Handler,
    action: Action | null,
    body?: TSchema,
  ): Route => ({
    id,
    method,
    path,
    summary,
    ...(action === null ? { access: 'open' } : { action }),
    ...(body && { body }),
    handle: (call) => handler(cloud, call),
  });
  const neutron = (root: string): Route[] => {
    const get = (id: string, path: string, summary: string, handler: Handler, action: Action) =>
      route('GET', id, root + path, summary, handler, action);
    const withBody =
      (method: 'POST' | 'PUT') =>
      (id: string, path: string, summary: string, handler: Handler, action: Action, body: TSchema) =>
        route(method, id, root + path, summary, handler, action, body);
    const post = withBody('POST');
    const put = withBody('PUT');
    const remove = (id: string, path: string, summary: string, handler: Handler, action: Action) =>
      route('DELETE', id, root + path, summary, handler, action);
    return [
      get('get_networks', '/networks', 'List networks', networks.listNetworks, 'vpc:networks:list'),
      get('get_network', '/networks/:id', 'Show a network', networks.showNetwork, 'vpc:networks:get'),
      post(
        'create_network',
        '/networks',
        'Create a network',
        changes.createNetwork,
        'vpc:networks:create',
        NetworkBody,
      ),
      put(
        'update_network',
        '/networks/:id',
        'Rename or describe a network',
        changes.changeNetwork,
        'vpc:networks:update',
        NetworkChangeBody,
      ),
      remove(
        'delete_network',
        '/networks/:id',
        'Delete a network',
        changes.removeNetwork,
        'vpc:networks:delete',
      ),
      get('get_subnets', '/subnets', 'List subnets', networks.listSubnets, 'vpc:subnets:list'),
      get('get_subnet', '/subnets/:id', 'Show a subnet', networks.showSubnet, 'vpc:subnets:get'),
      post(
        'create_subnet',
        '/subnets',
        'Create a subnet',
        changes.createSubnet,
        'vpc:subnets:create',
        SubnetBody,
      ),
      put(
        'update_subnet',
        '/subnets/:id',
        'Rename a subnet or change its name servers',
        changes.changeSubnet,
        'vpc:subnets:update',
        SubnetChangeBody,
      ),
      remove('delete_subnet', '/subnets/:id', 'Delete a subnet', changes.removeSubnet, 'vpc:subnets:delete'),
      get('get_ports', '/ports', 'List ports', networks.listPorts, 'vpc:ports:list'),
      get('get_port', '/ports/:id', 'Show a port', networks.showPort, 'vpc:ports:get'),
      post('create_port', '/ports', 'Create a port', changes.createPort, 'vpc:ports:create', PortBody),
      put(
        'update_port',
        '/ports/:id',
        'Rename a port or give it more addresses',
        changes.changePort,
        'vpc:ports:update',
        PortChangeBody,
      ),
      remove('delete_port', '/ports/:id', 'Delete a port', changes.removePort, 'vpc:ports:delete'),
      get(
        'get_security_groups',
        '/security-groups',
        'List security groups',
        security.listGroups,
        'vpc:securityGroups:list',
      ),
      get(
        'get_security_group',
        '/security-groups/:id',
        'Show a security group',
        security.showGroup,
        'vpc:securityGroups:get',
      ),
      post(
        'create_security_group',
        '/security-groups',
        'Create a security group',
        security.createGroup,
        'vpc:securityGroups:create',
        SecurityGroupBody,
      ),
      put(
        'update_security_group',
        '/security-groups/:id',
        'Rename a security group',
        security.changeGroup,
        'vpc:securityGroups:update',
        SecurityGroupChangeBody,
      ),
      remove(
        'delete_security_group',
        '/security-groups/:id',
        'Delete a security group',
        security.removeGroup,
        'vpc:securityGroups:delete',
      ),
      get(
        'get_security_group_rules',
        '/security-group-rules',
        'List security group rules',
        security.listRules,
        'vpc:securityGroupRules:list',
      ),
      get(
        'get_security_group_rule',
        '/security-group-rules/:id',
        'Show a security group rule',
        security.showRule,
        'vpc:securityGroupRules:get',
      ),
      post(
        'create_security_group_rule',
        '/security-group-rules',
        'Add a rule to a security group',
        security.createRule,
        'vpc:securityGroupRules:create',
        RuleBody,
      ),
      remove(
        'delete_security_group_rule',
        '/security-group-rules/:id',
        'Take a rule from a security group',
        security.removeRule,
        'vpc:securityGroupRules:delete',
      ),
      get('get_quota', `/quotas/${quotaProject}`, 'Show quotas', quotas.showQuota, 'vpc:quotas:list'),
      get(
        'get_default_quota',
        `/quotas/${quotaProject}/default`,
        'Show the quotas of a new project',
        quotas.showQuota,
        'vpc:quotas:list',
      ),
      get(
        'get_quota_details',
        `/quotas/${quotaProject}/details`,
        'Show quotas and what is used of them',
        quotas.showDetails,
        'vpc:quotas:list',
      ),
      get('get_extensions', '/extensions', 'List extensions', networks.listExtensions, 'vpc:networks:list'),
      get(
        'get_extension',
        '/extensions/:alias',
        'Show an extension',
        networks.showExtension,
        'vpc:networks:get',
      ),
    ];
  };
  const vpcs = (root: string): Route[] => [
    route('GET', 'vpcs', `${root}/vpcs`, 'List VPCs', vpc.listVpcs, 'vpc:vpcs:list'),
    route('GET', 'vpc', `${root}/vpcs/:vpc_id`, 'Show a VPC', vpc.showVpc, 'vpc:vpcs:get'),
    route(
      'GET',
      'vpc-subnets',
      `${root}/subnets`,
      'List subnets of VPCs',
      vpc.listSubnets,
      'vpc:subnets:list',
    ),
    route(
      'GET',
      'vpc-subnet',
      `${root}/subnets/:subnet_id`,
      'Show a subnet of a VPC',
      vpc.showSubnet,
      'vpc:subnets:get',
    ),
    route(
      'GET',
      'vpc-security-groups',
      `${root}/security-groups`,
      'List security groups, by the VPC API',
      vpc.listSecurityGroups,
      'vpc:securityGroups:list',
    ),
    route(
      'GET',
      'vpc-security-group',
      `${root}/security-groups/:security_group_id`,
      'Show a security group, by the VPC API',
      vpc.showSecurityGroup,
      'vpc:securityGroups:get',
    ),
  ];
  const alias = ({ id, ...rest }: Route): Route => ({ ...rest, id: `${id}-alias` });
  return {
    name: 'network',
    title: 'Network v2.0',
    toError,
    routes: [
      route('GET', 'versions', '/network', 'List API versions', networks.showVersions, null),
      route('GET', 'resources', '/network/v2.0', 'List the collections', networks.listResources, null),
      ...neutron('/network/v2.0'),
      ...neutron('/v2.0').map(alias),
      ...vpcs('/v1/:project_id'),
      // gophertelekomcloud appends v1 to the address that the catalog has of the network (openstack/client.go).
      ...vpcs('/network/v1/:project_id').map(alias),
    ],
  };
}
