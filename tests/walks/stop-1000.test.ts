import { afterEach, expect, it } from 'vitest';
import { rentEverything } from '../crash/process.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';

let cloud: Cloud | null = null;
afterEach(async () => {
  await cloud?.close();
  cloud = null;
});

interface Part {
  job_id: string;
  job_type: string;
  status: string;
  entities: { server_id: string };
  begin_time: string;
  end_time: string | null;
  error_code: string | null;
  fail_reason: string | null;
}

async function stopAll(ids: string[]): Promise<{ job_id: string }> {
  const asked = await cloud!.call('POST', '/v1/{p}/baremetalservers/action', {
    'os-stop': { type: 'HARD', servers: ids.map((id) => ({ id })) },
  });
  expect(asked.status).toBe(200);
  expect(Object.keys(asked.body)).toEqual(['job_id']);
  return asked.body;
}

/** What the machines themselves say, by node of each server. */
async function machines(): Promise<Map<string, { power: string; commands: number }>> {
  const { rows } = await cloud!.sql.query<{ id: string; power: string; commands: number }>(
    `select v.id, m.power_commands as commands,
       case when m.pending_at <= now() then m.pending_power else m.power end as power
     from servers v join simulated_machines m on m.node_id = v.node_id`,
  );
  return new Map(rows.map(({ id, power, commands }) => [id, { power, commands }]));
}

it('stops a thousand servers: one job, a thousand true sub-jobs, a thousand machines off', async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '1000' });
  const ids = await rentEverything(cloud.sql);
  const { job_id: jobId } = await stopAll(ids);
  const job = await cloud.jobEnd(jobId);

  expect(job).toMatchObject({
    status: 'SUCCESS',
    job_type: 'baremetalBatchOperate',
    error_code: null,
    fail_reason: null,
  });
  const parts: Part[] = job.entities.sub_jobs;
  expect(job.entities.sub_jobs_total).toBe(1000);
  expect(parts.map((part) => part.entities.server_id)).toEqual(ids);
  expect(new Set(parts.map((part) => part.job_id)).size).toBe(1000);
  const seen = await machines();
  for (const part of parts) {
    expect(part).toMatchObject({ status: 'SUCCESS', job_type: 'baremetalSingleOperate', error_code: null });
    expect(part.begin_time >= job.begin_time && part.end_time! <= job.end_time).toBe(true);
    expect(seen.get(part.entities.server_id)).toEqual({ power: 'off', commands: 1 });
  }
  const { body } = await cloud.call(
    'GET',
    '/v1/{p}/baremetalservers/detail?status=SHUTOFF&limit=1000&offset=1',
  );
  expect(body.count).toBe(1000);
});

it('stops 990 of a thousand when ten refuse, and says why of each of the ten', async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '1000' });
  const ids = await rentEverything(cloud.sql);
  const broken = ids.filter((_, at) => at % 100 === 0);
  for (const target of broken) {
    const made = await cloud.call('POST', '/admin/v1/faults', { target, on: 'stop', kind: 'fail', times: 1 });
    expect(made.status).toBe(201);
  }
  const { job_id: jobId } = await stopAll(ids);
  const job = await cloud.jobEnd(jobId);

  const parts: Part[] = job.entities.sub_jobs;
  const failed = parts.filter((part) => part.status === 'FAIL');
  expect(failed.map((part) => part.entities.server_id)).toEqual(broken);
  expect(parts.filter((part) => part.status === 'SUCCESS')).toHaveLength(990);
  expect(job).toMatchObject({
    status: 'FAIL',
    error_code: failed[0]!.error_code,
    fail_reason: failed[0]!.fail_reason,
  });
  const seen = await machines();
  for (const [id, { power }] of seen) expect(power).toBe(broken.includes(id) ? 'on' : 'off');
  for (const part of failed) {
    expect(part.error_code).toMatch(/^BMS\.\d{4}$/);
    expect(part.fail_reason).toContain('refused');
    const why = await cloud.call('GET', `/admin/v1/servers/${part.entities.server_id}/why`);
    expect(why.status).toBe(200);
    expect(JSON.stringify(why.body)).toContain('simulated fault');
    const shown = await cloud.call('GET', `/v1/{p}/baremetalservers/${part.entities.server_id}`);
    expect(shown.body.server.status).toBe('ACTIVE');
  }
});

it('refuses part of a mixed batch in its sub-jobs, and all of it when nothing can be done', async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '3' });
  const ids = await rentEverything(cloud.sql);
  await cloud.jobEnd((await stopAll([ids[0]!])).job_id);

  const unknown = '00000000-0000-4000-8000-000000000000';
  const mixed = await cloud.jobEnd((await stopAll([ids[0]!, ids[1]!, unknown, ids[1]!])).job_id);
  expect(mixed.status).toBe('FAIL');
  expect(
    mixed.entities.sub_jobs.map((part: Part) => [part.entities.server_id, part.status, part.error_code]),
  ).toEqual([
    [ids[0], 'FAIL', 'BMS.0039'],
    [ids[1], 'SUCCESS', null],
    [unknown, 'FAIL', 'BMS.0040'],
  ]);

  const all = await cloud.call('POST', '/v1/{p}/baremetalservers/action', {
    'os-stop': { servers: [{ id: ids[0] }, { id: ids[1] }] },
  });
  expect(all).toMatchObject({
    status: 400,
    body: { error: { code: 'BMS.0039', message: 'Server is stopped, not allow to stop.' } },
  });
});
