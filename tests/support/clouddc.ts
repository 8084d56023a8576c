/** CloudDC as a client sees it: the few calls that its tests share. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Cloud, Reply } from './cloud.ts';

export const password = 'Wr0ng-Horse_42';

export interface CloudDc {
  /** A body that CreateInstance accepts, with changes. */
  createBody(change?: object): object;
  create(change?: object): Promise<string>;
  /** A new instance that runs. */
  running(change?: object): Promise<string>;
  stopped(): Promise<string>;
  status(id: string): Promise<Reply['body']>;
  /** The instance as C03 lists it. */
  instance(id: string): Promise<Reply['body']>;
  power(action: string, serverIds: string[]): Promise<Reply>;
  machine(id: string): Promise<Reply['body']>;
  /** An idle machine of the pool; a different one at each call. */
  takeIdle(): Promise<string>;
  /** Until nothing is under way for this instance or machine. */
  rest(id: string): Promise<void>;
  isBusy(id: string): Promise<boolean>;
  /** The next operation of this kind fails on the machine. */
  breakNext(serverId: string, operation: string): Promise<void>;
  /** The same, but the machine keeps its answer to itself until the returned function is called. */
  breakNextSlowly(serverId: string, operation: string): Promise<() => Promise<void>>;
  /** An instance that stays pending until the returned function is called, and ends in error then. */
  pending(): Promise<{ id: string; letGo: () => Promise<void> }>;
  images: string[];
  network: { id: string; vpc: string };
}

export async function useCloudDc(cloud: Cloud): Promise<CloudDc> {
  const { call, sql } = cloud;
  const images = await sql.query<{ id: string }>('select id from images order by name');
  const networks = await sql.query<{ id: string; vpc: string }>('select id, vpc_id as vpc from networks');
  const network = networks.rows[0]!;
  const taken: string[] = [];

  const createBody = (change: object = {}) => ({
    name: 'front.example',
    image_id: images.rows[0]!.id,
    vpc_id: network.vpc,
    network_interfaces: [{ subnet_id: network.id }],
    password,
    ...change,
  });
  async function create(change: object = {}): Promise<string> {
    const reply = await call('POST', '/v1/{p}/instances', createBody(change));
    if (reply.status !== 202) throw new Error(`create: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body.instance_id;
  }
  async function isBusy(id: string): Promise<boolean> {
    const open = await sql.query(
      'select 1 from sub_jobs where $1::uuid in (server_id, node_id) and ended_at is null limit 1',
      [id],
    );
    return open.rows.length > 0;
  }
  async function rest(id: string): Promise<void> {
    await cloud.until(
      () => isBusy(id),
      (isOpen) => !isOpen,
    );
  }
  async function instance(id: string): Promise<Reply['body']> {
    return (await call('GET', `/v1/{p}/instances?instance_id=${id}`)).body.instances[0];
  }
  async function breakNext(serverId: string, operation: string): Promise<void> {
    await sql.query(
      `insert into faults (id, target, node_id, on_operation, kind, times) values ($1, $2, $2, $3, 'fail', 1)`,
      [randomUUID(), serverId, operation],
    );
  }
  async function takeIdle(): Promise<string> {
    const idle = await sql.query<{ id: string }>(
      `select id from nodes where standing = 'ready' and server_id is null and project_id is null
       and id <> all($1::uuid[]) order by id desc limit 1`,
      [taken],
    );
    const { id } = idle.rows[0]!;
    taken.push(id);
    return id;
  }
  async function breakNextSlowly(serverId: string, operation: string): Promise<() => Promise<void>> {
    await breakNext(serverId, operation);
    const client = await sql.connect();
    await client.query('begin');
    await client.query('select 1 from faults where node_id = $1 for update', [serverId]);
    return async () => {
      await client.query('commit');
      client.release();
    };
  }
  const power = (action: string, serverIds: string[]) =>
    call('PUT', '/v1/{p}/physicalservers/power-state', { action, server_id_set: serverIds });
  async function running(change: object = {}): Promise<string> {
    const id = await create(change);
    await rest(id);
    return id;
  }

  return {
    images: images.rows.map(({ id }) => id),
    network,
    createBody,
    create,
    running,
    async stopped() {
      const id = await running();
      await power('power off', [(await instance(id)).server_id]);
      await rest(id);
      return id;
    },
    status: async (id) => (await call('GET', `/v1/{p}/instances/${id}/status`)).body,
    instance,
    power,
    machine: async (id) => (await call('GET', `/v1/{p}/physicalservers/${id}`)).body,
    takeIdle,
    rest,
    isBusy,
    breakNext,
    breakNextSlowly,
    async pending() {
      const serverId = await takeIdle();
      const answer = await breakNextSlowly(serverId, 'create');
      const id = await create({ placement: { server_id: serverId } });
      const letGo = async () => {
        await answer();
        await rest(id);
      };
      return { id, letGo };
    },
  };
}

/** The shape of every refusal of CloudDC itself. */
export const refusal = (status: number, code: string) => ({
  status,
  body: { error_code: code, error_msg: expect.any(String) },
});
