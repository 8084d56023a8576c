/** The engine on a real database, with a driver whose machines do as the test says. */
import { pino } from 'pino';
import { createClockwork, type Drivers } from '../../src/engine/clockwork.ts';
import { createSubmit, type Submit } from '../../src/engine/submit.ts';
import { createWorker, type Worker } from '../../src/engine/worker.ts';
import { createWriter } from '../../src/engine/writer.ts';
import type { Driver, Installer } from '../../src/core/ports.ts';
import type { Work } from '../../src/core/work.ts';
import { catalog as openCatalog } from '../../src/store/catalog.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { makeFirstStart } from '../../src/store/first-start.ts';
import { migrate } from '../../src/store/migrate.ts';
import { nodes as openNodes } from '../../src/store/nodes.ts';
import { tenancy as openTenancy } from '../../src/store/tenancy.ts';
import { createVault } from '../../src/store/vault.ts';
import { createWork } from '../../src/store/work.ts';
import { createDatabase } from '../support/database.ts';

export interface EngineRoom {
  database: Database;
  work: Work;
  submit: Submit;
  worker: Worker;
  projectId: string;
  /** Nothing is queued, running or waiting any more. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** @param driver stands in for the simulated machines */
export async function openEngineRoom(
  driver: Driver & Installer,
  { nodes: nodeCount = 4, deadlineFactor = 1 } = {},
): Promise<EngineRoom> {
  const made = await createDatabase();
  const log = pino({ level: 'silent' });
  const database = await openDatabase(made.url, { onError: () => undefined, connections: 4 });
  await migrate(database.sql);
  const vault = createVault([Buffer.alloc(32)]);
  const work = createWork(database, vault);
  const rooms = {
    sql: database.sql,
    vault,
    tenancy: openTenancy(database),
    catalog: openCatalog(database.sql),
    nodes: openNodes(database.sql, vault),
  };
  const first = await makeFirstStart(rooms, {
    region: 'eu-de',
    hashPassword: async () => '',
    simNodes: nodeCount,
  });
  const drivers: Drivers = { simulated: driver };
  const clockwork = createClockwork(drivers, deadlineFactor);
  const submit = createSubmit(work, clockwork);
  const room = {
    work,
    writer: createWriter(work),
    drivers,
    installers: { simulated: driver },
    clockwork,
    now: Date.now,
  };
  const worker = createWorker({ ...room, log: (error, words) => log.error({ err: error }, words) }, 32);
  return {
    database,
    work,
    submit,
    worker,
    projectId: first!.projectId,
    async settled() {
      for (;;) {
        const { rows } = await database.pool.query('select 1 from sub_jobs where ended_at is null limit 1');
        if (rows.length === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async close() {
      await worker.stop();
      await database.close();
      await made.drop();
    },
  };
}
