/**
 * The embedded database: a real PostgreSQL server on a folder of ours, started and stopped with Ingot.
 *
 * Starting is a loop over what can be true of the folder: a server already runs on it (adopt it), one is
 * just going down or coming up (wait), or none runs (create the cluster if need be, and launch). That one
 * loop also covers every way to have been killed.
 *
 * - The server listens on a unix socket in a folder that only we can enter, so it needs no password.
 * - It is in a session of its own, so a Ctrl-C for Ingot does not reach it; Ingot stops it when it is done.
 * - If Ingot is killed, the kernel sends the server SIGINT, PostgreSQL's "fast shutdown" (prctl
 *   PR_SET_PDEATHSIG through setpriv, Linux). "Killed" means the end of the *thread* that launched it, so
 *   call this from a main thread. Where setpriv is missing the server lives on and is adopted next time.
 * - PostgreSQL refuses to run as root. Root runs it in a user namespace where root's own uid has another
 *   number: no user is created and files stay root's.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, type DatabaseError } from 'pg';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';

export interface EmbeddedPostgres {
  /** Connection string for `pg` and libpq. */
  url: string;
  /** The postmaster, PostgreSQL's first process. */
  pid: number;
  /** The server was already running on this folder, left over from a process that was killed. */
  adopted: boolean;
  /** Fast shutdown: ends sessions, writes a checkpoint, and resolves when the server is gone. */
  stop(): Promise<void>;
  /** Resolves with the reason if the server ends without `stop()`. */
  exited: Promise<string>;
}

export interface EmbeddedPostgresOptions {
  /** Everything lies in here: the cluster, the socket, the server's log. For example `data/postgres`. */
  folder: string;
  /** Gets a line for the operator now and then. */
  log?: (line: string) => void;
  /** Use this major version instead of the best one found (tests run on the oldest as well). */
  major?: number;
  /** `false` trades safety for speed: a power cut may lose everything. For throw-away test servers. */
  durable?: boolean;
}

const user = 'ingot';
const database = 'ingot';
/** Only the name of the socket depends on it: the server does not listen on TCP. */
const port = 5432;

/** sockaddr_un has room for 108 bytes on Linux and 104 on macOS, including the closing zero. */
const longestSocketPath = 100;
/** How long to wait for somebody else's server on our folder to come up or to go away. */
const patienceMs = 120_000;
/** A fast shutdown that takes longer is cut short; the next start then replays the log. */
const fastShutdownMs = 60_000;
const pollMs = 15;
const watchMs = 500;
const largestLogBytes = 10 * 1024 * 1024;

/** Given on the command line, so that an upgrade of Ingot changes them on existing folders too. */
const serverSettings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  port: String(port),
  max_connections: '200',
  shared_buffers: '128MB',
  wal_compression: 'on',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  logging_collector: 'off',
  log_destination: 'stderr',
};

const settingsOfThrowawayServer = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Where things are, as absolute paths. */
interface Place {
  folder: string;
  cluster: string;
  sockets: string;
  libraries: string;
  logFile: string;
}

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  if (process.platform === 'win32') {
    // TODO: TCP on 127.0.0.1 with a password; there are no unix sockets to protect the server.
    throw new Error('The embedded database does not run on Windows yet. Set DATABASE_URL to a PostgreSQL.');
  }
  const place = preparePlace(options.folder);
  const log = options.log ?? (() => {});
  const deadlineAt = Date.now() + patienceMs;
  let hasSaidThatWeWait = false;
  for (;;) {
    const running = findRunningServer(place);
    const server = running ? await adopt(running, place, log) : await launch(place, options, log);
    if (server) return server;
    if (Date.now() > deadlineAt) {
      throw new Error(
        `Another PostgreSQL (process ${running?.pid ?? 'unknown'}) holds ${place.cluster} but cannot be used ` +
          `since ${patienceMs / 1000} s. Stop it and start again; its log is ${place.logFile}.`,
      );
    }
    if (!hasSaidThatWeWait) log('waiting for another PostgreSQL on this folder to come up or to go away');
    hasSaidThatWeWait = true;
    await sleep(pollMs);
  }
}

// --- Folders -----------------------------------------------------------------------------------------

function preparePlace(path: string): Place {
  const folder = resolve(path);
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    throw new Error(`The database folder ${folder} cannot be written: ${firstLine(error)}`, { cause: error });
  }
  return {
    folder,
    cluster: join(folder, 'cluster'),
    sockets: prepareSocketFolder(folder),
    libraries: join(folder, 'lib'),
    logFile: join(folder, 'postgres.log'),
  };
}

/** Beside the data; if that makes the path too long for a socket, in a private folder of a short name. */
function prepareSocketFolder(folder: string): string {
  const beside = join(folder, 'socket');
  const isShortEnough = Buffer.byteLength(join(beside, `.s.PGSQL.${port}`)) <= longestSocketPath;
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const sockets = isShortEnough ? beside : join(tmpdir(), `ingot-${hash}`);
  fs.mkdirSync(sockets, { recursive: true, mode: 0o700 });
  // Anybody could have made that name in a shared tmp before us.
  const found = fs.lstatSync(sockets);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new Error(`${sockets} belongs to somebody else; remove it or use a shorter data folder.`);
  }
  fs.chmodSync(sockets, 0o700);
  return sockets;
}

function connectionUrl(sockets: string, name: string): string {
  const host = encodeURIComponent(sockets).replaceAll('%2F', '/');
  return `postgresql://${user}@/${name}?host=${host}&port=${port}`;
}

// --- A server that already runs ------------------------------------------------------------------------

interface RunningServer {
  pid: number;
  sockets: string | undefined;
}

/** Reads postmaster.pid: line 1 is the process, line 5 the socket folder (written a moment later). */
function readPidFile(cluster: string): RunningServer | undefined {
  const lines = readIfThere(join(cluster, 'postmaster.pid'))?.split('\n') ?? [];
  const pid = Number(lines[0]);
  return pid > 0 ? { pid, sockets: lines[4] || undefined } : undefined;
}

function findRunningServer({ cluster }: Place): RunningServer | undefined {
  const named = readPidFile(cluster);
  return named && isServing(named.pid, cluster) ? named : undefined;
}

async function adopt(running: RunningServer, place: Place, log: (line: string) => void) {
  const sockets = running.sockets ?? place.sockets;
  if (!(await isReady(sockets))) return undefined;
  log(`adopted the PostgreSQL that was already running here (process ${running.pid})`);
  const exited = new Promise<string>((end) => {
    const watch = setInterval(() => {
      if (isServing(running.pid, place.cluster)) return;
      clearInterval(watch);
      end(`process ${running.pid} is gone; its log is ${place.logFile}`);
    }, watchMs).unref();
  });
  return handleOf({ pid: running.pid, sockets, adopted: true, exited }, place);
}

/**
 * Is this process the server of this cluster, and not another that was later given the same number? A
 * postmaster works in its cluster's folder. A process that has ended, but which nobody has reaped (often
 * so in containers), has no folder any more.
 */
function isServing(pid: number, cluster: string): boolean {
  if (process.platform === 'linux') {
    try {
      return fs.readlinkSync(`/proc/${pid}/cwd`) === fs.realpathSync(cluster);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') return false;
    }
  }
  return isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

// --- Launching -----------------------------------------------------------------------------------------

/** Returns nothing if somebody else's server, or what is left of one, still holds the folder. */
async function launch(place: Place, options: EmbeddedPostgresOptions, log: (line: string) => void) {
  const durable = options.durable ?? true;
  const binaries = findPostgresBinaries(place.libraries, readClusterMajor(place.cluster) ?? options.major);
  if (!fs.existsSync(place.cluster)) {
    log(`creating a PostgreSQL ${binaries.major} database in ${place.folder}`);
    await createCluster(place, binaries, durable);
  }
  makeStalePidFileHarmless(place.cluster);

  const logStart = rotateLog(place.logFile);
  const child = spawnServer(place, binaries, durable);
  let hasExited = false;
  const exited = new Promise<string>((end) => {
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => {
      const lastLine = readLogEnd(place.logFile, logStart).at(-1);
      end(signal ? `ended by ${signal}` : (lastLine ?? `exit code ${code}`));
    });
  }).finally(() => (hasExited = true));

  while (!hasExited) {
    // The name in the pid file must be ours: who answers could be a server that was faster than we.
    if ((await isReady(place.sockets)) && readPidFile(place.cluster)?.pid === child.pid) {
      return handleOf({ pid: child.pid!, sockets: place.sockets, adopted: false, exited }, place, child);
    }
    await sleep(pollMs);
  }
  const reason = readLogEnd(place.logFile, logStart).findLast(isFatal) ?? (await exited);
  const isHeld = /lock file ".*" already exists|pre-existing shared memory block/.test(reason);
  if (isHeld) return undefined;
  throw new Error(
    `PostgreSQL did not start: ${reason.replace(/^FATAL: +/, '')} (its log is ${place.logFile})`,
  );
}

function spawnServer(place: Place, binaries: PostgresBinaries, durable: boolean): ChildProcess {
  const settings = {
    ...serverSettings,
    ...(durable ? {} : settingsOfThrowawayServer),
    // A comma separated list; quoted because a folder may have a comma in its name.
    unix_socket_directories: `"${place.sockets.replaceAll('"', '""')}"`,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command, args] = supervised(join(binaries.folder, 'postgres'), ['-D', place.cluster, ...flags]);
  const output = fs.openSync(place.logFile, 'a', 0o600);
  const child = spawn(command, args, {
    cwd: place.folder,
    env: environmentOf(binaries),
    detached: true,
    stdio: ['ignore', output, output],
  });
  fs.closeSync(output);
  child.unref();
  return child;
}

/**
 * Creates the cluster under another name and renames it when it is complete and on disk, so that a kill in
 * between leaves nothing that looks like a database.
 */
async function createCluster(place: Place, binaries: PostgresBinaries, durable: boolean): Promise<void> {
  removeAbandonedClusters(place);
  const fresh = `${place.cluster}.new-${process.pid}`;
  const [command, args] = supervised(join(binaries.folder, 'initdb'), [
    `--pgdata=${fresh}`,
    `--username=${user}`,
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--data-checksums',
    ...(durable ? [] : ['--no-sync']),
  ]);
  try {
    await promisify(execFile)(command, args, { cwd: place.folder, env: environmentOf(binaries) });
    fs.renameSync(fresh, place.cluster);
  } catch (error) {
    fs.rmSync(fresh, { recursive: true, force: true });
    // Another process on the same folder was faster: its cluster is as good as ours.
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    const { stderr } = error as { stderr?: string };
    const reason = stderr?.split('\n').find((line) => line.includes('error:')) ?? firstLine(stderr || error);
    throw new Error(`The database could not be created in ${place.folder}: ${reason}`, { cause: error });
  }
  syncFolder(place.folder);
}

function removeAbandonedClusters({ folder }: Place): void {
  for (const name of fs.readdirSync(folder)) {
    const owner = /^cluster\.new-(\d+)$/.exec(name)?.[1];
    if (owner && (Number(owner) === process.pid || !isAlive(Number(owner)))) {
      fs.rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 10 });
    }
  }
}

function readClusterMajor(cluster: string): number | undefined {
  if (!fs.existsSync(cluster)) return undefined;
  const major = Number.parseInt(readIfThere(join(cluster, 'PG_VERSION')) ?? '', 10);
  if (!major) throw new Error(`${cluster} is not a PostgreSQL data folder: it has no PG_VERSION.`);
  return major;
}

/**
 * After kill -9 the pid file names a process that is gone, and PostgreSQL overwrites it, unless the number
 * belongs to another process by now (in a restarted container it nearly always does): then it refuses to
 * start. Removing the file would also remove the check that no old backend still writes to the data, which
 * needs the shared memory key on line 7. So we put our own number there: a postmaster ignores its parent's
 * (CreateLockFile in src/backend/utils/init/miscinit.c).
 */
function makeStalePidFileHarmless(cluster: string): void {
  const stale = readPidFile(cluster);
  if (process.platform !== 'linux' || !stale || !isAlive(stale.pid) || isServing(stale.pid, cluster)) return;
  const path = join(cluster, 'postmaster.pid');
  const [, ...rest] = fs.readFileSync(path, 'utf8').split('\n');
  fs.writeFileSync(path, [process.pid, ...rest].join('\n'));
}

/** The command line that runs a PostgreSQL program as the right user, and ends it when we are killed. */
function supervised(program: string, args: string[]): [string, string[]] {
  const words: string[] = [];
  if (process.getuid?.() === 0) words.push(...unprivileged());
  // Last, right before the program: a change of credentials clears the parent death signal (prctl(2)).
  const onParentDeath = ['setpriv', '--pdeathsig', 'INT', '--'];
  if (process.platform === 'linux' && works(onParentDeath)) words.push(...onParentDeath);
  const [command, ...rest] = [...words, program, ...args];
  return [command!, rest];
}

/** A user namespace in which root's uid is a number that /etc/passwd knows: initdb insists on a name. */
function unprivileged(): string[] {
  const users = (readIfThere('/etc/passwd') ?? '').split('\n').map((line) => Number(line.split(':')[2]));
  const uid = users.find((id) => id > 0) ?? 65534;
  const words = ['unshare', '--user', `--map-user=${uid}`, `--map-group=${uid}`, '--'];
  if (works(words)) return words;
  throw new Error(
    'PostgreSQL does not run as root, and this system does not let root make a user namespace (unshare --user). ' +
      'Run Ingot as another user, or set DATABASE_URL to a PostgreSQL that is already running.',
  );
}

/** Tried out rather than looked up: containers forbid it, and busybox has a setpriv without --pdeathsig. */
function works([command, ...args]: string[]): boolean {
  return spawnSync(command!, [...args, 'true'], { stdio: 'ignore' }).status === 0;
}

function environmentOf(binaries: PostgresBinaries): Record<string, string> {
  return { PATH: process.env.PATH ?? '', LC_ALL: 'C', ...binaries.environment };
}

// --- Talking to a server -------------------------------------------------------------------------------

/** Does it accept connections to our database, which is made here if it is missing? */
async function isReady(sockets: string): Promise<boolean> {
  const code = await tryToConnect(connectionUrl(sockets, database));
  if (code === 'invalid_catalog_name') {
    await tryToConnect(connectionUrl(sockets, 'postgres'), `create database ${database}`);
    return false;
  }
  return code === 'connected';
}

type ConnectResult = 'connected' | 'not yet' | 'invalid_catalog_name';

/** Refusals that only mean: ask again. Not up yet, going down, or another starter makes the database too. */
const serverIsNotUp = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03'];
const othersMakeDatabase = ['42P04', '23505', '55006'];
const transientCodes = [...serverIsNotUp, ...othersMakeDatabase];

async function tryToConnect(connectionString: string, statement?: string): Promise<ConnectResult> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {}); // The server may go away at any time; the next question shows it.
  try {
    await client.connect();
    if (statement) await client.query(statement);
    return 'connected';
  } catch (error) {
    const { code } = error as DatabaseError;
    if (code === '3D000') return 'invalid_catalog_name';
    if (code === '53300') return 'connected'; // too_many_connections: very much alive
    if (code === undefined || transientCodes.includes(code)) return 'not yet';
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}

function handleOf(
  server: { pid: number; sockets: string; adopted: boolean; exited: Promise<string> },
  place: Place,
  child?: ChildProcess,
): EmbeddedPostgres {
  let isStopping = false;
  return {
    url: connectionUrl(server.sockets, database),
    pid: server.pid,
    adopted: server.adopted,
    exited: server.exited.then((reason) => (isStopping ? new Promise<string>(() => {}) : reason)),
    async stop() {
      isStopping = true;
      child?.ref();
      await stopServer(server.pid, place.cluster);
      if (child) await server.exited; // no later event of ours may touch the folder
      if (dirname(server.sockets) !== place.folder)
        fs.rmSync(server.sockets, { recursive: true, force: true });
    },
  };
}

async function stopServer(pid: number, cluster: string): Promise<void> {
  // SIGINT is a fast shutdown, SIGQUIT an immediate one that leaves recovery to the next start.
  for (const [signal, limitMs] of [
    ['SIGINT', fastShutdownMs],
    ['SIGQUIT', 10_000],
  ] as const) {
    const deadlineAt = Date.now() + limitMs;
    if (isServing(pid, cluster)) process.kill(pid, signal);
    while (isServing(pid, cluster) && Date.now() < deadlineAt) await sleep(pollMs);
  }
  if (isServing(pid, cluster)) throw new Error(`PostgreSQL (process ${pid}) does not stop.`);
}

// --- Files ---------------------------------------------------------------------------------------------

/** Keeps the log of the server's earlier lives below a limit; returns where this life begins. */
function rotateLog(logFile: string): number {
  const size = fs.statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size < largestLogBytes) return size;
  fs.renameSync(logFile, `${logFile}.1`);
  return 0;
}

/** The last lines of the log, without time and process, of the server's life that began at this place. */
function readLogEnd(logFile: string, from: number): string[] {
  const size = fs.statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= from) return [];
  const end = Buffer.alloc(Math.min(size - from, 16_384));
  const handle = fs.openSync(logFile, 'r');
  fs.readSync(handle, end, 0, end.length, size - end.length);
  fs.closeSync(handle);
  const lines = end.toString('utf8').split('\n').filter(Boolean);
  return lines.map((line) => line.replace(/^.*? \[\d+\] /, ''));
}

/** A reason to end the server, not one to turn a single client (us, asking whether it is up) away. */
function isFatal(line: string): boolean {
  return /^(FATAL|PANIC):/.test(line) && !/the database system is|database ".*" does not exist/.test(line);
}

function readIfThere(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Makes a rename in this folder durable. */
function syncFolder(folder: string): void {
  const handle = fs.openSync(folder, 'r');
  fs.fsyncSync(handle);
  fs.closeSync(handle);
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? text;
}
