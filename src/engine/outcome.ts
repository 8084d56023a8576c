/**
 * What a delivery came to, as the row that is written: the next step, a wait with its reason, or the end that the
 * lifecycle table names. A deadline that has passed is met here, by a remedy or by failure.
 */
import { IngotError, type ErrorFacts } from '../core/errors.ts';
import type { Checkpoint } from '../core/job.ts';
import { isFailure, lifecycle, stateOf, taskStateAt, type Power, type State } from '../core/lifecycle.ts';
import type { Node } from '../core/node.ts';
import { operationKinds, type StepName } from '../core/operations.ts';
import type { Delivery, DeliveryOutcome, NodeChange, ServerChange, Work } from '../core/work.ts';
import type { Clockwork, Drivers } from './clockwork.ts';
import { applyRemedy, nextRemedy } from './remedies.ts';
import type { StepResult } from './steps/step.ts';

export interface OutcomeRoom {
  work: Pick<Work, 'disconnectServer'>;
  drivers: Drivers;
  clockwork: Clockwork;
  now: () => number;
}

export function blank(delivery: Delivery, step: StepName): DeliveryOutcome {
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

export function toNextStep(
  room: OutcomeRoom,
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

export async function toOutcome(
  room: OutcomeRoom,
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
  room: OutcomeRoom,
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
function wholeMs({ clockwork }: OutcomeRoom, { node, subJob, deadlineMs }: Delivery): number {
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
  room: OutcomeRoom,
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

async function lastPower(room: OutcomeRoom, { node, subJob }: Delivery): Promise<Power> {
  const driver = node && room.drivers[node.driver];
  if (!node || !driver) return 'unknown';
  try {
    return (await driver.readPower(node, { operation: subJob.operation, subJobId: subJob.id })).power;
  } catch {
    return 'unknown';
  }
}
