/** What Nova's microversions after 2.26 changed: Terraform providers and other Go clients ask for them one by one. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { badRequest, fault, useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
let id: string;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '12' });
  nova = await useNova(cloud);
  id = await nova.make();
});
afterAll(() => cloud.close());

const create = (change: object, minor: number) =>
  nova.call('POST', '/servers', nova.createBody(change), minor);

it('pages keypairs from 2.35 on, by name', async () => {
  const before = (await nova.get('/os-keypairs', 35)).body.keypairs.length;
  for (const name of ['zz-a', 'zz-b', 'zz-c']) await nova.call('POST', '/os-keypairs', { keypair: { name } });
  const namesOf = (body: { keypairs: { keypair: { name: string } }[] }) =>
    body.keypairs.map(({ keypair }) => keypair.name);
  const first = await nova.get('/os-keypairs?limit=2&marker=zz-a', 35);
  expect(namesOf(first.body)).toEqual(['zz-b', 'zz-c']);
  expect(first.body).not.toHaveProperty('keypairs_links');
  const cut = await nova.get(`/os-keypairs?limit=${before + 1}`, 35);
  expect(cut.body.keypairs_links).toMatchObject([{ rel: 'next' }]);
  const next = new URL(cut.body.keypairs_links[0].href);
  const rest = await cloud.call('GET', next.pathname + next.search, undefined, {
    'x-openstack-nova-api-version': '2.35',
  });
  expect(namesOf(rest.body)[0]).toBe('zz-b');
  expect((await nova.get('/os-keypairs?limit=1', 34)).body.keypairs).toHaveLength(before + 3);
  expect(await nova.get('/os-keypairs?marker=nothing', 35)).toMatchObject(badRequest());
});

it('leaves what is of the network to the network API from 2.36 on, and of images from 2.39 on', async () => {
  expect((await nova.get('/os-security-groups', 35)).status).toBe(200);
  expect(await nova.get('/os-security-groups', 36)).toMatchObject(fault('itemNotFound', 404));
  const group = (await nova.get('/os-security-groups')).body.security_groups[0].id;
  expect(await nova.get(`/os-security-groups/${group}`, 36)).toMatchObject(fault('itemNotFound', 404));
  const limits = async (minor: number) =>
    Object.keys((await nova.get('/limits', minor)).body.limits.absolute);
  const without = async (minor: number) => {
    const now = await limits(minor);
    return (await limits(minor - 1)).filter((name) => !now.includes(name)).toSorted();
  };
  expect(await without(36)).toEqual([
    'maxSecurityGroupRules',
    'maxSecurityGroups',
    'maxTotalFloatingIps',
    'totalFloatingIpsUsed',
    'totalSecurityGroupsUsed',
  ]);
  expect(await without(39)).toEqual(['maxImageMeta']);
  const quotas = `/os-quota-sets/${cloud.projectId}`;
  expect((await nova.get(quotas, 35)).body.quota_set).toHaveProperty('security_groups');
  expect((await nova.get(quotas, 36)).body.quota_set).not.toHaveProperty('security_groups');
});

it('wants networks in a create from 2.37 on, be it a word', async () => {
  expect(await create({ networks: undefined }, 37)).toMatchObject(badRequest());
  const made = await create({ networks: 'auto', tags: ['blue'] }, 51);
  expect(made.status).toBe(202);
  const server = await nova.rest(made.body.server.id);
  expect(server.addresses).toHaveProperty(nova.network.name);
  expect(server.tags).toEqual(['__type_baremetal']);
});

it('refuses a status that no server can have from 2.38 on', async () => {
  expect((await nova.get('/servers?status=HAPPY', 37)).body.servers).toEqual([]);
  expect(await nova.get('/servers?status=HAPPY', 38)).toMatchObject(
    badRequest('Invalid status value: HAPPY'),
  );
  expect((await nova.get('/servers?status=paused', 38)).body.servers).toEqual([]);
  expect((await nova.get('/servers?status=active', 38)).status).toBe(200);
});

it('shows from 2.47 on what the server was made of in place of a link', async () => {
  expect((await nova.show(id, 46)).flavor).toMatchObject({ id: nova.flavorId });
  const { flavor } = (await nova.get(`/flavors/${nova.flavorId}`)).body;
  const { extra_specs } = (await nova.get(`/flavors/${nova.flavorId}/os-extra_specs`)).body;
  expect((await nova.show(id, 47)).flavor).toEqual({
    vcpus: flavor.vcpus,
    ram: flavor.ram,
    disk: flavor.disk,
    ephemeral: 0,
    swap: 0,
    original_name: flavor.name,
    extra_specs,
  });
});

it('refuses tags of devices rather than forget them', async () => {
  const refused = badRequest('Tags of devices are not supported on bare metal.');
  expect(await create({ networks: [{ uuid: nova.network.id, tag: 'nic0' }] }, 42)).toMatchObject(refused);
  const nic = { interfaceAttachment: { net_id: nova.network.id, tag: 'nic1' } };
  expect(await nova.call('POST', `/servers/${id}/os-interface`, nic, 49)).toMatchObject(refused);
  const volume = { volumeAttachment: { volumeId: id, tag: 'disk1' } };
  expect(await nova.call('POST', `/servers/${id}/os-volume_attachments`, volume, 49)).toMatchObject(refused);
});

describe('tags in a create', () => {
  it('are put from 2.52 on, beside the one of the system', async () => {
    const { status, body } = await create({ tags: ['blue', 'a=1', 'blue', '__type_baremetal'] }, 52);
    expect(status).toBe(202);
    expect((await nova.show(body.server.id)).tags).toEqual(['__type_baremetal', 'blue', 'a=1']);
  });

  it('are held to the rules of tags', async () => {
    for (const tags of [['.hidden'], [''], ['a/b'], Array.from({ length: 50 }, (_, at) => `t${at}`)]) {
      expect(await create({ tags }, 52)).toMatchObject(badRequest());
    }
  });
});

it('gives a server another key, or none, with a rebuild from 2.54 on', async () => {
  await nova.call('POST', '/os-keypairs', { keypair: { name: 'later' } });
  const rebuild = async (wish: object, minor: number) => {
    const body = { rebuild: { imageRef: nova.imageId, ...wish } };
    return nova.call('POST', `/servers/${id}/action`, body, minor);
  };
  expect(await rebuild({ key_name: 'nothing' }, 54)).toMatchObject(badRequest('Invalid key_name provided.'));
  expect((await rebuild({ key_name: 'later' }, 53)).body.server.key_name).toBeNull();
  await nova.rest(id);
  expect((await rebuild({ key_name: 'later' }, 54)).body.server.key_name).toBe('later');
  expect((await nova.rest(id)).key_name).toBe('later');
  expect((await rebuild({ key_name: null }, 54)).body.server.key_name).toBeNull();
  expect((await nova.rest(id)).key_name).toBeNull();
});

it('gives a server other user data, or none, with a rebuild from 2.57 on', async () => {
  const user_data = Buffer.from('#cloud-config').toString('base64');
  const rebuild = async (wish: object, minor: number) => {
    const body = { rebuild: { imageRef: nova.imageId, ...wish } };
    return nova.call('POST', `/servers/${id}/action`, body, minor);
  };
  const shown = async () => {
    await nova.rest(id);
    return (await nova.show(id, 57))['OS-EXT-SRV-ATTR:user_data'];
  };
  expect(await rebuild({ user_data: 'no base 64!' }, 57)).toMatchObject(badRequest());
  await rebuild({ user_data }, 56);
  expect(await shown()).toBeNull();
  expect((await rebuild({ user_data }, 57)).body.server).toMatchObject({ user_data });
  expect(await shown()).toBe(user_data);
  expect((await rebuild({ user_data: null }, 57)).body.server.user_data).toBeNull();
  expect(await shown()).toBeNull();
});

it('has no place for injected files from 2.57 on', async () => {
  const before = Object.keys((await nova.get('/limits', 56)).body.limits.absolute);
  const now = Object.keys((await nova.get('/limits', 57)).body.limits.absolute);
  expect(before.filter((name) => !now.includes(name))).toEqual(['maxPersonality', 'maxPersonalitySize']);
  const quotas = `/os-quota-sets/${cloud.projectId}`;
  expect((await nova.get(quotas, 56)).body.quota_set).toHaveProperty('injected_files');
  expect(Object.keys((await nova.get(quotas, 57)).body.quota_set).join()).not.toContain('injected');
});

describe('what was done to a server, from 2.58 on', () => {
  const path = () => `/servers/${id}/os-instance-actions`;
  const idsOf = (body: { instanceActions: { request_id: string }[] }) =>
    body.instanceActions.map(({ request_id }) => request_id);

  it('is cut into pages, newest first', async () => {
    await nova.rest(id);
    const all = idsOf((await nova.get(path(), 57)).body);
    expect(all.length).toBeGreaterThan(3);
    const seen: string[] = [];
    let { body } = await nova.get(`${path()}?limit=2`, 58);
    for (;;) {
      seen.push(...idsOf(body));
      const next = body.links?.find(({ rel }: { rel: string }) => rel === 'next');
      if (!next) break;
      const { pathname, search } = new URL(next.href);
      const answer = await cloud.call('GET', pathname + search, undefined, {
        'x-openstack-nova-api-version': '2.58',
      });
      body = answer.body;
    }
    expect(seen).toEqual(all);
    expect(await nova.get(`${path()}?marker=req-${randomUUID()}`, 58)).toMatchObject(badRequest());
  });

  it('says when it last changed, and is filtered by that', async () => {
    const { instanceActions: all } = (await nova.get(path(), 58)).body;
    const [newest] = all;
    expect(newest.updated_at >= newest.start_time).toBe(true);
    expect((await nova.get(path(), 57)).body.instanceActions[0]).not.toHaveProperty('updated_at');
    expect((await nova.get(`${path()}/${newest.request_id}`, 58)).body.instanceAction).toHaveProperty(
      'updated_at',
    );
    const since = (moment: string) => nova.get(`${path()}?changes-since=${moment}`, 58);
    expect(idsOf((await since(newest.updated_at)).body)).toEqual([newest.request_id]);
    expect(idsOf((await since('2001-01-01T00:00:00Z')).body)).toHaveLength(all.length);
    expect(await since('yesterday')).toMatchObject(badRequest());
  });
});

it('has descriptions of flavors from 2.55 on, though empty ones', async () => {
  for (const path of ['/flavors', '/flavors/detail']) {
    expect((await nova.get(path, 54)).body.flavors[0]).not.toHaveProperty('description');
    expect((await nova.get(path, 55)).body.flavors[0].description).toBeNull();
  }
});
