/** Glance v2, as far as clients need it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '0' });
});
afterAll(() => cloud.close());

const nobody = '01900000-0000-7000-8000-000000000000';
const get = (path: string) => cloud.call('GET', `/image${path}`);
const names = async (query: string): Promise<string[]> =>
  (await get(`/v2/images${query}`)).body.images.map(({ name }: { name: string }) => name);
const failure = (status: number, title: string) => ({
  status,
  body: { code: `${status} ${title}`, title, message: expect.any(String) },
});

it('tells its versions without a token', async () => {
  for (const path of ['', '/', '/v2', '/v2/']) {
    const { status, body } = await cloud.call('GET', `/image${path}`, undefined, { 'x-auth-token': '' });
    expect(status).toBe(300);
    expect(body.versions).toMatchObject([
      { id: 'v2.9', status: 'CURRENT', links: [{ rel: 'self', href: `${cloud.origin}/image/v2/` }] },
    ]);
  }
  // Where the glance command looks for them.
  const named = await cloud.call('GET', '/image/versions', undefined, { 'x-auth-token': '' });
  expect(named).toMatchObject({ status: 200, body: { versions: [{ id: 'v2.9' }] } });
});

it('tells everything else only to those with a token, in the words of Keystone', async () => {
  const reply = await cloud.call('GET', '/image/v2/images', undefined, { 'x-auth-token': '' });
  expect(reply).toMatchObject({ status: 401, body: { error: { code: 401, title: 'Unauthorized' } } });
});

describe('images', () => {
  it('are shown with their properties beside their fields', async () => {
    const [image] = (await get('/v2/images?name=Debian 12 for BMS')).body.images;
    expect(image).toMatchObject({
      name: 'Debian 12 for BMS',
      status: 'active',
      visibility: 'public',
      disk_format: 'raw',
      container_format: 'bare',
      min_disk: 40,
      min_ram: 1024,
      protected: false,
      tags: [],
      virtual_env_type: 'Ironic',
      __os_type: 'Linux',
      self: `/v2/images/${image.id}`,
      schema: '/v2/schemas/image',
    });
    const { status, body } = await get(`/v2/images/${image.id}`);
    expect([status, body]).toEqual([200, image]);
  });

  it('are found by name, by field and by property', async () => {
    expect(await names('')).toHaveLength(3);
    expect(await names('?name=Debian 12 for BMS')).toEqual(['Debian 12 for BMS']);
    expect(await names('?name=Debian')).toEqual([]);
    expect(await names('?virtual_env_type=Ironic&status=active&os_hidden=False')).toHaveLength(3);
    expect(await names('?visibility=all')).toHaveLength(3);
    expect(await names('?visibility=private')).toEqual([]);
    expect(await names('?name=in:Debian 12 for BMS,Rocky Linux 9 for BMS')).toHaveLength(2);
    expect(await names('?colour=blue')).toEqual([]);
  });

  it('come in pages, each with the way to the next', async () => {
    const first = (await get('/v2/images?limit=2&status=active')).body;
    expect(first).toMatchObject({
      first: '/v2/images?limit=2&status=active',
      schema: '/v2/schemas/images',
      next: `/v2/images?limit=2&status=active&marker=${first.images[1].id}`,
    });
    const second = (await get(first.next)).body;
    expect(second.images).toHaveLength(1);
    expect(second).not.toHaveProperty('next');
    expect(await get('/v2/images?limit=many')).toMatchObject(failure(400, 'Bad Request'));
    expect(await get(`/v2/images?marker=${nobody}`)).toMatchObject(failure(400, 'Bad Request'));
  });

  it('of another project are as if they were not there', async () => {
    await cloud.sql.query(
      `insert into projects (id, account_id, name) select 'other', id, 'other' from accounts limit 1`,
    );
    await cloud.sql.query(`insert into images (id, project_id, name) values ($1, 'other', 'secret')`, [
      nobody,
    ]);
    expect(await names('')).not.toContain('secret');
    expect(await get(`/v2/images/${nobody}`)).toMatchObject(failure(404, 'Not Found'));
  });

  it('are not found by a name in place of the id', async () => {
    const reply = await get('/v2/images/Debian%2012%20for%20BMS');
    expect(reply).toMatchObject(failure(404, 'Not Found'));
    expect(reply.body.message).toBe('No image found with ID Debian 12 for BMS');
    expect(await get('/v2/nothing')).toMatchObject(failure(404, 'Not Found'));
  });

  it('have schemas that name their fields', async () => {
    const { body } = await get('/v2/schemas/image');
    const [image] = (await get('/v2/images')).body.images;
    expect(body.name).toBe('image');
    const { ingot_failure, ...named } = body.properties; // only there when something failed
    expect(ingot_failure).toBeDefined();
    expect(Object.keys(image)).toEqual(expect.arrayContaining(Object.keys(named)));
    for (const name of ['images', 'member', 'members', 'task', 'tasks']) {
      expect((await get(`/v2/schemas/${name}`)).body).toMatchObject({ name });
    }
  });
});
