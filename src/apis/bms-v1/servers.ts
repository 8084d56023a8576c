/** Servers as records: detail, list, rename, create. */
import type { Static } from 'typebox';
import { IngotError, invalid, notFound } from '../../core/errors.ts';
import { statesShowing, type Status } from '../../core/lifecycle.ts';
import type { ServerFilter } from '../../core/server.ts';
import type { CreateWish } from '../../engine/create.ts';
import { callerOf, isId, ok, projectOf, single, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { checkName, checkPassword, checkUserData, toTags } from './rules.ts';
import { toRenamed, toServer, type CreateBody } from './wire.ts';

export async function show({ servers }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['server_id']!;
  const server = isId(id) ? await servers.find(id, projectOf(call)) : null;
  if (!server) throw new IngotError({ ...notFound('server', id).facts, code: 'detail' });
  return ok({ server: toServer(server) });
}

/** Pages are counted from 1 (V05): nothing given 25 of page 1; `offset` alone is a page of 1000. */
export async function list({ servers }: Cloud, call: Call): Promise<Answer> {
  const filter = toFilter(call);
  const offset = parseWhole(call, 'offset', 1, 1_000_000);
  const limit = parseWhole(call, 'limit', 1, 1_000) ?? (offset === undefined ? 25 : 1_000);
  const page = { limit, offset: ((offset ?? 1) - 1) * limit };
  const [found, count] = await Promise.all([servers.list(filter, page), servers.count(filter)]);
  return ok({ count, servers: found.map(toServer) });
}

const statuses: readonly string[] = [
  'ACTIVE',
  'BUILD',
  'ERROR',
  'HARD_REBOOT',
  'REBOOT',
  'REBUILD',
  'SHUTOFF',
  'DELETED',
];

function toFilter(call: Call): ServerFilter {
  const filter: ServerFilter = { projectId: projectOf(call) };
  const name = single(call, 'name');
  const flavorId = single(call, 'flavor');
  const reservationId = single(call, 'reservation_id');
  const tags = single(call, 'tags');
  const status = single(call, 'status')?.toUpperCase();
  if (name) filter.name = name;
  if (flavorId) filter.flavorId = flavorId;
  if (reservationId) filter.reservationId = reservationId;
  if (tags) filter.tags = tags.split(',');
  if (status) {
    if (!statuses.includes(status)) throw invalid(`status is one of ${statuses.join(', ')}.`, 'status');
    // Only administrators see deleted servers in lists.
    const isHidden = status === 'DELETED' && !callerOf(call).isAdmin;
    filter.states = isHidden ? [] : statesShowing(status as Status);
  }
  return filter;
}

function parseWhole(call: Call, name: string, least: number, most: number): number | undefined {
  const text = single(call, name);
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw invalid(`${name} must be a whole number from ${least} on.`, name);
  return Math.min(value, most);
}

export async function rename({ servers }: Cloud, call: Call): Promise<Answer> {
  const { server: wish } = call.body as { server: { name: string } };
  checkName(wish.name);
  const id = call.params['server_id']!;
  const server = isId(id) ? await servers.change(id, projectOf(call), { name: wish.name }) : null;
  if (!server) throw notFound('server', id);
  return ok({ server: toRenamed(server, call.origin) });
}

export async function create({ create }: Cloud, call: Call): Promise<Answer> {
  const orderId = `CS${toHex(call.requestId).slice(0, 15).toUpperCase()}`;
  const created = await create({ ...toWish(call), orderId });
  return ok({ order_id: orderId, job_id: toHex(created.jobId) });
}

/** Servers of one request at most (otc0106040941). */
const mostInOneRequest = 24;

function toWish(call: Call): CreateWish {
  const { server } = call.body as Static<typeof CreateBody>;
  const { user } = callerOf(call);
  const count = server.count ?? 1;
  if (count < 1 || count > mostInOneRequest) {
    throw invalid('The number of baremetal servers is out of range for one request.', 'count', 'BMS.0205');
  }
  checkName(server.name, count > 1 ? 58 : 63);
  if (server.user_data) checkUserData(server.user_data);
  const password = server.adminPass ?? server.metadata?.['admin_pass'];
  checkLogin(server.key_name, password, server.user_data);
  const hints = server.schedulerHints ?? server['os:scheduler_hints'];
  const { admin_pass: _, ...metadata } = server.metadata ?? {};
  const tags = toTags(server.server_tags);
  const enterprise = (server.extendparam as Record<string, unknown>)['enterprise_project_id'];
  return {
    door: 'bms',
    projectId: projectOf(call),
    actor: { userId: user.id, requestId: call.requestId },
    name: server.name,
    flavorId: server.flavorRef,
    imageId: server.imageRef.split('/').at(-1)!,
    zone: server.availability_zone,
    vpcId: server.vpcid,
    nics: server.nics.map((nic) => ({
      networkId: nic.subnet_id ?? '',
      ip: nic.ip_address || null,
      portId: nic.port_id || null,
    })),
    count,
    nameOf: (name, index) => `${name}-${String(index).padStart(4, '0')}`,
    ...(server.key_name ? { keyName: server.key_name } : {}),
    ...(server.user_data ? { userData: server.user_data } : {}),
    ...(password ? { password } : {}),
    metadata,
    tags,
    schedulerHints: hints?.dec_baremetal === 'dedicate' ? { dec_baremetal: ['dedicate'] } : {},
    ...(typeof enterprise === 'string' ? { enterpriseProjectId: enterprise } : {}),
    checkCapacity: true,
    rollBack: true,
  };
}

/** Exactly one of key pair and password; a password may also come inside the user data. */
function checkLogin(
  keyName: string | undefined,
  password: string | undefined,
  userData: string | undefined,
): void {
  const hasKey = Boolean(keyName);
  const hasPassword = Boolean(password);
  if (hasKey === hasPassword && !(userData && !hasKey)) {
    throw invalid('none or multiple passwords specified, please specify one.', 'adminPass', 'BMS.0111');
  }
  if (password) checkPassword(password);
}
