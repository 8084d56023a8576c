/**
 * The machines. A node in maintenance takes no new server and its power is not read by itself; a server that is on it
 * stays there, keeps its state and may be operated. When maintenance ends the node is ready, or in-use again if it
 * still carries a server. A quarantined node, on which something failed, takes servers again when it is cleared.
 */
import type { Static } from 'typebox';
import { conflict, invalid, notFound } from '../../core/errors.ts';
import { driverNames, nodeStandings, type Node } from '../../core/node.ts';
import type { NodeEdit, NodeFilter } from '../../core/records.ts';
import { isId, ok, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { pageOf, toPage } from './pages.ts';
import { checkApart, checkBmc } from './bmc-address.ts';
import {
  toHistory,
  toInspection,
  toNode,
  toSubJob,
  type MaintenanceBody,
  type NodeEditBody,
} from './wire.ts';

export async function list({ nodes }: Cloud, call: Call): Promise<Answer> {
  const filter: NodeFilter = {};
  const standing = single(call, 'standing');
  const driver = single(call, 'driver');
  const name = single(call, 'name');
  if (standing) filter.standing = standing.split(',').map((word) => oneOf(nodeStandings, word, 'standing'));
  if (driver) filter.driver = oneOf(driverNames, driver, 'driver');
  if (name) filter.name = name;
  const page = pageOf(call);
  return ok(toPage('nodes', await nodes.list(filter, page), page, toNode));
}

function oneOf<T extends string>(words: readonly T[], word: string, field: string): T {
  const known = words.find((it) => it === word);
  if (!known) throw invalid(`${field} is one of ${words.join(', ')}.`, field);
  return known;
}

export async function getNode({ nodes }: Cloud, id: string): Promise<Node> {
  const node = isId(id) ? await nodes.find(id) : null;
  if (!node) throw notFound('node', id);
  return node;
}

const latest = 10;

export async function show(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getNode(cloud, call.params['id']!);
  const [underWay, inspection, events] = await Promise.all([
    cloud.jobs.findOpenSubJobOfNode(node.id),
    cloud.inspections.find(node.id),
    cloud.history.listOfNode(node.id, latest),
  ]);
  return ok({
    ...toNode(node),
    bmc_habits: node.bmcHabits ?? {},
    under_way: underWay && toSubJob(underWay),
    inspection: toInspection(inspection),
    history: events.map(toHistory),
  });
}

export async function listHistory(cloud: Cloud, call: Call): Promise<Answer> {
  const { limit } = pageOf(call);
  const { id } = await getNode(cloud, call.params['id']!);
  const events = await cloud.history.listOfNode(id, limit);
  return ok({ history: events.map(toHistory) });
}

export async function change(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getNode(cloud, call.params['id']!);
  const wish = call.body as Static<typeof NodeEditBody>;
  if (wish.flavor_id !== undefined && !(await cloud.catalog.findFlavor(wish.flavor_id))) {
    throw notFound('flavor', wish.flavor_id);
  }
  if (wish.project_id) await checkOwner(cloud, node, wish.project_id);
  if (wish.bmc && node.driver === 'simulated') throw invalid('A simulated node has no BMC.', 'bmc');
  if (wish.bmc) {
    const bmc = { ...node.bmc, ...wish.bmc };
    checkBmc(node.name, node.driver, { address: node.bmc.address, ...wish.bmc });
    if (wish.bmc.address !== undefined || wish.bmc.system !== undefined)
      await checkApart(cloud.nodes, [{ ...node, address: bmc.address, system: bmc.system }]);
  }
  const changed = await cloud.nodes.change(node.id, toEdit(wish));
  if (!changed) throw notFound('node', node.id);
  return ok(toNode(changed));
}

/** A node cannot be given to a project while it carries a server of another one. */
async function checkOwner(cloud: Cloud, node: Node, projectId: string): Promise<void> {
  if (!(await cloud.tenancy.findProject(projectId))) throw notFound('project', projectId);
  const server = node.serverId === null ? null : await cloud.servers.find(node.serverId, null);
  if (server && server.projectId !== projectId) {
    throw conflict(`The node ${node.name} carries a server of another project.`, 'node', node.id);
  }
}

function toEdit({
  flavor_id,
  project_id,
  power_policy,
  macs,
  boot_method,
  bmc,
  ...same
}: Static<typeof NodeEditBody>): NodeEdit {
  return {
    ...same,
    boot: {
      ...(macs === undefined ? {} : { macs: toMacs(macs) }),
      ...(boot_method === undefined ? {} : { method: boot_method }),
    },
    ...(flavor_id === undefined ? {} : { flavorId: flavor_id }),
    ...(project_id === undefined ? {} : { projectId: project_id }),
    ...(power_policy === undefined ? {} : { powerPolicy: power_policy }),
    // Whoever names the address anew vouches for the BMC there: its certificate is pinned at the next contact.
    ...(bmc === undefined
      ? {}
      : { bmc: { ...bmc, ...(bmc.address === undefined ? {} : { certificateSha256: null }) } }),
  };
}

/** As firmware shows them to us: in lower case, with colons. */
export function toMacs(macs: readonly string[]): string[] {
  return [...new Set(macs.map((mac) => mac.toLowerCase().replaceAll('-', ':')))];
}

export async function maintain(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getNode(cloud, call.params['id']!);
  const { on, note } = call.body as Static<typeof MaintenanceBody>;
  const isDone = on
    ? await cloud.nodes.stand(node.id, ['ready', 'in-use', 'maintenance'], 'maintenance', note ?? node.note)
    : await cloud.nodes.stand(node.id, ['maintenance'], 'ready', note ?? '');
  if (!isDone) throw standsElsewhere(node, on ? 'ready or in-use' : 'maintenance');
  return ok(toNode(await getNode(cloud, node.id)));
}

export async function clear(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getNode(cloud, call.params['id']!);
  if (!(await cloud.nodes.stand(node.id, ['quarantined'], 'ready', ''))) {
    throw standsElsewhere(node, 'quarantined');
  }
  return ok(toNode(await getNode(cloud, node.id)));
}

function standsElsewhere({ id, name, standing }: Node, wanted: string) {
  return conflict(`The node ${name} is ${standing}; this needs ${wanted}.`, 'node', id);
}

/** Its history stays. */
export async function retire(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getNode(cloud, call.params['id']!);
  const inspection = await cloud.inspections.find(node.id);
  if (inspection?.status === 'under-way' || (await cloud.jobs.findOpenSubJobOfNode(node.id))) {
    throw conflict(`An operation is under way on the node ${node.name}.`, 'node', node.id);
  }
  if (!(await cloud.nodes.remove(node.id))) {
    throw conflict(`The node ${node.name} carries the server ${node.serverId}; delete that first.`, 'node');
  }
  return { statusCode: 204 };
}
