/** What projects have used (upstream's api-ref, "Usage reports"): the hours of their servers, from when they came up. */
import { invalid, notAllowed } from '../../core/errors.ts';
import { toVmState } from '../../core/lifecycle.ts';
import type { ProjectUsage, ServerUsage, UsageQuery } from '../../core/usage.ts';
import { callerOf, ok, projectOf, single, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { linkToNext, parseLimit } from './paging.ts';

const root = '/os-simple-tenant-usage';
/** From there on there are pages, of servers: a project may be on several of them, and the reader adds up. */
const withPages = 40;

/** Of all projects, for operators. */
export async function listUsages({ usages }: Cloud, call: NovaCall): Promise<Answer> {
  const isDetailed = single(call, 'detailed') === '1';
  const query = parseQuery(call, null, isDetailed);
  const found = await usages.list(query);
  return ok({
    tenant_usages: found.map((usage) => toUsage(query, usage, isDetailed)),
    ...toLinks(call, 'tenant_usages_links', root, query, found),
  });
}

/**
 * Nothing but zeros where there was no server in that time. Upstream answers an empty object, over which the newest command
 * of OpenStack stumbles (seen of python-openstackclient 10.5).
 */
export async function showUsage({ usages }: Cloud, call: NovaCall): Promise<Answer> {
  const id = call.params['usage_project_id']!;
  if (id !== projectOf(call) && !callerOf(call).isAdmin) {
    throw notAllowed("Policy doesn't allow os_compute_api:os-simple-tenant-usage:show to be performed.");
  }
  const query = parseQuery(call, id, true);
  const found = await usages.list(query);
  return ok({
    tenant_usage: toUsage(query, found[0] ?? { ...nothing, projectId: id }, true),
    ...toLinks(call, 'tenant_usage_links', `${root}/${id}`, query, found),
  });
}

const nothing = { hours: 0, vcpus: 0, ramMib: 0, diskGb: 0, servers: [] };

function parseQuery(call: NovaCall, projectId: string | null, isDetailed: boolean): UsageQuery {
  const now = new Date();
  const from = parseMoment(call, 'start') ?? now;
  const to = parseMoment(call, 'end') ?? now;
  if (from > to) {
    throw invalid('Invalid start time. The start time cannot occur after the end time.', 'start');
  }
  if (call.minor < withPages) return { projectId, from, to, isDetailed };
  const marker = single(call, 'marker');
  const page = { limit: parseLimit(call), ...(marker !== undefined && { marker }) };
  // The last server of a page is the marker of the next one, so that they are read in any case.
  return { projectId, from, to, isDetailed: true, page };
}

/** In UTC, in one of the forms that upstream reads. */
function parseMoment(call: NovaCall, name: string): Date | undefined {
  const text = single(call, name);
  if (text === undefined) return undefined;
  const isForm = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?$/.test(text);
  const moment = isForm ? new Date(`${text.replace(' ', 'T')}Z`) : null;
  if (moment && !Number.isNaN(moment.getTime())) return moment;
  throw invalid('Datetime is in invalid format', name);
}

function toLinks(call: NovaCall, name: string, path: string, query: UsageQuery, found: ProjectUsage[]) {
  const ids = found.flatMap(({ servers }) => servers.map(({ id }) => id)).sort();
  if (!query.page || ids.length < query.page.limit) return {};
  return { [name]: linkToNext(call, path, ids.at(-1)!) };
}

function toUsage({ from, to }: UsageQuery, usage: ProjectUsage, isDetailed: boolean) {
  return {
    tenant_id: usage.projectId,
    start: toMoment(from),
    stop: toMoment(to),
    total_hours: usage.hours,
    total_vcpus_usage: usage.vcpus,
    total_memory_mb_usage: usage.ramMib,
    total_local_gb_usage: usage.diskGb,
    ...(isDetailed && { server_usages: usage.servers.map(toServerUsage) }),
  };
}

function toServerUsage({ launchedAt, terminatedAt, state, deletingFrom, ...server }: ServerUsage) {
  const until = terminatedAt ?? new Date();
  return {
    instance_id: server.id,
    tenant_id: server.projectId,
    name: server.name,
    flavor: server.flavorName,
    vcpus: server.vcpus,
    memory_mb: server.ramMib,
    local_gb: server.diskGb,
    hours: server.hours,
    started_at: toMoment(launchedAt),
    ended_at: terminatedAt && toMoment(terminatedAt),
    state: terminatedAt || state === null ? 'terminated' : toVmState({ state, deletingFrom }),
    uptime: Math.round((until.getTime() - launchedAt.getTime()) / 1_000),
  };
}

/** Without a zone, with microseconds: how clients parse it (novaclient/v2/usage.py). */
function toMoment(moment: Date): string {
  return moment.toISOString().replace('Z', '000');
}
