/** What callers and operators see when hardware misbehaves: each kind of fault met by a stop. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';

const stop = (cloud: Cloud, id: string) =>
  cloud.call('POST', '/v1/{p}/baremetalservers/action', { 'os-stop': { servers: [{ id }] } });
const why = async (cloud: Cloud, id: string): Promise<Reply['body']> =>
  (await cloud.call('GET', `/admin/v1/servers/${id}/why`)).body;
const statusOf = async (cloud: Cloud, id: string): Promise<string> =>
  (await cloud.call('GET', `/v1/{p}/baremetalservers/${id}`)).body.server.status;

async function setFault(
  cloud: Cloud,
  target: string,
  kind: string,
  more: object = {},
): Promise<Reply['body']> {
  const { status, body } = await cloud.call('POST', '/admin/v1/faults', {
    target,
    on: 'stop',
    kind,
    ...more,
  });
  expect({ status, body }).toMatchObject({ status: 201, body: { target, kind, times: 1, met: 0 } });
  return body;
}

async function listFaults(cloud: Cloud): Promise<Reply['body'][]> {
  return (await cloud.call('GET', '/admin/v1/faults')).body.faults;
}

describe('with all the time in the world', () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await startCloud();
  });
  afterAll(() => cloud.close());

  it('a BMC that refuses fails the job with code and reason, and the server is back in Running', async () => {
    const [id] = await cloud.makeServers(1, 'refused');
    await setFault(cloud, id!, 'fail');
    const job = await cloud.jobEnd((await stop(cloud, id!)).body.job_id);
    expect(job).toMatchObject({ status: 'FAIL', error_code: 'BMS.0006' });
    expect(job.fail_reason).toContain('simulated fault: the BMC refused: power off');
    expect(await statusOf(cloud, id!)).toBe('ACTIVE');
    expect(await why(cloud, id!)).toMatchObject({
      state: 'Running',
      under_way: false,
      operation: 'stop',
      status: 'failed',
      evidence: 'simulated fault: the BMC refused: power off',
      error: { code: 'hardware', message: 'simulated fault: the BMC refused: power off' },
      suggested_remedy: expect.stringContaining('then ask for the operation again'),
    });

    const again = await cloud.jobEnd((await stop(cloud, id!)).body.job_id);
    expect(again.status, 'a fault is met as often as it says').toBe('SUCCESS');
    expect(await listFaults(cloud)).toMatchObject([{ target: id, times: 1, met: 1 }]);
  });

  it('a BMC that is away keeps the operation waiting, and it goes on when the fault is gone', async () => {
    const [id] = await cloud.makeServers(1, 'away');
    const fault = await setFault(cloud, id!, 'unreachable');
    const { body } = await stop(cloud, id!);
    const waiting = await cloud.until(
      () => why(cloud, id!),
      (it) => it.status === 'waiting',
    );
    expect(waiting).toMatchObject({
      state: 'Stopping',
      under_way: true,
      operation: 'stop',
      step: 'power-off',
      expected_signal: 'the BMC to answer',
      evidence: 'simulated fault: the BMC does not answer',
      remedies_tried: [],
      suggested_remedy: expect.stringMatching(/BMC of node sim-.*\/retry/),
      error: null,
    });
    expect(waiting.evidence_age_seconds).toBeGreaterThanOrEqual(0);
    expect(Date.parse(waiting.next_retry_at)).toBeLessThan(Date.parse(waiting.deadline_at));
    expect(Date.parse(waiting.deadline_at)).toBeGreaterThan(Date.parse(waiting.evidence_at));

    const { body: servers } = await cloud.call('GET', '/admin/v1/servers?name=away');
    const node = await cloud.call('GET', `/admin/v1/nodes/${servers.servers[0].node_id}`);
    expect(node.body.under_way).toMatchObject({
      server_id: id,
      operation: 'stop',
      waits_for: 'the BMC to answer',
    });
    expect((await cloud.call('DELETE', `/admin/v1/nodes/${node.body.id}`)).status).toBe(409);

    expect((await cloud.call('POST', `/admin/v1/servers/${id}/retry`)).status).toBe(202);
    expect((await cloud.call('DELETE', `/admin/v1/faults/${fault.id}`)).status).toBe(204);
    expect((await cloud.call('DELETE', `/admin/v1/faults/${fault.id}`)).status).toBe(404);
    expect((await cloud.jobEnd(body.job_id)).status).toBe('SUCCESS');
    expect(await statusOf(cloud, id!)).toBe('SHUTOFF');
  });

  it('a slow machine succeeds, only later', async () => {
    const [id] = await cloud.makeServers(1, 'slow');
    await setFault(cloud, id!, 'slow');
    const { body } = await stop(cloud, id!);
    const waiting = await cloud.until(
      () => why(cloud, id!),
      (it) => it.status === 'waiting',
    );
    expect(waiting).toMatchObject({
      state: 'Stopping',
      expected_signal: 'power off',
      suggested_remedy: null,
    });
    expect((await cloud.jobEnd(body.job_id)).status).toBe('SUCCESS');
    const { body: told } = await cloud.call('GET', `/admin/v1/servers/${id}/history?limit=1`);
    // Twenty steps of the simulated hardware instead of one.
    expect(told.history[0].lasted_ms).toBeGreaterThanOrEqual(20 * 20);
  });

  it('hardware that breaks by itself makes its server Faulty until the fault is cleared', async () => {
    const [id] = await cloud.makeServers(1, 'broken');
    await setFault(cloud, id!, 'fail', { on: 'now' });
    expect(await statusOf(cloud, id!)).toBe('ERROR');
    const { body: shown } = await cloud.call('GET', `/v1/{p}/baremetalservers/${id}`);
    expect(shown.server.fault.message).toBe('simulated fault: the hardware reports fail');
    expect(await why(cloud, id!)).toMatchObject({
      state: 'Faulty',
      under_way: false,
      error: { code: 'hardware', message: 'simulated fault: the hardware reports fail' },
      suggested_remedy: expect.stringContaining('ingot server clear-fault '),
    });

    const cleared = await cloud.call('POST', `/admin/v1/servers/${id}/clear-fault`);
    expect(cleared).toMatchObject({ status: 200, body: { state: 'Running' } });
    expect(await statusOf(cloud, id!)).toBe('ACTIVE');
    const { body } = await cloud.call('GET', `/admin/v1/servers/${id}/history`);
    expect(body.history.slice(0, 2)).toMatchObject([
      { from: 'Faulty', to: 'Running', reason: 'the fault was cleared; the machine was found on' },
      { from: 'Running', to: 'Faulty', actor: 'hardware' },
    ]);
    expect((await cloud.jobEnd((await stop(cloud, id!)).body.job_id)).status).toBe('SUCCESS');
  });

  it('faults are for simulated nodes, known operations and things that exist', async () => {
    const add = (body: object) => cloud.call('POST', '/admin/v1/faults', body);
    const real = await cloud.call('POST', '/admin/v1/nodes', {
      name: 'real',
      driver: 'redfish',
      bmc: { address: 'http://127.0.0.1:9' },
      zone: 'eu-de-01',
      flavor_id: 'physical.m2.large',
    });
    const { body } = await cloud.call('GET', '/admin/v1/nodes?standing=ready&limit=1');
    const target = body.nodes[0].id;
    expect(await add({ target: real.body.id, on: 'stop', kind: 'fail' })).toMatchObject({ status: 400 });
    expect(await add({ target, on: 'dance', kind: 'fail' })).toMatchObject({ status: 400 });
    expect(await add({ target, on: 'stop', kind: 'fire' })).toMatchObject({ status: 400 });
    expect(await add({ target, on: 'stop', kind: 'fail', times: 0 })).toMatchObject({ status: 400 });
    expect(await add({ target: 'nobody', on: 'stop', kind: 'fail' })).toMatchObject({ status: 404 });
    // Nobody is on it who could become Faulty.
    expect(await add({ target, on: 'now', kind: 'fail' })).toMatchObject({ status: 409 });
  });

  it('all faults go at once', async () => {
    const { body } = await cloud.call('GET', '/admin/v1/nodes?standing=ready&limit=1');
    await setFault(cloud, body.nodes[0].id, 'slow', { on: 'create' });
    const before = (await listFaults(cloud)).length;
    expect(before).toBeGreaterThan(0);
    expect((await cloud.call('DELETE', '/admin/v1/faults')).body).toEqual({ removed: before });
    expect(await listFaults(cloud)).toEqual([]);
  });
});

describe('when the deadline passes', () => {
  let cloud: Cloud;
  const ladder = ['read again', 'send again'];
  beforeAll(async () => {
    // A deadline is 30 s at least, even on simulated nodes.
    cloud = await startCloud({ INGOT_DEADLINE_FACTOR: '0.02' });
  });
  afterAll(() => cloud.close());

  it('a BMC that stays away ends in FAIL after all remedies, and the server is Faulty', async () => {
    const [id] = await cloud.makeServers(1, 'lost');
    await setFault(cloud, id!, 'unreachable');
    const job = await cloud.jobEnd((await stop(cloud, id!)).body.job_id);
    expect(job.status).toBe('FAIL');
    expect(job.fail_reason).toContain('Waited for the BMC to answer until the deadline');
    expect(await statusOf(cloud, id!), 'nobody knows the power').toBe('ERROR');
    expect(await why(cloud, id!)).toMatchObject({
      state: 'Faulty',
      under_way: false,
      evidence: 'simulated fault: the BMC does not answer',
      next_retry_at: null,
      remedies_tried: ladder,
      error: { code: 'deadline' },
      suggested_remedy: expect.stringContaining('ingot server clear-fault '),
    });

    // The stop is over, and the machine is still on.
    const cleared = await cloud.call('POST', `/admin/v1/servers/${id}/clear-fault`);
    expect(cleared.body).toMatchObject({ state: 'Running' });
  });

  it('a command without effect ends in FAIL, and the server is Running as before', async () => {
    const [id] = await cloud.makeServers(1, 'deaf');
    await setFault(cloud, id!, 'timeout');
    const job = await cloud.jobEnd((await stop(cloud, id!)).body.job_id);
    expect(job.status).toBe('FAIL');
    expect(job.fail_reason).toContain('Waited for power off until the deadline');
    expect(await statusOf(cloud, id!)).toBe('ACTIVE');
    expect(await why(cloud, id!)).toMatchObject({
      state: 'Running',
      remedies_tried: [...ladder, 'restart the BMC'],
      error: { code: 'deadline' },
    });
    const { body: told } = await cloud.call('GET', `/admin/v1/servers/${id}/history`);
    expect(told.history.map(({ reason }: { reason: string }) => reason)).toEqual(
      expect.arrayContaining(['remedy: read again', 'remedy: send again', 'remedy: restart the BMC']),
    );
    // Of two processes, the one that did it counts it.
    const { body } = await cloud.until(
      () => cloud.call('GET', '/metrics'),
      (reply) => /^ingot_outcomes_total\{operation="stop",result="deadline"\} [1-9]/m.test(reply.body),
    );
    expect(body).toMatch(/^ingot_deadlines_passed_total\{operation="stop"\} [1-9]/m);
  });
});
