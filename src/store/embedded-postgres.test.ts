import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function temporaryFolder(): string {
  const folder = fs.mkdtempSync(join(tmpdir(), 'ingot-pg-'));
  cleanups.push(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A stopped database with nothing in it; copying one is faster than creating one for every test. */
const template = fs.mkdtempSync(join(tmpdir(), 'ingot-pg-'));
beforeAll(async () => {
  const server = await startEmbeddedPostgres({ folder: template });
  await server.stop();
});
afterAll(() => fs.rmSync(template, { recursive: true, force: true }));

function folderWithDatabase(): string {
  const folder = temporaryFolder();
  fs.cpSync(join(template, 'cluster'), join(folder, 'cluster'), { recursive: true });
  fs.chmodSync(join(folder, 'cluster'), 0o700);
  return folder;
}

async function start(folder: string, options: { major?: number } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ folder, ...options });
  cleanups.push(() => server.stop());
  return server;
}

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query<unknown[]>({ text: statement, rowMode: 'array' });
    return result.rows.flat();
  } finally {
    await client.end();
  }
}

/** A process of its own that starts the database, commits rows 1 to 100 and then just stays. */
async function startApp(folder: string, environment: NodeJS.ProcessEnv = process.env) {
  const program = `
    import pg from ${JSON.stringify(import.meta.resolve('pg'))};
    import { startEmbeddedPostgres } from ${JSON.stringify(new URL('embedded-postgres.ts', import.meta.url).href)};
    const server = await startEmbeddedPostgres({ folder: ${JSON.stringify(folder)} });
    const client = new pg.Client({ connectionString: server.url });
    client.on('error', () => {}); // a test may stop the server under us
    await client.connect();
    await client.query('create table mark (number int)');
    for (let number = 1; number <= 100; number++) await client.query('insert into mark values ($1)', [number]);
    console.log(server.pid);
    setInterval(() => {}, 1000);
  `;
  const app = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanups.push(() => kill(app));
  for await (const pid of createInterface(app.stdout)) return { app, serverPid: Number(pid) };
  throw new Error('the app ended before its database was up');
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const countOfMarks = 'select count(*)::int from mark';

it('starts cold with checksums, durable commits and no TCP port', async () => {
  const server = await start(temporaryFolder());
  expect(server.adopted).toBe(false);
  const settings = ['data_checksums', 'fsync', 'synchronous_commit', 'listen_addresses', 'server_encoding'];
  const values = await query(
    server.url,
    `select ${settings.map((name) => `current_setting('${name}')`).join()}`,
  );
  expect(values).toEqual(['on', 'on', 'on', '', 'UTF8']);
  expect(await query(server.url, 'select current_database()::text, current_user::text')).toEqual([
    'ingot',
    'ingot',
  ]);
});

it('lets nobody else near its socket', async () => {
  const folder = folderWithDatabase();
  await start(folder);
  expect(fs.statSync(join(folder, 'socket')).mode & 0o777).toBe(0o700);
});

it('starts warm with the rows of its earlier life', async () => {
  const folder = folderWithDatabase();
  const first = await start(folder);
  await query(first.url, 'create table mark as select 1 as number');
  await first.stop();
  await expect(query(first.url, countOfMarks)).rejects.toThrow('ENOENT');

  const second = await start(folder);
  expect(second.adopted).toBe(false);
  expect(await query(second.url, countOfMarks)).toEqual([1]);
});

it('starts on the oldest PostgreSQL that we support', async (context) => {
  const folder = temporaryFolder();
  const isInstalled = () => findPostgresBinaries(join(folder, 'lib'), 15).major === 15;
  context.skip(!succeeds(isInstalled), 'PostgreSQL 15 is not installed (Debian package postgresql-15)');
  const first = await start(folder, { major: 15 });
  expect(await query(first.url, `select current_setting('server_version_num')::int / 10000`)).toEqual([15]);
  await first.stop();
  // The folder remembers its version, also where a newer one would be preferred.
  const second = await start(folder);
  expect(await query(second.url, `select current_setting('server_version_num')::int / 10000`)).toEqual([15]);
});

it('keeps what was committed when server and app are killed', async () => {
  const folder = folderWithDatabase();
  const { app, serverPid } = await startApp(folder);
  process.kill(serverPid, 'SIGKILL');
  await kill(app);

  const server = await start(folder);
  expect(server.adopted).toBe(false);
  expect(await query(server.url, countOfMarks)).toEqual([100]);
});

it('starts again when only the app was killed and the server is still going down', async () => {
  const folder = folderWithDatabase();
  const { app } = await startApp(folder);
  await kill(app);

  const server = await start(folder);
  expect(await query(server.url, countOfMarks)).toEqual([100]);
});

it('adopts the server that a killed app left running where setpriv is missing', async () => {
  const folder = folderWithDatabase();
  const { app, serverPid } = await startApp(folder, { ...process.env, PATH: pathWithout('setpriv') });
  await kill(app);

  const server = await start(folder);
  expect(server).toMatchObject({ adopted: true, pid: serverPid });
  expect(await query(server.url, countOfMarks)).toEqual([100]);
  await server.stop();
  await expect(query(server.url, countOfMarks)).rejects.toThrow('ENOENT');
});

it('gives two starters on one new folder the same server', async () => {
  const folder = temporaryFolder();
  const [one, other] = await Promise.all([startApp(folder), start(folder)]);
  expect(other.pid).toBe(one.serverPid);
});

it('tells when and why the server ended by itself', async () => {
  const server = await start(folderWithDatabase());
  process.kill(server.pid, 'SIGTERM');
  expect(await server.exited).toMatch(/shut down/);
});

it('starts although the process number in a stale pid file now belongs to another process', async () => {
  const folder = folderWithDatabase();
  const first = await start(folder);
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  const pidFile = join(folder, 'cluster', 'postmaster.pid');
  const stale = fs.readFileSync(pidFile, 'utf8');
  fs.writeFileSync(pidFile, stale.replace(/^\d+/, String(process.ppid)));

  const second = await start(folder);
  expect(second.adopted).toBe(false);
});

it('works in a folder whose path is too long for a socket and has odd characters', async () => {
  const server = await start(join(temporaryFolder(), 'a, "b" é', 'x'.repeat(120)));
  expect(await query(server.url, 'select 1')).toEqual([1]);
});

it('says in one line that the folder cannot be written', async () => {
  const file = join(temporaryFolder(), 'file');
  fs.writeFileSync(file, '');
  const message = await startEmbeddedPostgres({ folder: join(file, 'postgres') }).catch(
    (error: Error) => error.message,
  );
  expect(message).toMatch(/^The database folder .* cannot be written: [^\n]+$/);
});

it('says in one line that the folder holds no database of ours', async () => {
  const folder = temporaryFolder();
  fs.mkdirSync(join(folder, 'cluster'));
  await expect(startEmbeddedPostgres({ folder })).rejects.toThrow(
    /^.* is not a PostgreSQL data folder[^\n]+$/,
  );
});

it('names the version that is missing', async () => {
  const folder = temporaryFolder();
  fs.mkdirSync(join(folder, 'cluster'));
  fs.writeFileSync(join(folder, 'cluster', 'PG_VERSION'), '9\n');
  await expect(startEmbeddedPostgres({ folder })).rejects.toThrow(
    /^This database was made by PostgreSQL 9,[^\n]+$/,
  );
});

/** PATH as it would be if this program were not installed: a folder of links to all the others. */
function pathWithout(program: string): string {
  const folder = temporaryFolder();
  for (const from of (process.env.PATH ?? '').split(delimiter).filter((path) => fs.existsSync(path))) {
    for (const name of fs.readdirSync(from)) {
      if (name !== program) succeeds(() => fs.symlinkSync(join(from, name), join(folder, name)));
    }
  }
  return folder;
}

function succeeds(attempt: () => unknown): boolean {
  try {
    return attempt() !== false;
  } catch {
    return false;
  }
}
