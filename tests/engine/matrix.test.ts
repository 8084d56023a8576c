/** Every (state, operation) and every (intermediate state, outcome), run through the engine on a real database. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IngotError } from '../../src/core/errors.ts';
import {
  canAccept,
  firstTaskState,
  isIntermediate,
  lifecycle,
  stateOf,
  states,
  type Door,
  type Power,
  type State,
} from '../../src/core/lifecycle.ts';
import { operations, type Operation } from '../../src/core/operations.ts';
import { openEngineRoom, type EngineRoom } from './engine-room.ts';
import { scriptedDriver, type Script } from './scripted-driver.ts';

let room: EngineRoom;
let script: Script;
let id: string;

beforeAll(async () => {
  const scripted = scriptedDriver();
  script = scripted.script;
  // A deadline of 15 ms: what waits for ever in a script ends soon.
  room = await openEngineRoom(scripted.driver, { nodes: 1, deadlineFactor: 0.0005 });
});
afterAll(() => room.close());

const doors: Door[] = ['bms', 'nova', 'clouddc'];
const asked = operations.filter((operation) => operation !== 'create');

async function putServerInto(state: State): Promise<void> {
  const { pool } = room.database;
  await pool.query('delete from sub_jobs');
  await pool.query(`update nodes set server_id = null, standing = 'ready', note = ''`);
  await pool.query('delete from servers');
  const { rows } = await pool.query<{ id: string }>(
    `insert into servers (id, project_id, user_id, door, name, description, state, task_state, deleting_from, node_id,
       flavor_id, image_id, zone, reservation_id)
     select gen_random_uuid(), $1, 'tester', 'bms', 'matrix', '', $2, $3, $4, n.id, n.flavor_id,
       (select id from images limit 1), n.zone, 'r-matrix00' from nodes n returning id`,
    [room.projectId, state, firstTaskState(state), state === 'Deleting' ? 'Running' : null],
  );
  id = rows[0]!.id;
  await pool.query(`update nodes set server_id = $1, standing = 'in-use'`, [id]);
}

function submit(operation: Operation, door: Door) {
  const actor = { userId: 'tester', requestId: 'matrix' };
  return room.submit.forServers(
    { door, projectId: room.projectId, actor, operation, input: {} },
    [id],
    'strict',
  );
}

async function standing() {
  const { rows } = await room.database.pool.query(
    'select state, task_state, deleting_from, provisioning_outcome, fault from servers where id = $1',
    [id],
  );
  return rows[0];
}

describe('acceptance', () => {
  for (const state of states) {
    describe(`a server that is ${state}`, () => {
      beforeEach(() => putServerInto(state));
      for (const door of doors) {
        for (const operation of asked) {
          const isAccepted = canAccept(state, operation, door);
          it(`${isAccepted ? 'accepts' : 'refuses'} ${operation} from ${door}`, async () => {
            if (!isAccepted) {
              const refused = await submit(operation, door).catch((error: unknown) => error);
              expect(refused).toBeInstanceOf(IngotError);
              const { facts } = refused as IngotError;
              // A deleted server is as good as unknown; the others are told what would do.
              if (state !== 'Deleted')
                expect(facts).toMatchObject({ kind: 'state-refuses', state, operation });
              else expect(facts.kind).toBe('not-found');
              expect((await standing()).state).toBe(state);
              return;
            }
            await submit(operation, door);
            const to = stateOf(operation);
            expect(await standing()).toMatchObject({
              state: to,
              task_state: firstTaskState(to),
              deleting_from: operation === 'delete' ? state : null,
            });
          });
        }
      }
    });
  }
});

describe('outcome', () => {
  beforeAll(() => room.worker.start());

  /** A stable state from which the operation begins. */
  const startOf = (operation: Operation): [State, Door] => {
    for (const door of doors) {
      const from = states.find((state) => !isIntermediate(state) && canAccept(state, operation, door));
      if (from) return [from, door];
    }
    throw new Error(`nobody may ask for ${operation}`);
  };

  for (const operation of asked) {
    const through = stateOf(operation);
    const { success, failure } = lifecycle[through];
    const [from, door] = startOf(operation);

    it(`${through} ends ${success} when the effect is seen`, async () => {
      Object.assign(script, {
        commands: 'work',
        power: from === 'Running' ? 'on' : 'off',
        deploy: 'done',
        wipe: 'done',
      });
      await putServerInto(from);
      await submit(operation, door);
      await room.settled();
      expect(await standing()).toMatchObject({ state: success, task_state: null, fault: null });
    });

    for (const power of ['on', 'off', 'unknown'] as Power[]) {
      const end = failure![power];
      it(`${through} ends ${end} when it fails and the power is ${power}`, async () => {
        Object.assign(script, {
          commands: power === 'unknown' ? 'work' : 'refused',
          power: power === 'unknown' ? 'unreachable' : power,
          deploy: 'failed',
          wipe: 'done',
        });
        await putServerInto(from);
        await submit(operation, door);
        await room.settled();
        expect((await standing()).state).toBe(end);
        const { rows } = await room.database.pool.query(
          'select status, error, evidence, remedies from sub_jobs',
        );
        expect(rows[0]).toMatchObject({ status: 'failed', error: { message: expect.any(String) } });
        expect(rows[0].evidence).toBeTruthy();
        // What does not answer is read again and asked again before it is given up.
        if (power === 'unknown') expect(rows[0].remedies).toEqual(['read again', 'send again']);
      });
    }

    it(`${through} ends by its deadline when nothing happens`, async () => {
      Object.assign(script, {
        commands: 'lost',
        power: operation === 'start' ? 'off' : 'on',
        deploy: 'running',
        wipe: 'done',
      });
      await putServerInto(from);
      await submit(operation, door);
      await room.settled();
      const { rows } = await room.database.pool.query('select status, error, remedies from sub_jobs');
      expect(rows[0]).toMatchObject({ status: 'failed', error: { kind: 'deadline' } });
      expect(Object.values(failure!)).toContain((await standing()).state);
    });
  }
});
