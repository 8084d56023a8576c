/**
 * The way in: a request becomes a job, one sub-job per server, and a change of state, in one transaction with a fixed
 * number of statements whatever the number of servers. Which state accepts what is read from the lifecycle table.
 */
import { conflict, IngotError, notFound, stateRefuses, type ErrorFacts } from '../core/errors.ts';
import { canonicalId, newId } from './ids.ts';
import type { OperationInput } from '../core/job.ts';
import { canAccept, firstTaskState, stateOf, statesAccepting, type Door } from '../core/lifecycle.ts';
import type { NodeStanding } from '../core/node.ts';
import type { RequestKey } from '../core/once.ts';
import { operationKinds, type Operation } from '../core/operations.ts';
import type { NewServer, Provisioning } from '../core/server.ts';
import type { Actor, LockedServer, Move, Plan, PlannedSubJob, Work } from '../core/work.ts';
import type { Clockwork } from './clockwork.ts';

export interface Request {
  door: Door;
  projectId: string;
  actor: Actor;
  operation: Operation;
  input: OperationInput;
  /** Under which the job can be found as an order. */
  orderId?: string;
}

/**
 * `mixed`: refused servers become failed sub-jobs as long as one is accepted; when all are refused the request is.
 * `all-async`: every refusal is a failed sub-job. `strict`: one refusal refuses all, and nothing is done.
 */
export type BatchRule = 'mixed' | 'all-async' | 'strict';

export interface Accepted {
  jobId: string;
  /** In the order asked, each once. */
  parts: { subJobId: string; serverId: string | null; nodeId: string | null; error: ErrorFacts | null }[];
}

/** A request that may be sent again; throws AnsweredBefore when it was. */
export interface Once extends RequestKey {
  toAnswer(accepted: Accepted): unknown;
}

export interface Submit {
  /** Throws not-found or state-refuses when nothing (by the rule) can be accepted. */
  forServers(request: Request, serverIds: string[], rule: BatchRule): Promise<Accepted>;
  /** Creates the records in Creating and the job that builds them. */
  create(
    request: Omit<Request, 'operation'>,
    servers: NewServer[],
    orderId: string | null,
    once?: Once,
  ): Promise<Accepted>;
  /** Power on machines, with the server that they carry or without one (CloudDC). */
  forNodes(request: Request, nodeIds: string[]): Promise<Accepted>;
  /** Puts a machine back to what the record says; the server's state is right already and does not move. */
  enforcePower(node: { id: string; projectId: string }, power: 'on' | 'off'): Promise<void>;
}

/** In any other somebody may have the hands inside the machine. */
const usableStandings: readonly NodeStanding[] = ['ready', 'in-use'];

export function createSubmit(work: Work, clockwork: Clockwork): Submit {
  return {
    async forServers(request, serverIds, rule) {
      const ids = [...new Set(serverIds.map(canonicalId))];
      let accepted: Accepted | undefined;
      await work.acceptForServers(request.projectId, ids, (servers) => {
        const refusals = ids.map((id) => findRefusal(request, id, servers.get(id)));
        const refused = refusals.find((refusal) => refusal !== null);
        const isRefused =
          rule === 'strict' ? refused !== undefined : rule === 'mixed' && refusals.every((it) => it !== null);
        if (refused && isRefused) throw new IngotError(refused);
        const plan = planFor(request, ids, servers, refusals, clockwork);
        accepted = toAccepted(plan);
        return plan;
      });
      return accepted!;
    },

    async create(request, servers, orderId, once) {
      const plan = planNew(request, servers, orderId, clockwork);
      const accepted = toAccepted(plan);
      if (once) {
        const { key, fingerprint, toAnswer } = once;
        plan.answered = { key, fingerprint, answer: toAnswer(accepted) };
      }
      await work.acceptNew(plan);
      return accepted;
    },

    async forNodes(request, nodeIds) {
      const ids = [...new Set(nodeIds.map(canonicalId))];
      let accepted: Accepted | undefined;
      await work.acceptForNodes(ids, (nodes, servers) => {
        const plan = emptyPlan(request, null);
        ids.forEach((id, position) => {
          const node = nodes.get(id);
          const server = node?.serverId ? servers.get(node.serverId) : undefined;
          const owner = server ? server.projectId : node?.projectId;
          // Under lock, for an idle machine may have got somebody else's server since the caller saw it.
          if (!node || (owner && owner !== request.projectId)) throw notFound('node', id);
          if (!usableStandings.includes(node.standing)) {
            throw conflict(`The node ${id} is ${node.standing}; power needs ready or in-use.`, 'node', id);
          }
          const refusal = node.serverId === null ? null : findRefusal(request, node.serverId, server);
          if (refusal) throw new IngotError(refusal);
          const subJob: PlannedSubJob = {
            id: newId(),
            position,
            serverId: node.serverId,
            nodeId: id,
            input: request.input,
            deadlineMs: clockwork.deadlineMs(stateOf(request.operation), node.driver),
            error: null,
          };
          plan.subJobs.push(subJob);
          if (server) plan.moves.push(toMove(request, server, subJob.id));
        });
        accepted = toAccepted(plan);
        return plan;
      });
      return accepted!;
    },

    async enforcePower({ id, projectId }, power) {
      const operation = power === 'on' ? 'start' : 'stop';
      const actor = { userId: 'engine', requestId: 'power-sync' };
      await work.acceptForNodes([id], (nodes) => {
        const plan = emptyPlan({ door: 'bms', projectId, actor, operation, input: {} }, null);
        const deadlineMs = clockwork.deadlineMs(stateOf(operation), nodes.get(id)!.driver);
        plan.subJobs = [
          { id: newId(), position: 0, serverId: null, nodeId: id, input: {}, deadlineMs, error: null },
        ];
        return plan;
      });
    },
  };
}

function findRefusal(request: Request, id: string, server: LockedServer | undefined): ErrorFacts | null {
  if (!server || server.state === 'Deleted') return notFound('server', id).facts;
  const { operation, door } = request;
  if (!canAccept(server.state, operation, door)) {
    return stateRefuses(id, operation, server.state, statesAccepting(operation, door)).facts;
  }
  if (server.locked) {
    return { kind: 'conflict', subject: 'server', id, operation, message: `The server ${id} is locked.` };
  }
  return null;
}

function planFor(
  request: Request,
  ids: string[],
  servers: Map<string, LockedServer>,
  refusals: (ErrorFacts | null)[],
  clockwork: Clockwork,
): Plan {
  const plan = emptyPlan(request, request.orderId ?? null);
  const to = stateOf(request.operation);
  ids.forEach((id, position) => {
    const server = servers.get(id);
    const error = refusals[position] ?? null;
    const subJob: PlannedSubJob = {
      id: newId(),
      position,
      serverId: id,
      nodeId: server?.nodeId ?? null,
      input: request.input,
      deadlineMs: clockwork.deadlineMs(to, server?.driver ?? null),
      error,
    };
    plan.subJobs.push(subJob);
    if (server && !error) plan.moves.push(toMove(request, server, subJob.id));
  });
  return plan;
}

function toMove(request: Request, server: LockedServer, subJobId: string): Move {
  const to = stateOf(request.operation);
  return {
    serverId: server.id,
    from: server.state,
    to,
    taskState: firstTaskState(to),
    deletingFrom: request.operation === 'delete' ? server.state : null,
    provisioning: toProvisioning(request, server),
    subJobId,
  };
}

/** CloudDC tells a reinstall of the same image from a switch to another one. */
function toProvisioning(request: Request, server: LockedServer): Provisioning | null {
  const { provisioning } = operationKinds[request.operation];
  const switches = request.input.imageId !== undefined && request.input.imageId !== server.imageId;
  return provisioning === 'reinstall' && switches ? 'switch-install' : (provisioning ?? null);
}

function planNew(
  request: Omit<Request, 'operation'>,
  servers: NewServer[],
  orderId: string | null,
  clockwork: Clockwork,
): Plan {
  const plan = emptyPlan({ ...request, operation: 'create' }, orderId);
  plan.newServers = servers;
  plan.subJobs = servers.map((server, position) => ({
    id: newId(),
    position,
    serverId: server.id,
    nodeId: null,
    input: server.nodeId === undefined ? request.input : { ...request.input, nodeId: server.nodeId },
    deadlineMs: clockwork.deadlineMs(stateOf('create'), null),
    error: null,
  }));
  return plan;
}

function emptyPlan(request: Request, orderId: string | null): Plan {
  return {
    job: {
      id: newId(),
      projectId: request.projectId,
      operation: request.operation,
      door: request.door,
      orderId,
    },
    actor: request.actor,
    newServers: [],
    moves: [],
    subJobs: [],
  };
}

function toAccepted(plan: Plan): Accepted {
  return {
    jobId: plan.job.id,
    parts: plan.subJobs.map(({ id, serverId, nodeId, error }) => ({ subJobId: id, serverId, nodeId, error })),
  };
}
