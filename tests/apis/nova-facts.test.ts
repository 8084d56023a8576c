/** Facts of a server in Nova: metadata, tags, addresses, the lock; and what stands beside servers. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { badRequest, fault, nobody, notFound, useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
let id: string;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '4' });
  nova = await useNova(cloud);
  id = await nova.make({ metadata: { first: '1' } });
});
afterAll(() => cloud.close());

describe('metadata', () => {
  const path = () => `/servers/${id}/metadata`;
  const ask = (method: string, below: string, body?: unknown) => nova.call(method, path() + below, body);

  it('are merged by POST, replaced by PUT, and always answered in full', async () => {
    expect((await ask('GET', '')).body).toEqual({ metadata: { first: '1' } });
    const merged = await ask('POST', '', { metadata: { second: '2' } });
    expect(merged).toMatchObject({ status: 200, body: { metadata: { first: '1', second: '2' } } });
    const replaced = await ask('PUT', '', { metadata: { third: '3' } });
    expect(replaced).toMatchObject({ status: 200 });
    expect(replaced.body).toEqual({ metadata: { third: '3' } });
    expect((await nova.show(id)).metadata).toEqual({ third: '3' });
  });

  it('are set, shown and removed one by one', async () => {
    expect(await ask('PUT', '/one', { meta: { one: 'x' } })).toMatchObject({
      status: 200,
      body: { meta: { one: 'x' } },
    });
    expect((await ask('GET', '/one')).body).toEqual({ meta: { one: 'x' } });
    expect((await ask('DELETE', '/one')).status).toBe(204);
    for (const method of ['GET', 'DELETE']) {
      const gone = fault('itemNotFound', 404, 'Metadata item was not found');
      expect(await ask(method, '/one')).toMatchObject(gone);
    }
  });

  it.each([
    ['another key than in the path', 'PUT', '/one', { meta: { two: 'x' } }],
    ['two items where one is meant', 'PUT', '/one', { meta: { one: 'x', two: 'y' } }],
    ['a colon in a key', 'POST', '', { metadata: { 'a:b': 'x' } }],
    ['a quote in a value', 'POST', '', { metadata: { a: '"' } }],
    ['a long value', 'POST', '', { metadata: { a: 'x'.repeat(256) } }],
    ['a number', 'POST', '', { metadata: { a: 1 } }],
    ['no metadata', 'POST', '', {}],
  ])('with %s are a bad request', async (_, method, below, body) => {
    expect(await ask(method, below, body)).toMatchObject(badRequest());
  });

  it('of a server that is being made cannot be changed, and are 404 where there is no server', async () => {
    const other = await nova.make();
    await nova.force(other, 'Creating');
    const message = `Cannot 'update metadata' instance ${other} while it is in vm_state building`;
    expect(await nova.call('POST', `/servers/${other}/metadata`, { metadata: { a: 'b' } })).toMatchObject(
      fault('conflictingRequest', 409, message),
    );
    expect(await nova.get(`/servers/${nobody}/metadata`)).toMatchObject(notFound(nobody));
  });
});

describe('tags', () => {
  const ask = (method: string, below = '', body?: unknown, minor = 26) =>
    nova.call(method, `/servers/${id}/tags${below}`, body, minor);

  it('may be replaced right after the create, as a Go client does', async () => {
    const { body } = await nova.call('POST', '/servers', nova.createBody());
    const path = `/servers/${body.server.id}/tags`;
    // gophertelekomcloud names no microversion here.
    const reply = await nova.call('PUT', path, { tags: ['__type_baremetal'] });
    expect(reply).toMatchObject({ status: 200, body: { tags: ['__type_baremetal'] } });
    expect((await nova.get(path)).body).toEqual({ tags: ['__type_baremetal'] });
    expect((await nova.call('DELETE', path)).status).toBe(204);
    await nova.rest(body.server.id);
  });

  it('are put, asked for and taken off one by one, and are those of BMS v1', async () => {
    expect((await ask('PUT', '', { tags: ['__type_baremetal', 'a=1', 'a=1'] })).body.tags).toEqual([
      '__type_baremetal',
      'a=1',
    ]);
    const put = await ask('PUT', '/blue');
    expect(put.status).toBe(201);
    expect(put.headers.get('location')).toMatch(new RegExp(`/servers/${id}/tags/blue$`));
    expect((await ask('PUT', '/blue')).status).toBe(204);
    expect((await ask('GET', '/blue')).status).toBe(204);
    expect((await cloud.call('GET', `/v1/{p}/baremetalservers/${id}/tags`)).body.tags).toEqual([
      { key: 'a', value: '1' },
      { key: 'blue', value: '' },
    ]);
    expect((await ask('DELETE', '/blue')).status).toBe(204);
    const message = `Server ${id} has no tag 'blue'`;
    expect(await ask('GET', '/blue')).toMatchObject(fault('itemNotFound', 404, message));
    expect(await ask('DELETE', '/blue')).toMatchObject(fault('itemNotFound', 404, message));
    expect((await ask('DELETE')).status).toBe(204);
    expect((await ask('GET')).body).toEqual({ tags: [] });
  });

  it.each([
    ['one that begins with a dot', ['.hidden']],
    ['an empty one', ['']],
    ['a long one', ['x'.repeat(81)]],
    ['a list in one', ['a,b']],
    ['too many', Array.from({ length: 51 }, (_, at) => `t${at}`)],
  ])('with %s are a bad request', async (_, tags) => {
    expect(await ask('PUT', '', { tags })).toMatchObject(badRequest());
  });

  it('are not known to one who asks for a version before 2.26', async () => {
    expect(await ask('GET', '', undefined, 25)).toMatchObject(fault('itemNotFound', 404));
    expect(await ask('PUT', '', { tags: [] }, 1)).toMatchObject(fault('itemNotFound', 404));
    const legacy = await cloud.call('GET', `/v2/{p}/servers/${id}/tags`);
    expect(legacy).toMatchObject(fault('itemNotFound', 404));
  });
});

it('tells the addresses by network, and by VPC', async () => {
  const { addresses, 'OS-EXT-SRV-ATTR:hostname': _ } = await nova.show(id);
  const [address] = addresses[nova.network.name];
  const short = { version: 4, addr: address.addr };
  const { body } = await nova.get(`/servers/${id}/ips`);
  expect(body).toEqual({ addresses: { [nova.network.name]: [short] } });
  expect((await nova.get(`/servers/${id}/ips/${nova.network.name}`)).body).toEqual(body.addresses);
  const { rows } = await cloud.sql.query<{ id: string }>('select vpc_id as id from networks');
  expect((await nova.get(`/servers/${id}/ips/${rows[0]!.id}`)).body).toEqual({ [rows[0]!.id]: [short] });
  expect(await nova.get(`/servers/${id}/ips/nowhere`)).toMatchObject(fault('itemNotFound', 404));
});

it('a locked server refuses what would change it, on every door, until it is unlocked', async () => {
  expect((await nova.act(id, { lock: null })).status).toBe(202);
  expect((await nova.show(id)).locked).toBe(true);
  const locked = fault('conflictingRequest', 409, `Instance ${id} is locked`);
  expect(await nova.act(id, { 'os-stop': null })).toMatchObject(locked);
  expect(await nova.call('POST', `/servers/${id}/metadata`, { metadata: { a: 'b' } })).toMatchObject(locked);
  const v1 = { status: 400, body: { error: { code: 'BMS.0605' } } };
  const path = `/v1/{p}/baremetalservers/${id}`;
  expect(await cloud.call('POST', `${path}/metadata`, { metadata: { a: 'b' } })).toMatchObject(v1);
  const stop = { 'os-stop': { servers: [{ id }] } };
  expect(await cloud.call('POST', '/v1/{p}/baremetalservers/action', stop)).toMatchObject(v1);
  expect((await nova.act(id, { unlock: null })).status).toBe(202);
  expect((await nova.show(id)).locked).toBe(false);
  expect((await nova.act(id, { 'os-stop': null })).status).toBe(204);
  await nova.rest(id);
});

it('lists images for Go clients, which ask for one by its id', async () => {
  const { body } = await nova.get(`/cloudimages?id=${nova.imageId}&limit=1`);
  expect(body.images).toMatchObject([{ id: nova.imageId, name: expect.any(String), status: 'active' }]);
  expect((await nova.get('/cloudimages?limit=2')).body.images).toHaveLength(2);
  expect((await nova.get(`/cloudimages?id=${randomUUID()}`)).body.images).toEqual([]);
});

describe('quotas', () => {
  it('are shown with what is used of them', async () => {
    const set = (await nova.get(`/os-quota-sets/${cloud.projectId}`)).body.quota_set;
    expect(set).toMatchObject({ id: cloud.projectId, instances: -1, cores: -1, metadata_items: 128 });
    expect((await nova.get(`/os-quota-sets/${cloud.projectId}/defaults`)).body.quota_set).toEqual(set);
    const { body } = await nova.get(`/os-quota-sets/${cloud.projectId}/detail`);
    expect(body.quota_set.instances).toEqual({ limit: -1, in_use: 3, reserved: 0 });
  });

  it('of another project are for administrators', async () => {
    const member = await nova.tokenFor('member', cloud.projectId);
    const headers = { 'x-auth-token': member };
    const ask = (project: string) =>
      cloud.call('GET', `/v2.1/{p}/os-quota-sets/${project}`, undefined, headers);
    expect((await ask(cloud.projectId)).status).toBe(200);
    expect(await ask('other')).toMatchObject(fault('forbidden', 403));
    expect((await nova.get('/os-quota-sets/other')).status).toBe(200);
  });
});
