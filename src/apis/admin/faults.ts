/** Faults of the simulated fleet, for whoever wants to see what happens when hardware misbehaves. */
import type { Static } from 'typebox';
import { conflict, invalid, notFound } from '../../core/errors.ts';
import { isIntermediate } from '../../core/lifecycle.ts';
import type { Node } from '../../core/node.ts';
import { newId } from '../../engine/ids.ts';
import { isId, ok, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { toFault, type FaultBody } from './wire.ts';

/**
 * A fault waits for the next `times` operations of its kind on the node; each that meets it has it to its end.
 * `on: "now"` does not wait: the hardware reports a fault at once, and the server on it becomes Faulty.
 */
export async function add(cloud: Cloud, call: Call): Promise<Answer> {
  const { target, on, kind, times } = call.body as Static<typeof FaultBody>;
  const node = await findTarget(cloud, target);
  if (node.driver !== 'simulated') {
    throw invalid(`The node ${node.name} is real hardware; faults are for simulated nodes.`, 'target');
  }
  const fault = { id: newId(), target, nodeId: node.id, on, kind, times: times ?? 1 };
  if (on === 'now') await breakNow(cloud, node, kind);
  return ok(toFault(await cloud.faults.add(fault)), 201);
}

async function findTarget({ servers, nodes }: Cloud, target: string): Promise<Node> {
  if (!isId(target)) throw notFound('server or node', target);
  const server = await servers.find(target, null);
  if (server && server.nodeId === null) {
    throw conflict(`The server ${target} has no node; name the node.`, 'server', target);
  }
  const node = await nodes.find(server?.nodeId ?? target);
  if (!node) throw notFound('server or node', target);
  return node;
}

async function breakNow(cloud: Cloud, node: Node, kind: string): Promise<void> {
  const server = node.serverId === null ? null : await cloud.servers.find(node.serverId, null);
  if (!server) throw conflict(`The node ${node.name} carries no server that could become Faulty.`, 'node');
  const message = `simulated fault: the hardware reports ${kind}`;
  const hasBroken =
    !isIntermediate(server.state) &&
    (await cloud.work.reportHardwareFault(node.id, {
      message,
      details: `set on node ${node.name}`,
      kind: 'hardware',
      operation: null,
      at: new Date().toISOString(),
    }));
  if (!hasBroken) {
    const words = `The server ${server.id} is ${server.state}; only a server at rest becomes Faulty by its hardware.`;
    throw conflict(words, 'server', server.id);
  }
}

export async function list({ faults }: Cloud): Promise<Answer> {
  return ok({ faults: (await faults.list()).map(toFault) });
}

export async function removeAll({ faults }: Cloud): Promise<Answer> {
  return ok({ removed: await faults.remove(null) });
}

export async function remove({ faults }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['id']!;
  if (!isId(id) || (await faults.remove(id)) === 0) throw notFound('fault', id);
  return { statusCode: 204 };
}
