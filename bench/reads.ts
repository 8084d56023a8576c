/** Authenticated reads that clients poll, against an empty node:http server under the same load. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import pg from 'pg';
import { rentEverything, startServer } from '../tests/crash/process.ts';
import { connect } from '../tests/support/cloud.ts';
import { createDatabase } from '../tests/support/database.ts';
import { inTurns, type Bench, type Figure } from './bench.ts';

const connections = 32;
const seconds = 2;

export const reads: Bench = {
  name: 'reads',
  help: 'GET of a server, a job and a CloudDC status against an empty node:http server',
  async run() {
    const database = await createDatabase();
    const sql = new pg.Pool({ connectionString: database.url, max: 1 });
    const server = await startServer(database.url, { INGOT_SIM_NODES: '50', INGOT_RATE_LIMIT: '0' });
    const empty = await startEmpty();
    const [id] = await rentEverything(sql);
    const client = await connect(server.origin, sql);
    const stopped = await client.call('POST', '/v1/{p}/baremetalservers/action', {
      'os-stop': { servers: [{ id }] },
    });
    await client.jobEnd(stopped.body.job_id);

    const headers = { 'x-auth-token': client.token };
    const at = (path: string) => server.origin + path.replace('{p}', client.projectId);
    const figures: Figure[] = [];
    for (const [what, path] of [
      ['server', `/v1/{p}/baremetalservers/${id}`],
      ['job', `/v1/{p}/jobs/${stopped.body.job_id}`],
      ['CloudDC status', `/v1/{p}/instances/${id}/status`],
    ] as const) {
      await rate(at(path), headers);
      const measured = await inTurns(
        5,
        () => rate(at(path), headers),
        () => rate(empty.url, {}),
      );
      figures.push({
        name: `GET ${what} / empty server`,
        says: `requests per second with ${connections} connections`,
        ratio: measured.ratio,
        aim: { least: 0.5 },
        measured: { 'ours 1/s': measured.ours, 'floor 1/s': measured.floor },
      });
    }
    empty.child.kill();
    await server.kill();
    await sql.end();
    await database.drop();
    return figures;
  },
};

async function rate(url: string, headers: Record<string, string>): Promise<number> {
  const result = await autocannon({ url, connections, duration: seconds, headers });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} bad answers, ${result.errors} errors`);
  return result.requests.average;
}

async function startEmpty() {
  const child = fork(fileURLToPath(new URL('empty-server.ts', import.meta.url)));
  const [url] = (await once(child, 'message')) as [string];
  return { child, url };
}
