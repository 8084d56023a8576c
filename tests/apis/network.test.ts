/** Neutron v2.0, as far as clients need it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { nobody, useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
beforeAll(async () => {
  cloud = await startCloud();
  nova = await useNova(cloud);
});
afterAll(() => cloud.close());

const get = (path: string, headers?: Record<string, string>) =>
  cloud.call('GET', `/network${path}`, undefined, headers);
const failure = (status: number, type: string, message: unknown = expect.any(String)) => ({
  status,
  body: { NeutronError: { type, message, detail: '' } },
});

it('tells its version and collections without a token', async () => {
  const nothing = { 'x-auth-token': '' };
  for (const path of ['', '/']) {
    const { status, body } = await get(path, nothing);
    expect(status).toBe(200);
    expect(body.versions).toEqual([
      {
        id: 'v2.0',
        status: 'CURRENT',
        links: [{ rel: 'self', href: `${cloud.origin}/network/v2.0/` }],
      },
    ]);
  }
  expect((await get('/v2.0/', nothing)).body.resources).toContainEqual(
    expect.objectContaining({ name: 'network', collection: 'networks' }),
  );
});

it('tells everything else only to those with a token, in the words of Keystone', async () => {
  const reply = await get('/v2.0/networks', { 'x-auth-token': '' });
  expect(reply).toMatchObject({ status: 401, body: { error: { code: 401, title: 'Unauthorized' } } });
});

describe('networks', () => {
  it('are shown with their subnets', async () => {
    const { status, body } = await get(`/v2.0/networks/${nova.network.id}`);
    expect(status).toBe(200);
    expect(body.network).toMatchObject({
      id: nova.network.id,
      name: nova.network.name,
      status: 'ACTIVE',
      admin_state_up: true,
      shared: true,
      'router:external': false,
      subnets: [expect.any(String)],
    });
    const { body: found } = await get(`/v2.0/subnets/${body.network.subnets[0]}`);
    expect(found.subnet).toMatchObject({
      network_id: nova.network.id,
      cidr: '10.20.0.0/16',
      gateway_ip: '10.20.0.1',
      ip_version: 4,
    });
    expect((await get(`/v2.0/subnets?network_id=${nova.network.id}`)).body).toEqual({
      subnets: [found.subnet],
    });
  });

  it('are found by name, id and status, each also given several times', async () => {
    const { id, name } = nova.network;
    const count = async (query: string) => (await get(`/v2.0/networks${query}`)).body.networks.length;
    for (const query of [
      `?name=${name}`,
      `?id=${id}&status=ACTIVE`,
      `?id=${nobody}&id=${id}`,
      '?shared=True&router:external=False',
      '?colour=blue',
    ]) {
      expect(await count(query)).toBe(1);
    }
    for (const query of ['?name=other', `?id=${nobody}`, '?status=DOWN', '?router:external=true']) {
      expect(await count(query)).toBe(0);
    }
    expect((await get('/v2.0/networks?fields=id')).body).toEqual({ networks: [{ id }] });
  });

  it('that are unknown, named in place of the id, or of another project are not found', async () => {
    await cloud.sql.query(
      `insert into projects (id, account_id, name) select 'other', id, 'other' from accounts limit 1`,
    );
    await cloud.sql.query(
      `insert into networks (id, project_id, vpc_id, name) values ($1, 'other', $1, 'secret')`,
      [nobody],
    );
    for (const id of [nobody, nova.network.name]) {
      const message = `Network ${id} could not be found.`;
      expect(await get(`/v2.0/networks/${id}`)).toMatchObject(failure(404, 'NetworkNotFound', message));
    }
    expect((await get('/v2.0/networks?name=secret')).body).toEqual({ networks: [] });
    expect(await get('/v2.0/nothing')).toMatchObject(failure(404, 'HTTPNotFound'));
  });
});

it('lists page by page what a filter leaves, and knows no marker of another project', async () => {
  const headers = { 'x-auth-token': await nova.tokenFor('member', 'pager') };
  const post = (path: string, body: object) => cloud.call('POST', `/network/v2.0${path}`, body, headers);
  for (const at of [1, 2, 3]) {
    const { body } = await post('/networks', { network: { name: 'paged', description: `number ${at}` } });
    const network_id = body.network.id;
    for (const cidr of [`10.${at}.0.0/24`, `10.${at}.1.0/24`])
      await post('/subnets', { subnet: { network_id, cidr, name: 'paged' } });
    await post('/ports', { port: { network_id, name: 'paged' } });
    const { body: made } = await post('/security-groups', { security_group: { name: 'paged' } });
    await post('/security-group-rules', {
      security_group_rule: {
        security_group_id: made.security_group.id,
        direction: 'ingress',
        description: 'paged',
      },
    });
  }
  const lists: [name: string, count: number, filter: string][] = [
    ['networks', 3, 'name=paged'],
    ['subnets', 6, 'name=paged&ip_version=4'],
    ['ports', 3, 'name=paged&status=DOWN&device_owner='],
    ['security-groups', 3, 'name=paged&stateful=true'],
    ['security-group-rules', 3, 'description=paged&direction=ingress'],
  ];
  for (const [name, count, filter] of lists) {
    const key = name.replaceAll('-', '_');
    const seen: string[] = [];
    let next = `/network/v2.0/${name}?limit=2&${filter}`;
    while (next) {
      const { status, body } = await cloud.call('GET', next, undefined, headers);
      expect(status).toBe(200);
      seen.push(...body[key].map(({ id }: { id: string }) => id));
      next = body[`${key}_links`]?.[0].href.slice(cloud.origin.length);
    }
    expect([name, new Set(seen).size, seen.length]).toEqual([name, count, count]);
    const stranger = { 'x-auth-token': await nova.tokenFor('member', 'stranger') };
    const message = `The marker ${seen[0]} could not be found.`;
    expect(await get(`/v2.0/${name}?marker=${seen[0]}`, stranger)).toMatchObject(
      failure(400, 'HTTPBadRequest', message),
    );
    for (const nothing of ['id=not-an-id', `${filter}&id=${nobody}`])
      expect((await get(`/v2.0/${name}?${nothing}`, headers)).body[key]).toEqual([]);
  }
});

describe('ports', () => {
  it('are found by server, network and address, and belong to their project', async () => {
    const serverId = await nova.make();
    await nova.make();
    const { body } = await get(`/v2.0/ports?device_id=${serverId}`);
    const [port] = body.ports;
    const { addresses } = await nova.show(serverId);
    const [address] = addresses[nova.network.name];
    expect(body.ports).toHaveLength(1);
    expect(port).toMatchObject({
      id: address['OS-EXT-IPS:port_id'],
      network_id: nova.network.id,
      mac_address: address['OS-EXT-IPS-MAC:mac_addr'],
      fixed_ips: [{ subnet_id: expect.any(String), ip_address: address.addr }],
      device_id: serverId,
      status: 'ACTIVE',
      project_id: cloud.projectId,
    });
    expect((await get(`/v2.0/ports/${port.id}`)).body).toEqual({ port });
    expect((await get(`/v2.0/ports?id=${port.id}`)).body).toEqual({ ports: [port] });
    expect((await get(`/v2.0/ports?fixed_ips=ip_address=${address.addr}`)).body).toEqual({ ports: [port] });
    expect((await get(`/v2.0/ports?network_id=${nova.network.id}`)).body.ports).toHaveLength(2);
    const headers = { 'x-auth-token': await nova.tokenFor('member', 'neighbour') };
    expect((await get('/v2.0/ports', headers)).body).toEqual({ ports: [] });
    expect(await get(`/v2.0/ports/${port.id}`, headers)).toMatchObject(failure(404, 'PortNotFound'));
  });

  it('come in pages', async () => {
    await nova.make();
    const { body } = await get('/v2.0/ports?limit=1&status=ACTIVE');
    expect(body.ports).toHaveLength(1);
    const [{ rel, href }] = body.ports_links;
    expect([rel, href]).toEqual([
      'next',
      `${cloud.origin}/network/v2.0/ports?limit=1&status=ACTIVE&marker=${body.ports[0].id}`,
    ]);
    expect(await get(`/v2.0/ports?marker=${nobody}`)).toMatchObject(failure(400, 'HTTPBadRequest'));
    expect(await get('/v2.0/ports?limit=many')).toMatchObject(failure(400, 'HTTPBadRequest'));
  });
});

it('lists its extensions', async () => {
  const { body } = await get('/v2.0/extensions');
  expect(body.extensions).toContainEqual(expect.objectContaining({ alias: 'net-mtu' }));
  expect((await get('/v2.0/extensions/net-mtu')).body.extension).toMatchObject({ alias: 'net-mtu' });
  expect(await get('/v2.0/extensions/quotas')).toMatchObject(failure(404, 'ExtensionNotFound'));
});
