/** Facts of a server in BMS v1: metadata, tags, passwords, options; and that the other doors show the same. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
let id: string;
let building: string;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '6' });
  nova = await useNova(cloud);
  [id, building] = (await cloud.makeServers(2)) as [string, string];
  await nova.force(building, 'Creating');
});
afterAll(() => cloud.close());

const on = (path: string, server = id) => `/v1/{p}/baremetalservers/${server}/${path}`;
const get = (path: string, server = id) => cloud.call('GET', on(path, server));
const refused = (code: string, status = 400) => ({ status, body: { error: { code } } });

describe('metadata', () => {
  const post = (metadata: unknown, server = id) => cloud.call('POST', on('metadata', server), { metadata });

  it('are merged, echoed, and shown by all doors', async () => {
    expect(await post({ role: 'db', 'a:b': '1' })).toMatchObject({
      status: 200,
      body: { metadata: { role: 'db', 'a:b': '1' } },
    });
    expect(await post({ role: 'web' })).toMatchObject({ body: { metadata: { role: 'web' } } });
    const { body } = await cloud.call('GET', `/v1/{p}/baremetalservers/${id}`);
    expect(body.server.metadata).toMatchObject({ role: 'web', 'a:b': '1' });
    expect((await nova.get(`/servers/${id}/metadata`)).body.metadata).toEqual({ role: 'web', 'a:b': '1' });
  });

  it('given as nothing change nothing', async () => {
    expect(await post({})).toMatchObject({ status: 200, body: { metadata: {} } });
    expect((await nova.show(id)).metadata).toMatchObject({ role: 'web' });
  });

  it.each([
    ['a key with a slash', { 'a/b': '1' }],
    ['an empty key', { '': '1' }],
    ['a long key', { ['k'.repeat(256)]: '1' }],
    ['a long value', { key: 'v'.repeat(256) }],
    ['a number', { key: 1 }],
    ['more than 128', Object.fromEntries(Array.from({ length: 129 }, (_, at) => [`k${at}`, '']))],
  ])('with %s are refused', async (_, metadata) => {
    expect(await post(metadata)).toMatchObject(refused('BMS.0018'));
  });

  it('of a server that is being made cannot be changed, nor of none', async () => {
    expect(await post({ a: 'b' }, building)).toMatchObject(refused('BMS.0006'));
    expect(await post({ a: 'b' }, randomUUID())).toMatchObject(refused('BMS.0040'));
  });

  it('from two callers at once are all kept', async () => {
    const keys = Array.from({ length: 12 }, (_, at) => `at-once-${at}`);
    await Promise.all(keys.map((key) => post({ [key]: 'x' })));
    expect(Object.keys((await nova.show(id)).metadata)).toEqual(expect.arrayContaining(keys));
  });
});

describe('metadata options', () => {
  it('have defaults and are changed one by one', async () => {
    expect((await get('metadata-options')).body).toEqual({
      http_endpoint: 'enabled',
      http_tokens: 'optional',
    });
    const changed = await cloud.call('PUT', on('metadata-options'), { http_tokens: 'required' });
    expect(changed).toMatchObject({
      status: 200,
      body: { http_endpoint: 'enabled', http_tokens: 'required' },
    });
    expect((await get('metadata-options')).body).toEqual(changed.body);
    expect(await cloud.call('PUT', on('metadata-options'), { http_tokens: 'never' })).toMatchObject(
      refused('BMS.0018'),
    );
  });
});

describe('tags', () => {
  const act = (action: string, tags: unknown, server = id) =>
    cloud.call('POST', on('tags/action', server), { action, tags });
  const own = async () => (await get('tags')).body.tags;

  it('are put, replaced by key, and taken off, each as often as one likes', async () => {
    expect(await act('create', [{ key: 'team', value: 'a' }, { key: 'bare' }])).toMatchObject({
      status: 204,
      body: null,
    });
    await act('create', [{ key: 'team', value: 'b' }]);
    expect(await own()).toEqual([
      { key: 'team', value: 'b' },
      { key: 'bare', value: '' },
    ]);
    expect((await nova.show(id)).tags).toEqual(['__type_baremetal', 'team=b', 'bare']);
    expect((await act('delete', [{ key: 'bare', value: 'whatever' }])).status).toBe(204);
    expect((await act('delete', [{ key: 'bare' }])).status).toBe(204);
    expect(await own()).toEqual([{ key: 'team', value: 'b' }]);
  });

  it('are the same by the path of the ECS', async () => {
    const path = `/v1/{p}/cloudservers/${id}/tags`;
    const tags = [{ key: 'by', value: 'ecs' }];
    expect((await cloud.call('POST', `${path}/action`, { action: 'create', tags })).status).toBe(204);
    expect((await cloud.call('GET', path)).body).toEqual((await get('tags')).body);
    expect(await own()).toContainEqual(tags[0]);
  });

  it('may be put while the server is being made', async () => {
    expect((await act('create', [{ key: 'early' }], building)).status).toBe(204);
  });

  it.each([
    ['an unknown action', 'CREATE', [{ key: 'a' }]],
    ['no key', 'create', [{ key: '' }]],
    ['a sign of lists', 'create', [{ key: 'a,b' }]],
    ['a long key', 'create', [{ key: 'k'.repeat(37) }]],
    ['a long value', 'create', [{ key: 'k', value: 'v'.repeat(44) }]],
    ['too many', 'create', Array.from({ length: 20 }, (_, at) => ({ key: `t${at}` }))],
    ['a key too long to take off', 'delete', [{ key: 'k'.repeat(128) }]],
  ])('with %s are refused', async (_, action, tags) => {
    const before = await own();
    expect(await act(action, tags)).toMatchObject(refused('BMS.0018'));
    expect(await own()).toEqual(before);
  });
});

describe('the password', () => {
  const next = async () =>
    (await cloud.sql.query('select admin_password_hash as hash from servers where id = $1', [id])).rows[0]
      .hash as string;

  it('can be reset while nothing is under way, without rules, and is the one of the next installation', async () => {
    expect((await get('os-resetpwd-flag')).body).toEqual({ resetpwd_flag: 'True' });
    expect((await get('os-resetpwd-flag', building)).body).toEqual({ resetpwd_flag: 'False' });
    const before = await next();
    const put = (server: string) =>
      cloud.call('PUT', on('os-reset-password', server), { 'reset-password': { new_password: 'x' } });
    expect(await put(id)).toMatchObject({ status: 204, body: null });
    expect(await next()).not.toBe(before);
    expect(await put(building)).toMatchObject(refused('BMS.0006'));
  });

  it('under the key of the server is shown by both doors and cleared by either', async () => {
    expect((await get('os-server-password')).body).toEqual({ password: '' });
    for (const clear of [
      () => cloud.call('DELETE', on('os-server-password')),
      () => nova.call('DELETE', `/servers/${id}/os-server-password`),
    ]) {
      await cloud.sql.query(`update servers set encrypted_password = 'c2VjcmV0' where id = $1`, [id]);
      expect((await get('os-server-password')).body).toEqual({ password: 'c2VjcmV0' });
      expect((await nova.get(`/servers/${id}/os-server-password`)).body).toEqual({ password: 'c2VjcmV0' });
      expect((await clear()).status).toBe(204);
      expect((await get('os-server-password')).body).toEqual({ password: '' });
    }
  });
});

it('lists servers the short way in v1.1', async () => {
  const { status, body } = await cloud.call('GET', '/v1.1/{p}/baremetalservers/detail?limit=1');
  expect(status).toBe(200);
  expect(body.count).toBe(2);
  expect(body.servers).toHaveLength(1);
  expect(Object.keys(body.servers[0]).filter((key) => key.startsWith('OS-'))).toEqual([]);
  const { body: found } = await cloud.call('GET', '/v1.1/{p}/baremetalservers/detail?status=ACTIVE');
  expect(found.servers).toMatchObject([
    { id, status: 'ACTIVE', vm_state: 'active', task_state: null, in_recycle_bin: false, fault: null },
  ]);
});

describe('available resources', () => {
  const ask = (query: string) => cloud.call('GET', `/v1/{p}/baremetalservers/available_resource${query}`);

  it('are the free machines by zone and flavor', async () => {
    const { body } = await ask('?availability_zone=eu-de-01&availability_zone=nowhere');
    expect(body.available_resource).toMatchObject([
      {
        availability_zone: 'eu-de-01',
        flavors: expect.arrayContaining([{ flavor_id: nova.flavorId, count: 4, status: 'normal' }]),
      },
      { availability_zone: 'nowhere' },
    ]);
    const one = await ask(`?availability_zone=nowhere&flavor_id=${nova.flavorId}`);
    expect(one.body.available_resource[0].flavors).toEqual([
      { flavor_id: nova.flavorId, count: 0, status: 'sellout' },
    ]);
  });

  it('need a zone', async () => {
    expect(await ask('')).toMatchObject(refused('BMS.0018'));
  });
});

describe('changing the system', () => {
  const change = (server: string, body: object) =>
    cloud.call('POST', on('changeos', server), { 'os-change': body });
  let other: string;
  let stopped: string;
  beforeAll(async () => {
    const { rows } = await cloud.sql.query<{ id: string }>('select id from images order by name desc');
    other = rows[0]!.id;
    [stopped] = (await cloud.makeServers(1)) as [string];
    const stop = { 'os-stop': { servers: [{ id: stopped }] } };
    await cloud.jobEnd((await cloud.call('POST', '/v1/{p}/baremetalservers/action', stop)).body.job_id);
  });

  it('is refused while the server runs, without login, and with an image that nobody knows', async () => {
    const adminpass = 'Wr0ng-Horse_42';
    expect(await change(id, { imageid: other, adminpass })).toMatchObject(refused('BMS.0006'));
    expect(await change(stopped, { imageid: other })).toMatchObject(refused('BMS.0111'));
    expect(await change(stopped, { imageid: randomUUID(), adminpass })).toMatchObject(refused('BMS.0011'));
    expect(await change(randomUUID(), { imageid: other, adminpass })).toMatchObject(refused('BMS.0040'));
  });

  it('answers with jobId, and in the end the server runs with the other image', async () => {
    const asked = await change(stopped, { imageid: other, adminpass: 'Wr0ng-Horse_42' });
    expect(asked).toMatchObject({ status: 200, body: { jobId: expect.any(String) } });
    expect(asked.body).not.toHaveProperty('job_id');
    const job: Reply['body'] = await cloud.jobEnd(asked.body.jobId);
    expect(job).toMatchObject({
      status: 'SUCCESS',
      job_type: 'baremetalChangeOsLocalDisk',
      entities: { server_id: stopped, sub_jobs_total: 0, sub_jobs: [] },
    });
    const { body } = await cloud.call('GET', `/v1/{p}/baremetalservers/${stopped}`);
    expect(body.server).toMatchObject({ status: 'ACTIVE', image: { id: other } });
  });

  it('leaves the server with the key and the data that it was installed with', async () => {
    const [server] = (await cloud.makeServers(1)) as [string];
    await cloud.call('POST', '/v2.1/{p}/os-keypairs', { keypair: { name: 'of-change' } });
    const { rows: keys } = await cloud.sql.query("select public_key from keypairs where name = 'of-change'");
    const install = async (body: object) => {
      const stop = { 'os-stop': { servers: [{ id: server }] } };
      await cloud.jobEnd((await cloud.call('POST', '/v1/{p}/baremetalservers/action', stop)).body.job_id);
      return change(server, { imageid: other, ...body });
    };
    const kept = async () => {
      const { rows } = await cloud.sql.query(
        'select public_key, user_data, admin_password_hash from servers where id = $1',
        [server],
      );
      return rows[0];
    };
    expect(await install({ keyname: 'nobodys' })).toMatchObject(refused('BMS.0049'));
    const user_data = Buffer.from('#!/bin/sh').toString('base64');
    const asked = await change(server, { imageid: other, keyname: 'of-change', metadata: { user_data } });
    await cloud.jobEnd(asked.body.jobId);
    const { body } = await cloud.call('GET', `/v1/{p}/baremetalservers/${server}`);
    expect(body.server).toMatchObject({ key_name: 'of-change', 'OS-EXT-SRV-ATTR:user_data': user_data });
    expect(await kept()).toMatchObject({ public_key: keys[0].public_key, user_data });

    // The keypair may go; the next installation has the key all the same, and the password that comes with it.
    await cloud.call('DELETE', '/v2.1/{p}/os-keypairs/of-change');
    await cloud.jobEnd((await install({ adminpass: 'Wr0ng-Horse_42' })).body.jobId);
    const { public_key, admin_password_hash } = await kept();
    expect(public_key).toBe(keys[0].public_key);
    expect(admin_password_hash).toMatch(/^\$scrypt\$/);
  });
});
