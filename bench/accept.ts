/** Accepting "stop 1000 servers" over HTTP against the bare SQL that writes the same rows. */
import type pg from 'pg';
import { rentEverything } from '../tests/crash/process.ts';
import { startCloud } from '../tests/support/cloud.ts';
import { inTurns, timed, type Bench } from './bench.ts';

const count = 1000;

export const accept: Bench = {
  name: 'accept',
  help: 'accepting stop-1000 against the bare SQL of the same rows',
  async run() {
    // No machine work meanwhile: with no step taken, nothing but the acceptance is measured.
    const cloud = await startCloud({
      INGOT_SIM_NODES: String(count),
      INGOT_WORKERS: '1',
      INGOT_SIM_STEP_MS: '600000',
    });
    const ids = await rentEverything(cloud.sql);
    const body = { 'os-stop': { servers: ids.map((id) => ({ id })) } };
    const reset = () =>
      cloud.sql.query(`
        delete from jobs; delete from history;
        update servers set state = 'Running', task_state = null, power = 'on'`);
    const ours = async () => {
      await reset();
      return timed(async () => {
        const { status } = await cloud.call('POST', '/v1/{p}/baremetalservers/action', body);
        if (status !== 200) throw new Error(`the stop was answered ${status}`);
      });
    };
    const floor = async () => {
      await reset();
      return timed(() => bareSql(cloud.sql, cloud.projectId, cloud.userId, ids));
    };
    await ours();
    await floor();
    const measured = await inTurns(9, ours, floor);
    await reset();
    await cloud.close();
    return [
      {
        name: 'accept stop-1000 / bare SQL',
        says: 'POST to answer, with parsing, checks and history, against the same rows written by hand in one transaction',
        ratio: measured.ratio,
        aim: { most: 3 },
        measured: { 'ours ms': measured.ours, 'floor ms': measured.floor },
      },
    ];
  },
};

/** The least that leaves the same rows: states changed, a job, its sub-jobs, the history. */
async function bareSql(sql: pg.Pool, projectId: string, userId: string, ids: string[]): Promise<void> {
  const client = await sql.connect();
  try {
    await client.query('begin');
    await client.query(
      `update servers set state = 'Stopping', task_state = 'powering-off', updated_at = now() where id = any($1)`,
      [ids],
    );
    const { rows } = await client.query<{ id: string }>(
      `insert into jobs (id, project_id, user_id, request_id, operation, door)
       values (gen_random_uuid(), $1, $2, 'bench', 'stop', 'bms') returning id`,
      [projectId, userId],
    );
    await client.query(
      `insert into sub_jobs (id, job_id, position, operation, door, server_id, node_id, status, deadline_ms, deadline_at,
         run_at)
       select gen_random_uuid(), $1, row_number() over (), 'stop', 'bms', id, node_id, 'queued', 600000,
         now() + interval '10 minutes', now() + interval '1 day'
       from servers where id = any($2)`,
      [rows[0]!.id, ids],
    );
    await client.query(
      `insert into history (project_id, server_id, job_id, request_id, actor, reason, operation, from_state, to_state)
       select $1, unnest($2::uuid[]), $3, 'bench', $4, 'asked', 'stop', 'Running', 'Stopping'`,
      [projectId, ids, rows[0]!.id, userId],
    );
    await client.query('commit');
  } finally {
    client.release();
  }
}
