/** Tying a server to a machine and to its networks, and letting both go again. */
import type { Step } from './step.ts';

/** What keeps a free machine busy is a write of milliseconds, or a power operation of seconds. */
const busyPauseMs = 250;

export const place: Step = async ({ work, delivery, subJob, deadlineFor }) => {
  const node = await work.placeServer(subJob.id, delivery.fence, subJob.serverId!);
  if (node === 'busy') {
    const evidence = 'every free machine of this flavor is busy';
    return { is: 'waiting', waitsFor: 'a free machine', evidence, lookInMs: busyPauseMs };
  }
  if (!node) {
    const message = 'No machine of this flavor is free in this zone.';
    return { is: 'failed', evidence: message, error: { kind: 'no-capacity', message } };
  }
  delivery.node = node;
  return { is: 'done', evidence: `placed on node ${node.name}`, deadlineInMs: deadlineFor(node) };
};

export const network: Step = async ({ work, delivery, subJob }) => {
  const ports = await work.connectServer(subJob.id, delivery.fence, subJob.serverId!);
  return { is: 'done', evidence: `ports ready: ${ports.map((port) => port.ip).join(', ') || 'none'}` };
};

export const release: Step = async ({ work, delivery, subJob }) => {
  await work.disconnectServer(subJob.serverId!, subJob.input.deleteVolumes ?? false);
  const { node } = delivery;
  const evidence = node ? `node ${node.name} let go` : 'there was no node to let go';
  return { is: 'done', evidence, ...(node ? { node: { id: node.id, freed: true } } : {}) };
};
