/** Servers as Nova shows and lists them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { badRequest, fault, nobody, notFound, useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '30' });
  nova = await useNova(cloud);
});
afterAll(() => cloud.close());

describe('a server', () => {
  let id: string;
  beforeAll(async () => {
    id = await nova.make({ name: 'shown', metadata: { role: 'shown' } });
  });

  it('has the fields of 2.1, with numbers where Nova has numbers', async () => {
    const server = await nova.show(id, 1);
    expect(server).toMatchObject({
      id,
      name: 'shown',
      status: 'ACTIVE',
      tenant_id: cloud.projectId,
      user_id: cloud.userId,
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      hostId: expect.stringMatching(/^[0-9a-f]{56}$/),
      hostid: server.hostId,
      flavor: {
        id: nova.flavorId,
        links: [{ rel: 'bookmark', href: expect.stringContaining('/flavors/') }],
      },
      image: { id: nova.imageId, links: [{ rel: 'bookmark', href: expect.stringContaining('/images/') }] },
      metadata: { role: 'shown' },
      progress: 0,
      'OS-EXT-STS:vm_state': 'active',
      'OS-EXT-STS:task_state': null,
      'OS-EXT-STS:power_state': 1,
      'OS-SRV-USG:launched_at': expect.stringMatching(/\.\d{6}$/),
      'OS-SRV-USG:terminated_at': null,
      'os-extended-volumes:volumes_attached': [],
      'os:scheduler_hints': { group: [] },
    });
    expect(server).not.toHaveProperty('fault');
  });

  it('has its addresses under the name of the network', async () => {
    const { addresses } = await nova.show(id);
    expect(addresses).toEqual({
      [nova.network.name]: [
        {
          version: 4,
          addr: expect.stringMatching(/^10\.20\./),
          'OS-EXT-IPS:type': 'fixed',
          'OS-EXT-IPS-MAC:mac_addr': expect.stringMatching(/^fa:16:3e(:[0-9a-f]{2}){3}$/),
          'OS-EXT-IPS:port_id': expect.any(String),
        },
      ],
    });
  });

  it.each<[number, string[]]>([
    [
      3,
      [
        'OS-EXT-SRV-ATTR:hostname',
        'OS-EXT-SRV-ATTR:reservation_id',
        'OS-EXT-SRV-ATTR:launch_index',
        'OS-EXT-SRV-ATTR:kernel_id',
        'OS-EXT-SRV-ATTR:ramdisk_id',
        'OS-EXT-SRV-ATTR:root_device_name',
        'OS-EXT-SRV-ATTR:user_data',
      ],
    ],
    [9, ['locked']],
    [16, ['host_status']],
    [19, ['description']],
    [26, ['tags']],
  ])('gets with 2.%i the fields of that version', async (minor, fields) => {
    const [before, since] = [Object.keys(await nova.show(id, minor - 1)), await nova.show(id, minor)];
    expect(Object.keys(since).filter((key) => !before.includes(key))).toEqual(fields);
  });

  it('is not found by its name, nor when it is unknown, deleted or of another project', async () => {
    const gone = await nova.make();
    await nova.call('DELETE', `/servers/${gone}`);
    await nova.rest(gone);
    for (const unknown of ['shown', nobody, gone]) {
      expect(await nova.get(`/servers/${unknown}`)).toMatchObject(notFound(unknown));
      expect(await nova.act(unknown, { 'os-stop': null })).toMatchObject(notFound(unknown));
      expect(await nova.call('DELETE', `/servers/${unknown}`)).toMatchObject(notFound(unknown));
      expect(await nova.call('PUT', `/servers/${unknown}`, { server: { name: 'x' } })).toMatchObject(
        notFound(unknown),
      );
    }
    const headers = { 'x-auth-token': await nova.tokenFor('member', 'elsewhere') };
    expect(await cloud.call('GET', `/v2.1/elsewhere/servers/${id}`, undefined, headers)).toMatchObject(
      notFound(id),
    );
    expect(
      await cloud.call('POST', `/v2.1/elsewhere/servers/${id}/action`, { 'os-stop': null }, headers),
    ).toMatchObject(notFound(id));
  });

  it('can be shown, stopped and renamed by an administrator of another project', async () => {
    const other = await nova.make();
    const headers = { 'x-auth-token': await nova.tokenFor('admin', 'headquarters') };
    const at = `/v2.1/headquarters/servers/${other}`;
    expect((await cloud.call('GET', at, undefined, headers)).body.server.tenant_id).toBe(cloud.projectId);
    const renamed = await cloud.call('PUT', at, { server: { name: 'theirs' } }, headers);
    expect(renamed.body.server.name).toBe('theirs');
    expect((await cloud.call('POST', `${at}/action`, { 'os-stop': null }, headers)).status).toBe(204);
    expect((await nova.rest(other)).status).toBe('SHUTOFF');
  });

  it('gets a new name and, from 2.19 on, a new description', async () => {
    const other = await nova.make();
    const path = `/servers/${other}`;
    const wish = { server: { name: 'new name', description: 'new words' } };
    expect((await nova.call('PUT', path, wish, 18)).body.server.name).toBe('new name');
    expect((await nova.show(other)).description).toBe('web');
    expect((await nova.call('PUT', path, wish, 19)).body.server.description).toBe('new words');
    expect(await nova.call('PUT', path, { server: { name: '' } })).toMatchObject(badRequest());
  });
});

describe('a list', () => {
  const project = 'lister';
  let token: string;
  let ids: Record<string, string>;
  const list = (query: string, minor = '2.1') =>
    cloud.call('GET', `/v2.1/${project}/servers${query}`, undefined, {
      'x-auth-token': token,
      'x-openstack-nova-api-version': minor,
    });
  const names = async (query: string, minor?: string): Promise<string[]> => {
    const { body } = await list(query, minor);
    return body.servers.map(({ name }: { name: string }) => name);
  };

  beforeAll(async () => {
    token = await nova.tokenFor('member', project);
    ids = {};
    for (const name of ['alpha-1', 'alpha-2', 'beta']) {
      const headers = { 'x-auth-token': token };
      const { body } = await cloud.call(
        'POST',
        `/v2.1/${project}/servers`,
        nova.createBody({ name }),
        headers,
      );
      ids[name] = body.server.id;
      await nova.rest(body.server.id);
    }
    await nova.force(ids['beta']!, 'Stopped');
  });

  it('has id, name and links, and all fields with details', async () => {
    const { body } = await list('?name=beta');
    expect(body).toEqual({
      servers: [{ id: ids['beta'], name: 'beta', links: [expect.anything(), expect.anything()] }],
    });
    const details = await list('/detail?name=beta', '2.26');
    expect(details.body.servers).toMatchObject([{ status: 'SHUTOFF', tags: ['__type_baremetal'] }]);
  });

  it('begins with the newest, or as asked', async () => {
    expect(await names('')).toEqual(['beta', 'alpha-2', 'alpha-1']);
    expect(await names('?sort_key=display_name&sort_dir=asc')).toEqual(['alpha-1', 'alpha-2', 'beta']);
    expect(await names('?sort_key=vm_state&sort_dir=desc&sort_key=display_name&sort_dir=asc')).toEqual([
      'beta',
      'alpha-1',
      'alpha-2',
    ]);
    expect(await list('?sort_key=colour')).toMatchObject(badRequest());
    expect(await list('?sort_key=uuid&sort_dir=sideways')).toMatchObject(badRequest());
  });

  it('finds names by a regular expression, and refuses one that is none', async () => {
    expect(await names('?name=^alpha-[0-9]$')).toEqual(['alpha-2', 'alpha-1']);
    expect(await names('?name=lph')).toEqual(['alpha-2', 'alpha-1']);
    expect(await list('?name=%5B')).toMatchObject(badRequest());
    // Where there is no name to compare, too; and when the database has seen so many that it plans for any (after 5).
    const headers = { 'x-auth-token': await nova.tokenFor('member', 'empty') };
    const find = (name: string) => cloud.call('GET', `/v2.1/empty/servers?name=${name}`, undefined, headers);
    for (let count = 0; count < 100; count++) await find('x');
    expect(await find('%5B')).toMatchObject(badRequest());
  });

  it.each([
    ['shares a text among groups', String.raw`^a(a+)(a+)(a+)(a+)(a+)(a+)\1\2\3\4\5\6$`],
    ['shares it behind an escaped backslash', String.raw`(a+)\\\1`],
    ['repeats repetitions', '(((((x{1,9}){1,9}){1,9}){1,9}){1,9})'],
    ['repeats often', '(a{1,200}){1,200}'],
    ['is read in another way', String.raw`(?b)\(a\{1,200\}\)\{1,200\}`],
    ['is read in another way from its beginning', '***:a'],
    ['looks ahead', '(?=(?=.*a).*a)b'],
    ['is long', 'a'.repeat(1_001)],
  ])('refuses a pattern that %s, which would keep the database busy', async (_, pattern) => {
    expect(await list(`?name=${encodeURIComponent(pattern)}`)).toMatchObject(badRequest());
  });

  it.each([
    String.raw`^alpha\-\d$`,
    '(?:al|be)pha-[1-9]{1,3}$',
    '^[^](]lpha-[12]{1}$',
    '^.{1,255}-.{1,5}$',
    String.raw`a-\(?[12]\)?`,
  ])('takes the pattern %s', async (pattern) => {
    expect(await names(`?name=${encodeURIComponent(pattern)}`)).toEqual(['alpha-2', 'alpha-1']);
  });

  it('finds servers by status in any case; by one that nothing shows, none', async () => {
    expect(await names('?status=SHUTOFF')).toEqual(['beta']);
    expect(await names('?status=shutoff&status=Active')).toHaveLength(3);
    expect(await names('?status=VERIFY_RESIZE')).toEqual([]);
  });

  it('finds servers by flavor, image and what was changed since', async () => {
    expect(await names(`?flavor=${nova.flavorId}`)).toHaveLength(3);
    expect(await names('?flavor=m1.tiny')).toEqual([]);
    expect(await names(`?image=${nova.imageId}`)).toHaveLength(3);
    expect(await names(`?image=${nobody}`)).toEqual([]);
    expect(await names('?changes-since=2000-01-01T00:00:00Z')).toHaveLength(3);
    expect(await names('?changes-since=2999-01-01T00:00:00')).toEqual([]);
    expect(await list('?changes-since=yesterday')).toMatchObject(badRequest());
    expect(await names('?tags=__type_baremetal,blue', '2.26')).toEqual([]);
  });

  it('ignores filters that nobody knows', async () => {
    expect(await names('?colour=blue&tags=blue&is_public=None')).toHaveLength(3);
  });

  it('comes in pages, each with a link to the next', async () => {
    const first = await list('?limit=2&status=ACTIVE&status=SHUTOFF');
    expect(first.body.servers).toHaveLength(2);
    const [{ rel, href }] = first.body.servers_links;
    expect(rel).toBe('next');
    const second = await cloud.call('GET', href.slice(cloud.origin.length), undefined, {
      'x-auth-token': token,
    });
    expect(second.body).toEqual({ servers: [expect.objectContaining({ name: 'alpha-1' })] });
    expect((await list('?limit=3')).body).not.toHaveProperty('servers_links');
    expect(await names('?limit=5000')).toHaveLength(3);
    expect(await list('?limit=many')).toMatchObject(badRequest());
    expect(await list(`?marker=${nobody}`)).toMatchObject(badRequest(`marker [${nobody}] not found`));
  });

  it('of all projects is for administrators only', async () => {
    expect(await list('?all_tenants=1')).toMatchObject(fault('forbidden', 403));
    expect(await names('?all_tenants=0')).toHaveLength(3);
    expect((await nova.get('/servers?name=^beta$')).body.servers).toEqual([]);
    const { body } = await nova.get(`/servers/detail?name=^beta$&all_tenants=True`);
    expect(body.servers).toMatchObject([{ tenant_id: project }]);
    const one = await nova.get(`/servers?all_tenants=1&project_id=${project}`);
    expect(one.body.servers).toHaveLength(3);
  });

  it('of deleted servers is for administrators only', async () => {
    expect(await list('?status=deleted')).toMatchObject(fault('forbidden', 403));
    const gone = await nova.make({ name: 'gone' });
    await nova.call('DELETE', `/servers/${gone}`);
    await nova.rest(gone);
    const find = async (query: string) => (await nova.get(`/servers?name=^gone$${query}`)).body.servers;
    expect(await find('')).toEqual([]);
    for (const query of ['&deleted=True', '&status=DELETED', '&changes-since=2000-01-01']) {
      expect(await find(query)).toMatchObject([{ id: gone }]);
    }
  });
});
