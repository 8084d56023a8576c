/** What was done to a server and what came of it (ECS os-instance-actions), read from its sub-jobs. */
import { alterationKinds, type Alteration } from '../../core/alteration.ts';
import { IngotError, notFound } from '../../core/errors.ts';
import { hasEnded } from '../../core/job.ts';
import { operationKinds, type Operation } from '../../core/operations.ts';
import { ok, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { toRequestId } from './microversion.ts';
import { findRecord } from './servers.ts';
import { toMicroseconds } from './wire.ts';

type Part = Awaited<ReturnType<Cloud['jobs']['listOfServer']>>[number];

const mostListed = 1_000;

/** Names of events are those of upstream's compute manager. */
const eventNames: Record<Operation | Alteration, string> = {
  create: 'compute__do_build_and_run_instance',
  start: 'compute_start_instance',
  stop: 'compute_stop_instance',
  restart: 'compute_reboot_instance',
  'force-restart': 'compute_reboot_instance',
  'reinstall-os': 'compute_rebuild_instance',
  rebuild: 'compute_rebuild_instance',
  delete: 'compute_terminate_instance',
  'add-nic': 'compute_attach_interface',
  'remove-nic': 'compute_detach_interface',
  'attach-volume': 'compute_attach_volume',
  'detach-volume': 'compute_detach_volume',
};

const kinds = { ...operationKinds, ...alterationKinds };

export async function list(cloud: Cloud, call: NovaCall): Promise<Answer> {
  return ok({ instanceActions: (await listParts(cloud, call)).map(toAction) });
}

export async function show(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const id = call.params['request_id']!;
  const part = (await listParts(cloud, call)).find(({ requestId }) => toRequestId(requestId) === id);
  if (!part) {
    const message = `Action for request_id ${id} on instance ${call.params['server_id']} not found`;
    throw new IngotError({ ...notFound('action', id).facts, message });
  }
  return ok({ instanceAction: { ...toAction(part), events: [toEvent(part)] } });
}

/** From 2.21 on also of servers that are deleted. */
async function listParts(cloud: Cloud, call: NovaCall): Promise<Part[]> {
  const server = await findRecord(cloud, call);
  if (!server || (server.state === 'Deleted' && call.minor < 21)) {
    throw notFound('server', call.params['server_id']!);
  }
  return cloud.jobs.listOfServer(server.id, { limit: mostListed });
}

function toAction(part: Part) {
  return {
    action: kinds[part.operation].novaAction,
    instance_uuid: part.serverId,
    request_id: toRequestId(part.requestId),
    user_id: part.userId,
    project_id: part.projectId,
    start_time: toMicroseconds(part.createdAt),
    message: part.error?.message ?? null,
  };
}

function toEvent(part: Part) {
  return {
    event: eventNames[part.operation],
    start_time: toMicroseconds(part.beganAt ?? part.createdAt),
    finish_time: toMicroseconds(part.endedAt),
    result: hasEnded(part.status) ? (part.error ? 'Error' : 'Success') : null,
    traceback: null,
  };
}
