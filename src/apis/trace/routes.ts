/** Cloud Trace Service: who changed what in a project, for the people of its account. */
import type { Api } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { toError } from './errors.ts';
import { listTraces } from './traces.ts';

export function traceApi(cloud: Cloud): Api {
  return {
    name: 'trace',
    title: 'Cloud Trace v3',
    toError,
    routes: [
      {
        id: 'traces',
        method: 'GET',
        path: '/v3/:project_id/traces',
        summary: 'List who changed what, newest first',
        action: 'cts:trace:list',
        isOwnOpen: true,
        handle: (call) => listTraces(cloud, call),
      },
    ],
  };
}
