/** CloudDC v1 (Huawei Cloud). C numbers count the published operations; paths and actions are the documented ones. */
import type { Answer, Api, Call, Route } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { toError } from './errors.ts';
import * as instances from './instances.ts';
import * as physicalServers from './physical-servers.ts';
import {
  CreateAnswer,
  CreateBody,
  DeleteBody,
  InstancesAnswer,
  PasswordBody,
  PhysicalServersAnswer,
  PowerBody,
  ReinstallBody,
} from './wire.ts';

type Handler = (cloud: Cloud, call: Call) => Promise<Answer>;

export function cloudDcApi(cloud: Cloud): Api {
  const at = '/v1/:project_id';
  const route = (handler: Handler, rest: Omit<Route, 'handle'>): Route => ({
    ...rest,
    handle: (call) => handler(cloud, call),
  });
  return {
    name: 'clouddc',
    title: 'CloudDC v1',
    toError,
    routes: [
      route(instances.create, {
        id: 'C01',
        method: 'POST',
        path: `${at}/instances`,
        summary: 'Create an instance',
        access: 'write',
        action: 'clouddc:instance:create',
        body: CreateBody,
        answer: CreateAnswer,
      }),
      route(instances.list, {
        id: 'C03',
        method: 'GET',
        path: `${at}/instances`,
        summary: 'List instances',
        access: 'read',
        action: 'clouddc:instance:list',
      }),
      route(instances.showStatus, {
        id: 'C04',
        method: 'GET',
        path: `${at}/instances/:id/status`,
        summary: 'Show the status of an instance',
        access: 'read',
        action: 'clouddc:instance:get',
        isPolled: true,
      }),
      route(instances.remove, {
        id: 'C05',
        method: 'DELETE',
        path: `${at}/instances/:id`,
        summary: 'Delete an instance',
        access: 'write',
        action: 'clouddc:instance:delete',
      }),
      route(instances.removeMany, {
        id: 'C06',
        method: 'POST',
        path: `${at}/instances/batch-delete`,
        summary: 'Delete up to 50 instances',
        access: 'write',
        action: 'clouddc:instance:deleteBatch',
        body: DeleteBody,
        answer: InstancesAnswer,
      }),
      route(instances.reinstall, {
        id: 'C07',
        method: 'PUT',
        path: `${at}/instances/reinstall`,
        summary: 'Reinstall the system of up to 50 instances',
        access: 'write',
        action: 'clouddc:instance:reinstallOS',
        body: ReinstallBody,
        answer: InstancesAnswer,
      }),
      route(instances.changePassword, {
        id: 'C08',
        method: 'PUT',
        path: `${at}/instances/password`,
        summary: 'Change the password of up to 50 instances',
        access: 'write',
        action: 'clouddc:instance:changePassword',
        body: PasswordBody,
        answer: InstancesAnswer,
      }),
      route(physicalServers.list, {
        id: 'C10',
        method: 'GET',
        path: `${at}/physicalservers`,
        summary: 'List physical servers',
        access: 'read',
        action: 'clouddc:imetal:list',
      }),
      route(physicalServers.show, {
        id: 'C11',
        method: 'GET',
        path: `${at}/physicalservers/:id`,
        summary: 'Show a physical server',
        access: 'read',
        action: 'clouddc:imetal:get',
        isPolled: true,
      }),
      route(physicalServers.changePower, {
        id: 'C14',
        method: 'PUT',
        path: `${at}/physicalservers/power-state`,
        summary: 'Switch up to 50 physical servers on or off, or reboot them',
        access: 'write',
        action: 'clouddc:imetal:updatePowerStatus',
        body: PowerBody,
        answer: PhysicalServersAnswer,
      }),
    ],
  };
}
