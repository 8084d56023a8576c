/** Making servers by Nova. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { badRequest, fault, nobody, useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '30' });
  nova = await useNova(cloud);
});
afterAll(() => cloud.close());

describe('create', () => {
  it('answers 202 with an id, links and a password', async () => {
    const { status, headers, body } = await nova.call('POST', '/servers', nova.createBody());
    expect(status).toBe(202);
    const { id } = body.server;
    const self = `${cloud.origin}/v2.1/${cloud.projectId}/servers/${id}`;
    expect(body.server).toEqual({
      id,
      links: [
        { rel: 'self', href: self },
        { rel: 'bookmark', href: `${cloud.origin}/${cloud.projectId}/servers/${id}` },
      ],
      'OS-DCF:diskConfig': 'MANUAL',
      security_groups: [{ name: 'default' }],
      adminPass: expect.stringMatching(/^[A-Za-z0-9]{12}$/),
    });
    expect(headers.get('location')).toBe(self);
    const { status: first } = await nova.show(id);
    expect(['BUILD', 'ACTIVE']).toContain(first);
    expect(await nova.rest(id)).toMatchObject({ status: 'ACTIVE', name: 'web' });
  });

  it('takes counts, several servers and their names with numbers', async () => {
    expect(
      (await nova.call('POST', '/servers', nova.createBody({ min_count: 1, max_count: 1 }))).status,
    ).toBe(202);
    const three = nova.createBody({ name: 'trio', min_count: 2, max_count: 3 });
    expect((await nova.call('POST', '/servers', three)).status).toBe(202);
    const { body } = await nova.get('/servers?name=^trio&sort_key=display_name&sort_dir=asc');
    expect(body.servers.map(({ name }: { name: string }) => name)).toEqual(['trio-1', 'trio-2', 'trio-3']);
    const wrong = nova.createBody({ min_count: 3, max_count: 2 });
    expect(await nova.call('POST', '/servers', wrong)).toMatchObject(badRequest());
  });

  it('answers with the reservation when that is asked for', async () => {
    const wish = nova.createBody({ return_reservation_id: true });
    const { status, body } = await nova.call('POST', '/servers', wish);
    expect(status).toBe(202);
    expect(body).toEqual({ reservation_id: expect.stringMatching(/^r-/) });
    const found = await nova.get(`/servers?reservation_id=${body.reservation_id}`);
    expect(found.body.servers).toHaveLength(1);
  });

  it('ties to the networks asked for, to one of ours, or to none', async () => {
    const { name } = nova.network;
    for (const networks of [[{ uuid: nova.network.id }], 'auto', [], undefined]) {
      const { addresses } = await nova.show(await nova.make({ networks }));
      expect(Object.keys(addresses)).toEqual([name]);
      expect(addresses[name]).toHaveLength(1);
    }
    expect((await nova.show(await nova.make({ networks: 'none' }))).addresses).toEqual({});
    const id = await nova.make({ networks: [{ uuid: nova.network.id, fixed_ip: '10.20.200.7' }] });
    expect((await nova.show(id)).addresses[name][0].addr).toBe('10.20.200.7');
  });

  it('keeps what else was said, and ignores what has no meaning here', async () => {
    const userData = Buffer.from('#!/bin/sh\n').toString('base64');
    const id = await nova.make({
      metadata: { role: 'web' },
      user_data: userData,
      availability_zone: 'eu-de-01',
      config_drive: true,
      adminPass: 'my own words',
      'OS-DCF:diskConfig': 'AUTO',
    });
    expect(await nova.show(id)).toMatchObject({
      metadata: { role: 'web' },
      'OS-EXT-SRV-ATTR:user_data': userData,
      'OS-EXT-AZ:availability_zone': 'eu-de-01',
      config_drive: '',
      tags: ['__type_baremetal'],
    });
  });

  it('says the password that it was given', async () => {
    const { body } = await nova.call('POST', '/servers', nova.createBody({ adminPass: 'my own words' }));
    expect(body.server.adminPass).toBe('my own words');
  });

  it.each<[string, object, unknown]>([
    ['an empty name', { name: '' }, expect.any(String)],
    ['a name of 256 signs', { name: 'x'.repeat(256) }, expect.any(String)],
    ['a name of spaces', { name: '  ' }, expect.any(String)],
    ['no image', { imageRef: '' }, 'Invalid imageRef provided.'],
    ['an unknown image', { imageRef: nobody }, `Can not find requested image ${nobody}.`],
    ['an unknown flavor', { flavorRef: 'm1.tiny' }, 'Flavor m1.tiny could not be found.'],
    ['an unknown network', { networks: [{ uuid: nobody }] }, `Network ${nobody} could not be found.`],
    ['a network that is no id', { networks: [{ uuid: 'default' }] }, expect.stringContaining('uuid')],
    ['an unknown port', { networks: [{ port: nobody }] }, `Port ${nobody} could not be found.`],
    ['an address that is none', { networks: [{ uuid: nobody, fixed_ip: '10.20' }] }, expect.any(String)],
    ['an unknown key', { key_name: 'none' }, 'Invalid key_name provided.'],
    ['an unknown zone', { availability_zone: 'mars' }, 'The requested availability zone is not available'],
    ['user data that is not base 64', { user_data: '%%%' }, 'User data needs to be valid base 64.'],
    [
      'user data over 32 KB',
      { user_data: Buffer.alloc(32_769).toString('base64') },
      expect.stringContaining('too large'),
    ],
    ['volumes', { block_device_mapping_v2: [{ uuid: nobody }] }, expect.stringContaining('not supported')],
    ['files', { personality: [{ path: '/x', contents: '' }] }, expect.stringContaining('not supported')],
    ['an unknown security group', { security_groups: [{ name: 'none' }] }, expect.any(String)],
    ['a long metadata value', { metadata: { x: 'y'.repeat(256) } }, expect.any(String)],
    ['a thousand and one', { max_count: 1001 }, expect.any(String)],
  ])('with %s is a bad request', async (_what, change, message) => {
    expect(await nova.call('POST', '/servers', nova.createBody(change))).toMatchObject(badRequest(message));
  });

  it('takes the local disk with its image for what it is, and no other', async () => {
    const own = { boot_index: 0, source_type: 'image', destination_type: 'local', uuid: nova.imageId };
    const create = (...disks: object[]) =>
      nova.call('POST', '/servers', nova.createBody({ block_device_mapping_v2: disks }));
    expect((await create({ ...own, delete_on_termination: true })).status).toBe(202);
    const refused = badRequest(expect.stringContaining('not supported'));
    for (const other of [
      { ...own, uuid: nobody },
      { ...own, destination_type: 'volume', volume_size: 10 },
      { ...own, boot_index: 1 },
      { source_type: 'blank', destination_type: 'local', guest_format: 'swap' },
    ]) {
      expect(await create(other)).toMatchObject(refused);
      expect(await create(own, other)).toMatchObject(refused);
    }
  });

  it('takes 32 KB of user data and a name of 255 signs', async () => {
    const wish = { user_data: Buffer.alloc(32_768).toString('base64'), name: 'x'.repeat(255) };
    expect((await nova.call('POST', '/servers', nova.createBody(wish))).status).toBe(202);
  });

  it('with more metadata than the limit is over quota', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 129 }, (_, at) => [`k${at}`, 'v']));
    expect(await nova.call('POST', '/servers', nova.createBody({ metadata }))).toMatchObject(
      fault('forbidden', 403, expect.stringContaining('Quota exceeded')),
    );
  });

  it('without a free machine ends in ERROR and says why; such a server can be deleted', async () => {
    const id = await nova.make({ flavorRef: 'physical.s2.medium' });
    expect(await nova.show(id)).toMatchObject({
      status: 'ERROR',
      'OS-EXT-STS:vm_state': 'error',
      hostId: '',
      fault: {
        code: 500,
        message: expect.stringMatching(/^No valid host was found\./),
        created: expect.stringMatching(/Z$/),
      },
    });
    expect((await nova.call('DELETE', `/servers/${id}`)).status).toBe(204);
    expect(await nova.rest(id)).toBeUndefined();
  });
});
