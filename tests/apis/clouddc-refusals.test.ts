/** What CloudDC v1 answers when it does not do what was asked: 401, 403, 429 and 500 in the documented shapes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { tokenFor } from '../support/callers.ts';
import { password, refusal, useCloudDc } from '../support/clouddc.ts';

const nobody = '01900000-0000-7000-8000-000000000000';

describe('answers to a caller who may not', () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await startCloud();
  });
  afterAll(() => cloud.close());

  const gateway = { error_code: 'APIGW.0301', error_msg: expect.any(String), request_id: expect.any(String) };

  it('are 401 without a good token', async () => {
    for (const token of ['', 'wrong']) {
      const reply = await cloud.call('GET', '/v1/{p}/instances', undefined, { 'x-auth-token': token });
      expect(reply).toMatchObject({ status: 401, body: gateway });
    }
  });

  it('are 403 for a reader who writes, and for a project that is not the token\u2019s', async () => {
    const token = await tokenFor(cloud, 'reader', cloud.projectId);
    const denied = refusal(403, 'CloudDC.0403');
    const as = (method: string, path: string, body?: unknown) =>
      cloud.call(method, path, body, { 'x-auth-token': token });
    const reply = await as('POST', '/v1/{p}/instances', (await useCloudDc(cloud)).createBody());
    expect(reply).toMatchObject(denied);
    expect(reply.body.error_msg).toContain('clouddc:instance:create');
    expect((await as('GET', '/v1/{p}/instances')).status).toBe(200);
    expect(await as('GET', `/v1/${'0'.repeat(32)}/instances`)).toMatchObject(denied);
  });
});

it('contradicting calls in a burst are taken or refused by state, and never end in 500', async () => {
  const cloud = await startCloud();
  const dc = await useCloudDc(cloud);
  const ids = await cloud.makeServers(5);
  const serverIds = await Promise.all(ids.map(async (id) => (await dc.instance(id)).server_id as string));
  const all = { password, instance_id_set: ids };
  const calls = [
    () => dc.power('power off', serverIds),
    () => dc.power('power on', serverIds.toReversed()),
    () => dc.power('rebooting', serverIds.slice(0, 3)),
    () => cloud.call('PUT', '/v1/{p}/instances/reinstall', all),
    () => cloud.call('POST', '/v1/{p}/instances/batch-delete', { instance_id_set: ids.toReversed() }),
    () => cloud.call('DELETE', `/v1/{p}/instances/${ids[4]}`),
    () => cloud.call('PUT', '/v1/{p}/instances/password', { new_password: 'x', instance_id_set: ids }),
  ];
  const statuses = new Set<number>();
  for (let round = 0; round < 20; round++) {
    const replies = await Promise.all([...calls, ...calls].map((call) => call()));
    for (const { status } of replies) statuses.add(status);
  }
  for (const id of ids) await dc.rest(id);
  // 404: a machine is given back to the pool, and what is terminated has none.
  expect([...statuses].filter((status) => ![200, 202, 400, 404].includes(status))).toEqual([]);
  await cloud.close();
});

describe('a service that is overloaded or broken', () => {
  let small: Cloud;
  beforeAll(async () => {
    small = await startCloud({ INGOT_RATE_LIMIT: '1', INGOT_LOG_LEVEL: 'silent' });
  });
  afterAll(() => small.close());

  it('answers 429 with Retry-After, and nothing else; what clients poll goes on', async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => small.call('GET', '/v1/{p}/instances')),
    );
    const refused = replies.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(10);
    for (const reply of refused) {
      expect(reply).toMatchObject({
        status: 429,
        body: {
          error_code: 'APIGW.0308',
          error_msg: expect.any(String),
          request_id: reply.headers.get('x-request-id'),
        },
      });
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const polled = await Promise.all(
      Array.from({ length: 20 }, () => small.call('GET', `/v1/{p}/instances/${nobody}/status`)),
    );
    expect(new Set(polled.map(({ status }) => status))).toEqual(new Set([404]));
  });

  it('answers 500 in the documented shape, without a word of its inside', async () => {
    await small.sql.query('alter table flavors rename to flavors_away');
    const reply = await small.call('GET', `/v1/{p}/instances/${nobody}/status`);
    await small.sql.query('alter table flavors_away rename to flavors');
    expect(reply).toMatchObject({
      status: 500,
      body: { error_code: 'CloudDC.0500', error_msg: 'Internal error.' },
    });
    expect(Object.keys(reply.body).sort()).toEqual(['error_code', 'error_msg']);
  });
});
