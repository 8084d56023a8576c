/** Orders, as the Terraform provider of Huawei Cloud goes through them: create, wait, find the server, give it back. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '8' });
  nova = await useNova(cloud);
});
afterAll(() => cloud.close());

async function order(change: object = {}): Promise<{ order_id: string; job_id: string }> {
  const { rows } = await cloud.sql.query<{ vpc: string }>('select vpc_id as vpc from networks');
  const { body } = await cloud.call('POST', '/v1/{p}/baremetalservers', {
    server: {
      name: 'ordered',
      imageRef: nova.imageId,
      flavorRef: nova.flavorId,
      availability_zone: 'eu-de-01',
      vpcid: rows[0]!.vpc,
      nics: [{ subnet_id: nova.network.id }],
      adminPass: 'Wr0ng-Horse_42',
      data_volumes: [{ volumetype: 'SAS', size: 10 }],
      extendparam: { isAutoPay: 'true' },
      ...change,
    },
  });
  return body;
}
const show = (id: string, headers?: Record<string, string>) =>
  cloud.call('GET', `/v2/orders/customer-orders/details/${id}`, undefined, headers);
const query = (body: unknown) => cloud.call('POST', '/v2/orders/suscriptions/resources/query', body);
const unsubscribe = (...resource_ids: string[]) =>
  cloud.call('POST', '/v2/orders/subscriptions/resources/unsubscribe', {
    resource_ids,
    unsubscribe_type: 1,
  });
const settled = (id: string) =>
  cloud.until(
    () => show(id),
    ({ body }) => ![2, 3, 6].includes(body.order_info.status),
  );
const failure = (status: number, error_code: string) => ({ status, body: { error_code } });

it('an order stands as its job stands, leads to its server, and unsubscribing deletes that', async () => {
  const { order_id } = await order();
  const pending = (await show(order_id)).body.order_info;
  expect(pending).toMatchObject({ order_id, status: 3, order_type: 1 });
  expect((await settled(order_id)).body.order_info.status).toBe(5);
  const { body } = await query({ order_id, only_main_resource: 1 });
  expect(body).toMatchObject({
    total_count: 1,
    data: [{ resource_name: 'ordered', is_main_resource: 1, region_code: 'eu-de' }],
  });
  const server = body.data[0].resource_id;
  const path = `/v1/{p}/baremetalservers/${server}`;
  const { server: running } = (await cloud.call('GET', path)).body;
  expect(running.status).toBe('ACTIVE');
  const [disk] = running['os-extended-volumes:volumes_attached'];
  expect((await query({ order_id })).body.total_count).toBe(2);
  expect((await query({ resource_ids: [disk.id] })).body.data).toMatchObject([
    { resource_id: disk.id, is_main_resource: 0 },
  ]);

  const given = await unsubscribe(server, disk.id);
  expect(given).toMatchObject({ status: 200, body: { order_ids: [expect.any(String)] } });
  expect((await settled(given.body.order_ids[0])).body.order_info).toMatchObject({
    status: 5,
    order_type: 4,
  });
  expect((await cloud.call('GET', path)).body.server.status).toBe('DELETED');
  expect((await cloud.call('GET', `/volume/v3/{p}/volumes/${disk.id}`)).status).toBe(404);
  expect((await query({ order_id })).body).toEqual({ total_count: 0, data: [] });
});

it('an order whose server does not come up is cancelled, and leads to nothing', async () => {
  const { rows: nodes } = await cloud.sql.query<{ id: string }>(
    'select id from nodes where server_id is null',
  );
  for (const { id } of nodes) {
    await cloud.call('POST', '/admin/v1/faults', { target: id, on: 'create', kind: 'fail', times: 9 });
  }
  const { order_id } = await order();
  expect((await settled(order_id)).body.order_info.status).toBe(4);
  expect((await query({ order_id })).body.data).toEqual([]);
  await cloud.call('DELETE', '/admin/v1/faults');
  await cloud.sql.query(`update nodes set standing = 'ready' where server_id is null`);
});

describe('unsubscribing', () => {
  it('deletes a volume that nobody has, at once', async () => {
    const made = await cloud.call('POST', '/volume/v3/{p}/volumes', { volume: { size: 1 } });
    expect(await unsubscribe(made.body.volume.id)).toMatchObject({ status: 200, body: { order_ids: [] } });
    expect((await cloud.call('GET', `/volume/v3/{p}/volumes/${made.body.volume.id}`)).status).toBe(404);
  });

  it('does nothing when one thing is unknown, or is in use by a server that stays', async () => {
    const [server] = (await cloud.makeServers(1)) as [string];
    const { body } = await cloud.call('POST', '/volume/v3/{p}/volumes', { volume: { size: 1 } });
    const volume = body.volume.id;
    const attachment = { volumeAttachment: { volumeId: volume } };
    await cloud.call('POST', `/v1/{p}/baremetalservers/${server}/attachvolume`, attachment);
    expect(await unsubscribe(server, randomUUID())).toMatchObject(failure(404, 'CBC.0100'));
    expect(await unsubscribe(server, 'no-id')).toMatchObject(failure(404, 'CBC.0100'));
    expect(await unsubscribe(volume)).toMatchObject(failure(400, 'CBC.0100'));
    expect((await nova.show(server)).status).toBe('ACTIVE');
    await nova.force(server, 'Starting');
    expect(await unsubscribe(server)).toMatchObject(failure(400, 'CBC.0100'));
  });
});

it('orders are those of the project', async () => {
  const { order_id } = await order();
  const stranger = await nova.tokenFor('member', 'stranger');
  expect(await show(order_id, { 'x-auth-token': stranger })).toMatchObject(failure(404, 'CBC.0100'));
  expect(await show('CS0')).toMatchObject(failure(404, 'CBC.0100'));
  expect(await show(order_id, { 'x-auth-token': '' })).toMatchObject(failure(401, 'APIGW.0301'));
  expect(await query({})).toMatchObject(failure(400, 'CBC.0100'));
  await settled(order_id);
});

it('the provider finds billing at its start', async () => {
  const { status, body } = await cloud.call('GET', '/v2/products/service-types?limit=1');
  expect(status).toBe(200);
  expect(body.service_types.map((it: Reply['body']) => it.abbreviation)).toEqual(['BMS']);
});
