/** What an operator asks of servers beside the published APIs: why, retry, history, and clearing a fault. */
import { conflict, invalid, IngotError, notFound } from '../../core/errors.ts';
import { stateAtRest, states, type State } from '../../core/lifecycle.ts';
import type { Server, ServerFilter } from '../../core/server.ts';
import { callerOf, isId, ok, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { measure } from './hardware.ts';
import { pageOf, toPage } from './pages.ts';
import { toHistory, toServer } from './wire.ts';

export async function list({ servers }: Cloud, call: Call): Promise<Answer> {
  const filter: ServerFilter = { projectId: null };
  const name = single(call, 'name');
  const state = single(call, 'state');
  if (name) filter.name = name;
  if (state) {
    const known = states.find((it): it is State => it === state);
    if (!known) throw invalid(`state is one of ${states.join(', ')}.`, 'state');
    filter.states = [{ state: known }];
  }
  const page = pageOf(call);
  const sort = [{ key: 'id' as const, descending: false }];
  return ok(toPage('servers', await servers.list(filter, { ...page, sort }), page, toServer));
}

/** A member of a project sees its own; administrators all. */
export async function getServer({ servers }: Cloud, call: Call): Promise<Server> {
  const id = call.params['id']!;
  const caller = callerOf(call);
  const projectId = caller.isAdmin ? null : (caller.project?.id ?? '');
  const server = isId(id) ? await servers.find(id, projectId) : null;
  if (!server) throw notFound('server', id);
  return server;
}

export async function listHistory(cloud: Cloud, call: Call): Promise<Answer> {
  const { limit } = pageOf(call);
  const server = await getServer(cloud, call);
  const events = await cloud.history.listOfServer(server.id, limit);
  return ok({ history: events.map(toHistory) });
}

/** What is under way is looked at now instead of at its next turn; its deadline stays. */
export async function retry(cloud: Cloud, call: Call): Promise<Answer> {
  const { id } = await getServer(cloud, call);
  if (!(await cloud.work.hasten(id))) {
    throw conflict(`Nothing is under way on the server ${id}; ask for the operation again.`, 'server', id);
  }
  return ok({ server_id: id }, 202);
}

/** Faulty → Running or Stopped, whichever the machine shows: the operator says that it was repaired. */
export async function clearFault(cloud: Cloud, call: Call): Promise<Answer> {
  const server = await getServer(cloud, call);
  const { id, state } = server;
  if (state !== 'Faulty') {
    const message = `The server ${id} is ${state}; clearing a fault needs Faulty.`;
    throw new IngotError({
      kind: 'state-refuses',
      subject: 'server',
      id,
      state,
      wanted: ['Faulty'],
      message,
    });
  }
  const node = server.nodeId === null ? null : await cloud.nodes.find(server.nodeId);
  if (!node) throw conflict(`The server ${id} has no machine; delete it.`, 'server', id);
  if (node.driver === 'simulated') await cloud.faults.repair(node.id);
  const { power, inventory } = await measure(cloud.drivers, node);
  const to = stateAtRest(power === 'on' ? 'on' : 'off');
  const reason = `the fault was cleared; the machine was found ${power}`;
  if (!(await cloud.work.moveStable(id, 'Faulty', to, power, reason))) {
    throw conflict(`The server ${id} moved on meanwhile.`, 'server', id);
  }
  await cloud.nodes.change(node.id, { power, inventory, health: inventory.health, note: '' });
  return ok({ server_id: id, state: to });
}
