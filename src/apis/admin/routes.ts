/** The operator's API, and what monitoring and the console read. */
import type { Action } from '../../core/actions.ts';
import type { Answer, Api, Call, Route } from '../api.ts';
import type { Cloud } from './cloud.ts';
import * as audit from './audit.ts';
import * as bmcPassword from './bmc-password.ts';
import * as consoles from './consoles.ts';
import * as discovered from './discovered.ts';
import * as enrolment from './enrol.ts';
import { toError } from './errors.ts';
import { createEvents } from './events.ts';
import * as faults from './faults.ts';
import * as health from './health.ts';
import * as inspection from './inspection.ts';
import * as nodes from './nodes.ts';
import { scan } from './scan.ts';
import * as servers from './servers.ts';
import { showTimeline, why } from './timeline.ts';
import {
  AdoptBody,
  BmcPasswordBody,
  EnrolBody,
  FaultBody,
  InspectBody,
  MaintenanceBody,
  NodeEditBody,
  ScanBody,
} from './wire.ts';

type Handler = (cloud: Cloud, call: Call) => Promise<Answer> | Answer;

export function adminApi(cloud: Cloud): Api {
  const events = createEvents(cloud);
  const route = (
    id: string,
    words: `${Route['method']} ${string}`,
    action: Action | 'open',
    summary: string,
    handler: Handler,
    more: Pick<Route, 'body' | 'isPolled'> = {},
  ): Route => {
    const [method, path] = words.split(' ') as [Route['method'], string];
    const guard = action === 'open' ? ({ access: action } as const) : { action };
    return { id, method, path, ...guard, summary, ...more, handle: (call) => handler(cloud, call) };
  };
  const polled = { isPolled: true };
  const node = '/admin/v1/nodes';
  const server = '/admin/v1/servers';
  const fault = '/admin/v1/faults';
  return {
    name: 'admin',
    title: 'Operation',
    toError,
    close: events.close,
    routes: [
      route('healthz', 'GET /healthz', 'open', 'Does the process live', health.showLife, polled),
      route('readyz', 'GET /readyz', 'open', 'Can it work', health.showReadiness, polled),
      route('metrics', 'GET /metrics', 'open', 'Figures for Prometheus', health.showMetrics, polled),
      // Open to the router only: the handler asks for the token, which browsers send in the query.
      route(
        'events',
        'GET /events',
        'open',
        'State changes and job progress as server-sent events',
        (_, call) => events.open(call),
        polled,
      ),
      route(
        'showStatus',
        'GET /admin/v1/status',
        'ingot:status:get',
        'How many of everything',
        health.showStatus,
      ),

      route(
        'enrolNodes',
        `POST ${node}`,
        'ingot:nodes:enrol',
        'Enrol one node, or several',
        enrolment.enrol,
        {
          body: EnrolBody,
        },
      ),
      route(
        'scanForBmcs',
        `POST ${node}/scan`,
        'ingot:nodes:scan',
        'Look for BMCs in a block of addresses',
        scan,
        {
          body: ScanBody,
        },
      ),
      route(
        'listDiscovered',
        `GET ${node}/discovered`,
        'ingot:nodes:list',
        'List the machines that asked what to boot and are no nodes',
        discovered.list,
      ),
      route('listNodes', `GET ${node}`, 'ingot:nodes:list', 'List nodes', nodes.list),
      route(
        'showNode',
        `GET ${node}/:id`,
        'ingot:nodes:get',
        'Show a node and what is under way on it',
        nodes.show,
      ),
      route('changeNode', `PATCH ${node}/:id`, 'ingot:nodes:update', 'Change a node', nodes.change, {
        body: NodeEditBody,
      }),
      route(
        'retireNode',
        `DELETE ${node}/:id`,
        'ingot:nodes:retire',
        'Retire a node that carries no server',
        nodes.retire,
      ),
      route(
        'maintainNode',
        `POST ${node}/:id/maintenance`,
        'ingot:nodes:maintain',
        'Begin or end maintenance',
        nodes.maintain,
        {
          body: MaintenanceBody,
        },
      ),
      route(
        'clearNode',
        `POST ${node}/:id/clear`,
        'ingot:nodes:clear',
        'Give a quarantined node free',
        nodes.clear,
      ),
      route(
        'inspectNode',
        `POST ${node}/:id/inspect`,
        'ingot:nodes:inspect',
        'Read power and inventory, by the BMC or by the ramdisk; an enrolled node becomes ready',
        inspection.inspect,
        { body: InspectBody },
      ),
      route(
        'cancelInspection',
        `DELETE ${node}/:id/inspect`,
        'ingot:nodes:inspect',
        'Give up an inspection by the ramdisk',
        inspection.cancel,
      ),
      route(
        'adoptNode',
        `POST ${node}/:id/adopt`,
        'ingot:nodes:adopt',
        'Make a server of a machine in use, as it is found',
        enrolment.adopt,
        { body: AdoptBody },
      ),
      route(
        'changeBmcPassword',
        `PUT ${node}/:id/bmc-password`,
        'ingot:nodes:changePassword',
        'Give the BMC another password, made here unless one is given',
        bmcPassword.change,
        { body: BmcPasswordBody },
      ),
      route(
        'showBmcPasswordChange',
        `GET ${node}/:id/bmc-password`,
        'ingot:nodes:get',
        'How the change of password stands; never the password',
        bmcPassword.show,
      ),
      route(
        'abandonBmcPasswordChange',
        `DELETE ${node}/:id/bmc-password`,
        'ingot:nodes:changePassword',
        'Forget the new password; the old one stays in use',
        bmcPassword.abandon,
      ),
      route(
        'listNodeHistory',
        `GET ${node}/:id/history`,
        'ingot:nodes:get',
        'What happened on a node, newest first',
        nodes.listHistory,
      ),
      route(
        'openNodeConsole',
        `POST ${node}/:id/console`,
        'ingot:nodes:openConsole',
        'Get a link to the serial console of a machine, which works once',
        consoles.openOfNode,
      ),

      route(
        'listServers',
        `GET ${server}`,
        'ingot:servers:list',
        'List the servers of all projects',
        servers.list,
      ),
      route(
        'openServerConsole',
        `POST ${server}/:id/console`,
        'ingot:servers:openConsole',
        'Get a link to the serial console of a server, which works once',
        consoles.openOfServer,
      ),
      route(
        'why',
        `GET ${server}/:id/why`,
        'ingot:servers:why',
        'Why a server stands where it stands',
        why,
        polled,
      ),
      route(
        'listServerHistory',
        `GET ${server}/:id/history`,
        'ingot:servers:listHistory',
        'What happened to a server, newest first',
        servers.listHistory,
      ),
      route(
        'showTimeline',
        `GET ${server}/:id/timeline`,
        'ingot:servers:showTimeline',
        'Each sign of its boots into the ramdisk and the installed system, with its time',
        showTimeline,
        polled,
      ),
      route(
        'retry',
        `POST ${server}/:id/retry`,
        'ingot:servers:retry',
        'Look now at what is under way',
        servers.retry,
      ),
      route(
        'clearFault',
        `POST ${server}/:id/clear-fault`,
        'ingot:servers:clearFault',
        'A Faulty server is Running or Stopped again, as measured',
        servers.clearFault,
      ),

      route(
        'listAudit',
        'GET /admin/v1/audit',
        'ingot:audits:list',
        'List who changed what, newest first',
        audit.list,
      ),

      route('addFault', `POST ${fault}`, 'ingot:faults:add', 'Let a simulated node misbehave', faults.add, {
        body: FaultBody,
      }),
      route('listFaults', `GET ${fault}`, 'ingot:faults:list', 'List faults', faults.list),
      route('removeFaults', `DELETE ${fault}`, 'ingot:faults:remove', 'Remove all faults', faults.removeAll),
      route('removeFault', `DELETE ${fault}/:id`, 'ingot:faults:remove', 'Remove a fault', faults.remove),
    ],
  };
}
