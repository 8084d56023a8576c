/**
 * Why a server stands where it stands: what is waited for, what was seen last, when it is looked at again, what happens
 * otherwise and what to do about it. Computed from the server's record and its latest sub-job; asks no hardware.
 */
import { hasEnded, type SubJob } from '../../core/job.ts';
import { remediesLeft } from '../../core/lifecycle.ts';
import type { ErrorFacts } from '../../core/errors.ts';
import type { Server } from '../../core/server.ts';
import { toFailure } from './errors.ts';

type Subject = Pick<Server, 'id' | 'state' | 'taskState' | 'fault' | 'nodeName' | 'flavorId' | 'zone'>;

export function explain(server: Subject, latest: SubJob | null, now: number) {
  const isOpen = latest !== null && !hasEnded(latest.status);
  const error = isOpen ? null : whatFailed(server, latest);
  return {
    server_id: server.id,
    state: server.state,
    task_state: server.taskState,
    under_way: isOpen,
    /** The operation under way, or the last one. */
    operation: latest?.operation ?? null,
    job_id: latest?.jobId ?? null,
    status: latest?.status ?? null,
    step: latest?.step ?? null,
    expected_signal: isOpen ? expectedSignal(latest) : null,
    evidence: latest?.evidence ?? null,
    evidence_at: latest?.evidenceAt ?? null,
    evidence_age_seconds: latest?.evidenceAt
      ? Math.max(0, Math.round((now - latest.evidenceAt.getTime()) / 100) / 10)
      : null,
    next_retry_at: isOpen ? latest.runAt : null,
    deadline_at: isOpen ? latest.deadlineAt : null,
    remedies_tried: latest?.remedies ?? [],
    /** What the engine does by itself when the deadline passes; null: the operation fails then. */
    remedy_at_deadline: isOpen ? (remediesLeft(server.state, latest.remedies)[0] ?? null) : null,
    suggested_remedy: isOpen ? whileWaiting(server, latest) : error && afterFailure(server, error),
    error: error && toFailure(error),
  };
}

function expectedSignal({ status, waitsFor }: SubJob): string {
  if (status === 'queued') return 'its turn';
  return waitsFor ?? 'the end of the step under way';
}

/** The hardware's own fault, or the error of the last operation. */
function whatFailed({ state, fault }: Subject, latest: SubJob | null): ErrorFacts | null {
  if (state === 'Faulty' && fault && fault.operation === null) {
    return { kind: fault.kind, message: fault.message };
  }
  if (latest?.error) return latest.error;
  return fault && { kind: fault.kind, message: fault.message };
}

function whileWaiting({ id, nodeName }: Subject, { waitsFor, checkpoint }: SubJob): string | null {
  if (waitsFor === 'the BMC to answer') {
    return `See to it that the BMC of node ${nodeName} can be reached; then POST /admin/v1/servers/${id}/retry.`;
  }
  // Nothing is wrong until something has failed: the engine is at work.
  return checkpoint.failures ? `Look at node ${nodeName}, or wait for the deadline.` : null;
}

function afterFailure({ id, state, nodeName, flavorId, zone }: Subject, { kind }: ErrorFacts): string | null {
  if (kind === 'no-capacity' || (kind === 'deadline' && nodeName === null)) {
    return `Enrol a node of flavor ${flavorId} in zone ${zone}, clear a quarantined one, or delete the server.`;
  }
  if (state === 'Faulty') {
    const repair = nodeName === null ? '' : `repair node ${nodeName}, then `;
    return `Delete the server; or ${repair}ingot server clear-fault ${id}.`;
  }
  if (state === 'Reinstalling OS failed') return 'Ask for the reinstallation again, or delete the server.';
  if (kind === 'hardware' || kind === 'deadline') {
    return `Look at the BMC of node ${nodeName}, then ask for the operation again.`;
  }
  return null;
}
