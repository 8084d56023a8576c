/** The query of a server list (otc0000002340063012). Filters that nobody knows are ignored, as upstream does. */
import { invalid, notAllowed } from '../../core/errors.ts';
import { statesShowing, type Status } from '../../core/lifecycle.ts';
import type { ServerFilter, ServerPage } from '../../core/server.ts';
import { callerOf, isId, projectOf, single } from '../api.ts';
import type { NovaCall } from './cloud.ts';
import { checkNamePattern } from './name-pattern.ts';
import { listOf, parseChangesSince, parseSort } from './paging.ts';
import { toId } from './rules.ts';

const sortKeys: Record<string, NonNullable<ServerPage['sort']>[number]['key']> = {
  uuid: 'id',
  id: 'id',
  display_name: 'name',
  name: 'name',
  created_at: 'created',
  updated_at: 'updated',
  availability_zone: 'zone',
  // All three follow from the state.
  vm_state: 'state',
  task_state: 'state',
  power_state: 'state',
};

/** Newest first by default. */
export function toPage(call: NovaCall): Omit<ServerPage, 'limit'> {
  const sort = parseSort(call, sortKeys, 'desc');
  const marker = single(call, 'marker');
  return {
    ...(sort.length > 0 ? { sort } : {}),
    ...(marker === undefined ? {} : { marker }),
  };
}

export function toFilter(call: NovaCall): ServerFilter {
  const filter: ServerFilter = { projectId: toProjectId(call) };
  const name = single(call, 'name');
  const flavorId = single(call, 'flavor');
  const imageId = single(call, 'image');
  const reservationId = single(call, 'reservation_id');
  const ip = single(call, 'ip');
  const tags = single(call, 'tags');
  const ids = listOf(call, 'uuid');
  const changesSince = parseChangesSince(call);
  if (name) {
    checkNamePattern(name);
    Object.assign(filter, { name, nameIsPattern: true });
  }
  if (flavorId) filter.flavorId = toId(flavorId);
  if (imageId) filter.imageId = toId(imageId);
  if (reservationId) filter.reservationId = reservationId;
  if (ip) filter.ip = ip;
  if (tags && call.minor >= 26) filter.tags = tags.split(',');
  if (ids.length > 0) filter.ids = ids.filter(isId);
  // Whoever follows changes wants to see what has gone, too.
  if (changesSince) Object.assign(filter, { changesSince, withDeleted: true });
  const states = toStates(call);
  if (states) filter.states = states;
  return filter;
}

/** `all_tenants` is for administrators, who may narrow it to one project again. */
function toProjectId(call: NovaCall): string | null {
  const isAsked = isTrue(single(call, 'all_tenants') ?? single(call, 'all_projects') ?? 'false');
  if (!isAsked) return projectOf(call);
  if (!callerOf(call).isAdmin) {
    throw notAllowed("Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed.");
  }
  return single(call, 'project_id') ?? single(call, 'tenant_id') ?? null;
}

/** What upstream's servers may show; ours show some of them. */
const knownStatuses = new Set(
  (
    'ACTIVE BUILD DELETED ERROR HARD_REBOOT MIGRATING PASSWORD PAUSED REBOOT REBUILD RESCUE RESIZE REVERT_RESIZE ' +
    'SHELVED SHELVED_OFFLOADED SHUTOFF SOFT_DELETED SUSPENDED UNKNOWN VERIFY_RESIZE'
  ).split(' '),
);

/** `status` in any case and several times; one that no server can show finds none, and from 2.38 on one that none knows is refused. */
function toStates(call: NovaCall): ServerFilter['states'] {
  const { isAdmin } = callerOf(call);
  const statuses = listOf(call, 'status').map((status) => status.toUpperCase());
  if (statuses.includes('DELETED') && !isAdmin) {
    throw notAllowed('Only administrators may list deleted instances');
  }
  const unknown = statuses.find((status) => !knownStatuses.has(status));
  if (unknown !== undefined && call.minor >= 38) {
    throw invalid(`Invalid status value: ${unknown}`, 'status');
  }
  if (statuses.length > 0) return statuses.flatMap((status) => statesShowing(status as Status));
  return isAdmin && isTrue(single(call, 'deleted') ?? 'false') ? statesShowing('DELETED') : undefined;
}

/** A bare word counts as yes ("?all_tenants"). */
function isTrue(text: string): boolean {
  return ['', '1', 't', 'true', 'on', 'y', 'yes'].includes(text.toLowerCase());
}
