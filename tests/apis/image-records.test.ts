/** Records of images: made, changed, found, shared, removed, each refusal in Glance's words. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenFor } from '../support/callers.ts';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { addImage, getBytes, makeDisk, putBytes, showImage } from '../support/images.ts';

let cloud: Cloud;
/** A member of another project. */
let stranger: { id: string; call: Cloud['call'] };
/** A member of the same project who is no administrator. */
let member: { call: Cloud['call'] };

beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '0' });
  const id = '0b'.repeat(16);
  stranger = { id, call: callAs(await tokenFor(cloud, 'member', id)) };
  member = { call: callAs(await tokenFor(cloud, 'member', cloud.projectId)) };
});
afterAll(() => cloud.close());

const callAs =
  (token: string): Cloud['call'] =>
  (method, path, body, headers = {}) =>
    cloud.call(method, path, body, { 'x-auth-token': token, ...headers });

const v21 = { 'content-type': 'application/openstack-images-v2.1-json-patch' };
const patch = (id: string, operations: unknown, headers: Record<string, string> = v21, call = cloud.call) =>
  call('PATCH', `/image/v2/images/${id}`, operations, headers);
const at = (id: string, rest = '') => `/image/v2/images/${id}${rest}`;
const names = async (query: string, call = cloud.call): Promise<string[]> =>
  (await call('GET', `/image/v2/images?${query}`)).body.images.map(({ name }: Reply['body']) => name);

describe('a new image', () => {
  it('is what was asked for, and waits for bytes', async () => {
    const id = '01900000-0000-7000-8000-0000000000aa';
    const { status, body, headers } = await cloud.call('POST', '/image/v2/images', {
      id,
      name: 'golden',
      disk_format: 'qcow2',
      container_format: 'bare',
      visibility: 'private',
      min_disk: 8,
      min_ram: 512,
      protected: true,
      os_hidden: true,
      tags: ['a', 'a', 'b'],
      os_type: 'windows',
      hw_firmware_type: 'uefi',
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      id,
      name: 'golden',
      status: 'queued',
      owner: cloud.projectId,
      tags: ['a', 'b'],
    });
    expect(body).toMatchObject({
      protected: true,
      os_hidden: true,
      __os_type: 'Windows',
      hw_firmware_type: 'uefi',
    });
    expect(headers.get('location')).toBe(`${cloud.origin}/image/v2/images/${id}`);
    expect(headers.get('openstack-image-import-methods')).toBe('glance-direct,web-download');
    expect((await cloud.call('POST', '/image/v2/images', { id })).status).toBe(409);
    expect(await names('name=golden')).toEqual([]);
    expect(await names('name=golden&os_hidden=true')).toEqual(['golden']);
  });

  it.each([
    [{ name: 7 }, 400],
    [{ name: 'x'.repeat(256) }, 400],
    [{ disk_format: 'iso' }, 400],
    [{ container_format: 'docker' }, 400],
    [{ visibility: 'secret' }, 400],
    [{ min_disk: -1 }, 400],
    [{ min_ram: '512' }, 400],
    [{ protected: 'yes' }, 400],
    [{ tags: 'blue' }, 400],
    [{ tags: ['x'.repeat(256)] }, 400],
    [{ id: 'mine' }, 400],
    [{ colour: 7 }, 400],
    [{ properties: ['a'] }, 400],
    [Object.fromEntries(Array.from({ length: 129 }, (_, n) => [`p${n}`, ''])), 400],
    [['a'], 400],
    ['text', 400],
    [{ status: 'active' }, 403],
    [{ checksum: 'abc' }, 403],
    [{ locations: [] }, 403],
  ])('as %j is refused with %i', async (body, statusCode) => {
    expect((await cloud.call('POST', '/image/v2/images', body)).status).toBe(statusCode);
  });

  it('is public, or somebody else’s, only if an administrator says so', async () => {
    expect((await member.call('POST', '/image/v2/images', { name: 'x', visibility: 'public' })).status).toBe(
      403,
    );
    expect((await member.call('POST', '/image/v2/images', { name: 'x', owner: stranger.id })).status).toBe(
      403,
    );
    expect((await member.call('POST', '/image/v2/images', { name: 'mine' })).status).toBe(201);
    const { body } = await cloud.call('POST', '/image/v2/images', { name: 'theirs', owner: stranger.id });
    expect(body.owner).toBe(stranger.id);
    expect(
      (await cloud.call('POST', '/image/v2/images', { name: 'open', visibility: 'public' })).status,
    ).toBe(201);
    expect(await names('name=open', stranger.call)).toEqual(['open']);
  });
});

describe('a patch', () => {
  it('adds, replaces and removes, in both forms', async () => {
    const { id } = await addImage(cloud, { a: '1' });
    const { status, body } = await patch(id, [
      { op: 'replace', path: '/name', value: 'new' },
      { op: 'add', path: '/b~1c', value: '2' },
      { op: 'replace', path: '/a', value: '3' },
      { op: 'replace', path: '/tags', value: ['x'] },
      { op: 'replace', path: '/disk_format', value: 'qcow2' },
    ]);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { name: 'new', 'b/c': '2', a: '3', tags: ['x'], disk_format: 'qcow2' },
    });
    const older = { 'content-type': 'application/openstack-images-v2.0-json-patch' };
    const second = await patch(id, [{ replace: '/name', value: 'newer' }, { remove: '/a' }], older);
    expect(second.body).toMatchObject({ name: 'newer' });
    expect(second.body).not.toHaveProperty('a');
  });

  it.each([
    [[{ op: 'replace', path: '/status', value: 'active' }], 403],
    [[{ op: 'replace', path: '/id', value: 'x' }], 403],
    [[{ op: 'replace', path: '/os_hash_value', value: 'x' }], 403],
    [[{ op: 'remove', path: '/name' }], 403],
    [[{ op: 'replace', path: '/absent', value: 'x' }], 409],
    [[{ op: 'remove', path: '/absent' }], 409],
    [[{ op: 'move', path: '/a', value: 'x' }], 400],
    [[{ op: 'add', path: 'a', value: 'x' }], 400],
    [[{ op: 'add', path: '/a/b', value: 'x' }], 400],
    [[{ op: 'add', path: '/a' }], 400],
    [[{ op: 'add', path: '/a', value: 7 }], 400],
    [['a'], 400],
    [{ name: 'x' }, 400],
  ])('of %j is refused with %i', async (operations, statusCode) => {
    const { id } = await addImage(cloud);
    expect((await patch(id, operations)).status).toBe(statusCode);
    expect(await showImage(cloud, id)).toMatchObject({ name: 'mine' });
  });

  it('of another media type is refused with those that would do', async () => {
    const { id } = await addImage(cloud);
    const { status, body } = await patch(id, [], { 'content-type': 'application/json' });
    expect(status).toBe(415);
    expect(body.message).toMatch(/openstack-images-v2.1-json-patch/);
  });

  it('does not recast bytes that are there, nor publish for just anybody', async () => {
    const { id } = await addImage(cloud);
    await putBytes(cloud, id, makeDisk());
    expect((await patch(id, [{ op: 'replace', path: '/disk_format', value: 'qcow2' }])).status).toBe(403);
    const publish = [{ op: 'replace', path: '/visibility', value: 'public' }];
    expect((await patch(id, publish, v21, member.call)).status).toBe(403);
    expect(
      (await patch(id, [{ op: 'replace', path: '/owner', value: stranger.id }], v21, member.call)).status,
    ).toBe(403);
    expect((await patch(id, publish)).status).toBe(200);
  });

  it('of an image of the installation is for administrators', async () => {
    const [image] = (await cloud.call('GET', '/image/v2/images?name=Debian 12 for BMS')).body.images;
    const hide = [{ op: 'replace', path: '/os_hidden', value: true }];
    expect((await patch(image.id, hide, v21, member.call)).status).toBe(403);
    expect((await member.call('DELETE', at(image.id))).status).toBe(403);
    expect((await patch(image.id, [{ op: 'replace', path: '/visibility', value: 'private' }])).status).toBe(
      403,
    );
    expect((await patch(image.id, hide)).body.os_hidden).toBe(true);
    await patch(image.id, [{ op: 'replace', path: '/os_hidden', value: false }]);
  });
});

describe('a list', () => {
  it('is narrowed by fields and properties, and sorted', async () => {
    for (const [name, size] of [
      ['l-a', 3],
      ['l-b', 1],
      ['l-c', 2],
    ] as const) {
      const { id } = await addImage(cloud, { name, family: 'list', tags: ['l', name], min_disk: size });
      await putBytes(cloud, id, makeDisk().subarray(0, size * 1_000));
    }
    expect(await names('family=list&sort=name:asc')).toEqual(['l-a', 'l-b', 'l-c']);
    expect(await names('family=list&sort=size:desc,name')).toEqual(['l-a', 'l-c', 'l-b']);
    expect(await names('family=list&sort_key=size&sort_dir=asc')).toEqual(['l-b', 'l-c', 'l-a']);
    expect(await names('family=list')).toEqual(['l-c', 'l-b', 'l-a']);
    expect(await names('tag=l&tag=l-b')).toEqual(['l-b']);
    expect(await names('family=list&size_min=2000&size_max=2000')).toEqual(['l-c']);
    expect(await names('family=list&min_disk=3')).toEqual(['l-a']);
    expect(await names('family=list&created_at=gt:2020-01-01T00:00:00Z&sort=name:asc')).toHaveLength(3);
    expect(await names('family=list&updated_at=lt:2020-01-01T00:00:00Z')).toEqual([]);
    expect(await names(`family=list&owner=${stranger.id}`)).toEqual([]);
    const first = (await cloud.call('GET', '/image/v2/images?family=list&limit=2&sort=size:asc')).body;
    expect(first.images.map(({ name }: Reply['body']) => name)).toEqual(['l-b', 'l-c']);
    expect((await cloud.call('GET', `/image${first.next}`)).body.images).toMatchObject([{ name: 'l-a' }]);
    expect((await cloud.call('GET', '/v2/cloudimages?family=list&limit=1')).body.images).toHaveLength(1);
    expect((await cloud.call('GET', '/image/v2/cloudimages?name=l-a&limit=1')).body.images).toMatchObject([
      { name: 'l-a' },
    ]);
  });

  it.each([
    'sort=colour',
    'sort=name:up',
    'sort=name&sort_key=name',
    'sort_key=name&sort_key=size&sort_dir=asc&sort_dir=asc&sort_dir=asc',
    'visibility=secret',
    'member_status=maybe',
    'protected=perhaps',
    'size_min=small',
    'created_at=gt:yesterday',
    'limit=-1',
  ])('with %s is refused', async (query) => {
    expect((await cloud.call('GET', `/image/v2/images?${query}`)).status).toBe(400);
  });
});

describe('an image that is', () => {
  it('private is nobody else’s, community is everybody’s who knows it', async () => {
    const { id } = await addImage(cloud, { name: 'v', visibility: 'private' });
    await putBytes(cloud, id, makeDisk());
    expect((await stranger.call('GET', at(id))).status).toBe(404);
    await patch(id, [{ op: 'replace', path: '/visibility', value: 'community' }]);
    expect((await stranger.call('GET', at(id))).status).toBe(200);
    expect(await names('name=v', stranger.call)).toEqual([]);
    expect(await names('name=v&visibility=community', stranger.call)).toEqual(['v']);
    expect((await stranger.call('DELETE', at(id))).status).toBe(403);
    expect((await patch(id, [], v21, stranger.call)).status).toBe(403);
  });

  it('shared is seen by its members: when they know it, and in lists when they accepted it', async () => {
    const { id } = await addImage(cloud, { name: 's' });
    const members = at(id, '/members');
    expect((await stranger.call('GET', at(id))).status).toBe(404);
    expect((await cloud.call('POST', members, { member: 'nobody' })).status).toBe(404);
    const made = await cloud.call('POST', members, { member: stranger.id });
    expect(made).toMatchObject({
      status: 200,
      body: { member_id: stranger.id, image_id: id, status: 'pending' },
    });
    expect((await cloud.call('POST', members, { member: stranger.id })).status).toBe(409);
    expect((await stranger.call('GET', at(id))).status).toBe(200);
    expect(await names('name=s', stranger.call)).toEqual([]);
    expect(await names('name=s&member_status=pending', stranger.call)).toEqual(['s']);
    const own = `${members}/${stranger.id}`;
    expect((await stranger.call('POST', members, { member: cloud.projectId })).status).toBe(403);
    expect((await member.call('PUT', own, { status: 'accepted' })).status).toBe(403);
    expect((await stranger.call('PUT', own, { status: 'perhaps' })).status).toBe(400);
    expect((await stranger.call('PUT', own, { status: 'accepted' })).body.status).toBe('accepted');
    expect(await names('name=s', stranger.call)).toEqual(['s']);
    expect((await stranger.call('GET', own)).body).toMatchObject({ member_id: stranger.id });
    expect((await cloud.call('GET', members)).body.members).toHaveLength(1);
    expect((await stranger.call('DELETE', own)).status).toBe(403);
    expect((await cloud.call('DELETE', own)).status).toBe(204);
    expect((await cloud.call('DELETE', own)).status).toBe(404);
    expect((await stranger.call('GET', at(id))).status).toBe(404);
    await patch(id, [{ op: 'replace', path: '/visibility', value: 'private' }]);
    expect((await cloud.call('GET', members)).status).toBe(403);
  });

  it('protected stays until that ends', async () => {
    const { id } = await addImage(cloud, { protected: true });
    expect(await cloud.call('DELETE', at(id))).toMatchObject({
      status: 403,
      body: { message: `Image ${id} is protected and cannot be deleted.` },
    });
    await patch(id, [{ op: 'replace', path: '/protected', value: false }]);
    expect((await cloud.call('DELETE', at(id))).status).toBe(204);
    expect((await cloud.call('DELETE', at(id))).status).toBe(404);
  });

  it('deactivated gives its bytes to administrators only, and to no server', async () => {
    const { id } = await addImage(cloud);
    expect((await cloud.call('POST', at(id, '/actions/deactivate'))).status).toBe(403);
    await putBytes(cloud, id, makeDisk());
    expect((await cloud.call('POST', at(id, '/actions/deactivate'))).status).toBe(204);
    expect(await showImage(cloud, id)).toMatchObject({ status: 'deactivated' });
    expect((await member.call('GET', at(id, '/file'))).status).toBe(403);
    expect((await getBytes(cloud, id)).response.status).toBe(200);
    expect((await cloud.call('POST', at(id, '/actions/reactivate'))).status).toBe(204);
    expect((await cloud.call('POST', at(id, '/actions/reactivate'))).status).toBe(204);
    expect(await showImage(cloud, id)).toMatchObject({ status: 'active' });
  });

  it('tagged loses its tags one by one', async () => {
    const { id } = await addImage(cloud, { tags: ['a'] });
    expect((await cloud.call('PUT', at(id, '/tags/b'))).status).toBe(204);
    expect((await cloud.call('PUT', at(id, '/tags/b'))).status).toBe(204);
    expect((await cloud.call('DELETE', at(id, '/tags/a'))).status).toBe(204);
    expect((await cloud.call('DELETE', at(id, '/tags/a'))).status).toBe(404);
    expect(await showImage(cloud, id)).toMatchObject({ tags: ['b'] });
  });
});
