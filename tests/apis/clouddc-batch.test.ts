/** RunInstances (C02): several instances at once, or none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { refusal, useCloudDc, type CloudDc } from '../support/clouddc.ts';

let cloud: Cloud;
let dc: CloudDc;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '12' });
  dc = await useCloudDc(cloud);
});
afterAll(() => cloud.close());

const createMany = (change: object) =>
  cloud.call('POST', '/v1/{p}/instances/batch-create', dc.createBody(change));
const countInstances = async (): Promise<number> => (await cloud.call('GET', '/v1/{p}/instances')).body.count;
const countIdle = async (): Promise<number> =>
  (await cloud.call('GET', '/v1/{p}/physicalservers?manage_state=ready')).body.count;
const idsOf = (body: { instances: { id: string }[] }) => body.instances.map(({ id }) => id);

describe('RunInstances', () => {
  it('creates one unless told otherwise', async () => {
    const { status, body } = await createMany({});
    expect(status).toBe(202);
    expect(body.instances).toHaveLength(1);
    await dc.rest(body.instances[0].id);
    expect(await dc.status(body.instances[0].id)).toMatchObject({ state: 'running' });
  });

  it('creates instances of one name on exactly the machines of server_id_set', async () => {
    const serverIds = [await dc.takeIdle(), await dc.takeIdle()];
    await cloud.sql.query(`update nodes set flavor_id = 'physical.s2.medium' where id = $1`, [serverIds[0]]);
    const { body } = await createMany({
      min_count: 2,
      max_count: 2,
      placement: { server_id_set: serverIds },
    });
    for (const id of idsOf(body)) await dc.rest(id);
    const made = await Promise.all(idsOf(body).map((id) => dc.instance(id)));
    expect(made.map(({ server_id }) => server_id)).toEqual(serverIds);
    expect(made.map(({ name, state }) => [name, state])).toEqual([
      ['front.example', 'running'],
      ['front.example', 'running'],
    ]);
  });

  it('creates as many as there are machines between min_count and max_count, of whatever kind', async () => {
    await cloud.sql.query(
      `update nodes set flavor_id = 'physical.s2.medium' where id in (
         select id from nodes where standing = 'ready' and server_id is null limit 3)`,
    );
    const idle = await countIdle();
    const { body } = await createMany({ min_count: 1, max_count: 100 });
    expect(body.instances).toHaveLength(idle);
    for (const id of idsOf(body)) await dc.rest(id);
    const states = await Promise.all(idsOf(body).map(async (id) => (await dc.status(id)).state));
    expect(new Set(states)).toEqual(new Set(['running']));
    expect(await countIdle()).toBe(0);
  });

  it('creates nothing when fewer than min_count can start', async () => {
    const before = await countInstances();
    expect(await createMany({ min_count: 1 })).toMatchObject(refusal(400, 'CloudDC.0003'));
    const [busy] = (await cloud.call('GET', '/v1/{p}/physicalservers')).body.servers;
    const onBusy = { placement: { server_id_set: [busy.id] } };
    expect(await createMany(onBusy)).toMatchObject(refusal(400, 'CloudDC.0003'));
    expect(await countInstances()).toBe(before);
  });

  it.each<[string, object]>([
    ['min_count above max_count', { min_count: 3, max_count: 2 }],
    ['no instance at all', { max_count: 0 }],
    ['an empty set of machines', { placement: { server_id_set: [] } }],
    ['a short password', { password: 'x' }],
    ['no network', { network_interfaces: [] }],
  ])('refuses %s', async (_what, change) => {
    expect(await createMany(change)).toMatchObject(refusal(400, 'CloudDC.0001'));
  });

  it('knows no machine of another name', async () => {
    const placement = { server_id_set: ['01900000-0000-7000-8000-000000000000'] };
    expect(await createMany({ placement })).toMatchObject(refusal(404, 'CloudDC.0404'));
  });
});
