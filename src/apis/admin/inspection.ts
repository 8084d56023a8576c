/**
 * Looking at a machine: out of band by its BMC, while the caller waits; or in band by the ramdisk, which takes minutes
 * and goes on by itself. In band the machine is switched off and on, so that one in use must not be taken for a free one.
 */
import type { Static } from 'typebox';
import { conflict, notFound } from '../../core/errors.ts';
import type { Node } from '../../core/node.ts';
import { ok, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { inspectOutOfBand } from './enrol.ts';
import { readPower } from './hardware.ts';
import { beginInBand, checkInBand } from './in-band.ts';
import { getNode } from './nodes.ts';
import { toInspection, toNode, type InspectBody } from './wire.ts';

export async function inspect(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getNode(cloud, call.params['id']!);
  const { in_band = false, force = false } = (call.body as Static<typeof InspectBody>) ?? {};
  if (!in_band) {
    const failure = await inspectOutOfBand(cloud, node.id, null);
    if (failure) throw failure;
    return ok(toNode(await getNode(cloud, node.id)));
  }
  checkInBand(cloud, node);
  if (!force) await checkIdle(cloud, node);
  if (!(await beginInBand(cloud, node.id))) {
    const message =
      `The node ${node.name} is ${node.standing}${node.serverId === null ? '' : ` with the server ${node.serverId}`}; ` +
      'in band a machine is inspected that is enrolled or ready, and on which nothing is under way.';
    throw conflict(message, 'node', node.id);
  }
  const begun = await getNode(cloud, node.id);
  return ok({ ...toNode(begun), inspection: toInspection(await cloud.inspections.find(node.id)) }, 202);
}

/** Of one in band; it ends at its next look, a few seconds later, and leaves the machine off. */
export async function cancel(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getNode(cloud, call.params['id']!);
  if (!(await cloud.inspections.cancel(node.id))) throw notFound('inspection in band of node', node.id);
  return ok({ ...toNode(node), inspection: toInspection(await cloud.inspections.find(node.id)) }, 202);
}

/** An enrolled machine that is on may be somebody's, who is about to be adopted. */
async function checkIdle({ drivers }: Cloud, node: Node): Promise<void> {
  if (node.standing !== 'enrolled' || (await readPower(drivers, node)) === 'off') return;
  const message = `The node ${node.name} is on and may be in use: switch it off, or ask with force to have it done.`;
  throw conflict(message, 'node', node.id);
}
