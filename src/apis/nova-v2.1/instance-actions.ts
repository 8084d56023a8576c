/** What was done to a server and what came of it (ECS os-instance-actions), read from its sub-jobs. */
import { alterationKinds, type Alteration } from '../../core/alteration.ts';
import { IngotError, invalid, notFound } from '../../core/errors.ts';
import { hasEnded } from '../../core/job.ts';
import { operationKinds, type Operation } from '../../core/operations.ts';
import type { ServerSubJob } from '../../core/records.ts';
import type { Server } from '../../core/server.ts';
import { ok, single, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { toRequestId } from './microversion.ts';
import { cutPage, parseChangesSince, parseLimit } from './paging.ts';
import { findRecord } from './servers.ts';
import { toMicroseconds } from './wire.ts';

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

/** In pages from 2.58 on. */
export async function list(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const server = await getServer(cloud, call);
  if (call.minor < 58) {
    const parts = await cloud.jobs.listOfServer(server.id, { limit: mostListed });
    return ok({ instanceActions: parts.map((part) => toAction(call, part)) });
  }
  const marker = single(call, 'marker');
  const before = marker === undefined ? null : await findPart(cloud, server.id, marker);
  if (marker !== undefined && !before) throw invalid(`Marker ${marker} could not be found.`, 'marker');
  const changedSince = parseChangesSince(call);
  const found = await cloud.jobs.listOfServer(server.id, {
    limit: parseLimit(call) + 1,
    ...(before ? { before } : {}),
    ...(changedSince ? { changedSince } : {}),
  });
  const path = `/servers/${server.id}/os-instance-actions`;
  const { items, links } = cutPage(call, null, path, found, ({ requestId }) => toRequestId(requestId));
  return ok({ instanceActions: items.map((part) => toAction(call, part)), ...links });
}

export async function show(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const id = call.params['request_id']!;
  const server = await getServer(cloud, call);
  const part = await findPart(cloud, server.id, id);
  if (!part) {
    const message = `Action for request_id ${id} on instance ${call.params['server_id']} not found`;
    throw new IngotError({ ...notFound('action', id).facts, message });
  }
  return ok({ instanceAction: { ...toAction(call, part), events: [toEvent(part)] } });
}

async function findPart(cloud: Cloud, serverId: string, requestId: string): Promise<ServerSubJob | null> {
  const bare = requestId.replace(/^req-/, '').replaceAll('-', '');
  const part = await cloud.jobs.findOfServer(serverId, bare);
  return part && toRequestId(part.requestId) === requestId ? part : null;
}

/** From 2.21 on also one that is deleted. */
async function getServer(cloud: Cloud, call: NovaCall): Promise<Server> {
  const server = await findRecord(cloud, call);
  if (!server || (server.state === 'Deleted' && call.minor < 21)) {
    throw notFound('server', call.params['server_id']!);
  }
  return server;
}

function toAction(call: NovaCall, part: ServerSubJob) {
  return {
    action: kinds[part.operation].novaAction,
    instance_uuid: part.serverId,
    request_id: toRequestId(part.requestId),
    user_id: part.userId,
    project_id: part.projectId,
    start_time: toMicroseconds(part.createdAt),
    message: part.error?.message ?? null,
    ...(call.minor >= 58 && { updated_at: toMicroseconds(part.changedAt) }),
  };
}

function toEvent(part: ServerSubJob) {
  return {
    event: eventNames[part.operation],
    start_time: toMicroseconds(part.beganAt ?? part.createdAt),
    finish_time: toMicroseconds(part.endedAt),
    result: hasEnded(part.status) ? (part.error ? 'Error' : 'Success') : null,
    traceback: null,
  };
}
