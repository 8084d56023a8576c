/** Nova as a client sees it: the few calls that its tests share. */
import { expect } from 'vitest';
import { firstTaskState, type State } from '../../src/core/lifecycle.ts';
import { tokenFor } from './callers.ts';
import type { Cloud, Reply } from './cloud.ts';

export interface Nova {
  imageId: string;
  flavorId: string;
  network: { id: string; name: string };
  /** On `/v2.1/{project}`, with microversion 2.NN when one is given. */
  call(method: string, path: string, body?: unknown, minor?: number | string): Promise<Reply>;
  get(path: string, minor?: number | string): Promise<Reply>;
  /** A body that create accepts, with changes. */
  createBody(change?: object): { server: object };
  /** A new server that has come to rest. */
  make(change?: object): Promise<string>;
  act(id: string, action: unknown, userAgent?: string): Promise<Reply>;
  show(id: string, minor?: number): Promise<Reply['body']>;
  /** Until nothing is under way; the server as it is then. */
  rest(id: string): Promise<Reply['body']>;
  /** Puts a server that rests into any state, at its beginning. */
  force(id: string, state: State): Promise<void>;
  /** A token of somebody with one role in one project, which is made when it is new. */
  tokenFor(role: 'admin' | 'member' | 'reader', projectId: string): Promise<string>;
}

export async function useNova(cloud: Cloud): Promise<Nova> {
  const { sql } = cloud;
  const image = await sql.query<{ id: string }>('select id from images order by name limit 1');
  const networks = await sql.query<{ id: string; name: string }>('select id, name from networks');
  const flavor = await sql.query<{ id: string }>('select flavor_id as id from nodes limit 1');
  const network = networks.rows[0]!;

  const call: Nova['call'] = (method, path, body, minor) =>
    cloud.call(
      method,
      `/v2.1/{p}${path}`,
      body,
      minor === undefined ? {} : { 'x-openstack-nova-api-version': toVersion(minor) },
    );
  const get: Nova['get'] = (path, minor) => call('GET', path, undefined, minor);
  const show: Nova['show'] = async (id, minor = 26) => (await get(`/servers/${id}`, minor)).body.server;
  const createBody = (change: object = {}) => ({
    server: {
      name: 'web',
      imageRef: image.rows[0]!.id,
      flavorRef: flavor.rows[0]!.id,
      networks: [{ uuid: network.id }],
      ...change,
    },
  });
  async function rest(id: string): Promise<Reply['body']> {
    await cloud.until(
      () => sql.query('select 1 from sub_jobs where server_id = $1 and ended_at is null', [id]),
      ({ rows }) => rows.length === 0,
    );
    return show(id);
  }

  return {
    imageId: image.rows[0]!.id,
    flavorId: flavor.rows[0]!.id,
    network,
    call,
    get,
    show,
    createBody,
    rest,
    async make(change) {
      const asked = await call('POST', '/servers', createBody(change));
      if (asked.status !== 202) throw new Error(`create: ${asked.status} ${JSON.stringify(asked.body)}`);
      await rest(asked.body.server.id);
      return asked.body.server.id;
    },
    act: (id, action, userAgent) =>
      cloud.call(
        'POST',
        `/v2.1/{p}/servers/${id}/action`,
        action,
        userAgent === undefined ? {} : { 'user-agent': userAgent },
      ),
    async force(id, state) {
      const from = state === 'Deleting' || state === 'Deleted' ? 'Stopped' : null;
      await sql.query('update servers set state = $2, task_state = $3, deleting_from = $4 where id = $1', [
        id,
        state,
        firstTaskState(state),
        from,
      ]);
    },
    tokenFor: (role, projectId) => tokenFor({ sql }, role, projectId),
  };
}

/** A fault as an answer has it, for `toMatchObject`. */
export function fault(name: string, code: number, message: unknown = expect.any(String)) {
  return { status: code, body: { [name]: { code, message } } };
}

export function badRequest(message?: unknown) {
  return fault('badRequest', 400, message);
}

export function notFound(id: string) {
  return fault('itemNotFound', 404, `Instance ${id} could not be found.`);
}

/** An id that nothing has. */
export const nobody = '01900000-0000-7000-8000-000000000000';

function toVersion(minor: number | string): string {
  return typeof minor === 'number' ? `2.${minor}` : minor;
}
