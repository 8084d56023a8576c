/**
 * One delivery of a sub-job: its steps are run from the checkpoint on, until one waits, fails, or the last is done.
 * After each step a checkpoint is committed; a delivery that has lost its lease stops without a word.
 */
import { IngotError, type ErrorFacts } from '../core/errors.ts';
import type { Checkpoint, SubJob } from '../core/job.ts';
import { isFailure, lifecycle, stateOf, taskStateAt, type Power, type State } from '../core/lifecycle.ts';
import type { Node } from '../core/node.ts';
import { operationKinds, type StepName } from '../core/operations.ts';
import { DriverError } from '../core/ports.ts';
import {
  ClaimLost,
  type Delivery,
  type DeliveryOutcome,
  type NodeChange,
  type ServerChange,
  type Work,
} from '../core/work.ts';
import { backoffMs, type Clockwork, type Drivers, type Installers } from './clockwork.ts';
import { applyRemedy, nextRemedy } from './remedies.ts';
import { steps } from './steps/steps.ts';
import { hardwareSays, type StepContext, type StepResult } from './steps/step.ts';
import type { Writer } from './writer.ts';

export interface DeliveryRoom {
  work: Work;
  writer: Writer;
  drivers: Drivers;
  installers: Installers;
  clockwork: Clockwork;
  log: (error: unknown, message: string) => void;
  now: () => number;
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

function blank(delivery: Delivery, step: StepName): DeliveryOutcome {
  return {
    subJobId: delivery.subJob.id,
    fence: delivery.fence,
    expectedState: delivery.server?.state ?? null,
    status: 'waiting',
    step,
    checkpoint: {},
    runInMs: 0,
    waitsFor: null,
    evidence: null,
    remedies: delivery.subJob.remedies,
    remedy: null,
    deadlineInMs: null,
    error: null,
    server: null,
    node: null,
  };
}

function toNextStep(
  room: DeliveryRoom,
  delivery: Delivery,
  step: StepName,
  result: Extract<StepResult, { is: 'done' }>,
): DeliveryOutcome {
  const taskState = delivery.server && taskStateAt(delivery.server.state, step);
  const { deadlineInMs } = result;
  if (deadlineInMs !== undefined) delivery.subJob.deadlineAt = new Date(room.now() + deadlineInMs);
  return {
    ...blank(delivery, step),
    status: 'running',
    evidence: result.evidence,
    deadlineInMs: deadlineInMs ?? null,
    server: delivery.server && { ...result.server, ...(taskState ? { taskState } : {}) },
    node: result.node ?? null,
  };
}

async function toOutcome(
  room: DeliveryRoom,
  delivery: Delivery,
  step: StepName,
  checkpoint: Checkpoint,
  result: StepResult,
): Promise<DeliveryOutcome> {
  const outcome = {
    ...blank(delivery, step),
    checkpoint,
    evidence: result.evidence,
    node: result.node ?? null,
  };
  switch (result.is) {
    case 'done':
      return {
        ...outcome,
        status: 'succeeded',
        server: delivery.server && { ...result.server, ...toSuccess(delivery) },
        node: merge(outcome.node, toTrusted(delivery)),
      };
    case 'failed':
      return fail(room, delivery, outcome, result.error);
    case 'waiting':
      return wait(room, delivery, outcome, result);
  }
}

async function wait(
  room: DeliveryRoom,
  delivery: Delivery,
  outcome: DeliveryOutcome,
  { waitsFor, evidence, lookInMs }: Extract<StepResult, { is: 'waiting' }>,
): Promise<DeliveryOutcome> {
  const leftMs = delivery.subJob.deadlineAt.getTime() - room.now();
  if (leftMs > 0) return { ...outcome, waitsFor, runInMs: Math.min(lookInMs, leftMs) };

  const remedy = nextRemedy(delivery, outcome);
  if (!remedy) {
    const message = `Waited for ${waitsFor} until the deadline; last seen: ${evidence}`;
    return fail(room, delivery, outcome, { kind: 'deadline', message });
  }
  return {
    ...outcome,
    waitsFor,
    ...(await applyRemedy(remedy, room.drivers, delivery, outcome)),
    remedies: [...outcome.remedies, remedy],
    remedy,
    deadlineInMs: room.clockwork.remedyMs(remedy, wholeMs(room, delivery), delivery.node?.driver ?? null),
  };
}

/** How long the operation may last where it is now; before placement, as long as it was given at acceptance. */
function wholeMs({ clockwork }: DeliveryRoom, { node, subJob, deadlineMs }: Delivery): number {
  return node ? clockwork.deadlineMs(stateOf(subJob.operation), node.driver) : deadlineMs;
}

function toSuccess(delivery: Delivery): ServerChange {
  const state = delivery.server!.state;
  const { operation } = delivery.subJob;
  const end = lifecycle[state].success;
  if (!end) throw new IngotError({ kind: 'internal', message: `${operation} ended in the state ${state}` });
  return {
    state: end,
    taskState: null,
    fault: null,
    ...(operationKinds[operation].provisioning ? { provisioningOutcome: 'succeed' as const } : {}),
    ...(operation === 'create' ? { launched: true } : {}),
    ...(operation === 'delete' ? { terminated: true, power: 'off' as const } : {}),
  };
}

/** The failure end of the table, by what the BMC says now. */
async function fail(
  room: DeliveryRoom,
  delivery: Delivery,
  outcome: DeliveryOutcome,
  error: ErrorFacts,
): Promise<DeliveryOutcome> {
  const { server, subJob, node } = delivery;
  const failed = { ...outcome, status: 'failed' as const, error, waitsFor: null };
  if (!server) return failed;
  const power = await lastPower(room, delivery);
  const isRolledBack = subJob.operation === 'create' && subJob.input.rollBack === true;
  const state: State = isRolledBack ? 'Deleted' : lifecycle[server.state].failure![power];
  const isAtFault = isRolledBack || isFailure(state);
  if (isRolledBack) await room.work.disconnectServer(server.id, true);
  return {
    ...failed,
    server: {
      state,
      taskState: null,
      power,
      ...(operationKinds[subJob.operation].provisioning ? { provisioningOutcome: 'failed' as const } : {}),
      ...(isRolledBack ? { terminated: true } : {}),
      fault: isAtFault
        ? {
            message: error.message,
            details: outcome.evidence ?? '',
            kind: error.kind,
            operation: subJob.operation,
            at: new Date(room.now()).toISOString(),
          }
        : null,
    },
    node: node && afterFailure(node, outcome, error, isRolledBack),
  };
}

/** The steps that show whether a machine can be installed and boots. */
const trials: readonly StepName[] = ['deploy', 'first-boot'];

/**
 * A machine that failed an installation is not handed to the next tenant before somebody looked at it, whatever becomes
 * of the server on it. What was wrong with the order (an image without content) says nothing about the machine.
 */
function afterFailure(
  { id }: Node,
  { node, step }: DeliveryOutcome,
  { kind, message }: ErrorFacts,
  isRolledBack: boolean,
): NodeChange | null {
  const isSuspect = trials.includes(step) && (kind === 'hardware' || kind === 'deadline');
  if (!isRolledBack && !isSuspect) return node;
  return {
    ...node,
    id,
    standing: 'quarantined',
    note: message,
    ...(isRolledBack ? { freed: true } : {}),
  };
}

function merge(change: NodeChange | null, more: NodeChange | null): NodeChange | null {
  return change && more ? { ...change, ...more } : (change ?? more);
}

/** An installation that succeeds lifts the quarantine that the one before brought about. */
function toTrusted({ node, server, subJob }: Delivery): NodeChange | null {
  const isProven = server && operationKinds[subJob.operation].steps.includes('first-boot');
  return isProven && node?.standing === 'quarantined' ? { id: node.id, standing: 'in-use', note: '' } : null;
}

async function lastPower(room: DeliveryRoom, { node, subJob }: Delivery): Promise<Power> {
  const driver = node && room.drivers[node.driver];
  if (!node || !driver) return 'unknown';
  try {
    return (await driver.readPower(node, { operation: subJob.operation, subJobId: subJob.id })).power;
  } catch {
    return 'unknown';
  }
}
