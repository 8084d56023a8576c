/** Volumes: made in the volume API or with a server, attached through BMS v1 or Nova, shown by all. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { badRequest, fault, nobody, useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
let id: string;
let other: string;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '12' });
  nova = await useNova(cloud);
  [id, other] = (await cloud.makeServers(2)) as [string, string];
});
afterAll(() => cloud.close());

const cinder = (method: string, path: string, body?: unknown) =>
  cloud.call(method, `/volume/v3/{p}${path}`, body);
const make = async (wish: object = {}): Promise<string> => {
  const { status, body } = await cinder('POST', '/volumes', { volume: { size: 100, ...wish } });
  expect(status).toBe(202);
  return body.volume.id;
};
const show = async (volume: string) => (await cinder('GET', `/volumes/${volume}`)).body.volume;
const on = (server: string, path: string) => `/v1/{p}/baremetalservers/${server}/${path}`;
const attach = (volumeId: string, device = '', server = id) =>
  cloud.call('POST', on(server, 'attachvolume'), { volumeAttachment: { volumeId, device } });
const detach = (volumeId: string, server = id) =>
  cloud.call('DELETE', on(server, `detachvolume/${volumeId}`));
const attached = async (server = id): Promise<Reply['body'][]> =>
  (await cloud.call('GET', on(server, 'os-volume_attachments'))).body.volumeAttachments;
const refused = (code: string) => ({ status: 400, body: { error: { code } } });

describe('the volume API', () => {
  it('tells its versions without a token', async () => {
    const { status, body } = await cloud.call('GET', '/volume', undefined, { 'x-auth-token': '' });
    expect(status).toBe(200);
    expect(body.versions.map((version: Reply['body']) => version.id)).toEqual(['v2.0', 'v3.0']);
    // Without a microversion in v3 the cinder command leaves.
    expect(body.versions[1]).toMatchObject({ min_version: '3.0', version: '3.0' });
  });

  it('is in the catalog of a token', async () => {
    const { body } = await cloud.call('GET', '/v3/auth/catalog');
    const urls = body.catalog
      .filter(({ type }: Reply['body']) => type.startsWith('volume'))
      .map((service: Reply['body']) => service.endpoints[0].url);
    expect(urls).toEqual(['v2', 'v3'].map((it) => `${cloud.origin}/volume/${it}/${cloud.projectId}`));
  });

  it('makes, shows, renames and deletes a volume, under v2 and v3', async () => {
    const volume = await make({ name: 'data', volume_type: 'SSD', metadata: { a: 'b' } });
    expect(await show(volume)).toMatchObject({
      id: volume,
      name: 'data',
      status: 'available',
      size: 100,
      volume_type: 'SSD',
      availability_zone: 'eu-de-01',
      bootable: 'false',
      multiattach: false,
      attachments: [],
      metadata: { a: 'b' },
      'os-vol-tenant-attr:tenant_id': cloud.projectId,
    });
    expect((await cloud.call('GET', `/volume/v2/{p}/volumes/${volume}`)).body.volume.name).toBe('data');
    await cinder('PUT', `/volumes/${volume}`, { volume: { name: 'more data' } });
    expect(await show(volume)).toMatchObject({ name: 'more data', metadata: { a: 'b' } });
    expect((await cinder('DELETE', `/volumes/${volume}`)).status).toBe(202);
    for (const method of ['GET', 'DELETE']) {
      const message = `Volume ${volume} could not be found.`;
      expect(await cinder(method, `/volumes/${volume}`)).toMatchObject(fault('itemNotFound', 404, message));
    }
  });

  it.each([
    ['no size', { size: undefined }],
    ['a size of nothing', { size: 0 }],
    ['an unknown type', { volume_type: 'tape' }],
    ['an unknown zone', { availability_zone: 'nowhere' }],
    ['an image to copy', { imageRef: randomUUID() }],
  ])('refuses a volume with %s', async (_, wish) => {
    expect(await cinder('POST', '/volumes', { volume: { size: 1, ...wish } })).toMatchObject(badRequest());
  });

  it('lists volumes page by page, by name and by status', async () => {
    const made: string[] = [];
    for (let at = 0; at < 3; at++) made.push(await make({ name: 'paged' }));
    const first = (await cinder('GET', '/volumes?limit=2')).body;
    expect(first.volumes.map((it: Reply['body']) => it.id)).toEqual([made[2], made[1]]);
    const next = first.volumes_links[0].href.slice(cloud.origin.length);
    expect((await cloud.call('GET', next)).body.volumes[0].id).toBe(made[0]);
    const [narrowed] = (await cinder('GET', '/volumes?name=paged&limit=1')).body.volumes_links;
    expect(narrowed.href).toContain(`?limit=1&name=paged&marker=${made[2]}`);
    const named = (await cinder('GET', '/volumes/detail?name=paged&status=available')).body.volumes;
    expect(named).toHaveLength(3);
    expect(named[0]).toMatchObject({ size: 100 });
  });

  it("knows no marker that is nobody's or of another project", async () => {
    const missing = (id: string) =>
      fault('itemNotFound', 404, expect.stringContaining(`Volume ${id} could not be found.`));
    const unknown = randomUUID();
    expect(await cinder('GET', `/volumes?marker=${unknown}`)).toMatchObject(missing(unknown));
    const [theirs] = [randomUUID()];
    await cloud.sql.query(
      `with other as (
         insert into projects (id, account_id, name) select 'other', id, 'other' from accounts limit 1 returning id)
       insert into volumes (id, project_id, user_id, name, size_gb, type, zone)
       select $1, id, 'them', '', 1, 'SAS', 'eu-de-01' from other`,
      [theirs],
    );
    expect(await cinder('GET', `/volumes?marker=${theirs}`)).toMatchObject(missing(theirs));
  });

  it('knows its zones and types', async () => {
    expect((await cinder('GET', '/os-availability-zone')).body.availabilityZoneInfo).toEqual([
      { zoneName: 'eu-de-01', zoneState: { available: true } },
    ]);
    const { body } = await cinder('GET', '/types');
    expect(body.volume_types.map((it: Reply['body']) => it.name)).toEqual(['SAS', 'SSD', 'GPSSD', 'SATA']);
    expect((await cinder('GET', '/types/SSD')).body.volume_type.name).toBe('SSD');
    expect(await cinder('GET', '/types/tape')).toMatchObject(fault('itemNotFound', 404));
  });
});

describe('attaching in BMS v1', () => {
  it('is a job that has ended, and every door shows the volume', async () => {
    const volume = await make();
    const asked = await attach(volume);
    expect(asked.status).toBe(202);
    expect(await cloud.jobEnd(asked.body.job_id)).toMatchObject({
      status: 'SUCCESS',
      job_type: 'baremetalAttachVolume',
      entities: { server_id: id, sub_jobs_total: 0, sub_jobs: [] },
    });
    const attachment = { id: volume, volumeId: volume, serverId: id, device: '/dev/sdb' };
    expect(await attached()).toEqual([attachment]);
    expect((await nova.get(`/servers/${id}/os-volume_attachments/${volume}`)).body).toEqual({
      volumeAttachment: attachment,
    });
    expect(await show(volume)).toMatchObject({
      status: 'in-use',
      attachments: [{ server_id: id, device: '/dev/sdb', attachment_id: volume }],
    });
    const { body } = await cloud.call('GET', `/v1/{p}/baremetalservers/${id}`);
    expect(body.server['os-extended-volumes:volumes_attached']).toEqual([
      { id: volume, delete_on_termination: 'false', bootIndex: '-1', device: '/dev/sdb' },
    ]);
    const shown = (minor: number) => nova.show(id, minor);
    const key = 'os-extended-volumes:volumes_attached';
    expect((await shown(1))[key]).toEqual([{ id: volume }]);
    expect((await shown(3))[key]).toEqual([{ id: volume, delete_on_termination: false }]);

    expect(await cinder('DELETE', `/volumes/${volume}`)).toMatchObject(badRequest());
    expect(await attach(volume)).toMatchObject(refused('BMS.1009'));
    expect(await attach(volume, '', other)).toMatchObject(refused('BMS.1003'));
    const gone = await detach(volume);
    expect(gone.status).toBe(202);
    expect((await cloud.jobEnd(gone.body.job_id)).job_type).toBe('baremetalDetachVolume');
    expect(await attached()).toEqual([]);
    expect((await show(volume)).status).toBe('available');
    expect(await detach(volume)).toMatchObject(refused('BMS.0114'));
  });

  it('takes the next device, and no other', async () => {
    const volume = await make();
    expect(await attach(volume, '/dev/sda')).toMatchObject(refused('BMS.0104'));
    expect(await attach(volume, '/dev/sdz')).toMatchObject(refused('BMS.0105'));
    expect((await attach(volume, '/dev/sdb')).status).toBe(202);
    const second = await make();
    expect(await attach(second, '/dev/sdb')).toMatchObject(refused('BMS.0105'));
    await attach(second);
    await detach(volume);
    await attach(volume);
    expect((await attached()).map(({ device }) => device)).toEqual(['/dev/sdb', '/dev/sdc']);
    for (const one of [volume, second]) await detach(one);
  });

  it('of one volume to several servers needs a volume that may be shared', async () => {
    const volume = await make({ multiattach: true });
    expect((await attach(volume)).status).toBe(202);
    expect((await attach(volume, '', other)).status).toBe(202);
    expect((await show(volume)).attachments).toHaveLength(2);
    for (const server of [id, other]) await detach(volume, server);
  });

  it('at once to two servers succeeds once', async () => {
    const volume = await make();
    const replies = await Promise.all([attach(volume), attach(volume, '', other)]);
    expect(replies.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 400]);
    expect((await show(volume)).attachments).toHaveLength(1);
    for (const server of [id, other]) await detach(volume, server);
  });

  it('is refused across zones, for unknown volumes, when the flavor has no room, and in a wrong state', async () => {
    const volume = await make();
    await cloud.sql.query(`update volumes set zone = 'elsewhere' where id = $1`, [volume]);
    expect(await attach(volume)).toMatchObject(refused('BMS.0106'));
    expect(await attach(randomUUID())).toMatchObject(refused('BMS.0103'));
    expect(await attach('no-id')).toMatchObject(refused('BMS.0103'));
    await nova.force(other, 'Starting');
    expect(await attach(volume, '', other)).toMatchObject(refused('BMS.1001'));
    await nova.force(other, 'Running');
    await cloud.sql.query(
      `update flavors set extra_specs = extra_specs || '{"baremetal:__support_evs": "false"}'`,
    );
    expect(await attach(volume)).toMatchObject(refused('BMS.0315'));
    await cloud.sql.query(
      `update flavors set extra_specs = extra_specs || '{"baremetal:__support_evs": "true"}'`,
    );
  });

  it('is refused when the server has forty disks', async () => {
    await cloud.sql.query(
      `with made as (
         insert into volumes (id, project_id, user_id, name, size_gb, type, zone)
         select gen_random_uuid(), $2, '', 'one of many', 10, 'SAS', 'eu-de-01' from generate_series(1, 39)
         returning id)
       insert into attachments (volume_id, server_id, device)
       select id, $1, '/dev/many' || row_number() over () from made`,
      [id, cloud.projectId],
    );
    expect(await attach(await make())).toMatchObject(refused('BMS.1002'));
    await cloud.sql.query('delete from attachments where server_id = $1', [id]);
  });

  it('has a code of its own for the list of a server that is not there', async () => {
    expect(await cloud.call('GET', on(randomUUID(), 'os-volume_attachments'))).toMatchObject(
      refused('BMS.1007'),
    );
  });
});

describe('attaching in Nova', () => {
  const path = () => `/servers/${id}/os-volume_attachments`;

  it('answers with the attachment, and detaching is accepted', async () => {
    const volume = await make();
    const wish = { volumeAttachment: { volumeId: volume, device: '/dev/vdb' } };
    const made = await nova.call('POST', path(), wish);
    expect(made).toMatchObject({
      status: 200,
      body: { volumeAttachment: { id: volume, serverId: id, device: '/dev/sdb' } },
    });
    expect((await nova.get(path())).body.volumeAttachments).toEqual([made.body.volumeAttachment]);
    expect((await nova.call('DELETE', `${path()}/${volume}`)).status).toBe(202);
    expect(await nova.call('DELETE', `${path()}/${volume}`)).toMatchObject(fault('itemNotFound', 404));
    expect(await nova.get(`${path()}/${volume}`)).toMatchObject(fault('itemNotFound', 404));
  });

  it('refuses what is not there, and what does not go', async () => {
    const wish = { volumeAttachment: { volumeId: nobody } };
    expect(await nova.call('POST', path(), wish)).toMatchObject(fault('itemNotFound', 404));
    await nova.force(id, 'Restarting');
    const volume = { volumeAttachment: { volumeId: await make() } };
    expect(await nova.call('POST', path(), volume)).toMatchObject(fault('conflictingRequest', 409));
    await nova.force(id, 'Running');
  });
});

describe('volumes made with a server', () => {
  const create = async (wish: object) => {
    const { rows } = await cloud.sql.query<{ vpc: string }>('select vpc_id as vpc from networks');
    return cloud.call('POST', '/v1/{p}/baremetalservers', {
      server: {
        name: 'disks',
        imageRef: nova.imageId,
        flavorRef: nova.flavorId,
        availability_zone: 'eu-de-01',
        vpcid: rows[0]!.vpc,
        nics: [{ subnet_id: nova.network.id }],
        adminPass: 'Wr0ng-Horse_42',
        extendparam: {},
        ...wish,
      },
    });
  };
  const made = async (wish: object): Promise<string> => {
    const { body } = await create(wish);
    const job = await cloud.jobEnd(body.job_id);
    return job.entities.sub_jobs[0].entities.server_id;
  };
  const remove = async (server: string, delete_volume: boolean) => {
    const wish = { servers: [{ id: server }], delete_volume };
    const { body } = await cloud.call('POST', '/v1/{p}/baremetalservers/delete', wish);
    expect((await cloud.jobEnd(body.job_id)).status).toBe('SUCCESS');
  };
  const bootFrom = (type: string) =>
    cloud.sql.query('update flavors set extra_specs = extra_specs || $1', [
      { 'baremetal:extBootType': type },
    ]);

  it('are attached, stay when the server goes, and go with it when that is asked', async () => {
    const data_volumes = [
      { volumetype: 'SAS', size: 500 },
      { volumetype: 'SSD', size: 10, shareable: true },
    ];
    const kept = await made({ data_volumes });
    const disks = await attached(kept);
    expect(disks.map(({ device }) => device)).toEqual(['/dev/sdb', '/dev/sdc']);
    expect(await show(disks[0].id)).toMatchObject({
      name: 'disks-volume-0000',
      size: 500,
      volume_type: 'SAS',
    });
    expect(await show(disks[1].id)).toMatchObject({ multiattach: true, status: 'in-use' });
    await remove(kept, false);
    expect((await show(disks[0].id)).status).toBe('available');

    const dropped = await made({ data_volumes });
    const [disk] = await attached(dropped);
    await remove(dropped, true);
    expect(await show(disk.id)).toBeUndefined();
  });

  it('may be the system disk, if the flavor boots from one; it goes with the server', async () => {
    const root_volume = { volumetype: 'SSD', size: 150 };
    expect(await create({ root_volume })).toMatchObject(refused('BMS.0047'));
    await bootFrom('Volume');
    expect(await create({})).toMatchObject(refused('BMS.0047'));
    const server = await made({ root_volume });
    const [disk] = await attached(server);
    expect(disk.device).toBe('/dev/sda');
    const { body } = await cloud.call('GET', `/v1/{p}/baremetalservers/${server}`);
    expect(body.server['os-extended-volumes:volumes_attached']).toEqual([
      { id: disk.id, delete_on_termination: 'true', bootIndex: '0', device: '/dev/sda' },
    ]);
    expect((await show(disk.id)).bootable).toBe('true');
    expect(await detach(disk.id, server)).toMatchObject({ status: 400 });
    await remove(server, false);
    expect(await show(disk.id)).toBeUndefined();
    await bootFrom('LocalDisk');
  });

  it.each([
    ['an unknown type', 'BMS.0203', [{ volumetype: 'tape', size: 10 }]],
    ['too small', 'BMS.0203', [{ volumetype: 'SAS', size: 9 }]],
    ['too large', 'BMS.0203', [{ volumetype: 'SAS', size: 32_769 }]],
    ['too many', 'BMS.0204', Array.from({ length: 40 }, () => ({ volumetype: 'SAS', size: 10 }))],
  ])('are refused: %s', async (_, code, data_volumes) => {
    expect(await create({ data_volumes })).toMatchObject(refused(code));
  });

  it('are refused by a flavor that takes none', async () => {
    const evs = (value: string) =>
      cloud.sql.query('update flavors set extra_specs = extra_specs || $1', [
        { 'baremetal:__support_evs': value },
      ]);
    await evs('false');
    expect(await create({ data_volumes: [{ volumetype: 'SAS', size: 10 }] })).toMatchObject(
      refused('BMS.0315'),
    );
    await evs('true');
  });
});
