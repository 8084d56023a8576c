/**
 * Power on, power off. The command is a level ("be off"), never an edge ("toggle", "restart"), so that its effect can
 * be seen and a repetition is harmless; a restart is off, seen off, on, seen on. Success is a reading, never a 2xx.
 */
import { nextLookMs } from '../clockwork.ts';
import type { Step, StepContext, StepResult } from './step.ts';

export function power(wanted: 'on' | 'off'): Step {
  return async (context) => {
    const { checkpoint } = context;
    const { node, driver } = context.machine();
    const look = async (): Promise<StepResult> => {
      const { power, evidence } = await driver.readPower(node, context.purpose);
      const seen = { id: node.id, power };
      if (power !== wanted) {
        checkpoint.seen = 0;
        const lookInMs = nextLookMs(context.now() - sentAt(context));
        return { is: 'waiting', waitsFor: `power ${wanted}`, evidence, lookInMs, node: seen };
      }
      checkpoint.seen = (checkpoint.seen ?? 0) + 1;
      if (checkpoint.seen < driver.equalReadings) {
        return {
          is: 'waiting',
          waitsFor: `a second reading of power ${wanted}`,
          evidence,
          lookInMs: 250,
          node: seen,
        };
      }
      return { is: 'done', evidence, server: { power }, node: seen };
    };

    const first = await look();
    if (first.is !== 'waiting' || first.node?.power === wanted || checkpoint.sent) return first;

    if (checkpoint.intended) {
      const sinceMs = context.now() - Date.parse(checkpoint.intended);
      if (sinceMs < driver.powerLagMs) {
        return { ...first, waitsFor: `power ${wanted}, in case the command before the interruption arrived` };
      }
    }
    await context.intend();
    const taken = await driver.setPower(node, wanted, context.purpose);
    checkpoint.sent = new Date(context.now()).toISOString();
    if (taken.lookInMs === 0) return look();
    return { ...first, evidence: taken.evidence, lookInMs: taken.lookInMs };
  };
}

function sentAt({ checkpoint, now }: StepContext): number {
  return checkpoint.sent ? Date.parse(checkpoint.sent) : now();
}
