/** 200 callers who read while a thousand servers are stopped, against the same callers alone. */
import autocannon from 'autocannon';
import pg from 'pg';
import { rentEverything, startServer } from '../tests/crash/process.ts';
import { connect } from '../tests/support/cloud.ts';
import { createDatabase } from '../tests/support/database.ts';
import { inTurns, type Bench } from './bench.ts';

const callers = 200;
const seconds = 5;

export const crowd: Bench = {
  name: 'crowd',
  help: 'p99 of 200 callers who read while stop-1000 runs, against their p99 alone',
  async run(tell) {
    const database = await createDatabase();
    const sql = new pg.Pool({ connectionString: database.url, max: 1 });
    const server = await startServer(database.url, {
      INGOT_SIM_NODES: '1000',
      INGOT_RATE_LIMIT: '0',
      INGOT_SIM_STEP_MS: '300',
    });
    const ids = await rentEverything(sql);
    const client = await connect(server.origin, sql);
    const servers = ids.map((id) => ({ id }));
    let runs = 0;
    let wish: 'os-stop' | 'os-start' = 'os-stop';
    /** One batch of a thousand to its end; the next one turns them on again. */
    const operate = async () => {
      const { body } = await client.call('POST', '/v1/{p}/baremetalservers/action', { [wish]: { servers } });
      wish = wish === 'os-stop' ? 'os-start' : 'os-stop';
      const { status } = await client.jobEnd(body.job_id);
      if (status !== 'SUCCESS') throw new Error(`a batch ended as ${status}`);
      runs++;
      return body.job_id as string;
    };
    const jobId = await operate();
    await operate();

    const paths = [
      `/v1/{p}/baremetalservers/${ids[0]}`,
      `/v2.1/{p}/servers/${ids[1]}`,
      `/v1/{p}/instances/${ids[2]}/status`,
      `/v1/{p}/jobs/${jobId}`,
      '/v2.1/{p}/servers/detail?limit=20',
    ].map((path) => path.replace('{p}', client.projectId));
    const p99 = async () => {
      const result = await autocannon({
        url: server.origin,
        connections: callers,
        duration: seconds,
        headers: { 'x-auth-token': client.token },
        requests: paths.map((path) => ({ method: 'GET', path })),
      });
      if (result.errors > 0 || result.non2xx > 0)
        throw new Error(`${result.errors} errors, ${result.non2xx} bad answers`);
      tell(
        `${result.requests.average.toFixed(0)} 1/s, p50 ${result.latency.p50} ms, p99 ${result.latency.p99} ms`,
      );
      return result.latency.p99;
    };
    const withWork = async () => {
      let isOver = false;
      const work = (async () => {
        while (!isOver) await operate();
      })();
      const measured = await p99();
      isOver = true;
      await work;
      return measured;
    };
    await p99();
    runs = 0;
    const measured = await inTurns(3, withWork, p99);
    await server.kill();
    await sql.end();
    await database.drop();
    return [
      {
        name: 'p99 of reads with stop-1000 / alone',
        says: `${callers} callers: a server by two APIs, a status, a job of 1000 and a page of 20`,
        ratio: measured.ratio,
        aim: { most: 2 },
        measured: { 'with work ms': measured.ours, 'alone ms': measured.floor, 'batches of 1000': runs },
      },
    ];
  },
};
