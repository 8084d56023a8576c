/** Processes killed by SIGKILL at random moments while 1000 servers are being stopped, or 100 created. */
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

  await killAtRandom(sql, alive, () => startServer(database.url, env));

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

/** Kills the oldest process at some share of the work that is left, and starts another, three times over. */
async function killAtRandom(
  sql: pg.Pool,
  alive: ServerProcess[],
  start: () => Promise<ServerProcess>,
): Promise<void> {
  const open = async () => (await sql.query('select 1 from sub_jobs where ended_at is null')).rows.length;
  for (let death = 0; death < deaths; death++) {
    const least = Math.floor((await open()) * Math.random());
    const client = await connect(alive[0]!.origin, sql);
    await client.until(open, (left) => left <= least);
    await alive.shift()!.kill();
    alive.push(await start());
  }
}

it('one process killed three times loses nothing and stops each machine once', { timeout: 120_000 }, () =>
  stopAThousand(1),
);

it('two processes, one killed at a time, lose nothing and stop each machine once', { timeout: 120_000 }, () =>
  stopAThousand(2),
);

it('a process killed three times leaves none of 100 creations behind', { timeout: 120_000 }, async () => {
  const database = await createDatabase();
  closers.push(() => database.drop());
  const sql = new pg.Pool({ connectionString: database.url, max: 2 });
  sql.on('error', () => undefined);
  closers.push(() => sql.end());
  const env = { INGOT_SIM_NODES: '100', INGOT_SIM_STEP_MS: '200', INGOT_WORKERS: '16' };
  const alive = [await startServer(database.url, env)];
  closers.push(() => Promise.all(alive.map((server) => server.kill())));

  const { call } = await connect(alive[0]!.origin, sql);
  const image = await sql.query<{ id: string }>('select id from images order by name limit 1');
  const network = await sql.query<{ id: string; vpc_id: string }>('select id, vpc_id from networks limit 1');
  const jobs: string[] = [];
  for (const count of [20, 20, 20, 20, 20]) {
    const asked = await call('POST', '/v1/{p}/baremetalservers', {
      server: {
        name: 'deploy',
        imageRef: image.rows[0]!.id,
        flavorRef: 'physical.m2.large',
        availability_zone: 'eu-de-01',
        vpcid: network.rows[0]!.vpc_id,
        nics: [{ subnet_id: network.rows[0]!.id }],
        adminPass: 'Wr0ng-Horse_42',
        extendparam: {},
        count,
      },
    });
    expect(asked.status).toBe(200);
    jobs.push(asked.body.job_id);
  }
  await killAtRandom(sql, alive, () => startServer(database.url, env));

  const client = await connect(alive[0]!.origin, sql);
  for (const job of jobs) expect(await client.jobEnd(job)).toMatchObject({ status: 'SUCCESS' });
  const servers = await sql.query(
    'select state, count(*)::int, count(distinct node_id)::int as nodes from servers group by 1',
  );
  expect(servers.rows).toEqual([{ state: 'Running', count: 100, nodes: 100 }]);
  const addresses = await sql.query(
    'select count(*)::int as ports, count(distinct ip)::int as ips from ports',
  );
  expect(addresses.rows).toEqual([{ ports: 100, ips: 100 }]);
  const machines = await sql.query('select power_commands, count(*)::int from simulated_machines group by 1');
  expect(machines.rows).toEqual([{ power_commands: 1, count: 100 }]);
});

it('a process that is told to stop hands its work back at once', { timeout: 120_000 }, async () => {
  const database = await createDatabase();
  closers.push(() => database.drop());
  const sql = new pg.Pool({ connectionString: database.url, max: 2 });
  sql.on('error', () => undefined);
  closers.push(() => sql.end());
  const env = { INGOT_SIM_NODES: '20', INGOT_SIM_STEP_MS: '2000' };
  const first = await startServer(database.url, env);
  closers.push(() => first.kill());
  const ids = await rentEverything(sql);
  const { call, until } = await connect(first.origin, sql);
  const asked = await call('POST', '/v1/{p}/baremetalservers/action', {
    'os-stop': { servers: ids.map((id) => ({ id })) },
  });
  const commanded = () =>
    sql.query<{ n: number }>('select sum(power_commands)::int as n from simulated_machines');
  await until(commanded, ({ rows }) => rows[0]!.n === ids.length);

  first.child.kill('SIGTERM');
  expect(await first.ended).toBe('0');
  const held = await sql.query('select 1 from sub_jobs where owner is not null or lease_until is not null');
  expect(held.rowCount).toBe(0);
  const open = await sql.query(`select distinct status from sub_jobs where ended_at is null`);
  expect(open.rows).toEqual([{ status: 'waiting' }]);

  const heir = await startServer(database.url, env);
  closers.push(() => heir.kill());
  const client = await connect(heir.origin, sql);
  expect(await client.jobEnd(asked.body.job_id)).toMatchObject({ status: 'SUCCESS' });
  expect((await commanded()).rows[0]!.n).toBe(ids.length);
});
