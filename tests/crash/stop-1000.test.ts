/** Processes killed by SIGKILL at random moments while 1000 servers are being stopped. */
import { afterEach, expect, it } from 'vitest';
import pg from 'pg';
import { connect } from '../support/cloud.ts';
import { createDatabase } from '../support/database.ts';
import { rentEverything, startServer, type ServerProcess } from './process.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const deaths = 3;

async function stopAThousand(processes: number): Promise<void> {
  const database = await createDatabase();
  closers.push(() => database.drop());
  const sql = new pg.Pool({ connectionString: database.url, max: 2 });
  sql.on('error', () => undefined);
  closers.push(() => sql.end());
  const env = { INGOT_SIM_NODES: '1000', INGOT_SIM_STEP_MS: '400', INGOT_WORKERS: '64' };
  const alive: ServerProcess[] = [await startServer(database.url, env)];
  closers.push(() => Promise.all(alive.map((server) => server.kill())));
  const ids = await rentEverything(sql);
  while (alive.length < processes) alive.push(await startServer(database.url, env));

  const { call } = await connect(alive[0]!.origin, sql);
  const asked = await call('POST', '/v1/{p}/baremetalservers/action', {
    'os-stop': { servers: ids.map((id) => ({ id })) },
  });
  expect(asked.status).toBe(200);

  for (let death = 0; death < deaths; death++) {
    // Any moment will do; it is some share of the work that is left.
    const { rows } = await sql.query<{ left: number }>(
      'select count(*)::int as left from sub_jobs where ended_at is null',
    );
    const least = Math.floor(rows[0]!.left * Math.random());
    const client = await connect(alive[0]!.origin, sql);
    await client.until(
      async () => (await sql.query('select 1 from sub_jobs where ended_at is null')).rows.length,
      (left) => left <= least,
    );
    await alive.shift()!.kill();
    alive.push(await startServer(database.url, env));
  }

  const client = await connect(alive[0]!.origin, sql);
  const job = await client.jobEnd(asked.body.job_id);
  expect(job).toMatchObject({ status: 'SUCCESS', error_code: null });
  expect(job.entities.sub_jobs_total).toBe(1000);
  const machines = await sql.query(
    `select power_commands, power_changes, case when pending_at <= now() then pending_power else power end as power,
       count(*)::int from simulated_machines group by 1, 2, 3`,
  );
  expect(machines.rows).toEqual([{ power_commands: 1, power_changes: 1, power: 'off', count: 1000 }]);
  const servers = await sql.query('select state, count(*)::int from servers group by state');
  expect(servers.rows).toEqual([{ state: 'Stopped', count: 1000 }]);
}

it('one process killed three times loses nothing and stops each machine once', { timeout: 120_000 }, () =>
  stopAThousand(1),
);

it('two processes, one killed at a time, lose nothing and stop each machine once', { timeout: 120_000 }, () =>
  stopAThousand(2),
);
