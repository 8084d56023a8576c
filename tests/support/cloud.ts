/** A whole Ingot on a database of its own, and a client that speaks HTTP to it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { pino, type DestinationStream } from 'pino';
import { hashToken } from '../../src/apis/auth.ts';
import { readConfig } from '../../src/config.ts';
import { startIngot, type Ingot } from '../../src/main.ts';
import { createDatabase } from './database.ts';

export interface Reply {
  status: number;
  headers: Headers;
  /** Parsed when it is JSON, else the text; null when empty. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export interface Cloud {
  ingot: Ingot;
  origin: string;
  /** Of the first project, and a token of its administrator. */
  projectId: string;
  userId: string;
  token: string;
  sql: pg.Pool;
  databaseUrl: string;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** Repeats a question until the answer is as wanted; the test's own time limit is the end of patience. */
  until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T>;
  /** Servers in the state Running, made by the API and waited for. */
  makeServers(count: number, name?: string): Promise<string[]>;
  jobEnd(jobId: string): Promise<Reply['body']>;
  /** Ends the first process and starts another one in its place, on the same database and folder. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * `npm run test:two -- tests/apis` asks two processes in turns instead of one: whatever holds for one Ingot must hold for
 * two on one database. What each of them has for itself (a session at a BMC, what it remembers of another Keystone) is
 * there so many times.
 */
export const processesOfTheRun = Number(process.env['INGOT_TEST_PROCESSES'] ?? 1);

/**
 * @param env settings over the defaults, which are quick: steps of 20 ms, 8 nodes
 * @param log where the log goes instead of to standard error
 * @param processes with 2, calls go to this process and to another one in turns
 */
export async function startCloud(
  env: Record<string, string> = {},
  log: DestinationStream = pino.destination(2),
  processes = processesOfTheRun,
): Promise<Cloud> {
  const database = await createDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'ingot-'));
  const settings = {
    DATABASE_URL: database.url,
    INGOT_DATA: folder,
    INGOT_PORT: '0',
    INGOT_SIM_NODES: '8',
    INGOT_SIM_STEP_MS: '20',
    INGOT_ADMIN_PASSWORD: 'correct horse',
    // What a test wrote of a node must not be overwritten by what is read from it.
    INGOT_POWER_SYNC_SECONDS: '0',
    INGOT_HEALTH_SECONDS: '0',
    INGOT_LOG_LEVEL: 'error',
    // A busy machine is no overload; what is done about that has a test of its own.
    INGOT_SHED_LAG_MS: '60000',
    ...env,
  };
  const config = readConfig(settings);
  const start = () => startIngot(config, pino({ level: config.logLevel }, log));
  let ingot = await start();
  // The folder is shared: the key that seals secrets is in it.
  const others = await Promise.all(
    Array.from({ length: processes - 1 }, () =>
      startProcess({ INGOT_PUBLIC_URL: ingot.origin, ...settings, INGOT_DATA: folder }),
    ),
  );
  const sql = new pg.Pool({ connectionString: database.url, max: 2 });
  sql.on('error', () => undefined); // sessions end when the database is dropped
  const origins = [ingot.origin, ...others.map(({ origin }) => origin)];
  const client = await connect(origins, sql);
  return {
    ...client,
    get origin() {
      return origins[0]!;
    },
    get ingot() {
      return ingot;
    },
    sql,
    databaseUrl: database.url,
    async restart() {
      await ingot.stop();
      ingot = await start();
      origins[0] = ingot.origin;
    },
    async close() {
      await Promise.all(others.map(({ stop }) => stop()));
      await ingot.stop();
      await sql.end();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** Another Ingot on the same database, as a process of its own. */
async function startProcess(
  env: Record<string, string>,
): Promise<{ origin: string; stop: () => Promise<unknown> }> {
  // It tells its public address, which is that of the first process, as behind one balancer.
  const port = await findFreePort();
  const child = fork(program, ['serve'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, ...env, INGOT_PORT: String(port) },
  });
  const ended = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    let output = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('serves at')) resolve();
    });
    void ended.then(() => reject(new Error(`the second process did not serve:\n${output}`)));
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * A client of a running Ingot, with a token that is put into the database directly.
 *
 * @param origins of several processes: they are asked in turns; an array is looked at for each call
 */
export async function connect(
  origins: string | string[],
  sql: pg.Pool,
): Promise<Omit<Cloud, 'ingot' | 'sql' | 'databaseUrl' | 'restart' | 'close'>> {
  const places = typeof origins === 'string' ? [origins] : origins;
  const origin = places[0]!;
  let turn = 0;
  const found = await sql.query<{ user: string; project: string }>(
    `select u.id as user, u.default_project_id as project from users u where u.name = 'admin'`,
  );
  const { user: userId, project: projectId } = found.rows[0]!;
  const token = randomBytes(24).toString('base64url');
  await sql.query(
    `insert into tokens (hash, user_id, project_id, methods, audit_id, issued_at, expires_at)
     values ($1, $2, $3, '{password}', 'test', now(), now() + interval '1 hour')`,
    [hashToken(token), userId, projectId],
  );

  /** On a machine that is busy with other tests the server may say that it is; a client then comes again. */
  async function call(...asked: Parameters<typeof callOnce>): Promise<Reply> {
    for (;;) {
      const reply = await callOnce(...asked);
      if (reply.status !== 429 || !JSON.stringify(reply.body).includes('overloaded')) return reply;
      await new Promise((resolve) => setTimeout(resolve, Number(reply.headers.get('retry-after')) * 1_000));
    }
  }

  async function callOnce(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const place = places[turn++ % places.length]!;
    const response = await fetch(place + path.replace('{p}', projectId), {
      method,
      headers: {
        'x-auth-token': token,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) };
  }

  async function until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
    for (;;) {
      const answer = await ask();
      if (isWanted(answer)) return answer;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function jobEnd(jobId: string): Promise<Reply['body']> {
    const { body } = await until(
      () => call('GET', `/v1/{p}/jobs/${jobId}`),
      (reply) => reply.body.status === 'SUCCESS' || reply.body.status === 'FAIL',
    );
    return body;
  }

  async function makeServers(count: number, name = 'server'): Promise<string[]> {
    const [{ body: flavors }, image, network] = await Promise.all([
      call('GET', '/v1/{p}/baremetalservers/flavors'),
      sql.query<{ id: string }>('select id from images order by name limit 1'),
      sql.query<{ id: string; vpc_id: string }>('select id, vpc_id from networks order by name limit 1'),
    ]);
    const ids: string[] = [];
    for (let left = count; left > 0; left -= 24) {
      const asked = await call('POST', '/v1/{p}/baremetalservers', {
        server: {
          name,
          imageRef: image.rows[0]!.id,
          flavorRef: flavors.flavors[0].id,
          availability_zone: 'eu-de-01',
          vpcid: network.rows[0]!.vpc_id,
          nics: [{ subnet_id: network.rows[0]!.id }],
          adminPass: 'Wr0ng-Horse_42',
          extendparam: {},
          count: Math.min(left, 24),
        },
      });
      if (asked.status !== 200)
        throw new Error(`create answered ${asked.status}: ${JSON.stringify(asked.body)}`);
      const job = await jobEnd(asked.body.job_id);
      if (job.status !== 'SUCCESS') throw new Error(`create ended badly: ${JSON.stringify(job)}`);
      ids.push(...job.entities.sub_jobs.map((part: Reply['body']) => part.entities.server_id));
    }
    return ids;
  }

  return { origin, projectId, userId, token, call, until, makeServers, jobEnd };
}

function parse(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
