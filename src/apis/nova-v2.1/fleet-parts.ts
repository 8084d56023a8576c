/** The routes about machines and what was used of them, most of them for operators. */
import type { Entry } from './cloud.ts';
import * as hypervisors from './hypervisors.ts';
import * as usage from './usage.ts';

export const fleetParts: Entry[] = [
  [
    hypervisors.list,
    {
      id: 'hypervisors',
      method: 'GET',
      path: '/os-hypervisors',
      summary: 'List machines as hypervisors',
      action: 'ecs:hypervisors:list',
    },
  ],
  [
    hypervisors.listDetails,
    {
      id: 'hypervisors-detail',
      method: 'GET',
      path: '/os-hypervisors/detail',
      summary: 'List machines as hypervisors, with what they have and what of it is taken',
      action: 'ecs:hypervisors:list',
    },
  ],
  [
    hypervisors.showStatistics,
    {
      id: 'hypervisor-statistics',
      method: 'GET',
      path: '/os-hypervisors/statistics',
      summary: 'Show what all machines have together and what of it is taken',
      action: 'ecs:hypervisors:list',
    },
  ],
  [
    hypervisors.show,
    {
      id: 'hypervisor',
      method: 'GET',
      path: '/os-hypervisors/:id',
      summary: 'Show a machine as a hypervisor',
      action: 'ecs:hypervisors:get',
    },
  ],
  [
    hypervisors.search,
    {
      id: 'hypervisor-search',
      method: 'GET',
      path: '/os-hypervisors/:id/search',
      summary: 'List machines with a part of a name, before 2.53',
      action: 'ecs:hypervisors:list',
    },
  ],
  [
    hypervisors.showUptime,
    {
      id: 'hypervisor-uptime',
      method: 'GET',
      path: '/os-hypervisors/:id/uptime',
      summary: 'Says that there is no uptime of a machine',
      action: 'ecs:hypervisors:get',
    },
  ],
  [
    hypervisors.listAggregates,
    {
      id: 'aggregates',
      method: 'GET',
      path: '/os-aggregates',
      summary: 'List host aggregates, of which there are none',
      action: 'ecs:hypervisors:list',
    },
  ],
  [
    usage.listUsages,
    {
      id: 'usages',
      method: 'GET',
      path: '/os-simple-tenant-usage',
      summary: 'List what projects have used in a time',
      action: 'ecs:usages:list',
    },
  ],
  [
    usage.showUsage,
    {
      id: 'usage',
      method: 'GET',
      path: '/os-simple-tenant-usage/:usage_project_id',
      summary: 'Show what a project has used in a time',
      action: 'ecs:usages:get',
    },
  ],
];
