/** Killed right after it answered, the process has left a row of the audit trail for each change that it confirmed. */
import { once } from 'node:events';
import pg from 'pg';
import { expect, it } from 'vitest';
import { connect } from '../support/cloud.ts';
import { createDatabase } from '../support/database.ts';
import { startServer } from './process.ts';

const rounds = 3;
const callers = 12;

it('no confirmed change is without its row, whenever the process is killed', async () => {
  const database = await createDatabase();
  const sql = new pg.Pool({ connectionString: database.url, max: 1 });
  sql.on('error', () => undefined); // sessions end when the database is dropped
  const confirmed: string[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const server = await startServer(database.url, { INGOT_SIM_NODES: '0', INGOT_RATE_LIMIT: '0' });
      const client = await connect(server.origin, sql);
      const enough = confirmed.length + 20 + round * 7;
      const ask = async (caller: number) => {
        for (let at = 0; ; at++) {
          const keypair = { name: `${round}-${caller}-${at}` };
          const reply = await client.call('POST', '/v2.1/{p}/os-keypairs', { keypair });
          expect(reply.status).toBe(200);
          confirmed.push(reply.headers.get('x-compute-request-id')!.replace(/^req-|-/g, ''));
          if (confirmed.length === enough) server.child.kill('SIGKILL');
        }
      };
      const asking = Promise.allSettled(Array.from({ length: callers }, (_, caller) => ask(caller)));
      if (server.child.exitCode === null && server.child.signalCode === null)
        await once(server.child, 'exit');
      await asking;
    }
    const { rows } = await sql.query<{ id: string }>('select request_id as id from audit');
    const known = new Set(rows.map(({ id }) => id));
    expect(confirmed.length).toBeGreaterThan(rounds * 20);
    expect(confirmed.filter((id) => !known.has(id))).toEqual([]);
  } finally {
    await sql.end();
    await database.drop();
  }
});
