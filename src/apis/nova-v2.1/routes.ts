/**
 * Nova v2.1, microversions 2.1 to 2.60, and the legacy `/v2` of the same without microversions. N numbers count the
 * operations of the published BMS reference, X numbers those of the ECS reference that clients need besides.
 */
import type { Api, Route } from '../api.ts';
import * as actions from './actions.ts';
import * as consoles from './consoles.ts';
import type { Cloud, Entry } from './cloud.ts';
import { create } from './create.ts';
import { toError } from './errors.ts';
import { fleetParts } from './fleet-parts.ts';
import * as flavors from './flavors.ts';
import * as images from './images.ts';
import * as instanceActions from './instance-actions.ts';
import * as keypairs from './keypairs.ts';
import { leastMinor, parseMicroversion, toHeaders } from './microversion.ts';
import * as region from './region.ts';
import * as security from './security-groups.ts';
import * as serverGroups from './server-groups.ts';
import { serverParts } from './server-parts.ts';
import * as servers from './servers.ts';
import { tagsOfNew } from './tags.ts';
import { listVersions, showCurrent, showLegacy } from './versions.ts';
import {
  ActionBody,
  CreateBody,
  ExtraSpecsBody,
  FlavorBody,
  KeypairBody,
  RemoteConsoleBody,
  ServerGroupBody,
  UpdateBody,
} from './wire.ts';

export function novaApi(cloud: Cloud): Api {
  return {
    name: 'nova-v2.1',
    title: 'Nova v2.1',
    toError,
    headers: toHeaders,
    routes: [
      {
        id: 'N01',
        method: 'GET',
        path: '/',
        hosts: ['ecs', 'nova', 'compute'],
        summary: 'List the API versions',
        access: 'open',
        handle: listVersions,
      },
      {
        id: 'N02',
        method: 'GET',
        path: '/v2.1',
        summary: 'Show the API version',
        access: 'open',
        handle: showCurrent,
      },
      // gophercloud asks below the project, where the catalog leads, which microversions there are (upstream answers).
      {
        id: 'N02-project',
        method: 'GET',
        path: '/v2.1/:project_id',
        summary: 'Show the API version, by the address of a project',
        access: 'open',
        handle: showCurrent,
      },
      {
        id: 'N02-legacy',
        method: 'GET',
        path: '/v2',
        summary: 'Show the legacy API version',
        access: 'open',
        handle: showLegacy,
      },
      ...[...entries, ...serverParts, ...fleetParts].flatMap((entry) => [
        mount(cloud, '/v2.1', entry),
        mount(cloud, '/v2', entry),
      ]),
    ],
  };
}

function mount(cloud: Cloud, version: '/v2.1' | '/v2', [handler, route]: Entry): Route {
  const isLegacy = version === '/v2';
  return {
    ...route,
    id: isLegacy ? `${route.id}-legacy` : route.id,
    path: `${version}/:project_id${route.path}`,
    handle: (call) => {
      const minor = isLegacy ? leastMinor : parseMicroversion(call.headers);
      const root = `${call.origin}${version}/${call.params['project_id']}`;
      return handler(cloud, { ...call, minor, root });
    },
  };
}

const entries: Entry[] = [
  [
    create,
    {
      id: 'N03',
      method: 'POST',
      path: '/servers',
      summary: 'Create servers',
      action: 'ecs:servers:create',
      body: CreateBody,
      tags: tagsOfNew,
    },
  ],
  [
    actions.remove,
    {
      id: 'N04',
      method: 'DELETE',
      path: '/servers/:server_id',
      summary: 'Delete a server',
      action: 'ecs:servers:delete',
    },
  ],
  [
    servers.list,
    {
      id: 'N05',
      method: 'GET',
      path: '/servers',
      summary: 'List servers',
      action: 'ecs:servers:list',
    },
  ],
  [
    servers.show,
    {
      id: 'N06',
      method: 'GET',
      path: '/servers/:server_id',
      summary: 'Show a server',
      action: 'ecs:servers:get',
      isPolled: true,
    },
  ],
  [
    servers.listDetails,
    {
      id: 'N07',
      method: 'GET',
      path: '/servers/detail',
      summary: 'List servers with details',
      action: 'ecs:servers:list',
    },
  ],
  [
    servers.update,
    {
      id: 'N08',
      method: 'PUT',
      path: '/servers/:server_id',
      summary: 'Rename a server',
      action: 'ecs:servers:update',
      body: UpdateBody,
    },
  ],
  [
    actions.act,
    {
      id: 'N09-N11',
      method: 'POST',
      path: '/servers/:server_id/action',
      summary: 'Start, stop, reboot or rebuild a server; its serial console, image, security groups',
      action: actions.serverActions,
      body: ActionBody,
    },
  ],
  [
    consoles.createRemoteConsole,
    {
      id: 'X15',
      method: 'POST',
      path: '/servers/:server_id/remote-consoles',
      summary: 'Get a link to the serial console, which works once (2.6)',
      action: 'ecs:servers:getConsole',
      body: RemoteConsoleBody,
    },
  ],
  [
    flavors.listDetails,
    {
      id: 'N19',
      method: 'GET',
      path: '/flavors/detail',
      summary: 'List flavors with details',
      action: 'ecs:flavors:get',
    },
  ],
  [
    flavors.show,
    {
      id: 'N20',
      method: 'GET',
      path: '/flavors/:flavor_id',
      summary: 'Show a flavor',
      action: 'ecs:flavors:get',
    },
  ],
  [
    flavors.showExtraSpecs,
    {
      id: 'N21',
      method: 'GET',
      path: '/flavors/:flavor_id/os-extra_specs',
      summary: 'Show the extra specs of a flavor',
      action: 'ecs:flavors:get',
    },
  ],
  [
    keypairs.list,
    {
      id: 'N28',
      method: 'GET',
      path: '/os-keypairs',
      summary: 'List keypairs',
      action: 'ecs:serverKeypairs:list',
    },
  ],
  [
    keypairs.show,
    {
      id: 'N29',
      method: 'GET',
      path: '/os-keypairs/:name',
      summary: 'Show a keypair',
      action: 'ecs:serverKeypairs:get',
    },
  ],
  [
    keypairs.create,
    {
      id: 'N30',
      method: 'POST',
      path: '/os-keypairs',
      summary: 'Create or import a keypair',
      action: 'ecs:serverKeypairs:create',
      body: KeypairBody,
    },
  ],
  [
    keypairs.remove,
    {
      id: 'N31',
      method: 'DELETE',
      path: '/os-keypairs/:name',
      summary: 'Delete a keypair',
      action: 'ecs:serverKeypairs:delete',
    },
  ],
  [
    region.listZones,
    {
      id: 'X01',
      method: 'GET',
      path: '/os-availability-zone',
      summary: 'List availability zones',
      action: 'ecs:availabilityZones:list',
    },
  ],
  [
    region.listZoneDetails,
    {
      id: 'X01-detail',
      method: 'GET',
      path: '/os-availability-zone/detail',
      summary: 'List availability zones with their hosts',
      action: 'ecs:availabilityZones:listHosts',
    },
  ],
  [
    region.showLimits,
    {
      id: 'X02',
      method: 'GET',
      path: '/limits',
      summary: 'Show limits and what is used of them',
      action: 'ecs:quotas:get',
    },
  ],
  [
    region.showQuotas,
    {
      id: 'X03',
      method: 'GET',
      path: '/os-quota-sets/:quota_project_id',
      summary: 'Show quotas',
      action: 'ecs:quotas:get',
    },
  ],
  [
    region.showQuotas,
    {
      id: 'X03-defaults',
      method: 'GET',
      path: '/os-quota-sets/:quota_project_id/defaults',
      summary: 'Show the quotas of a new project',
      action: 'ecs:quotas:get',
    },
  ],
  [
    region.showQuotaDetails,
    {
      id: 'X03-detail',
      method: 'GET',
      path: '/os-quota-sets/:quota_project_id/detail',
      summary: 'Show quotas and what is used of them',
      action: 'ecs:quotas:get',
    },
  ],
  [
    flavors.list,
    {
      id: 'X04',
      method: 'GET',
      path: '/flavors',
      summary: 'List flavors',
      action: 'ecs:flavors:get',
    },
  ],
  [
    flavors.create,
    {
      id: 'flavor-create',
      method: 'POST',
      path: '/flavors',
      summary: 'Create a flavor',
      action: 'ingot:flavors:create',
      body: FlavorBody,
    },
  ],
  [
    flavors.addExtraSpecs,
    {
      id: 'flavor-specs',
      method: 'POST',
      path: '/flavors/:flavor_id/os-extra_specs',
      summary: 'Add or change extra specs of a flavor',
      action: 'ingot:flavors:update',
      body: ExtraSpecsBody,
    },
  ],
  [
    flavors.removeExtraSpec,
    {
      id: 'flavor-spec-delete',
      method: 'DELETE',
      path: '/flavors/:flavor_id/os-extra_specs/:key',
      summary: 'Take an extra spec from a flavor',
      action: 'ingot:flavors:update',
    },
  ],
  [
    flavors.remove,
    {
      id: 'flavor-delete',
      method: 'DELETE',
      path: '/flavors/:flavor_id',
      summary: 'Delete a flavor',
      action: 'ingot:flavors:delete',
    },
  ],
  [
    instanceActions.list,
    {
      id: 'X16',
      method: 'GET',
      path: '/servers/:server_id/os-instance-actions',
      summary: 'List what was done to a server',
      action: 'ecs:instanceActions:list',
    },
  ],
  [
    instanceActions.show,
    {
      id: 'X16-one',
      method: 'GET',
      path: '/servers/:server_id/os-instance-actions/:request_id',
      summary: 'Show one thing that was done to a server',
      action: 'ecs:instanceActions:get',
    },
  ],
  [
    security.listGroups,
    {
      id: 'X09',
      method: 'GET',
      path: '/servers/:server_id/os-security-groups',
      summary: 'List the security groups of a server',
      action: 'ecs:servers:getSecurityGroups',
    },
  ],
  [
    security.listOwn,
    {
      id: 'security-groups',
      method: 'GET',
      path: '/os-security-groups',
      summary: 'List security groups, as before 2.36',
      action: 'ecs:securityGroups:list',
    },
  ],
  [
    security.showOwn,
    {
      id: 'security-group',
      method: 'GET',
      path: '/os-security-groups/:group_id',
      summary: 'Show a security group, as before 2.36',
      action: 'ecs:securityGroups:get',
    },
  ],
  [
    serverGroups.listGroups,
    {
      id: 'X17',
      method: 'GET',
      path: '/os-server-groups',
      summary: 'List server groups',
      action: 'ecs:serverGroups:list',
    },
  ],
  [
    serverGroups.createGroup,
    {
      id: 'X17-create',
      method: 'POST',
      path: '/os-server-groups',
      summary: 'Create a server group',
      action: 'ecs:serverGroups:manage',
      body: ServerGroupBody,
    },
  ],
  [
    serverGroups.showGroup,
    {
      id: 'X17-show',
      method: 'GET',
      path: '/os-server-groups/:group_id',
      summary: 'Show a server group',
      action: 'ecs:serverGroups:get',
    },
  ],
  [
    serverGroups.removeGroup,
    {
      id: 'X17-delete',
      method: 'DELETE',
      path: '/os-server-groups/:group_id',
      summary: 'Delete a server group',
      action: 'ecs:serverGroups:manage',
    },
  ],
  [
    images.list,
    {
      id: 'cloudimages',
      method: 'GET',
      path: '/cloudimages',
      summary: 'List images, as Go clients ask for them',
      action: 'ims:images:list',
    },
  ],
];
