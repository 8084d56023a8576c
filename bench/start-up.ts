/** Start-up with 10,000 nodes, against starting with none. */
import pg from 'pg';
import { startServer } from '../tests/crash/process.ts';
import { createDatabase } from '../tests/support/database.ts';
import { inTurns, memoryMib, timed, type Bench, type Figure } from './bench.ts';

export const startUp: Bench = {
  name: 'start-up',
  help: 'start-up time and memory of everything at 10,000 nodes, against no nodes',
  async run() {
    const [empty, full] = [await createDatabase(), await createDatabase()];
    const first = await timed(async () => (await startServer(full.url, { INGOT_SIM_NODES: '10000' })).kill());
    await (await startServer(empty.url, { INGOT_SIM_NODES: '0' })).kill();
    const memory = { full: 0, empty: 0 };
    const start = async (which: 'full' | 'empty') => {
      const began = performance.now();
      const server = await startServer(which === 'full' ? full.url : empty.url);
      const took = performance.now() - began;
      memory[which] = memoryMib(server.child.pid!);
      await server.kill();
      return took;
    };
    const measured = await inTurns(
      5,
      () => start('full'),
      () => start('empty'),
    );
    const sql = new pg.Pool({ connectionString: full.url, max: 1 });
    const { rows } = await sql.query<{ mib: number }>(
      'select (pg_database_size(current_database()) / 1048576)::int as mib',
    );
    await sql.end();
    await Promise.all([empty.drop(), full.drop()]);
    const figures: Figure[] = [
      {
        name: 'start with 10,000 nodes / none',
        says: 'process start to first answer; the first start also makes the database and enrols the nodes',
        ratio: measured.ratio,
        aim: { most: 1.5 },
        measured: {
          'ours ms': measured.ours,
          'floor ms': measured.floor,
          'first start ms': first,
          'database MiB': rows[0]!.mib,
        },
      },
      {
        name: 'memory with 10,000 nodes / none',
        says: 'resident memory of the process right after start',
        ratio: memory.full / memory.empty,
        aim: { most: 1.5 },
        measured: { 'ours MiB': memory.full, 'floor MiB': memory.empty },
      },
    ];
    return figures;
  },
};
