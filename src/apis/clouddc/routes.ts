/** CloudDC v1 (Huawei Cloud). C numbers count the published operations; paths and actions are the documented ones. */
import type { Answer, Api, Call, Route, RouteFacts } from '../api.ts';
import * as alarms from './alarms.ts';
import { changeAddresses } from './addresses.ts';
import type { Cloud } from './cloud.ts';
import { showCounts } from './counts.ts';
import { toError } from './errors.ts';
import { showFirmware, showHardware } from './hardware.ts';
import * as instances from './instances.ts';
import * as logs from './logs.ts';
import * as physicalServers from './physical-servers.ts';
import * as racks from './racks.ts';
import * as tags from './tags.ts';
import {
  AddressBody,
  CreateAnswer,
  CreateBody,
  CreateManyBody,
  DeleteBody,
  InstancesAnswer,
  PasswordBody,
  PhysicalServersAnswer,
  PowerBody,
  RackBody,
  ReinstallBody,
  RoomsBody,
  TagsBody,
} from './wire.ts';

type Handler = (cloud: Cloud, call: Call) => Promise<Answer> | Answer;

export function cloudDcApi(cloud: Cloud): Api {
  const at = '/v1/:project_id';
  const route = (handler: Handler, rest: RouteFacts): Route => ({
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
        action: 'clouddc:instance:create',
        body: CreateBody,
        answer: CreateAnswer,
      }),
      route(instances.createMany, {
        id: 'C02',
        method: 'POST',
        path: `${at}/instances/batch-create`,
        summary: 'Create several instances',
        action: 'clouddc:instance:createBatch',
        body: CreateManyBody,
        answer: InstancesAnswer,
      }),
      route(instances.list, {
        id: 'C03',
        method: 'GET',
        path: `${at}/instances`,
        summary: 'List instances',
        action: 'clouddc:instance:list',
      }),
      route(instances.showStatus, {
        id: 'C04',
        method: 'GET',
        path: `${at}/instances/:id/status`,
        summary: 'Show the status of an instance',
        action: 'clouddc:instance:get',
        isPolled: true,
      }),
      route(instances.remove, {
        id: 'C05',
        method: 'DELETE',
        path: `${at}/instances/:id`,
        summary: 'Delete an instance',
        action: 'clouddc:instance:delete',
      }),
      route(instances.removeMany, {
        id: 'C06',
        method: 'POST',
        path: `${at}/instances/batch-delete`,
        summary: 'Delete up to 50 instances',
        action: 'clouddc:instance:deleteBatch',
        body: DeleteBody,
        answer: InstancesAnswer,
      }),
      route(instances.reinstall, {
        id: 'C07',
        method: 'PUT',
        path: `${at}/instances/reinstall`,
        summary: 'Reinstall the system of up to 50 instances',
        action: 'clouddc:instance:reinstallOS',
        body: ReinstallBody,
        answer: InstancesAnswer,
      }),
      route(instances.changePassword, {
        id: 'C08',
        method: 'PUT',
        path: `${at}/instances/password`,
        summary: 'Change the password of up to 50 instances',
        action: 'clouddc:instance:changePassword',
        body: PasswordBody,
        answer: InstancesAnswer,
      }),
      route(changeAddresses, {
        id: 'C09',
        method: 'PUT',
        path: `${at}/instances/:id/ip`,
        summary: 'Change the addresses of an instance',
        action: 'clouddc:instance:updateIP',
        body: AddressBody,
      }),
      route(physicalServers.list, {
        id: 'C10',
        method: 'GET',
        path: `${at}/physicalservers`,
        summary: 'List physical servers',
        action: 'clouddc:imetal:list',
      }),
      route(physicalServers.show, {
        id: 'C11',
        method: 'GET',
        path: `${at}/physicalservers/:id`,
        summary: 'Show a physical server',
        action: 'clouddc:imetal:get',
        isPolled: true,
      }),
      route(physicalServers.changePower, {
        id: 'C14',
        method: 'PUT',
        path: `${at}/physicalservers/power-state`,
        summary: 'Switch up to 50 physical servers on or off, or reboot them',
        action: 'clouddc:imetal:updatePowerStatus',
        targets: physicalServers.powerTargets,
        body: PowerBody,
        answer: PhysicalServersAnswer,
      }),
      route(showHardware, {
        id: 'C12',
        method: 'GET',
        path: `${at}/physicalservers/:id/hardware-attributes`,
        summary: 'Show the parts of a physical server',
        action: 'clouddc:imetal:getHardwareAttribute',
      }),
      route(showFirmware, {
        id: 'C13',
        method: 'GET',
        path: `${at}/physicalservers/:id/firmware-attributes`,
        summary: 'Show the firmware of a physical server',
        action: 'clouddc:imetal:getFirmwareAttribute',
      }),
      route(physicalServers.showConsole, {
        id: 'C15',
        method: 'GET',
        path: `${at}/physicalservers/:id/remote-console-address`,
        summary: 'Get a link to the serial console, which works once',
        action: 'clouddc:imetal:createRemoteConsoleLink',
        audited: true,
      }),
      route(logs.exportLogs, {
        id: 'C16',
        method: 'POST',
        path: `${at}/physicalservers/:id/logs/exports`,
        summary: 'Export the log of a physical server',
        action: 'clouddc:imetal:createDumpLog',
      }),
      route(logs.showExport, {
        id: 'C17',
        method: 'GET',
        path: `${at}/physicalservers/:id/logs/exports/:export_id`,
        summary: 'Show how far an export has come',
        action: 'clouddc:imetal:getDumpLogProgress',
        isPolled: true,
      }),
      route(logs.downloadExport, {
        id: 'C18',
        method: 'GET',
        path: `${at}/physicalservers/:id/logs/exports/:export_id/content`,
        summary: 'Download an exported log',
        action: 'clouddc:imetal:createDownloadLog',
      }),
      route(showCounts, {
        id: 'C19',
        method: 'GET',
        path: `${at}/physicalservers/status`,
        summary: 'Count physical servers by health, power and manage_state',
        action: 'clouddc:imetal:list',
      }),
      route(alarms.listAlarms, {
        id: 'C20',
        method: 'GET',
        path: `${at}/physicalservers/alarms`,
        summary: 'List alarms',
        action: 'clouddc::listAlarm',
      }),
      route(alarms.showSummary, {
        id: 'C21',
        method: 'GET',
        path: `${at}/physicalservers/alarms/summary`,
        summary: 'Sum up the alarms that stand',
        action: 'clouddc::listAlarmStat',
      }),
      route(alarms.showTrend, {
        id: 'C22',
        method: 'GET',
        path: `${at}/physicalservers/alarms/trend`,
        summary: 'Show new alarms day by day',
        action: 'clouddc::listAlarmStat',
      }),
      route(alarms.listEvents, {
        id: 'C23',
        method: 'GET',
        path: `${at}/physicalservers/events`,
        summary: 'List events',
        action: 'clouddc::listEvent',
      }),
      route(alarms.showEvent, {
        id: 'C24',
        method: 'GET',
        path: `${at}/physicalservers/events/:event_id`,
        summary: 'Show what a kind of event means',
        action: 'clouddc::listEvent',
      }),
      route(tags.tagServer, {
        id: 'C25',
        method: 'POST',
        path: `${at}/physicalservers/:id/tags/create`,
        summary: 'Tag a physical server',
        action: 'clouddc::tagResource',
        body: TagsBody,
      }),
      route(tags.untagServer, {
        id: 'C26',
        method: 'POST',
        path: `${at}/physicalservers/:id/tags/delete`,
        summary: 'Take tags off a physical server',
        action: 'clouddc::untagResource',
        body: TagsBody,
      }),
      route(tags.tagRack, {
        id: 'C27',
        method: 'POST',
        path: `${at}/iracks/:id/tags/create`,
        summary: 'Tag a rack',
        action: 'clouddc::tagResource',
        body: TagsBody,
      }),
      route(tags.untagRack, {
        id: 'C28',
        method: 'POST',
        path: `${at}/iracks/:id/tags/delete`,
        summary: 'Take tags off a rack',
        action: 'clouddc::untagResource',
        body: TagsBody,
      }),
      route(racks.listRooms, {
        id: 'C29',
        method: 'GET',
        path: `${at}/idcs`,
        summary: 'List rooms',
        action: 'clouddc:idc:list',
      }),
      route(racks.describeRooms, {
        id: 'C30',
        method: 'PUT',
        path: `${at}/idcs`,
        summary: 'Describe rooms',
        action: 'clouddc:idc:update',
        body: RoomsBody,
      }),
      route(racks.listRacks, {
        id: 'C31',
        method: 'GET',
        path: `${at}/iracks`,
        summary: 'List racks',
        action: 'clouddc:irack:list',
      }),
      route(racks.describeRack, {
        id: 'C32',
        method: 'PUT',
        path: `${at}/iracks/:id`,
        summary: 'Describe a rack',
        action: 'clouddc:irack:update',
        body: RackBody,
      }),
    ],
  };
}
