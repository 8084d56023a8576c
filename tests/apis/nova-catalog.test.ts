/** What servers are made with, as Nova has it: flavors, zones, limits, keypairs. */
import { createPublicKey, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { badRequest, fault, useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '30' });
  nova = await useNova(cloud);
});
afterAll(() => cloud.close());

describe('flavors', () => {
  it('are listed short and long, and shown with their extra specs', async () => {
    const { body } = await nova.get('/flavors');
    expect(body.flavors).toContainEqual({
      id: nova.flavorId,
      name: nova.flavorId,
      links: [expect.objectContaining({ rel: 'self' }), expect.objectContaining({ rel: 'bookmark' })],
    });
    const details = await nova.get('/flavors/detail?is_public=None');
    const flavor = details.body.flavors.find(({ id }: { id: string }) => id === nova.flavorId);
    expect(flavor).toMatchObject({
      vcpus: 48,
      ram: 393_216,
      disk: 3600,
      swap: '',
      'OS-FLV-EXT-DATA:ephemeral': 0,
      'OS-FLV-DISABLED:disabled': false,
      'os-flavor-access:is_public': true,
      rxtx_factor: 1,
    });
    expect((await nova.get(`/flavors/${nova.flavorId}`)).body).toEqual({ flavor });
    const specs = await nova.get(`/flavors/${nova.flavorId}/os-extra_specs`);
    expect(specs.body.extra_specs).toMatchObject({
      resource_type: 'ironic',
      'capabilities:board_type': 'm2l',
    });
  });

  it('are narrowed, sorted and paged', async () => {
    const ids = async (query: string) =>
      (await nova.get(`/flavors${query}`)).body.flavors.map(({ id }: { id: string }) => id);
    expect(await ids('?sort_key=vcpus')).toEqual(['physical.s2.medium', 'physical.m2.large']);
    expect(await ids('?sort_key=vcpus&sort_dir=desc')).toEqual(['physical.m2.large', 'physical.s2.medium']);
    expect(await ids('?minRam=200000')).toEqual(['physical.m2.large']);
    expect(await ids('?minDisk=2000')).toEqual(['physical.m2.large']);
    expect(await ids('?is_public=False')).toEqual([]);
    const first = (await nova.get('/flavors?limit=1')).body;
    expect(first.flavors).toHaveLength(1);
    expect(first.flavors_links[0].href).toContain(`marker=${first.flavors[0].id}`);
    expect(await ids(`?marker=${first.flavors[0].id}`)).toHaveLength(1);
    expect(await nova.get('/flavors?minRam=much')).toMatchObject(badRequest());
    expect(await nova.get('/flavors?marker=none')).toMatchObject(badRequest());
  });

  it('are made by operators for the machines that they have, and removed when nothing is of them', async () => {
    const name = 'physical.own.small';
    const wish = { name, id: 'auto', ram: '65536', vcpus: 32, disk: 960, swap: 0, rxtx_factor: 1 };
    const made = await nova.call('POST', '/flavors', { flavor: wish });
    expect(made).toMatchObject({ status: 200, body: { flavor: { id: name, name, ram: 65_536, vcpus: 32 } } });
    const specs = { 'baremetal:disk_detail': '2 x 480 GB SSD' };
    expect(await nova.call('POST', `/flavors/${name}/os-extra_specs`, { extra_specs: specs })).toMatchObject({
      status: 200,
      body: { extra_specs: specs },
    });
    const { body } = await nova.get(`/flavors/${name}/os-extra_specs`);
    expect(body.extra_specs).toMatchObject({
      resource_type: 'ironic',
      'baremetal:cpu_detail': '32 cores',
      ...specs,
    });

    const spec = `/flavors/${name}/os-extra_specs/baremetal:disk_detail`;
    expect((await nova.call('DELETE', spec)).status).toBe(200);
    expect(await nova.call('DELETE', spec)).toMatchObject({
      status: 404,
      body: { itemNotFound: { message: 'The extra spec baremetal:disk_detail does not exist.' } },
    });

    for (const more of [
      { swap: 1 },
      { 'os-flavor-access:is_public': false },
      { ram: 0 },
      { vcpus: '0' },
      { id: 'a/b' },
    ])
      expect(await nova.call('POST', '/flavors', { flavor: { ...wish, ...more } })).toMatchObject(
        badRequest(),
      );
    for (const same of [wish, { ...wish, id: 'other' }, { ...wish, name: 'other', id: name }])
      expect((await nova.call('POST', '/flavors', { flavor: same })).status).toBe(409);

    const node = { name: 'of-that-flavor', driver: 'simulated', zone: 'eu-de-01', flavor_id: name };
    const { body: enrolled } = await cloud.call('POST', '/admin/v1/nodes', node);
    expect(await nova.call('DELETE', `/flavors/${name}`)).toMatchObject({
      status: 409,
      body: { conflictingRequest: { message: `The flavor ${name} is that of nodes or servers.` } },
    });
    await cloud.call('DELETE', `/admin/v1/nodes/${enrolled.id}`);
    expect((await nova.call('DELETE', `/flavors/${name}`)).status).toBe(202);
    for (const asked of [nova.get(`/flavors/${name}`), nova.call('DELETE', `/flavors/${name}`)])
      expect((await asked).status).toBe(404);
  });

  it('that nobody knows are not found', async () => {
    const message = 'Flavor m1.tiny could not be found.';
    expect(await nova.get('/flavors/m1.tiny')).toMatchObject(fault('itemNotFound', 404, message));
    expect(await nova.get('/flavors/m1.tiny/os-extra_specs')).toMatchObject(
      fault('itemNotFound', 404, message),
    );
  });
});

describe('the region', () => {
  it('has zones, to administrators with their hosts', async () => {
    const zone = { zoneName: 'eu-de-01', zoneState: { available: true } };
    expect((await nova.get('/os-availability-zone')).body).toEqual({
      availabilityZoneInfo: [{ ...zone, hosts: null }],
    });
    expect((await nova.get('/os-availability-zone/detail')).body.availabilityZoneInfo).toMatchObject([
      { ...zone, hosts: { 'bms.eu-de-01': { 'nova-compute': { available: true, active: true } } } },
    ]);
    const headers = { 'x-auth-token': await nova.tokenFor('member', cloud.projectId) };
    expect(
      await cloud.call('GET', '/v2.1/{p}/os-availability-zone/detail', undefined, headers),
    ).toMatchObject(fault('forbidden', 403));
  });

  it('has limits, and counts what is used of them', async () => {
    const headers = { 'x-auth-token': await nova.tokenFor('member', 'counting') };
    const limits = async () => {
      const { body } = await cloud.call('GET', '/v2.1/counting/limits', undefined, headers);
      return body.limits;
    };
    expect(await limits()).toMatchObject({
      rate: [],
      absolute: { maxTotalInstances: -1, totalInstancesUsed: 0 },
    });
    const made = await cloud.call('POST', '/v2.1/counting/servers', nova.createBody(), headers);
    expect(await limits()).toMatchObject({
      absolute: { totalInstancesUsed: 1, totalCoresUsed: 48, totalRAMUsed: 393_216 },
    });
    expect(
      await cloud.call('GET', `/v2.1/counting/limits?tenant_id=${cloud.projectId}`, undefined, headers),
    ).toMatchObject(fault('forbidden', 403));
    await nova.rest(made.body.server.id);
  });
});

describe('keypairs', () => {
  const publicKey =
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBqBLM2Tt21wCCyxaqFmhZnr1w5rXYuCNSgrQQjpAVcw somebody@somewhere';
  const create = (keypair: object, minor?: number) => nova.call('POST', '/os-keypairs', { keypair }, minor);

  it('are made: a private key that belongs to the public one, told once', async () => {
    const { status, body } = await create({ name: 'made' });
    expect(status).toBe(200);
    const { private_key: privateKey, ...shown } = body.keypair;
    expect(shown).toEqual({
      name: 'made',
      user_id: cloud.userId,
      public_key: expect.stringMatching(/^ssh-rsa /),
      fingerprint: expect.stringMatching(/^[0-9a-f]{2}(:[0-9a-f]{2}){15}$/),
    });
    const { n } = createPublicKey(privateKey).export({ format: 'jwk' });
    const blob = Buffer.from(shown.public_key.split(' ')[1], 'base64');
    // A multiple-precision integer with the first bit set has a zero before it (RFC 4251 §5).
    const integer = Buffer.concat([Buffer.of(0, 0, 1, 1, 0), Buffer.from(n!, 'base64url')]);
    expect(blob.subarray(-integer.length)).toEqual(integer);
    const { body: again } = await nova.get('/os-keypairs/made');
    expect(again.keypair).toMatchObject({ ...shown, deleted: false, deleted_at: null, updated_at: null });
    expect(again.keypair).not.toHaveProperty('private_key');
  });

  it('are imported, with the fingerprint that ssh-keygen shows', async () => {
    const { status, body } = await create({ name: 'imported', public_key: publicKey }, 2);
    expect(status).toBe(201);
    expect(body.keypair).toEqual({
      name: 'imported',
      type: 'ssh',
      user_id: cloud.userId,
      public_key: publicKey,
      fingerprint: 'ce:85:1c:40:e5:2f:2d:fd:21:cf:fb:5f:8c:6d:a5:ad',
    });
    const { body: list } = await nova.get('/os-keypairs', 2);
    expect(list.keypairs).toContainEqual({
      keypair: {
        name: 'imported',
        type: 'ssh',
        public_key: publicKey,
        fingerprint: body.keypair.fingerprint,
      },
    });
    const [first] = (await nova.get('/os-keypairs', 1)).body.keypairs;
    expect(first.keypair).not.toHaveProperty('type');
  });

  it('give servers their key', async () => {
    await create({ name: 'given', public_key: publicKey });
    expect((await nova.show(await nova.make({ key_name: 'given' }))).key_name).toBe('given');
  });

  it('have a name of their own', async () => {
    await create({ name: 'twice', public_key: publicKey });
    expect(await create({ name: 'twice', public_key: publicKey })).toMatchObject(
      fault('conflictingRequest', 409, "Key pair 'twice' already exists."),
    );
  });

  it.each<[string, object]>([
    ['a name of strange signs', { name: 'a/b' }],
    ['no name', {}],
    ['an empty name', { name: '' }],
    ['a long name', { name: 'x'.repeat(256) }],
    ['a key that is none', { name: 'x', public_key: 'hello' }],
    ['a key cut short', { name: 'x', public_key: publicKey.slice(0, 60) }],
    ['a key under another name', { name: 'x', public_key: publicKey.replace('ssh-ed25519', 'ssh-rsa') }],
    ['a key over 1024 bytes', { name: 'x', public_key: `${publicKey}${'x'.repeat(1024)}` }],
    ['a certificate', { name: 'x', type: 'x509' }],
  ])('with %s are a bad request', async (_what, keypair) => {
    expect(await create(keypair)).toMatchObject(badRequest());
  });

  it('are deleted: 202, and 204 from 2.2 on', async () => {
    for (const [minor, status] of [
      [1, 202],
      [2, 204],
    ] as const) {
      await create({ name: 'short-lived', public_key: publicKey });
      const remove = () => nova.call('DELETE', '/os-keypairs/short-lived', undefined, minor);
      expect((await remove()).status).toBe(status);
      const message = `Keypair short-lived not found for user ${cloud.userId}`;
      expect(await remove()).toMatchObject(fault('itemNotFound', 404, message));
      expect(await nova.get('/os-keypairs/short-lived')).toMatchObject(fault('itemNotFound', 404, message));
    }
  });

  it('of others are for administrators, from 2.10 on', async () => {
    const headers = {
      'x-auth-token': await nova.tokenFor('member', cloud.projectId),
      'x-openstack-nova-api-version': '2.10',
    };
    const path = `/v2.1/{p}/os-keypairs?user_id=${cloud.userId}`;
    expect(await cloud.call('GET', path, undefined, headers)).toMatchObject(fault('forbidden', 403));
    expect((await nova.get(`/os-keypairs?user_id=${randomUUID()}`, 10)).body).toEqual({ keypairs: [] });
    const forNobody = { name: 'lost', public_key: publicKey, user_id: randomUUID() };
    expect(await create(forNobody, 10)).toMatchObject(fault('itemNotFound', 404));
  });
});
