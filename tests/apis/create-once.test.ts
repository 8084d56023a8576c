/** A create that is sent again, because its answer got lost, makes no second server and gives the same answer. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { fault, useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
let vpcid: string;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '40' });
  nova = await useNova(cloud);
  const { rows } = await cloud.sql.query<{ vpc: string }>('select vpc_id as vpc from networks');
  vpcid = rows[0]!.vpc;
});
afterAll(() => cloud.close());

const bms = (headers: Record<string, string>, change: object = {}) =>
  cloud.call(
    'POST',
    '/v1/{p}/baremetalservers',
    {
      server: {
        name: 'once',
        imageRef: nova.imageId,
        flavorRef: nova.flavorId,
        availability_zone: 'eu-de-01',
        vpcid,
        nics: [{ subnet_id: nova.network.id }],
        adminPass: 'Wr0ng-Horse_42',
        extendparam: {},
        ...change,
      },
    },
    headers,
  );
const compute = (headers: Record<string, string>, change: object = {}) =>
  cloud.call('POST', '/v2.1/{p}/servers', nova.createBody(change), headers);
const count = async () =>
  (await cloud.sql.query<{ n: number }>('select count(*)::int as n from servers')).rows[0]!.n;
const within = async (part: () => Promise<void>) => {
  const before = await count();
  await part();
  return (await count()) - before;
};

describe.each([
  ['BMS v1', bms, 200],
  ['Nova', compute, 202],
] as const)('in %s', (_, create, statusCode) => {
  it.each(['idempotency-key', 'x-client-token', 'x-request-id'])('known by %s', async (header) => {
    const headers = { [header]: randomUUID() };
    const made = await within(async () => {
      const first = await create(headers);
      expect(first.status).toBe(statusCode);
      expect((await create(headers)).body).toEqual(first.body);
    });
    expect(made).toBe(1);
  });

  it('also when all arrive together', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const made = await within(async () => {
      const replies = await Promise.all(Array.from({ length: 8 }, () => create(headers)));
      for (const reply of replies)
        expect(reply).toMatchObject({ status: statusCode, body: replies[0]!.body });
    });
    expect(made).toBe(1);
  });

  it('under a key of another request is refused, under the same request id it is another one', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const id = { 'x-request-id': randomUUID() };
    const made = await within(async () => {
      await create(key);
      const refused = await create(key, { name: 'twice' });
      expect([400, 409]).toContain(refused.status);
      await create(id);
      expect((await create(id, { name: 'twice' })).status).toBe(statusCode);
    });
    expect(made).toBe(3);
  });
});

it('a refused request is not remembered', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  expect((await bms(headers, { flavorRef: 'physical.nothing' })).status).toBe(400);
  expect((await bms(headers)).status).toBe(200);
});

it('the client token of the body counts in BMS v1', async () => {
  for (const place of [{ client_token: randomUUID() }, { extendparam: { client_token: randomUUID() } }]) {
    const first = await bms({}, place);
    expect((await bms({}, place)).body).toEqual(first.body);
  }
});

it('the answer is the same when the last machine is gone, and keys are those of a project', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const first = await bms(headers);
  await cloud.sql.query(`update nodes set standing = 'maintenance' where standing = 'ready'`);
  expect((await bms(headers)).body).toEqual(first.body);
  expect(await bms({ 'idempotency-key': randomUUID() })).toMatchObject({
    body: { error: { code: 'BMS.0054' } },
  });
  const stranger = await nova.tokenFor('member', 'stranger');
  const theirs = await cloud.call('POST', '/v2.1/stranger/servers', nova.createBody(), {
    ...headers,
    'x-auth-token': stranger,
  });
  expect(theirs.status).toBe(202);
});

it('an answer that tells a password is kept where nobody reads it', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const { body } = await compute(headers);
  const { rows } = await cloud.sql.query<{ row: string }>(
    'select t::text || encode(answer, $2) as row from answered_requests t where key = $1',
    [headers['idempotency-key'], 'escape'],
  );
  expect(rows[0]!.row).not.toContain(body.server.adminPass);
  expect(await compute({ 'idempotency-key': 'x'.repeat(256) })).toMatchObject(fault('badRequest', 400));
});
