/** From a block of addresses to machines that are ready, without naming any of them. */
import { afterEach, expect, it } from 'vitest';
import { makeCertificate } from '../../src/bmc-simulator/certificate.ts';
import { startFleet } from '../../src/bmc-simulator/fleet.ts';
import { personalityNames } from '../../src/bmc-simulator/personalities.ts';
import { startRedfishServer } from '../../src/bmc-simulator/redfish-server.ts';
import { startIpmiSim, whyNoIpmi } from '../ipmi/ipmi-sim.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(): Promise<Cloud> {
  const cloud = await startCloud({ INGOT_SIM_NODES: '0' });
  closers.push(() => cloud.close());
  return cloud;
}

async function bmc() {
  const server = await startRedfishServer({ power: 'off', vendor: 'Contoso' });
  closers.push(() => server.close());
  return server;
}

const scan = (cloud: Cloud, body: object) => cloud.call('POST', '/admin/v1/nodes/scan', body);

it('finds Redfish services, says what they are, and which of them is known', async () => {
  const cloud = await open();
  const [one, other] = [await bmc(), await bmc()];
  await cloud.call('POST', '/admin/v1/nodes', {
    name: 'known',
    driver: 'redfish',
    bmc: { address: one.url, username: 'admin', password: 'correct horse' },
    zone: 'eu-de-01',
    flavor_id: 'physical.m2.large',
  });
  const ports = { redfish_ports: [one.port, other.port, 1], ipmi_ports: [] };
  const { body } = await scan(cloud, { range: '127.0.0.1', ...ports });
  expect(body).toMatchObject({ asked: 1 });
  expect(body.found).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ driver: 'redfish', address: one.url, vendor: 'Contoso', node: 'known' }),
      expect.objectContaining({ driver: 'redfish', address: other.url, node: null }),
    ]),
  );
  expect(body.found).toHaveLength(2);
  expect(one.counters().sessions, 'nobody was logged in to for it').toBeLessThanOrEqual(1);
});

it('finds BMCs of every personality', async () => {
  const cloud = await open();
  const fleet = await startFleet({
    count: personalityNames.length,
    personalities: personalityNames,
    less: ['busy-now-and-then'],
    port: 0,
    settings: { latencyMs: 0 },
    tls: makeCertificate(),
  });
  closers.push(() => fleet.close());
  const ports = fleet.members.map(({ url }) => Number(new URL(url).port));
  const { body } = await scan(cloud, { range: '127.0.0.1', redfish_ports: ports, ipmi_ports: [] });
  const addresses = (body.found as { address: string }[]).map(({ address }) => address);
  expect(addresses.sort()).toEqual(fleet.members.map(({ url }) => url).sort());
});

it('finds BMCs that speak IPMI', async ({ skip }) => {
  const missing = whyNoIpmi();
  if (missing !== null) skip(missing);
  const cloud = await open();
  const machine = await startIpmiSim();
  closers.push(() => machine[Symbol.asyncDispose]());
  const port = Number(machine.address.split(':')[1]);
  const { body } = await scan(cloud, { range: '127.0.0.1/32', redfish_ports: [], ipmi_ports: [port] });
  expect(body.found).toEqual([
    { driver: 'ipmi', address: machine.address, vendor: null, product: null, uuid: null, node: null },
  ]);
});

it('says what a range is, and how large it may be', async () => {
  const cloud = await open();
  for (const range of ['rack 7', '10.0.0.0/8']) {
    expect(await scan(cloud, { range })).toMatchObject({
      status: 400,
      body: { error: { details: { field: 'range' } } },
    });
  }
});

it('gives a machine without a flavor the largest that it can be, or says that it fits none', async () => {
  const cloud = await open();
  const { url } = await bmc();
  const enrol = (name: string) =>
    cloud.call('POST', '/admin/v1/nodes', {
      name,
      driver: 'redfish',
      bmc: { address: url, username: 'admin', password: 'correct horse' },
      zone: 'eu-de-01',
    });
  await cloud.sql.query(`update flavors set ram_mib = 4194304`);
  const small = (await enrol('small')).body;
  expect(small).toMatchObject({ standing: 'enrolled', flavor_id: null });
  expect(small.note).toMatch(/^Not ready: it fits no flavor: \d+ cores, \d+ GiB of memory, \d+ GB of disks/);

  const { cpu_cores, memory_mib } = small.inventory;
  await cloud.sql.query(
    `update flavors set ram_mib = $1, vcpus = $2, disk_gb = 0 where id = 'physical.s2.medium'`,
    [memory_mib, cpu_cores],
  );
  const again = await cloud.call('POST', `/admin/v1/nodes/${small.id}/inspect`);
  expect(again.body).toMatchObject({ standing: 'ready', flavor_id: 'physical.s2.medium', note: '' });
  await cloud.call('DELETE', `/admin/v1/nodes/${small.id}`);
  expect((await enrol('right')).body).toMatchObject({ standing: 'ready', flavor_id: 'physical.s2.medium' });
});
