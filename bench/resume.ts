/** How soon work goes on after a process was killed in the middle of stop-1000. */
import pg from 'pg';
import { rentEverything, startServer } from '../tests/crash/process.ts';
import { connect } from '../tests/support/cloud.ts';
import { createDatabase } from '../tests/support/database.ts';
import { median, type Bench, type Figure } from './bench.ts';

const rounds = 3;
const bearableMs = 5_000;

export const resume: Bench = {
  name: 'resume',
  help: 'from SIGKILL in the middle of stop-1000 to the next outcome, against 5 s',
  async run() {
    const figures: Figure[] = [];
    for (const [words, standby] of [
      ['the process started again', false],
      ['another process takes over', true],
    ] as const) {
      const taken: number[] = [];
      for (let round = 0; round < rounds; round++) taken.push(await once(standby));
      figures.push({
        name: `resume: ${words} / 5 s`,
        says: 'kill to the first outcome of a sub-job that the killed process held',
        ratio: median(taken) / bearableMs,
        aim: { most: 1 },
        measured: { 'ours ms': median(taken) },
      });
    }
    return figures;
  },
};

async function once(standby: boolean): Promise<number> {
  const database = await createDatabase();
  const sql = new pg.Pool({ connectionString: database.url, max: 2 });
  const env = { INGOT_SIM_NODES: '1000', INGOT_SIM_STEP_MS: '400', INGOT_WORKERS: '64' };
  const doomed = await startServer(database.url, env);
  const ids = await rentEverything(sql);
  const heir = standby ? await startServer(database.url, env) : null;
  const client = await connect(doomed.origin, sql);
  await client.call('POST', '/v1/{p}/baremetalservers/action', {
    'os-stop': { servers: ids.map((id) => ({ id })) },
  });
  const held = async () =>
    (await sql.query<{ id: string }>(`select id from sub_jobs where owner = 1 and status = 'running'`)).rows;
  await client.until(held, (rows) => rows.length > 10);
  await doomed.kill();
  const killedAt = performance.now();
  const left = (await held()).map(({ id }) => id);
  const survivor = heir ?? (await startServer(database.url, env));
  await client.until(
    async () =>
      (await sql.query('select 1 from sub_jobs where id = any($1) and owner is distinct from 1', [left]))
        .rows,
    (rows) => rows.length > 0 || left.length === 0,
  );
  const took = performance.now() - killedAt;
  await survivor.kill();
  await sql.end();
  await database.drop();
  return took;
}
