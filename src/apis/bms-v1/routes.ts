/** BMS v1 (Huawei Cloud and Open Telekom Cloud Bare Metal Server). V numbers count the published operations. */
import type { Api, Answer, Call, Route } from '../api.ts';
import * as catalog from './catalog.ts';
import type { Cloud } from './cloud.ts';
import { toError } from './errors.ts';
import * as operations from './operations.ts';
import * as servers from './servers.ts';
import { CreateBody, DeleteBody, JobAnswer, PowerBody, ReinstallBody, RenameBody } from './wire.ts';

type Handler = (cloud: Cloud, call: Call) => Promise<Answer> | Answer;

export function bmsApi(cloud: Cloud): Api {
  const at = '/v1/:project_id/baremetalservers';
  const route = (handler: Handler, rest: Omit<Route, 'handle'>): Route => ({
    ...rest,
    handle: (call) => handler(cloud, call),
  });
  return {
    name: 'bms-v1',
    title: 'Bare Metal Server v1',
    toError,
    routes: [
      route(catalog.showVersion, {
        id: 'V02',
        method: 'GET',
        path: '/v1',
        summary: 'Show the API version',
        access: 'open',
      }),
      route(servers.create, {
        id: 'V03',
        method: 'POST',
        path: at,
        summary: 'Create servers',
        access: 'write',
        action: 'bms:servers:create',
        body: CreateBody,
        answer: JobAnswer,
      }),
      route(servers.show, {
        id: 'V04',
        method: 'GET',
        path: `${at}/:server_id`,
        summary: 'Show a server',
        access: 'read',
        action: 'bms:servers:get',
        isPolled: true,
      }),
      route(servers.list, {
        id: 'V05',
        method: 'GET',
        path: `${at}/detail`,
        summary: 'List servers with details',
        access: 'read',
        action: 'bms:servers:list',
      }),
      route(operations.remove, {
        id: 'V07',
        method: 'POST',
        path: `${at}/delete`,
        summary: 'Delete servers',
        access: 'write',
        action: 'bms:servers:delete',
        body: DeleteBody,
        answer: JobAnswer,
      }),
      route(servers.rename, {
        id: 'V08',
        method: 'PUT',
        path: `${at}/:server_id`,
        summary: 'Rename a server',
        access: 'write',
        action: 'bms:servers:put',
        body: RenameBody,
      }),
      route(operations.power, {
        id: 'V09-V11',
        method: 'POST',
        path: `${at}/action`,
        summary: 'Start, stop or reboot up to 1000 servers',
        access: 'write',
        action: 'bms:servers:stop',
        body: PowerBody,
        answer: JobAnswer,
      }),
      route(operations.reinstall, {
        id: 'V12',
        method: 'POST',
        path: `${at}/:server_id/reinstallos`,
        summary: 'Reinstall the system of a server',
        access: 'write',
        action: 'bms:servers:reInstallOS',
        body: ReinstallBody,
        answer: JobAnswer,
      }),
      route(catalog.listFlavors, {
        id: 'V15',
        method: 'GET',
        path: `${at}/flavors`,
        summary: 'List flavors',
        access: 'read',
        action: 'bms:serverFlavors:get',
      }),
      route(catalog.showLimits, {
        id: 'V31',
        method: 'GET',
        path: `${at}/limits`,
        summary: 'Show quotas',
        access: 'read',
        action: 'bms:serverQuotas:get',
      }),
      route(catalog.showJob, {
        id: 'V36',
        method: 'GET',
        path: '/v1/:project_id/jobs/:job_id',
        summary: 'Show a job and its sub-jobs',
        access: 'read',
        action: 'bms:servers:get',
        isPolled: true,
      }),
    ],
  };
}
