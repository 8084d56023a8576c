/** The server as a process of its own, to be killed; and servers in any state without the way there. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { againAfterDeadlock } from '../../src/store/deadlock.ts';

export interface ServerProcess {
  origin: string;
  child: ChildProcess;
  /** Resolves with the signal or code of its end. */
  ended: Promise<string>;
  /** From now on it dies at its n-th checkpoint. */
  doom(at: number, when: 'before' | 'after'): Promise<void>;
  /** Asks the process itself, for the news of a death may be late. */
  isAlive(): Promise<boolean>;
  kill(): Promise<void>;
}

export async function startServer(
  databaseUrl: string,
  env: Record<string, string> = {},
): Promise<ServerProcess> {
  const data = await mkdtemp(join(tmpdir(), 'ingot-crash-'));
  const child = fork(fileURLToPath(new URL('doomed.ts', import.meta.url)), ['serve'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      INGOT_DATA: data,
      INGOT_PORT: '0',
      INGOT_SIM_STEP_MS: '60',
      INGOT_SECRET_KEY: '0'.repeat(64),
      INGOT_POWER_SYNC_SECONDS: '0',
      INGOT_LOG_LEVEL: 'error',
      ...env,
    },
  });
  const ended = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
  const origin = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const found = /serves at (\S+)/.exec(output);
      if (found) resolve(found[1]!);
    });
    void ended.then((how) => reject(new Error(`the server ended before it served: ${how}\n${output}`)));
  });
  return {
    origin,
    child,
    ended,
    async doom(at, when) {
      child.send({ at, when });
      await Promise.race([
        once(child, 'message'),
        ended.then((how) => Promise.reject(new Error(`the server had ended: ${how}`))),
      ]);
    },
    async isAlive() {
      if (!child.connected) return ended.then(() => false);
      child.send('are you alive', () => undefined);
      return Promise.race([once(child, 'message').then(() => true), ended.then(() => false)]);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Rents every free machine: servers in Running whose machines are on, as if they had been created. */
export async function rentEverything(sql: pg.Pool): Promise<string[]> {
  // The rounds of the server that runs already write the same rows, in an order of their own.
  const { rows } = await againAfterDeadlock(() =>
    sql.query<{ id: string }>(`
    with free as (
      select n.*, row_number() over (order by n.name) as number from nodes n where server_id is null
    ), made as (
      insert into servers (id, project_id, user_id, door, name, description, state, node_id, flavor_id, image_id, zone,
        reservation_id, power, launched_at)
      select gen_random_uuid(), u.default_project_id, u.id, 'bms', 'rented-' || number, '', 'Running', f.id, f.flavor_id,
        (select id from images order by name limit 1), f.zone, 'r-rented00', 'on', now()
      from free f, users u where u.name = 'admin'
      returning id, node_id
    ), tied as (
      update nodes n set server_id = made.id, standing = 'in-use', power = 'on' from made where n.id = made.node_id
    ), lit as (
      update simulated_machines m set power = 'on' from made where m.node_id = made.node_id
    )
    select id from made order by id`),
  );
  return rows.map(({ id }) => id);
}

/** Puts a server and its machine into a stable state. */
export async function putInto(sql: pg.Pool, id: string, state: 'Running' | 'Stopped'): Promise<void> {
  const power = state === 'Running' ? 'on' : 'off';
  await sql.query(
    `with moved as (
       update servers set state = $2, task_state = null, power = $3, fault = null where id = $1 returning node_id
     )
     update simulated_machines set power = $3, pending_power = null, pending_at = null, power_commands = 0,
       power_changes = 0, deploys = 0, wipes = 0
     where node_id = (select node_id from moved)`,
    [id, state, power],
  );
}
