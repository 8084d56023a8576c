/** Two processes on one database, asked in turns: nobody can tell that there are two. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '40' }, undefined, 2);
});
afterAll(() => cloud.close());

/** The same question to both. */
const both = <T>(ask: () => Promise<T>) => Promise.all([ask(), ask()]);
const action = (words: string, ids: string[]) =>
  cloud.call('POST', '/v1/{p}/baremetalservers/action', { [words]: { servers: ids.map((id) => ({ id })) } });
const show = (id: string) => cloud.call('GET', `/v2.1/{p}/servers/${id}`);

async function expectBoth(ask: () => Promise<Reply>, part: object): Promise<void> {
  for (const { body } of await both(ask)) expect(body).toMatchObject(part);
}

describe('two processes', () => {
  it('take a server through its life, whichever is asked', async () => {
    const [id] = await cloud.makeServers(1, 'shared');
    await expectBoth(() => show(id!), { server: { status: 'ACTIVE' } });
    for (const [words, status, state] of [
      ['os-stop', 'SHUTOFF', 'stopped'],
      ['os-start', 'ACTIVE', 'running'],
      ['reboot', 'ACTIVE', 'running'],
    ] as const) {
      const { body } = await action(words, [id!]);
      expect((await cloud.jobEnd(body.job_id)).status).toBe('SUCCESS');
      await expectBoth(() => show(id!), { server: { status } });
      await expectBoth(() => cloud.call('GET', `/v1/{p}/instances/${id}/status`), { state });
    }
    const gone = await cloud.call('POST', '/v1/{p}/baremetalservers/delete', { servers: [{ id }] });
    expect((await cloud.jobEnd(gone.body.job_id)).status).toBe('SUCCESS');
    for (const { status } of await both(() => show(id!))) expect(status).toBe(404);
  });

  it('share a batch, and tell the same of it with faults in it', async () => {
    const ids = await cloud.makeServers(24, 'batch');
    for (const target of ids.slice(0, 2)) {
      await cloud.call('POST', '/admin/v1/faults', { target, on: 'stop', kind: 'fail' });
    }
    const { body } = await action('os-stop', ids);
    const ended = await cloud.jobEnd(body.job_id);
    expect(ended.status).toBe('FAIL');
    const [one, other] = await both(() => cloud.call('GET', `/v1/{p}/jobs/${body.job_id}`));
    expect(one.body).toEqual(other.body);
    const failed = ended.entities.sub_jobs.filter((part: Reply['body']) => part.status === 'FAIL');
    expect(failed).toHaveLength(2);
    const lists = await both(() => cloud.call('GET', '/v2.1/{p}/servers?name=batch&status=SHUTOFF'));
    for (const { body: list } of lists) expect(list.servers).toHaveLength(22);
  });

  it('begin an operation once, however many ask both at the same moment', async () => {
    const [id] = await cloud.makeServers(1, 'wanted');
    const replies = await Promise.all(
      Array.from({ length: 8 }, () =>
        cloud.call('POST', `/v2.1/{p}/servers/${id}/action`, { 'os-stop': null }),
      ),
    );
    const accepted = replies.filter(({ status }) => status === 204);
    expect(accepted).toHaveLength(1);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([204, 409]));
    await cloud.until(
      () => show(id!),
      ({ body }) => body.server.status === 'SHUTOFF',
    );
  });

  it('make one server of a create that is sent to both', async () => {
    const found = await cloud.sql.query<{ image: string; network: string; flavor: string }>(
      `select (select id from images order by name limit 1) as image,
         (select id from networks order by name limit 1) as network,
         (select flavor_id from nodes order by name limit 1) as flavor`,
    );
    const { image, network, flavor } = found.rows[0]!;
    const headers = { 'idempotency-key': randomUUID() };
    const server = { name: 'once', imageRef: image, flavorRef: flavor, networks: [{ uuid: network }] };
    const replies = await both(() => cloud.call('POST', '/v2.1/{p}/servers', { server }, headers));
    expect(replies.map(({ status }) => status)).toEqual([202, 202]);
    expect(replies[0].body).toEqual(replies[1].body);
    const { rowCount } = await cloud.sql.query(`select 1 from servers where name = 'once'`);
    expect(rowCount).toBe(1);
  });

  it('lose no tag of those that are set through both at once', async () => {
    const [id] = await cloud.makeServers(1, 'tagged');
    const tags = Array.from({ length: 16 }, (_, at) => `tag-${at}`);
    const headers = { 'openstack-api-version': 'compute 2.26' };
    const put = (tag: string) => cloud.call('PUT', `/v2.1/{p}/servers/${id}/tags/${tag}`, undefined, headers);
    for (const { status } of await Promise.all(tags.map(put))) expect(status).toBe(201);
    const { body } = await cloud.call('GET', `/v2.1/{p}/servers/${id}/tags`, undefined, headers);
    expect(body.tags.toSorted()).toEqual(expect.arrayContaining(tags.toSorted()));
  });

  it('know a token of each other, and soon that it is revoked', async () => {
    const user = { name: 'admin', password: 'correct horse', domain: { name: 'Default' } };
    const login = await cloud.call('POST', '/v3/auth/tokens', {
      auth: {
        identity: { methods: ['password'], password: { user } },
        scope: { project: { id: cloud.projectId } },
      },
    });
    const token = login.headers.get('x-subject-token')!;
    const read = () => cloud.call('GET', '/v2.1/{p}/servers', undefined, { 'x-auth-token': token });
    expect((await both(read)).map(({ status }) => status)).toEqual([200, 200]);
    await cloud.call('DELETE', '/v3/auth/tokens', undefined, { 'x-subject-token': token });
    await cloud.until(
      () => both(read),
      (replies) => replies.every(({ status }) => status === 401),
    );
  });

  it('write one audit trail', async () => {
    const [one, other] = await both(() => cloud.call('GET', '/admin/v1/audit?limit=1000'));
    expect(one.body.audit.length).toBeGreaterThan(20);
    expect(one.body).toEqual(other.body);
  });
});
