/** The ladder of remedies, rung by rung, on a machine that does as the script says. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Operation } from '../../src/core/operations.ts';
import type { State } from '../../src/core/lifecycle.ts';
import { openEngineRoom, type EngineRoom } from './engine-room.ts';
import { scriptedDriver, type Script } from './scripted-driver.ts';

let room: EngineRoom;
let script: Script;
let id: string;

beforeAll(async () => {
  const scripted = scriptedDriver();
  script = scripted.script;
  // Deadlines of 60 ms.
  room = await openEngineRoom(scripted.driver, { nodes: 1, deadlineFactor: 0.002 });
  await room.worker.start();
});
afterAll(() => room.close());

beforeEach(() => {
  Object.assign(script, {
    commands: 'work',
    power: 'on',
    deploy: 'done',
    wipe: 'done',
    firstBoot: 'done',
    bmcRestart: 'useless',
    bmcRestarts: 0,
    taken: [],
  });
});

async function serverIn(state: State): Promise<void> {
  const { pool } = room.database;
  await pool.query('delete from history');
  await pool.query('delete from sub_jobs');
  await pool.query(`update nodes set server_id = null, standing = 'ready', note = ''`);
  await pool.query('delete from servers');
  const { rows } = await pool.query<{ id: string }>(
    `insert into servers (id, project_id, user_id, door, name, description, state, node_id, flavor_id, image_id, zone,
       reservation_id)
     select gen_random_uuid(), $1, 'tester', 'bms', 'remedies', '', $2, n.id, n.flavor_id,
       (select id from images limit 1), n.zone, 'r-remedies' from nodes n returning id`,
    [room.projectId, state],
  );
  id = rows[0]!.id;
  await pool.query(`update nodes set server_id = $1, standing = 'in-use'`, [id]);
}

async function run(operation: Operation, from: State) {
  await serverIn(from);
  await ask(operation);
}

async function ask(operation: Operation) {
  const actor = { userId: 'tester', requestId: 'remedies' };
  const request = { door: 'nova', projectId: room.projectId, actor, operation, input: {} } as const;
  await room.submit.forServers(request, [id], 'strict');
  await room.settled();
}

async function found() {
  const { pool } = room.database;
  const { rows } = await pool.query(
    `select v.state, j.status, j.error, j.remedies, j.evidence from sub_jobs j left join servers v on v.id = j.server_id
     order by j.seq desc limit 1`,
  );
  const told = await pool.query<{ reason: string }>('select reason from history order by id');
  const node = await pool.query('select standing, note, server_id from nodes');
  return {
    ...rows[0],
    node: node.rows[0],
    remedied: told.rows.map(({ reason }) => reason).filter((reason) => reason.startsWith('remedy')),
  };
}

describe('when the deadline passes', () => {
  it('a BMC that lost the command is restarted after it was asked twice, and the operation goes on', async () => {
    Object.assign(script, { commands: 'lost', bmcRestart: 'mends' });
    await run('stop', 'Running');
    expect(await found()).toMatchObject({
      state: 'Stopped',
      status: 'succeeded',
      remedies: ['read again', 'send again', 'restart the BMC'],
      remedied: ['remedy: read again', 'remedy: send again', 'remedy: restart the BMC'],
    });
    expect(script.bmcRestarts).toBe(1);
  });

  it('a stop never cycles power, and a BMC is restarted once only', async () => {
    Object.assign(script, { commands: 'lost' });
    await run('stop', 'Running');
    expect(await found()).toMatchObject({ state: 'Running', status: 'failed', error: { kind: 'deadline' } });
    expect(script.bmcRestarts).toBe(1);
    expect(script.taken).not.toContain('on');
  });

  it('a machine whose new system does not come up is switched off and on once more before it is given up', async () => {
    Object.assign(script, { firstBoot: 'running' });
    await run('rebuild', 'Stopped');
    const end = await found();
    expect(end).toMatchObject({
      state: 'Faulty',
      status: 'failed',
      remedies: ['read again', 'send again', 'restart the BMC', 'cycle power'],
      error: { message: expect.stringContaining('the installed system to come up') },
    });
    expect(script.taken).toEqual(['off', 'on', 'off', 'on']);
  });

  it('a BMC that is away is not told to restart', async () => {
    Object.assign(script, { power: 'unreachable' });
    await run('stop', 'Running');
    expect(await found()).toMatchObject({ status: 'failed', remedies: ['read again', 'send again'] });
    expect(script.bmcRestarts).toBe(0);
  });
});

describe('a machine that failed an installation', () => {
  it('goes to nobody else after its server is deleted, until somebody clears it', async () => {
    Object.assign(script, { deploy: 'failed' });
    await run('rebuild', 'Stopped');
    expect(await found()).toMatchObject({
      state: 'Faulty',
      node: { standing: 'quarantined', note: 'scripted: deploy failed', server_id: id },
    });
    await ask('delete');
    expect(await found()).toMatchObject({
      state: 'Deleted',
      node: { standing: 'quarantined', note: 'scripted: deploy failed', server_id: null },
    });
  });

  it('is trusted again when the next installation succeeds', async () => {
    Object.assign(script, { deploy: 'failed' });
    await run('rebuild', 'Stopped');
    Object.assign(script, { deploy: 'done' });
    await ask('rebuild');
    expect(await found()).toMatchObject({ state: 'Running', node: { standing: 'in-use', note: '' } });
  });
});
