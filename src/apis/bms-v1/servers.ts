/** Servers as records: detail, list, rename. */
import { IngotError, invalid, notFound } from '../../core/errors.ts';
import { statesShowing, type Status } from '../../core/lifecycle.ts';
import type { Server, ServerFilter } from '../../core/server.ts';
import { callerOf, isId, ok, projectOf, single, type Answer, type Call } from '../api.ts';
import { countsRecords, toStatusFor } from '../client-habits.ts';
import type { Cloud } from './cloud.ts';
import { checkName } from './rules.ts';
import { toRenamed, toServer, toSlimServer } from './wire.ts';

export async function show({ servers }: Cloud, call: Call): Promise<Answer> {
  const id = call.params['server_id']!;
  const server = isId(id) ? await servers.find(id, projectOf(call)) : null;
  if (!server) throw new IngotError({ ...notFound('server', id).facts, code: 'detail' });
  return ok({ server: { ...toServer(server), status: toStatusFor(call, server) } });
}

/** For all other calls an unknown server is a bad request (BMS.0040). */
export async function getServer({ servers }: Cloud, call: Call): Promise<Server> {
  const id = call.params['server_id']!;
  const server = isId(id) ? await servers.find(id, projectOf(call)) : null;
  if (!server || server.state === 'Deleted') throw notFound('server', id);
  return server;
}

/** Pages are counted from 1 (V05): nothing given 25 of page 1; `offset` alone is a page of 1000. */
const listAs =
  (toItem: (server: Server) => unknown) =>
  async ({ servers }: Cloud, call: Call): Promise<Answer> => {
    const filter = toFilter(call);
    const page = toPage(call);
    const [found, count] = await Promise.all([servers.list(filter, page), servers.count(filter)]);
    return ok({ count, servers: found.map(toItem) });
  };

function toPage(call: Call): { limit: number; offset: number } {
  const offset = parseWhole(call, 'offset', 1, 1_000_000);
  const asked = parseWhole(call, 'limit', 1, 1_000);
  const limit = asked ?? (offset === undefined ? 25 : 1_000);
  if (offset !== undefined && asked === undefined && countsRecords(call)) return { limit, offset };
  return { limit, offset: ((offset ?? 1) - 1) * limit };
}

export const list = listAs(toServer);
/** v1.1 (hw0645). Its page would leave the list empty without `offset`; nobody can want that. */
export const listSlim = listAs(toSlimServer);

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
