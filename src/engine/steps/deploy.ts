/** Putting a system on a machine and taking a tenant's data off it: long work that the machine does by itself. */
import type { Acknowledgement, DeployReading } from '../../core/ports.ts';
import { hardwareSays, type Step, type StepContext, type StepResult } from './step.ts';

export const deploy: Step = (context) => {
  const { node, installer } = context.machine();
  const { order } = context.delivery;
  if (!order) return Promise.resolve(imageIsGone);
  return longWork(context, 'the system to be installed', {
    begin: () => installer.beginDeploy(node, order, context.purpose),
    read: () => installer.readDeploy(node, context.purpose),
    done: { server: { imageId: order.imageId, power: 'off' } },
    // A machine that failed an install must not go to the next tenant before somebody looked at it.
    failedStanding: null,
  });
};

/** It was deleted after the server was made from it, or while it waited. */
const imageIsGone: StepResult = {
  is: 'failed',
  error: {
    kind: 'not-found',
    subject: 'image',
    message: 'The image to install was deleted; reinstall another one.',
  },
  evidence: 'there is no such image',
};

/** Running means that the installed system was seen running, not that the machine was switched on. */
export const firstBoot: Step = async (context) => {
  const { node, installer } = context.machine();
  const { status, evidence, lookInMs } = await installer.readFirstBoot(node, context.purpose);
  switch (status) {
    case 'done':
      return { is: 'done', evidence };
    case 'running':
      return { is: 'waiting', waitsFor: 'the installed system to come up', evidence, lookInMs };
    case 'failed':
      return { is: 'failed', error: hardwareSays(evidence), evidence };
  }
};

export const wipe: Step = (context) => {
  const { node, installer } = context.machine();
  return longWork(context, 'the disks to be wiped', {
    begin: () => installer.beginWipe(node, context.purpose),
    read: () => installer.readWipe(node, context.purpose),
    done: {},
    failedStanding: 'quarantined',
  });
};

async function longWork(
  context: StepContext,
  waitsFor: string,
  part: {
    begin: () => Promise<Acknowledgement>;
    read: () => Promise<DeployReading>;
    done: Pick<Extract<StepResult, { is: 'done' }>, 'server'>;
    failedStanding: 'quarantined' | null;
  },
): Promise<StepResult> {
  const { checkpoint } = context;
  if (!checkpoint.sent) {
    // Beginning is safe to repeat from the start, so an intent without a result is simply begun again.
    await context.intend();
    const { evidence, lookInMs } = await part.begin();
    checkpoint.sent = new Date(context.now()).toISOString();
    if (lookInMs > 0) return { is: 'waiting', waitsFor, evidence, lookInMs };
  }
  const { status, evidence, lookInMs } = await part.read();
  switch (status) {
    case 'done':
      return { is: 'done', evidence, ...part.done };
    case 'running':
      return { is: 'waiting', waitsFor, evidence, lookInMs };
    case 'failed':
      if (part.failedStanding === null) return { is: 'failed', error: hardwareSays(evidence), evidence };
      return {
        is: 'done',
        evidence,
        node: { id: context.machine().node.id, standing: part.failedStanding, note: evidence },
      };
  }
}
