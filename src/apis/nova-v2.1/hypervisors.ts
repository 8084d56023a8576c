/**
 * Machines as Nova shows those of Ironic: each a hypervisor that is called as servers say in `hypervisor_hostname`, and is
 * taken whole. For operators (upstream's api-ref, "Hypervisors").
 */
import { createHash } from 'node:crypto';
import { IngotError, invalid, notFound } from '../../core/errors.ts';
import { numberOf, type NodeSize, type NodeSizeFilter } from '../../core/node-sizes.ts';
import { isId, ok, single, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { cutPage, parseLimit } from './paging.ts';

/** From there on there are pages. */
const withPages = 33;
/** From there on ids are UUIDs, and a query looks for names and for servers. */
const withUuids = 53;
const withCpuObject = 28;

type Show = (call: NovaCall, size: NodeSize) => Record<string, unknown>;

export function list(cloud: Cloud, call: NovaCall): Promise<Answer> {
  return answerPage(cloud, call, '/os-hypervisors', toBrief);
}

export function listDetails(cloud: Cloud, call: NovaCall): Promise<Answer> {
  return answerPage(cloud, call, '/os-hypervisors/detail', toDetails);
}

async function answerPage({ nodeSizes }: Cloud, call: NovaCall, path: string, show: Show): Promise<Answer> {
  const namePart = call.minor >= withUuids ? single(call, 'hypervisor_hostname_pattern') : undefined;
  const filter = namePart === undefined ? {} : { namePart };
  // Before there were pages, all were listed.
  if (call.minor < withPages) {
    const all = await nodeSizes.list(filter, { limit: Number.MAX_SAFE_INTEGER });
    return ok({ hypervisors: all.map((size) => show(call, size)) });
  }
  const marker = single(call, 'marker');
  const page = {
    limit: parseLimit(call) + 1,
    ...(marker && { marker: await toNodeId(nodeSizes, call, marker) }),
  };
  const found = await nodeSizes.list(filter, page);
  if (namePart !== undefined && found.length === 0) throw noMatch(namePart);
  const { items, links } = cutPage(call, 'hypervisors', path, found, ({ id }) => String(toId(call, id)));
  return ok({ hypervisors: items.map((size) => show(call, size)), ...links });
}

export async function show({ nodeSizes }: Cloud, call: NovaCall): Promise<Answer> {
  return ok({ hypervisor: toDetails(call, await getSize(nodeSizes, call)) });
}

/** Before 2.53, where the list does not look for names. */
export async function search({ nodeSizes }: Cloud, call: NovaCall): Promise<Answer> {
  const namePart = call.params['id']!;
  if (call.minor >= withUuids) throw notFound('path', call.path);
  const found = await nodeSizes.list({ namePart }, { limit: Number.MAX_SAFE_INTEGER });
  if (found.length === 0) throw noMatch(namePart);
  return ok({ hypervisors: found.map((size) => toBrief(call, size)) });
}

/** Nobody asks the systems of tenants; Nova with Ironic has none either, and clients go on without. */
export async function showUptime({ nodeSizes }: Cloud, call: NovaCall): Promise<Answer> {
  await getSize(nodeSizes, call);
  const message = 'Virt driver does not implement uptime function.';
  throw new IngotError({ kind: 'invalid', code: 'not-implemented', message });
}

export async function showStatistics({ nodeSizes }: Cloud): Promise<Answer> {
  const sum = await nodeSizes.sum();
  const amounts = {
    vcpus: sum.cpuCores,
    vcpus_used: sum.cpuCoresTaken,
    ...toMemoryAndDisk(sum, { memoryMib: sum.memoryMibTaken, diskGb: sum.diskGbTaken }),
    running_vms: sum.servers,
    current_workload: sum.busy,
  };
  return ok({ hypervisor_statistics: { count: sum.nodes, ...amounts } });
}

/** There are no host aggregates: what machines have in common is their flavor and their zone. */
export async function listAggregates(): Promise<Answer> {
  return ok({ aggregates: [] });
}

async function getSize(nodeSizes: Cloud['nodeSizes'], call: NovaCall): Promise<NodeSize> {
  const id = call.params['id']!;
  const [size] = await nodeSizes.list(toFilter(call, id), { limit: 1 });
  if (size) return size;
  const message = `Hypervisor with ID '${id}' could not be found.`;
  throw new IngotError({ ...notFound('hypervisor', id).facts, message });
}

async function toNodeId(nodeSizes: Cloud['nodeSizes'], call: NovaCall, marker: string): Promise<string> {
  if (call.minor >= withUuids) return marker;
  const [size] = await nodeSizes.list(toFilter(call, marker), { limit: 1 });
  return size?.id ?? marker;
}

function toFilter({ minor }: NovaCall, id: string): NodeSizeFilter {
  if (minor < withUuids) return { number: /^\d{1,16}$/.test(id) ? Number(id) : -1 };
  if (!isId(id)) throw invalid(`Invalid uuid ${id}`, 'id');
  return { id };
}

function noMatch(namePart: string): IngotError {
  const message = `No hypervisor matching '${namePart}' could be found.`;
  return new IngotError({ ...notFound('hypervisor', namePart).facts, message });
}

function toId({ minor }: NovaCall, id: string): string | number {
  return minor >= withUuids ? id : numberOf(id);
}

/** One that takes servers is enabled; one whose BMC does not answer is down. */
function toBrief(call: NovaCall, { id, name, standing, power, server }: NodeSize) {
  const servers = server ? [{ name: server.name, uuid: server.id }] : null;
  return {
    id: toId(call, id),
    hypervisor_hostname: name,
    state: power === 'unknown' ? 'down' : 'up',
    status: isEnabled(standing) ? 'enabled' : 'disabled',
    ...(servers && wantsServers(call) && { servers }),
  };
}

function isEnabled(standing: NodeSize['standing']): boolean {
  return standing === 'ready' || standing === 'in-use';
}

function wantsServers(call: NovaCall): boolean {
  return call.minor >= withUuids && /^(1|t|true|on|y|yes)$/i.test(single(call, 'with_servers') ?? '');
}

function toDetails(call: NovaCall, size: NodeSize) {
  const { zone, standing, note, server, cpuCores, cpuModel } = size;
  const host = `bms.${zone}`;
  const cpu = { model: cpuModel, topology: { cores: cpuCores } };
  return {
    ...toBrief(call, size),
    hypervisor_type: 'ironic',
    hypervisor_version: 1,
    // The way to a BMC is the operator's alone.
    host_ip: null,
    cpu_info: call.minor >= withCpuObject ? cpu : JSON.stringify(cpu),
    vcpus: cpuCores,
    vcpus_used: server ? cpuCores : 0,
    ...toMemoryAndDisk(size, server ? size : { memoryMib: 0, diskGb: 0 }),
    running_vms: server ? 1 : 0,
    current_workload: server?.taskState ? 1 : 0,
    service: {
      id: toId(call, idOfService(host)),
      host,
      disabled_reason: isEnabled(standing) ? null : note || standing,
    },
  };
}

type Amounts = Pick<NodeSize, 'memoryMib' | 'diskGb'>;

function toMemoryAndDisk(all: Amounts, taken: Amounts) {
  return {
    memory_mb: all.memoryMib,
    memory_mb_used: taken.memoryMib,
    free_ram_mb: all.memoryMib - taken.memoryMib,
    local_gb: all.diskGb,
    local_gb_used: taken.diskGb,
    free_disk_gb: all.diskGb - taken.diskGb,
    disk_available_least: all.diskGb - taken.diskGb,
  };
}

/** The host of a zone, which servers show, as a service: always the same id. */
function idOfService(host: string): string {
  const hex = createHash('sha256').update(host).digest('hex').slice(0, 32);
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
}
