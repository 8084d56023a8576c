/**
 * Power on, power off. The command is a level ("be off"), never an edge ("toggle", "restart"), so that its effect can
 * be seen and a repetition is harmless; a restart is off, seen off, on, seen on. Success is a reading, never a 2xx.
 */
import { DriverError } from '../../core/ports.ts';
import { nextLookMs } from '../clockwork.ts';
import type { Step, StepContext, StepResult } from './step.ts';

export function power(wanted: 'on' | 'off'): Step {
  return async (context) => {
    const { checkpoint } = context;
    if (!checkpoint.intended || context.delivery.isIntended) return send(context, wanted);
    const seen = await look(context, wanted);
    if (seen.is === 'done' || checkpoint.sent || checkpoint.seen) return seen;

    // Interrupted between intent and result: whether the command arrived will show within the BMC's lag.
    const sinceMs = context.now() - Date.parse(checkpoint.intended);
    if (sinceMs < context.machine().driver.powerLagMs) {
      return { ...seen, waitsFor: `power ${wanted}, in case the command before the interruption arrived` };
    }
    return send(context, wanted);
  };
}

/** A driver sends nothing when the state holds already. */
async function send(context: StepContext, wanted: 'on' | 'off'): Promise<StepResult> {
  const { node, driver } = context.machine();
  await context.intend();
  const { evidence, lookInMs } = await driver
    .setPower(node, wanted, context.purpose)
    .catch((error: unknown) => {
      // A busy BMC took nothing, so there is nothing to wait for before the next try.
      if (error instanceof DriverError && error.kind === 'busy') delete context.checkpoint.intended;
      throw error;
    });
  context.checkpoint.sent = new Date(context.now()).toISOString();
  if (lookInMs === 0) return look(context, wanted);
  return { is: 'waiting', waitsFor: `power ${wanted}`, evidence, lookInMs };
}

type Look = Extract<StepResult, { is: 'done' | 'waiting' }>;

async function look(context: StepContext, wanted: 'on' | 'off'): Promise<Look> {
  const { checkpoint } = context;
  const { node, driver } = context.machine();
  const { power, evidence } = await driver.readPower(node, context.purpose);
  const change = { id: node.id, power };
  checkpoint.seen = power === wanted ? (checkpoint.seen ?? 0) + 1 : 0;
  if (checkpoint.seen >= driver.equalReadings)
    return { is: 'done', evidence, server: { power }, node: change };

  const waitsFor = power === wanted ? `a second reading of power ${wanted}` : `power ${wanted}`;
  const sinceMs = checkpoint.sent ? context.now() - Date.parse(checkpoint.sent) : 0;
  return {
    is: 'waiting',
    waitsFor,
    evidence,
    lookInMs: nextLookMs(sinceMs, driver.powerLagMs),
    node: change,
  };
}
