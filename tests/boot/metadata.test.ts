/** The metadata service tells each system about itself, and nobody else. */
import { afterEach, expect, it } from 'vitest';
import fastify from 'fastify';
import { openMetadataDoor } from '../../src/boot/metadata/metadata-door.ts';
import { toLinks, type SystemData } from '../../src/boot/metadata/system-data.ts';
import { toVendorData } from '../../src/boot/metadata/cloud-config.ts';
import type { Node } from '../../src/core/node.ts';
import { system } from './system-data.ts';
import type { Port } from '../../src/core/server.ts';
import { hashPassword } from '../../src/engine/password.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function serve(own: Partial<SystemData> = {}, { isKnown = true } = {}) {
  let now = 1_000;
  const read: string[] = [];
  const http = fastify();
  openMetadataDoor(http, {
    findNode: async () => (isKnown ? ({ id: 'node-1' } as Node) : null),
    gather: async () => ({ ...system, ...own }),
    onRead: (_, path) => read.push(path),
    now: () => now,
  });
  closers.push(() => http.close());
  return {
    read,
    pass: (ms: number) => (now += ms),
    async get(url: string, headers: Record<string, string> = {}, method: 'GET' | 'PUT' = 'GET') {
      const { statusCode, payload } = await http.inject({ method, url, headers });
      return { statusCode, text: payload };
    },
  };
}

it("speaks OpenStack's form", async () => {
  const { get, read } = serve();
  expect(JSON.parse((await get('/openstack/latest/meta_data.json')).text)).toMatchObject({
    uuid: system.instanceId,
    hostname: 'web-1',
    public_keys: { mine: 'ssh-ed25519 AAAA me' },
    meta: { role: 'web' },
    availability_zone: 'eu-de-01',
  });
  expect((await get('/openstack/2018-08-27/user_data')).text).toBe('#!/bin/sh\nid\n');
  expect(JSON.parse((await get('/openstack/latest/network_data.json')).text)).toEqual({
    links: [
      { id: 'link0', type: 'phy', ethernet_mac_address: '52:54:00:00:00:01', mtu: 1500 },
      { id: 'link1', type: 'phy', ethernet_mac_address: '52:54:00:00:00:02', mtu: 1500 },
    ],
    networks: [
      { id: 'link0-dhcp', link: 'link0', type: 'ipv4_dhcp', network_id: 'provisioning' },
      {
        id: 'link1-0',
        link: 'link1',
        type: 'ipv4',
        ip_address: '192.168.0.9',
        netmask: '255.255.240.0',
        network_id: 'n1',
        routes: [{ network: '0.0.0.0', netmask: '0.0.0.0', gateway: '192.168.0.1' }],
      },
    ],
    services: [{ type: 'dns', address: '100.125.4.25' }],
  });
  expect((await get('/openstack/latest/vendor_data.json')).text).toContain('phone_home');
  expect(read).toContain('/openstack/latest/meta_data.json');
});

it("speaks EC2's form", async () => {
  const { get } = serve();
  expect((await get('/latest/meta-data/')).text.split('\n')).toContain('public-keys/');
  expect((await get('/latest/meta-data/instance-id')).text).toBe(system.instanceId);
  expect((await get('/2009-04-04/meta-data/public-keys/')).text).toBe('0=mine');
  expect((await get('/latest/meta-data/public-keys/0/openssh-key')).text).toBe('ssh-ed25519 AAAA me');
  expect((await get('/latest/meta-data/placement/availability-zone')).text).toBe('eu-de-01');
  expect((await get('/latest/meta-data/local-ipv4')).text).toBe('192.168.0.9');
  expect((await get('/latest/user-data')).text).toBe('#!/bin/sh\nid\n');
  expect((await get('/latest/meta-data/constructor')).statusCode).toBe(404);
});

it('speaks the form of NoCloud', async () => {
  const { get } = serve();
  expect((await get('/nocloud/meta-data')).text).toContain('local-hostname: web-1');
  expect((await get('/nocloud/network-config')).text).toContain('192.168.0.9/20');
});

it('has nothing for strangers, and nothing where it is switched off', async () => {
  expect((await serve({}, { isKnown: false }).get('/openstack/latest/meta_data.json')).statusCode).toBe(404);
  const off = serve({ options: { httpEndpoint: 'disabled', httpTokens: 'optional' } });
  expect((await off.get('/latest/meta-data/instance-id')).statusCode).toBe(404);
  expect((await serve({ userData: null }).get('/openstack/latest/user_data')).statusCode).toBe(404);
});

it('asks for a token where tokens are required', async () => {
  const { get, pass } = serve({ options: { httpEndpoint: 'enabled', httpTokens: 'required' } });
  const ttl = 'x-aws-ec2-metadata-token-ttl-seconds';
  expect((await get('/latest/meta-data/instance-id')).statusCode).toBe(401);
  expect((await get('/latest/api/token', {}, 'PUT')).statusCode).toBe(400);
  const { text: token } = await get('/latest/api/token', { [ttl]: '60' }, 'PUT');
  const ask = (given: string) => get('/latest/meta-data/instance-id', { 'x-aws-ec2-metadata-token': given });
  expect((await ask(token)).text).toBe(system.instanceId);
  expect((await ask(token.replace(/^\d+/, (until) => `${Number(until) + 1}`))).statusCode).toBe(401);
  pass(60_001);
  expect((await ask(token)).statusCode).toBe(401);
});

it('puts ports on the NICs behind the one that boots, and what is left over on that one', () => {
  const node = { boot: { macs: ['52:54:00:00:00:01', '52:54:00:00:00:02'] }, inventory: null } as Node;
  const subnet = {
    id: 's',
    networkId: 'n',
    name: '',
    cidr: '192.168.0.0/20',
    gatewayIp: '192.168.0.1',
    dns: [],
  };
  const network = { id: 'n', projectId: null, vpcId: 'v', name: '', description: '', subnets: [subnet] };
  const port = (ip: string) => ({ ip, networkId: 'n', subnetId: 's' }) as Port;
  const links = toLinks(
    node,
    [port('192.168.0.8'), port('192.168.0.9')],
    [{ ...network, createdAt: new Date(0) }],
  );
  expect(links.map(({ addresses }) => addresses.map(({ ip, gateway }) => [ip, gateway]))).toEqual([
    [['192.168.0.9', null]],
    [['192.168.0.8', '192.168.0.1']],
  ]);
});

it('gives root the password as crypt(3) knows it', async () => {
  const hash = await hashPassword('Wr0ng-Horse_42');
  const text = toVendorData({ ...system, adminPasswordHash: hash });
  expect(text).toMatch(/password: \$7\$C6\.\.\.\.\/\.\.\.\.[0-9a-f]{32}\$[./0-9A-Za-z]{43}\n/);
  expect(toVendorData({ ...system, adminPasswordHash: '$other$hash' })).not.toContain('chpasswd');
});
