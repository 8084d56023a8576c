/** The server process killed by SIGKILL at every checkpoint of every operation: each one ends as it would have. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { lifecycle, stateOf } from '../../src/core/lifecycle.ts';
import { operationKinds, operations, type Operation } from '../../src/core/operations.ts';
import { connect } from '../support/cloud.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { putInto, rentEverything, startServer, type ServerProcess } from './process.ts';

let database: TestDatabase;
let sql: pg.Pool;
let server: ServerProcess;

interface Trial {
  from: 'Running' | 'Stopped' | null;
  ask(
    client: Awaited<ReturnType<typeof connect>>,
    id: string | null,
  ): Promise<{ status: number; body: unknown }>;
  /** What the machine counts when nothing is done twice. */
  powerCommands: number;
}

const action = (body: (id: string) => unknown): Trial['ask'] => {
  return (client, id) => client.call('POST', '/v1/{p}/baremetalservers/action', body(id!));
};

const trials: Record<Operation, Trial> = {
  create: {
    from: null,
    async ask(client) {
      const image = await sql.query<{ id: string }>('select id from images order by name limit 1');
      const network = await sql.query<{ id: string; vpc_id: string }>(
        'select id, vpc_id from networks limit 1',
      );
      return client.call('POST', '/v1/{p}/baremetalservers', {
        server: {
          name: 'crash',
          imageRef: image.rows[0]!.id,
          flavorRef: 'physical.m2.large',
          availability_zone: 'eu-de-01',
          vpcid: network.rows[0]!.vpc_id,
          nics: [{ subnet_id: network.rows[0]!.id }],
          adminPass: 'Wr0ng-Horse_42',
          extendparam: {},
        },
      });
    },
    powerCommands: 1,
  },
  start: { from: 'Stopped', ask: action((id) => ({ 'os-start': { servers: [{ id }] } })), powerCommands: 1 },
  stop: { from: 'Running', ask: action((id) => ({ 'os-stop': { servers: [{ id }] } })), powerCommands: 1 },
  restart: {
    from: 'Running',
    ask: action((id) => ({ reboot: { type: 'SOFT', servers: [{ id }] } })),
    powerCommands: 2,
  },
  'force-restart': {
    from: 'Running',
    ask: action((id) => ({ reboot: { type: 'HARD', servers: [{ id }] } })),
    powerCommands: 2,
  },
  'reinstall-os': {
    from: 'Stopped',
    ask: (client, id) =>
      client.call('POST', `/v1/{p}/baremetalservers/${id}/reinstallos`, {
        'os-reinstall': { adminpass: 'An0ther-Horse' },
      }),
    powerCommands: 1,
  },
  rebuild: {
    from: 'Running',
    async ask(client, id) {
      const image = await sql.query<{ id: string }>('select id from images order by name desc limit 1');
      return client.call('POST', `/v2.1/{p}/servers/${id}/action`, {
        rebuild: { imageRef: image.rows[0]!.id },
      });
    },
    powerCommands: 2,
  },
  delete: {
    from: 'Running',
    ask: (client, id) => client.call('POST', '/v1/{p}/baremetalservers/delete', { servers: [{ id }] }),
    powerCommands: 1,
  },
};

/** Everything rented is given back without the operation that does it. */
async function clear(): Promise<void> {
  await sql.query('delete from ports');
  await sql.query(`update nodes set server_id = null, standing = 'ready', note = ''`);
  await sql.query('delete from servers');
  await sql.query(
    `update simulated_machines set power = 'off', pending_power = null, power_commands = 0, power_changes = 0, deploys = 0`,
  );
}

/** Runs an operation with death at a checkpoint; false when it ended before that checkpoint came. */
async function dieAt(operation: Operation, at: number, when: 'before' | 'after'): Promise<boolean> {
  const trial = trials[operation];
  // A trial that failed may have left it dead.
  if (!(await server.isAlive())) server = await startServer(database.url);
  await clear();
  let id: string | null = null;
  if (trial.from) {
    [id] = (await rentEverything(sql)) as [string];
    await putInto(sql, id, trial.from);
  }
  await server.doom(at, when);
  const client = await connect(server.origin, sql);
  // The answer may be cut off by the death; what was accepted is in the database all the same.
  const asked = await trial.ask(client, id).catch(() => null);
  if (asked) expect(asked.status, JSON.stringify(asked.body)).toBeLessThan(300);
  const isOver = async () => {
    const { rows } = await sql.query(`select 1 from sub_jobs where ended_at is null`);
    return rows.length === 0;
  };
  await Promise.race([server.ended, client.until(isOver, Boolean)]);
  const isDead = !(await server.isAlive());
  if (isDead) {
    server = await startServer(database.url);
    await client.until(isOver, Boolean);
  }
  const { rows } = await sql.query<{
    state: string;
    status: string;
    error: unknown;
    power_commands: number;
    power: string;
  }>(
    `select s.status, s.error, v.state, m.power_commands,
       case when m.pending_at <= now() then m.pending_power else m.power end as power
     from sub_jobs s left join servers v on v.id = s.server_id
       left join simulated_machines m on m.node_id = coalesce(s.node_id, v.node_id)
     order by s.seq desc limit 1`,
  );
  const end = lifecycle[stateOf(operation)].success;
  expect(rows[0]).toMatchObject({
    status: 'succeeded',
    error: null,
    state: end,
    power_commands: trial.powerCommands,
    power: end === 'Running' ? 'on' : 'off',
  });
  return isDead;
}

/** After a checkpoint was written and before it is; of two operations that have the same steps each has one. */
function waysToDie(operation: Operation): ('after' | 'before')[] {
  const stepsOf = (it: Operation) => operationKinds[it].steps.join();
  const alike = operations.filter((it) => stepsOf(it) === stepsOf(operation));
  if (alike.length === 1) return ['after', 'before'];
  return [alike.indexOf(operation) % 2 === 0 ? 'after' : 'before'];
}

/** Tests for some operations; they are spread over files so that they run side by side. */
export function killAtEveryCheckpoint(some: readonly Operation[]): void {
  beforeAll(async () => {
    database = await createDatabase();
    sql = new pg.Pool({ connectionString: database.url, max: 2 });
    sql.on('error', () => undefined);
    server = await startServer(database.url, { INGOT_SIM_NODES: '4' });
  });
  afterAll(async () => {
    await server.kill();
    await sql.end();
    await database.drop();
  });

  describe.each(some)('%s, killed at every checkpoint', (operation) => {
    it.each(waysToDie(operation))(
      'and %s it is written, ends as it would have, with each power command given once',
      { timeout: 240_000 },
      async (when) => {
        let deaths = 0;
        while (await dieAt(operation, deaths + 1, when)) deaths += 1;
        expect(deaths, `checkpoints ${when} which it died`).toBeGreaterThan(1);
      },
    );
  });
}
