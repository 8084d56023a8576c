/** Networks, subnets and ports that tenants make; and the VPC API, which shows the same. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '2' });
  nova = await useNova(cloud);
});
afterAll(() => cloud.close());

const call = (method: string, path: string, body?: unknown) =>
  cloud.call(method, `/network/v2.0${path}`, body);
const makeNetwork = async (name = 'mine') =>
  (await call('POST', '/networks', { network: { name } })).body.network;
const subnet = (network_id: string, cidr: string, more: object = {}) =>
  call('POST', '/subnets', { subnet: { network_id, cidr, ip_version: 4, ...more } });
const port = (network_id: string, ip_address?: string) =>
  call('POST', '/ports', { port: { network_id, ...(ip_address ? { fixed_ips: [{ ip_address }] } : {}) } });
const failure = (status: number, type?: string) => ({
  status,
  body: { NeutronError: type ? { type } : {} },
});

it('a network with a subnet can carry a server, and both can be removed when it is gone', async () => {
  const network = await makeNetwork();
  expect(network).toMatchObject({ name: 'mine', shared: false, project_id: cloud.projectId, subnets: [] });
  const made = await subnet(network.id, '192.168.7.0/24', { dns_nameservers: ['192.0.2.53'] });
  expect(made).toMatchObject({
    status: 201,
    body: { subnet: { cidr: '192.168.7.0/24', gateway_ip: '192.168.7.1', dns_nameservers: ['192.0.2.53'] } },
  });
  const id = await nova.make({ networks: [{ uuid: network.id }] });
  expect((await nova.show(id)).addresses.mine[0].addr).toMatch(/^192\.168\.7\./);
  const subnetPath = `/subnets/${made.body.subnet.id}`;
  expect(await call('DELETE', `/networks/${network.id}`)).toMatchObject(failure(409, 'Conflict'));
  expect(await call('DELETE', subnetPath)).toMatchObject(failure(409, 'Conflict'));
  await nova.call('DELETE', `/servers/${id}`);
  await nova.rest(id);
  expect((await call('DELETE', subnetPath)).status).toBe(204);
  expect((await call('DELETE', `/networks/${network.id}`)).status).toBe(204);
  expect((await call('GET', `/networks/${network.id}`)).status).toBe(404);
});

describe('a subnet is refused', () => {
  it.each(['192.168.7.1/24', '10.0.0.0/31', '10.0.0.0/4', '10.0.0.0', 'fd00::/64', 'ten/8'])(
    'with the range %s',
    async (cidr) => {
      const { id } = await makeNetwork();
      expect(await subnet(id, cidr)).toMatchObject(failure(400));
    },
  );

  it('when it overlaps another of its network, or its gateway lies elsewhere', async () => {
    const { id } = await makeNetwork();
    await subnet(id, '192.168.0.0/24');
    expect(await subnet(id, '192.168.0.128/25')).toMatchObject(failure(409));
    expect(await subnet(id, '192.168.1.0/24', { gateway_ip: '192.168.0.1' })).toMatchObject(failure(400));
    expect((await subnet(id, '192.168.1.0/24')).status).toBe(201);
  });

  it('in no network, and in one that is open to all', async () => {
    expect(await subnet(randomUUID(), '192.168.0.0/24')).toMatchObject(failure(404, 'NetworkNotFound'));
    expect(await subnet(nova.network.id, '192.168.0.0/24')).toMatchObject(failure(403));
    expect(await call('DELETE', `/networks/${nova.network.id}`)).toMatchObject(failure(404));
  });
});

describe('a port', () => {
  it('gets the address that was asked for, once, or the next free one', async () => {
    const { id } = await makeNetwork();
    await subnet(id, '192.168.0.0/29');
    const made = await port(id, '192.168.0.5');
    expect(made).toMatchObject({
      status: 201,
      body: { port: { status: 'DOWN', device_id: '', fixed_ips: [{ ip_address: '192.168.0.5' }] } },
    });
    expect(await port(id, '192.168.0.5')).toMatchObject(failure(409));
    expect(await port(id, '192.168.0.1')).toMatchObject(failure(409));
    expect(await port(id, '192.168.1.5')).toMatchObject(failure(400));
    const rest = await Promise.all(Array.from({ length: 5 }, () => port(id)));
    // Six addresses without network and broadcast; the gateway has one, the first port another.
    expect(rest.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 201, 201, 201, 409]);
    expect((await call('DELETE', `/ports/${made.body.port.id}`)).status).toBe(204);
    expect(await call('DELETE', `/ports/${made.body.port.id}`)).toMatchObject(failure(404, 'PortNotFound'));
  });

  it('is not made in a network without addresses', async () => {
    expect(await port((await makeNetwork()).id)).toMatchObject(failure(400));
  });
});

describe('a change, as Terraform asks for it,', () => {
  it('renames network, subnet and port, and leaves the rest', async () => {
    const network = await makeNetwork();
    const made = (await subnet(network.id, '192.168.9.0/24')).body.subnet;
    const reserved = (await port(network.id)).body.port;
    const renamed = await call('PUT', `/networks/${network.id}`, {
      network: { name: 'new', description: 'words' },
    });
    expect(renamed).toMatchObject({
      status: 200,
      body: { network: { ...network, name: 'new', description: 'words', subnets: [made.id] } },
    });
    expect(
      await call('PUT', `/subnets/${made.id}`, {
        subnet: { name: 'new', dns_nameservers: ['192.0.2.53'], gateway_ip: made.gateway_ip },
      }),
    ).toMatchObject({
      status: 200,
      body: { subnet: { ...made, name: 'new', dns_nameservers: ['192.0.2.53'] } },
    });
    const wish = {
      name: 'new',
      admin_state_up: true,
      allowed_address_pairs: [{ ip_address: '192.168.9.200' }],
      fixed_ips: reserved.fixed_ips,
      security_groups: reserved.security_groups,
    };
    expect(await call('PUT', `/ports/${reserved.id}`, { port: wish })).toMatchObject({
      status: 200,
      body: { port: { ...reserved, ...wish } },
    });
    expect((await call('GET', `/ports/${reserved.id}`)).body.port.name).toBe('new');
    expect(
      (await call('PUT', `/subnets/${made.id}`, { subnet: { dns_nameservers: [] } })).body,
    ).toMatchObject({ subnet: { name: 'new', dns_nameservers: [] } });
  });

  it('of what cannot be changed is refused, and of what is not the project’s', async () => {
    const network = await makeNetwork();
    const made = (await subnet(network.id, '192.168.9.0/24')).body.subnet;
    const reserved = (await port(network.id)).body.port;
    for (const [path, body] of [
      [`/networks/${network.id}`, { network: { admin_state_up: false } }],
      [`/subnets/${made.id}`, { subnet: { gateway_ip: '192.168.9.254' } }],
      [`/subnets/${made.id}`, { subnet: { enable_dhcp: false } }],
      [`/ports/${reserved.id}`, { port: { fixed_ips: [{ ip_address: '192.168.9.77' }] } }],
      [`/ports/${reserved.id}`, { port: { security_groups: [] } }],
      [`/ports/${reserved.id}`, { port: { allowed_address_pairs: [{ ip_address: 'nowhere' }] } }],
    ] as const) {
      expect(await call('PUT', path, body)).toMatchObject(failure(400));
    }
    for (const [path, body] of [
      [`/networks/${nova.network.id}`, { network: { name: 'taken' } }],
      [`/subnets/${randomUUID()}`, { subnet: { name: 'taken' } }],
      [`/ports/${randomUUID()}`, { port: { name: 'taken' } }],
    ] as const) {
      expect(await call('PUT', path, body)).toMatchObject(failure(404));
    }
  });
});

it('the same is served under /v2.0, as the provider of Huawei Cloud asks', async () => {
  for (const path of ['/networks', '/subnets', '/ports', `/networks/${nova.network.id}`]) {
    expect((await cloud.call('GET', `/v2.0${path}`)).body).toEqual((await call('GET', path)).body);
  }
  // And the VPC API below the address of the network, where the provider of Open Telekom Cloud looks for it.
  for (const path of ['/vpcs', '/subnets', `/subnets/${nova.network.id}`, '/security-groups']) {
    const found = await cloud.call('GET', `/v1/{p}${path}`);
    expect(found.status).toBe(200);
    expect((await cloud.call('GET', `/network/v1/{p}${path}`)).body).toEqual(found.body);
  }
});

it('VPCs and their subnets are the networks in other words', async () => {
  const { body } = await cloud.call('GET', `/v1/{p}/subnets?name=${nova.network.name}`);
  const [found] = body.subnets;
  expect(found).toMatchObject({ id: nova.network.id, cidr: '10.20.0.0/16', status: 'ACTIVE' });
  expect((await cloud.call('GET', `/v1/{p}/subnets/${found.id}`)).body).toEqual({ subnet: found });
  const vpc = (await cloud.call('GET', `/v1/{p}/vpcs/${found.vpc_id}`)).body.vpc;
  expect(vpc).toMatchObject({ id: found.vpc_id, cidr: '10.20.0.0/16', status: 'OK' });
  expect((await cloud.call('GET', `/v1/{p}/vpcs?id=${vpc.id}`)).body).toEqual({ vpcs: [vpc] });
  expect((await cloud.call('GET', `/v1/{p}/vpcs/${randomUUID()}`)).status).toBe(404);
});
