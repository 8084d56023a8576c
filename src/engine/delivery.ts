/**
 * One delivery of a sub-job: its steps are run from the checkpoint on, until one waits, fails, or the last is done.
 * After each step a checkpoint is committed; a delivery that has lost its lease stops without a word.
 */
import { IngotError } from '../core/errors.ts';
import type { Checkpoint, SubJob } from '../core/job.ts';
import { stateOf } from '../core/lifecycle.ts';
import { operationKinds, type StepName } from '../core/operations.ts';
import { DriverError } from '../core/ports.ts';
import { ClaimLost, type Delivery, type DeliveryOutcome, type Work } from '../core/work.ts';
import { backoffMs, type Installers } from './clockwork.ts';
import { blank, toNextStep, toOutcome, type OutcomeRoom } from './outcome.ts';
import { steps } from './steps/steps.ts';
import { hardwareSays, type StepContext, type StepResult } from './steps/step.ts';
import type { Writer } from './writer.ts';

export interface DeliveryRoom extends OutcomeRoom {
  work: Work;
  writer: Writer;
  installers: Installers;
  log: (error: unknown, message: string) => void;
  /** Told of each outcome that was written; for figures. */
  onOutcome?: (subJob: SubJob, outcome: DeliveryOutcome) => void;
}

/** An error of our own is repeated so often before it ends the operation. */
const mostInternalErrors = 5;

/** Returns in how many milliseconds it wants to be delivered again; null when it has ended or is lost. */
export async function deliver(room: DeliveryRoom, delivery: Delivery): Promise<number | null> {
  const { subJob } = delivery;
  const kind = operationKinds[subJob.operation];
  let step: StepName = subJob.step ?? kind.steps[0]!;
  let checkpoint = { ...subJob.checkpoint };
  try {
    for (;;) {
      const result = await run(room, delivery, step, checkpoint);
      const isCycled = checkpoint.cycling !== undefined && result.is === 'done';
      const next = isCycled
        ? afterCycle(step)
        : result.is === 'done'
          ? kind.steps[kind.steps.indexOf(step) + 1]
          : undefined;
      const outcome =
        next === undefined
          ? await toOutcome(room, delivery, step, checkpoint, result)
          : toNextStep(room, delivery, next, result as Extract<StepResult, { is: 'done' }>);
      if (!(await room.writer.write(outcome))) return null;
      room.onOutcome?.(subJob, outcome);
      if (outcome.status !== 'running') return outcome.status === 'waiting' ? outcome.runInMs : null;
      step = outcome.step;
      checkpoint = { ...outcome.checkpoint };
      delivery.isIntended = false;
    }
  } catch (error) {
    if (!(error instanceof ClaimLost)) throw error;
    await room.work.letGo({ subJobId: subJob.id, fence: delivery.fence });
    return null;
  }
}

/** Switched off by a remedy, the machine is installed anew, or switched on again to boot what it has. */
function afterCycle(step: StepName): StepName {
  return step === 'first-boot' ? 'power-on' : step;
}

async function run(
  room: DeliveryRoom,
  delivery: Delivery,
  step: StepName,
  checkpoint: Checkpoint,
): Promise<StepResult> {
  const isMachineless = delivery.node === null && (step === 'power-off' || step === 'wipe');
  if (isMachineless) return { is: 'done', evidence: 'no machine was tied to the server yet' };
  try {
    const { cycling } = checkpoint;
    const result = await (cycling
      ? steps['power-off'](toContext(room, delivery, step, cycling, { cycling }))
      : steps[step](toContext(room, delivery, step, checkpoint, checkpoint)));
    checkpoint.failures = 0;
    return result;
  } catch (error) {
    if (error instanceof ClaimLost) throw error;
    return toFailure(room, error, checkpoint);
  }
}

/** What a thrown error means: patience with a BMC that is away or busy, an end with one that says no. */
function toFailure(room: DeliveryRoom, error: unknown, checkpoint: Checkpoint): StepResult {
  checkpoint.failures = (checkpoint.failures ?? 0) + 1;
  if (error instanceof DriverError) {
    if (!error.canRepeat)
      return { is: 'failed', evidence: error.message, error: hardwareSays(error.message) };
    const lookInMs = error.retryAfterMs ?? backoffMs(checkpoint.failures);
    const waitsFor = error.kind === 'busy' ? 'the BMC to be ready' : 'the BMC to answer';
    return { is: 'waiting', waitsFor, evidence: error.message, lookInMs };
  }
  if (error instanceof IngotError && error.kind !== 'internal') {
    return { is: 'failed', evidence: error.message, error: error.facts };
  }
  room.log(error, 'a step failed because of an error of ours');
  const evidence = 'an internal error; the log has it';
  if (checkpoint.failures >= mostInternalErrors) {
    return { is: 'failed', evidence, error: { kind: 'internal', message: 'Internal error.' } };
  }
  return { is: 'waiting', waitsFor: 'another try', evidence, lookInMs: backoffMs(checkpoint.failures) };
}

function toContext(
  room: DeliveryRoom,
  delivery: Delivery,
  step: StepName,
  checkpoint: Checkpoint,
  stored: Checkpoint,
): StepContext {
  const { subJob } = delivery;
  return {
    subJob,
    delivery,
    checkpoint,
    work: room.work,
    purpose: { operation: subJob.operation, subJobId: subJob.id },
    now: room.now,
    machine() {
      const { node } = delivery;
      const driver = node && room.drivers[node.driver];
      if (!node) throw new IngotError({ kind: 'internal', message: `${step} without a node` });
      const installer = room.installers[node.driver];
      if (!driver || !installer) {
        throw new DriverError('unsupported', `There is no driver ${node.driver} in this program.`);
      }
      return { node, driver, installer };
    },
    deadlineFor: (node) => room.clockwork.deadlineMs(stateOf(subJob.operation), node.driver),
    async intend() {
      if (delivery.isIntended) {
        delivery.isIntended = false;
        return;
      }
      checkpoint.intended = new Date(room.now()).toISOString();
      const held = await room.writer.write({
        ...blank(delivery, step),
        status: 'running',
        checkpoint: stored,
        evidence: subJob.evidence,
      });
      if (!held) throw new ClaimLost();
    },
  };
}
