/** Server groups that stand apart (X17), and images of servers (X13). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenFor } from '../support/callers.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { addImage, getBytes, makeDisk, putBytes, showImage } from '../support/images.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '90' });
});
afterAll(() => cloud.close());

const at = (path = '') => `/v2.1/{p}/os-server-groups${path}`;
const nobody = '01900000-0000-7000-8000-000000000000';
const flavorRef = 'physical.m2.large';
const v215 = { 'x-openstack-nova-api-version': '2.15' };

async function makeGroup(policy = 'anti-affinity', headers: Record<string, string> = v215) {
  return cloud.call('POST', at(), { server_group: { name: 'apart', policies: [policy] } }, headers);
}

async function firstImage(): Promise<string> {
  return (await cloud.call('GET', '/image/v2/images?limit=1')).body.images[0].id;
}

async function makeServer(imageRef: string, hints: object = {}): Promise<string> {
  const server = { name: 'box', imageRef, flavorRef };
  const { status, body } = await cloud.call('POST', '/v2.1/{p}/servers', { server, ...hints });
  expect({ status, body }).toMatchObject({ status: 202 });
  const { id } = body.server;
  const show = () => cloud.call('GET', `/v2.1/{p}/servers/${id}`);
  const made = await cloud.until(show, (reply) => reply.body.server.status !== 'BUILD');
  expect(made.body.server.status).toBe('ACTIVE');
  return id;
}

describe('a server group', () => {
  it('has its servers as members, each in another rack', async () => {
    const made = await makeGroup();
    expect(made).toMatchObject({
      status: 200,
      body: {
        server_group: {
          name: 'apart',
          policies: ['anti-affinity'],
          members: [],
          metadata: {},
          project_id: cloud.projectId,
        },
      },
    });
    const { id } = made.body.server_group;
    // What gophercloud takes for a UUID; any other it refuses to send as a hint.
    expect(id).toMatch(/^[a-z0-9]{8}-[a-z0-9]{4}-[1-5][a-z0-9]{3}-[a-z0-9]{4}-[a-z0-9]{12}$/);
    const hints = { 'os:scheduler_hints': { group: id } };
    const image = await firstImage();
    const servers = [
      await makeServer(image, hints),
      await makeServer(image, hints),
      await makeServer(image, hints),
    ];
    const racks = await cloud.sql.query('select distinct rack from nodes where server_id = any($1)', [
      servers,
    ]);
    expect(racks.rows).toHaveLength(3);
    // A fourth finds no empty rack and comes all the same: no two of them share a host.
    const fourth = await makeServer(image, { 'OS-SCH-HNT:scheduler_hints': { group: id } });
    const { body } = await cloud.call('GET', at(`/${id}`));
    expect(body.server_group.members).toEqual([...servers, fourth]);
    expect(body.server_group).not.toHaveProperty('project_id');
    const shown = await cloud.call('GET', `/v2.1/{p}/servers/${fourth}`);
    expect(shown.body.server['os:scheduler_hints']).toEqual({ group: [id] });
    expect((await cloud.call('DELETE', at(`/${id}`))).status).toBe(204);
    expect((await cloud.call('GET', at(`/${id}`))).status).toBe(404);
    expect(
      (await cloud.call('GET', `/v2.1/{p}/servers/${fourth}`)).body.server['os:scheduler_hints'],
    ).toEqual({ group: [] });
  });

  it('is in lists of its project only', async () => {
    const { id } = (await makeGroup('soft-anti-affinity')).body.server_group;
    const ids = async (query: string) =>
      (await cloud.call('GET', at(query))).body.server_groups.map((group: { id: string }) => group.id);
    expect(await ids('')).toContain(id);
    expect(await ids('?limit=1&offset=1000')).toEqual([]);
    expect((await cloud.call('GET', at('?offset=x'))).status).toBe(400);
    const headers = { 'x-auth-token': await tokenFor(cloud, 'member', '0d'.repeat(16)) };
    const theirs = (path: string) => `/v2.1/${'0d'.repeat(16)}/os-server-groups${path}`;
    expect((await cloud.call('GET', theirs(''), undefined, headers)).body.server_groups).toEqual([]);
    expect((await cloud.call('GET', theirs(`/${id}`), undefined, headers)).status).toBe(404);
    expect((await cloud.call('DELETE', theirs(`/${id}`), undefined, headers)).status).toBe(404);
    expect((await cloud.call('GET', '/v2.1/{p}/limits')).body.limits.absolute.totalServerGroupsUsed).toBe(1);
  });

  it('is refused when it says something else, and when it is not there', async () => {
    expect((await makeGroup('affinity')).status).toBe(400);
    expect((await makeGroup('soft-anti-affinity', {})).status).toBe(400);
    expect((await cloud.call('POST', at(), { server_group: { name: 'x', policies: [] } })).status).toBe(400);
    expect((await cloud.call('POST', at(), { server_group: { policies: ['anti-affinity'] } })).status).toBe(
      400,
    );
    const server = { name: 'box', imageRef: await firstImage(), flavorRef };
    const hints = { 'os:scheduler_hints': { group: nobody } };
    const { status, body } = await cloud.call('POST', '/v2.1/{p}/servers', { server, ...hints });
    expect({ status, message: body.badRequest.message }).toEqual({
      status: 400,
      message: `Instance group ${nobody} could not be found.`,
    });
  });
});

describe('an image of a server', () => {
  const act = (id: string, createImage: object) =>
    cloud.call('POST', `/v2.1/{p}/servers/${id}/action`, { createImage });

  async function stop(id: string): Promise<void> {
    await cloud.call('POST', `/v2.1/{p}/servers/${id}/action`, { 'os-stop': null });
    const show = () => cloud.call('GET', `/v2.1/{p}/servers/${id}`);
    await cloud.until(show, ({ body }) => body.server.status === 'SHUTOFF');
  }

  it('has the bytes that were installed, when the server is stopped', async () => {
    const disk = makeDisk();
    const { id: base } = await addImage(cloud, { os_distro: 'debian' });
    await putBytes(cloud, base, disk);
    const server = await makeServer(base);
    expect(await act(server, { name: 'early' })).toMatchObject({
      status: 409,
      body: { conflictingRequest: { message: expect.stringMatching(/Cannot 'createImage' instance/) } },
    });
    await stop(server);
    const asked = await act(server, { name: 'golden', metadata: { role: 'db' } });
    expect(asked.status).toBe(202);
    const id = asked.headers.get('location')!.split('/').at(-1)!;
    expect(await showImage(cloud, id)).toMatchObject({
      name: 'golden',
      status: 'active',
      visibility: 'private',
      image_type: 'snapshot',
      base_image_ref: base,
      instance_uuid: server,
      os_distro: 'debian',
      role: 'db',
      ingot_content: 'zstd',
    });
    await cloud.call('DELETE', `/image/v2/images/${base}`);
    expect((await getBytes(cloud, id)).bytes.equals(disk)).toBe(true);
    await makeServer(id);
    expect(await act(server, { name: 'late' })).toMatchObject({ status: 409 });
  });

  it('of a real machine is refused with what is missing', async () => {
    const server = await makeServer(await firstImage());
    await stop(server);
    await cloud.sql.query(`update nodes set driver = 'redfish' where server_id = $1`, [server]);
    expect(await act(server, { name: 'x' })).toMatchObject({
      status: 409,
      body: { conflictingRequest: { message: expect.stringMatching(/cannot be read back/) } },
    });
    await cloud.sql.query(`update nodes set driver = 'simulated' where server_id = $1`, [server]);
  });

  it.each([[{}], [{ name: '' }], [{ name: 'x'.repeat(243) }], [{ name: 'x', metadata: { a: 1 } }]])(
    'as %j is refused',
    async (wish) => {
      expect((await act(nobody, wish)).status).toBe(400);
    },
  );
});
