/** What Ingot found out about a BMC by trying is kept: neither a restart nor another process asks the BMC for it again. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startRedfishServer, type RedfishServer } from '../../src/bmc-simulator/redfish-server.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';

/** It does not tell its reset types, and does not know the one that is tried first. */
const resetTypes = ['ForceOn', 'ForceOff'];

let cloud: Cloud;
let bmc: RedfishServer;
let nodeId: string;
let serverId: string;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '0' });
  bmc = await startRedfishServer({ power: 'on', allowables: 'absent', resetTypes });
  const { body } = await cloud.call('POST', '/admin/v1/nodes', {
    name: 'untold',
    driver: 'redfish',
    bmc: { address: bmc.url, username: 'admin', password: 'correct horse' },
    zone: 'eu-de-01',
    flavor_id: 'physical.m2.large',
    adopt: { project_id: cloud.projectId, name: 'untold' },
  });
  nodeId = body.id;
  serverId = (await node()).server_id;
});
afterAll(async () => {
  await cloud.close();
  await bmc.close();
});
beforeEach(() => {
  bmc.requests.length = 0;
});

const node = async () => (await cloud.call('GET', `/admin/v1/nodes/${nodeId}`)).body;
const asked = () =>
  bmc.requests.filter((request) => request.startsWith('POST') && request.endsWith('.Reset'));

async function stopAndStart() {
  for (const action of ['os-stop', 'os-start']) {
    const { body } = await cloud.call('POST', '/v1/{p}/baremetalservers/action', {
      [action]: { servers: [{ id: serverId }] },
    });
    expect(await cloud.jobEnd(body.job_id)).toMatchObject({ status: 'SUCCESS' });
  }
}

it('what a BMC takes is found by trying, kept and shown', async () => {
  expect((await node()).bmc_habits).toEqual({});
  await stopAndStart();
  expect(asked(), 'off, and two tries for on').toHaveLength(3);
  const shown = await cloud.until(node, ({ bmc_habits }) => bmc_habits.reset_on !== undefined);
  expect(shown.bmc_habits).toEqual({ reset_on: 'ForceOn' });
});

it('after a restart it is what is asked for straight away', async () => {
  await cloud.restart();
  await stopAndStart();
  expect(asked()).toHaveLength(2);
});

it('with other firmware the BMC is asked anew', async () => {
  bmc.bmc.settings.bmcVersion = '2.0.0';
  const inspected = await cloud.call('POST', `/admin/v1/nodes/${nodeId}/inspect`);
  expect(inspected.body).toMatchObject({ inventory: { bmc_version: '2.0.0' } });
  expect((await node()).bmc_habits).toEqual({});
  await stopAndStart();
  expect(asked()).toHaveLength(3);
  await cloud.until(node, ({ bmc_habits }) => bmc_habits.reset_on === 'ForceOn');
});

it('another inspection of the same firmware changes nothing, another address everything', async () => {
  await cloud.call('POST', `/admin/v1/nodes/${nodeId}/inspect`);
  expect((await node()).bmc_habits).toEqual({ reset_on: 'ForceOn' });
  await cloud.call('PATCH', `/admin/v1/nodes/${nodeId}`, { bmc: { address: 'http://127.0.0.1:1' } });
  expect((await node()).bmc_habits).toEqual({});
});
