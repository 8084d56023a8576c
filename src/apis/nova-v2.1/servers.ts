/** Servers as records: detail, lists, change of name. */
import type { Static } from 'typebox';
import { notFound } from '../../core/errors.ts';
import type { Server, ServerFacts } from '../../core/server.ts';
import { callerOf, isId, ok, projectOf, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { cutPage, parseLimit } from './paging.ts';
import { toFilter, toPage } from './server-query.ts';
import { toEntry, toServer, type UpdateBody } from './wire.ts';

/** Administrators reach the servers of all projects. A name in place of the id is not found, never invalid. */
export async function findRecord({ servers }: Cloud, call: NovaCall): Promise<Server | null> {
  const id = call.params['server_id']!;
  return isId(id) ? servers.find(id, callerOf(call).isAdmin ? null : projectOf(call)) : null;
}

/** Deleted servers are gone here, while BMS v1 still shows them for a while. */
export async function getServer(cloud: Cloud, call: NovaCall): Promise<Server> {
  const server = await findRecord(cloud, call);
  if (!server || server.state === 'Deleted') throw notFound('server', call.params['server_id']!);
  return server;
}

/** Changes facts by what they are; administrators reach the servers of all projects here too. */
export async function revise(
  cloud: Cloud,
  call: NovaCall,
  decide: (server: Server) => Partial<ServerFacts>,
): Promise<Server> {
  const { id, projectId } = await getServer(cloud, call);
  const server = await cloud.servers.revise(id, projectId, decide);
  if (!server) throw notFound('server', id);
  return server;
}

export async function show(cloud: Cloud, call: NovaCall): Promise<Answer> {
  return ok({ server: toServer(call, await getServer(cloud, call)) });
}

const listAs =
  (path: string, toItem: (call: NovaCall, server: Server) => unknown) =>
  async ({ servers }: Cloud, call: NovaCall): Promise<Answer> => {
    const page = { ...toPage(call), limit: parseLimit(call) + 1 };
    const found = await servers.list(toFilter(call), page);
    const { items, links } = cutPage(call, 'servers', path, found, ({ id }) => id);
    return ok({ servers: items.map((server) => toItem(call, server)), ...links });
  };

export const list = listAs('/servers', toEntry);
export const listDetails = listAs('/servers/detail', toServer);

export async function update(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const { server: wish } = call.body as Static<typeof UpdateBody>;
  const { id, projectId } = await getServer(cloud, call);
  const server = await cloud.servers.change(id, projectId, {
    ...(wish.name === undefined ? {} : { name: wish.name }),
    ...(call.minor >= 19 && wish.description !== undefined ? { description: wish.description ?? '' } : {}),
  });
  if (!server) throw notFound('server', id);
  return ok({ server: toServer(call, server) });
}
