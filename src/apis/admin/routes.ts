/** The operator's API, and what monitoring and the console read. */
import type { Answer, Api, Call, Route } from '../api.ts';
import type { Cloud } from './cloud.ts';
import * as audit from './audit.ts';
import * as bmcPassword from './bmc-password.ts';
import * as consoles from './consoles.ts';
import * as enrolment from './enrol.ts';
import { toError } from './errors.ts';
import { createEvents } from './events.ts';
import * as faults from './faults.ts';
import * as health from './health.ts';
import * as nodes from './nodes.ts';
import { scan } from './scan.ts';
import * as servers from './servers.ts';
import {
  AdoptBody,
  BmcPasswordBody,
  EnrolBody,
  FaultBody,
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
    access: Route['access'],
    summary: string,
    handler: Handler,
    more: Pick<Route, 'body' | 'isPolled'> = {},
  ): Route => {
    const [method, path] = words.split(' ') as [Route['method'], string];
    return { id, method, path, access, summary, ...more, handle: (call) => handler(cloud, call) };
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
      route('showStatus', 'GET /admin/v1/status', 'admin', 'How many of everything', health.showStatus),

      route('enrolNodes', `POST ${node}`, 'admin', 'Enrol one node, or several', enrolment.enrol, {
        body: EnrolBody,
      }),
      route('scanForBmcs', `POST ${node}/scan`, 'admin', 'Look for BMCs in a block of addresses', scan, {
        body: ScanBody,
      }),
      route('listNodes', `GET ${node}`, 'admin', 'List nodes', nodes.list),
      route('showNode', `GET ${node}/:id`, 'admin', 'Show a node and what is under way on it', nodes.show),
      route('changeNode', `PATCH ${node}/:id`, 'admin', 'Change a node', nodes.change, {
        body: NodeEditBody,
      }),
      route(
        'retireNode',
        `DELETE ${node}/:id`,
        'admin',
        'Retire a node that carries no server',
        nodes.retire,
      ),
      route(
        'maintainNode',
        `POST ${node}/:id/maintenance`,
        'admin',
        'Begin or end maintenance',
        nodes.maintain,
        {
          body: MaintenanceBody,
        },
      ),
      route('clearNode', `POST ${node}/:id/clear`, 'admin', 'Give a quarantined node free', nodes.clear),
      route(
        'inspectNode',
        `POST ${node}/:id/inspect`,
        'admin',
        'Read power and inventory; an enrolled node becomes ready',
        enrolment.reinspect,
      ),
      route(
        'adoptNode',
        `POST ${node}/:id/adopt`,
        'admin',
        'Make a server of a machine in use, as it is found',
        enrolment.adopt,
        { body: AdoptBody },
      ),
      route(
        'changeBmcPassword',
        `PUT ${node}/:id/bmc-password`,
        'admin',
        'Give the BMC another password, made here unless one is given',
        bmcPassword.change,
        { body: BmcPasswordBody },
      ),
      route(
        'showBmcPasswordChange',
        `GET ${node}/:id/bmc-password`,
        'admin',
        'How the change of password stands; never the password',
        bmcPassword.show,
      ),
      route(
        'abandonBmcPasswordChange',
        `DELETE ${node}/:id/bmc-password`,
        'admin',
        'Forget the new password; the old one stays in use',
        bmcPassword.abandon,
      ),
      route(
        'listNodeHistory',
        `GET ${node}/:id/history`,
        'admin',
        'What happened on a node, newest first',
        nodes.listHistory,
      ),
      route(
        'openNodeConsole',
        `POST ${node}/:id/console`,
        'admin',
        'Get a link to the serial console of a machine, which works once',
        consoles.openOfNode,
      ),

      route('listServers', `GET ${server}`, 'admin', 'List the servers of all projects', servers.list),
      route(
        'openServerConsole',
        `POST ${server}/:id/console`,
        'admin',
        'Get a link to the serial console of a server, which works once',
        consoles.openOfServer,
      ),
      route(
        'why',
        `GET ${server}/:id/why`,
        'read',
        'Why a server stands where it stands',
        servers.why,
        polled,
      ),
      route(
        'listServerHistory',
        `GET ${server}/:id/history`,
        'read',
        'What happened to a server, newest first',
        servers.listHistory,
      ),
      route('retry', `POST ${server}/:id/retry`, 'write', 'Look now at what is under way', servers.retry),
      route(
        'clearFault',
        `POST ${server}/:id/clear-fault`,
        'admin',
        'A Faulty server is Running or Stopped again, as measured',
        servers.clearFault,
      ),

      route('listAudit', 'GET /admin/v1/audit', 'admin', 'List who changed what, newest first', audit.list),

      route('addFault', `POST ${fault}`, 'admin', 'Let a simulated node misbehave', faults.add, {
        body: FaultBody,
      }),
      route('listFaults', `GET ${fault}`, 'admin', 'List faults', faults.list),
      route('removeFaults', `DELETE ${fault}`, 'admin', 'Remove all faults', faults.removeAll),
      route('removeFault', `DELETE ${fault}/:id`, 'admin', 'Remove a fault', faults.remove),
    ],
  };
}
