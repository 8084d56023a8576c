/** Servers on machines behind Redfish BMCs: adopted as found, stopped and started through the published API. */
import { afterEach, expect, it } from 'vitest';
import { makeCertificate } from '../../src/bmc-simulator/certificate.ts';
import {
  startRedfishServer,
  type RedfishServer,
  type RedfishServerOptions,
} from '../../src/bmc-simulator/redfish-server.ts';
import { processesOfTheRun, startCloud, type Cloud } from '../support/cloud.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(env: Record<string, string> = {}): Promise<Cloud> {
  const cloud = await startCloud({ INGOT_SIM_NODES: '0', ...env });
  closers.push(() => cloud.close());
  return cloud;
}

async function bmc(options: RedfishServerOptions): Promise<RedfishServer> {
  const server = await startRedfishServer({ power: 'on', ...options });
  closers.push(() => server.close());
  return server;
}

/** Enrols the machine behind a BMC and makes a server of what runs on it. */
async function adopt(cloud: Cloud, name: string, server: RedfishServer): Promise<string> {
  const enrolled = await cloud.call('POST', '/admin/v1/nodes', {
    name,
    driver: 'redfish',
    bmc: { address: server.url, username: 'admin', password: 'correct horse' },
    zone: 'eu-de-01',
    flavor_id: 'physical.m2.large',
    adopt: { project_id: cloud.projectId, name },
  });
  expect(enrolled.status, JSON.stringify(enrolled.body)).toBe(201);
  expect(JSON.stringify(enrolled.body)).not.toContain('correct horse');
  const { rows } = await cloud.sql.query<{ id: string }>('select id from servers where name = $1', [name]);
  return rows[0]!.id;
}

async function act(cloud: Cloud, action: string, ids: string[]) {
  const asked = await cloud.call('POST', '/v1/{p}/baremetalservers/action', {
    [action]: { servers: ids.map((id) => ({ id })) },
  });
  expect(asked.status, JSON.stringify(asked.body)).toBe(200);
  return cloud.jobEnd(asked.body.job_id);
}

it('really switches machines off and on, whatever the habits of their BMCs', async () => {
  const cloud = await open();
  const fleet: Record<string, RedfishServer> = {
    plain: await bmc({}),
    'self-signed': await bmc({ tls: makeCertificate() }),
    'one-session': await bmc({ maxSessions: 1 }),
    slow: await bmc({ lagMs: 300 }),
    tasks: await bmc({ tasks: { retryAfterSeconds: 1, end: 'completed', looks: 1 } }),
  };
  const ids: string[] = [];
  for (const [name, server] of Object.entries(fleet)) {
    ids.push(await adopt(cloud, name, server));
    expect(server.machine.power(), 'adoption leaves the machine alone').toBe('on');
  }

  expect(await act(cloud, 'os-stop', ids)).toMatchObject({ status: 'SUCCESS' });
  for (const server of Object.values(fleet)) expect(server.machine.power()).toBe('off');
  expect(await act(cloud, 'os-start', ids)).toMatchObject({ status: 'SUCCESS' });
  for (const [name, server] of Object.entries(fleet)) {
    expect(server.machine.power(), name).toBe('on');
    expect(server.counters().resets, name).toHaveLength(2);
    expect(server.counters().peakInFlight, name).toBeLessThanOrEqual(2 * processesOfTheRun);
    expect(server.counters().sessionsPeak, name).toBeLessThanOrEqual(processesOfTheRun);
  }
});

it('a BMC that went away costs its own server only, and the record says why', async () => {
  const cloud = await open({ INGOT_DEADLINE_FACTOR: '0.0005' });
  const [healthy, dead] = [await bmc({}), await bmc({})];
  const ids = [await adopt(cloud, 'healthy', healthy), await adopt(cloud, 'dead', dead)];
  await dead.close();

  const job = await act(cloud, 'os-stop', ids);
  expect(job.status).toBe('FAIL');
  expect(job.entities.sub_jobs.map((part: { status: string }) => part.status)).toEqual(['SUCCESS', 'FAIL']);
  expect(job.fail_reason).toContain('until the deadline');
  expect(healthy.machine.power()).toBe('off');
  const shown = await cloud.call('GET', `/v1/{p}/baremetalservers/${ids[1]}`);
  // Nothing is known of its power, so it is not shown as running or stopped.
  expect(shown.body.server.status).toBe('ERROR');
  const why = await cloud.call('GET', `/admin/v1/servers/${ids[1]}/why`);
  expect(JSON.stringify(why.body)).toContain('send again');
  expect(JSON.stringify(why.body)).not.toContain('correct horse');
});

it('follows a machine that was switched off by hand, after two equal readings', async () => {
  const cloud = await open({ INGOT_POWER_SYNC_SECONDS: '1' });
  const server = await bmc({});
  const id = await adopt(cloud, 'by-hand', server);
  server.machine.forcePower('off');
  await cloud.until(
    async () => (await cloud.call('GET', `/v1/{p}/baremetalservers/${id}`)).body.server.status,
    (status) => status === 'SHUTOFF',
  );
  expect(server.counters().resets).toEqual([]);
});

it('puts a machine back that is to be kept as the record says', async () => {
  const cloud = await open({ INGOT_POWER_SYNC_SECONDS: '1' });
  const server = await bmc({});
  const id = await adopt(cloud, 'enforced', server);
  await cloud.sql.query(`update nodes set power_policy = 'enforce'`);
  server.machine.forcePower('off');
  await cloud.until(
    async () => server.machine.power(),
    (power) => power === 'on',
  );
  expect((await cloud.call('GET', `/v1/{p}/baremetalservers/${id}`)).body.server.status).toBe('ACTIVE');
});
