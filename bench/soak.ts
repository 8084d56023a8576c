/**
 * `npm run soak`: random operations on machines whose BMCs have the habits of vendors, while things break at random.
 * At the end everything that was accepted has ended, every server stands as its BMC says, and nothing has leaked.
 *
 *   npm run soak                                 10 minutes on 500 BMCs
 *   npm run soak -- --minutes 2 --bmcs 100 --seed 7
 */
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import pg from 'pg';
import { makeChance } from '../src/bmc-simulator/chance.ts';
import { startEmbeddedPostgres } from '../src/store/embedded-postgres.ts';
import { rentEverything, startServer, type ServerProcess } from '../tests/crash/process.ts';
import { connect } from '../tests/support/cloud.ts';
import { createDatabase } from '../tests/support/database.ts';
import { median, memoryMib } from './bench.ts';
import { benchKey, enrolFleet, startFleet, type BenchFleet } from './fleet.ts';
import { countFailures, readFailures, type Injected } from './soak-failures.ts';

const { minutes, bmcs, seed } = new Command('soak')
  .description('Lets random operations and random faults loose on BMCs with habits, and judges what is left.')
  .option('--minutes <n>', 'how long', Number, 10)
  .option('--bmcs <n>', 'how many', Number, 500)
  .option('--seed <n>', 'of everything random here', Number, 1)
  .parse()
  .opts<{ minutes: number; bmcs: number; seed: number }>();

type Client = Awaited<ReturnType<typeof connect>>;
interface Sample {
  memory: number;
  files: number;
}

const firstPort = 21_000;
/**
 * Of the simulated hardware and of Ingot's deadlines, so that minutes hold what hours would. A fault lasts some 20 s, a
 * deadline a minute, as the minutes of a restarting BMC stand to the ten of a deadline in the field.
 */
const haste = { hardware: 0.1, deadlines: 0.1 };
const hardware = [
  '--count',
  bmcs,
  '--port',
  firstPort,
  '--seed',
  seed,
  '--time-factor',
  haste.hardware,
].concat('--personality', 'mix', '--power', 'on');
const random = makeChance(seed);
const below = (limit: number) => Math.floor(random() * limit);
/** Such a share of the requests asks whatever servers, so that refusals are met as well. */
const carelessShare = 0.1;
const faults: Injected[] = [];
const failures: string[] = [];

await run();

async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-soak-'));
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres') });
  process.env['INGOT_TEST_DATABASE_URL'] = postgres.url;
  const database = await createDatabase();
  const fleet = await startFleet(...hardware);
  const server = await startServer(database.url, {
    INGOT_SIM_NODES: '0',
    INGOT_SECRET_KEY: benchKey,
    INGOT_POWER_SYNC_SECONDS: '10',
    INGOT_HEALTH_SECONDS: '30',
    INGOT_DEADLINE_FACTOR: String(haste.deadlines),
    INGOT_RATE_LIMIT: '0',
  });
  const sql = new pg.Pool({ connectionString: database.url, max: 2 });
  try {
    await enrolFleet(database.url, fleet.addresses);
    const ids = await rentEverything(sql);
    const client = await connect(server.origin, sql);
    const { asked, samples } = await misbehave(server, client, fleet, sql, ids);
    await settle(sql, fleet);
    await judge(sql, fleet, asked, samples);
    server.child.kill('SIGTERM');
    await server.ended;
    const left = (await fleet.counters()).filter(({ sessions }) => sessions > 0).length;
    expect(left === 0, `${left} BMCs still hold a session after Ingot has stopped`);
  } finally {
    if (server.child.exitCode === null) await server.kill();
    fleet.stop();
    await sql.end();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  console.log(failures.length === 0 ? 'Everything holds.' : `${failures.length} of the promises are broken.`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) failures.push(otherwise);
}

/** Random requests, and random faults beside them, until the time is over. */
async function misbehave(
  server: ServerProcess,
  client: Client,
  fleet: BenchFleet,
  sql: pg.Pool,
  ids: string[],
) {
  const samples: Sample[] = [];
  const asked = { accepted: 0, refused: 0 };
  const endsAt = Date.now() + minutes * 60_000;
  const healings: (() => Promise<void>)[] = [];
  let rounds = 0;
  while (Date.now() < endsAt) {
    const reply = await client.call('POST', '/v1/{p}/baremetalservers/action', await randomAction(sql, ids));
    if (reply.status === 200) asked.accepted += 1;
    else if (reply.status < 500) asked.refused += 1;
    else failures.push(`a request was answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    if (random() < 0.3) healings.push(await breakSomething(fleet));
    if (healings.length > 10) await healings.splice(below(healings.length), 1)[0]!();
    samples.push({ memory: memoryMib(server.child.pid!), files: openFiles(server.child.pid!) });
    if (rounds++ % 60 === 0)
      tell(`${Math.max(0, Math.round((endsAt - Date.now()) / 1_000))} s left`, asked, samples);
    await sleep(500);
  }
  for (const heal of healings) await heal();
  return { asked, samples };
}

function tell(
  what: string,
  { accepted, refused }: { accepted: number; refused: number },
  samples: Sample[],
): void {
  const { memory, files } = samples.at(-1)!;
  console.log(
    `${what}: ${accepted} jobs accepted, ${refused} refused, ${faults.length} faults; ${memory} MiB, ${files} open files`,
  );
}

async function randomAction(sql: pg.Pool, ids: string[]) {
  const choice = below(3);
  const willing = random() < carelessShare ? ids : await serversIn(sql, choice === 0 ? 'Stopped' : 'Running');
  const from = willing.length > 0 ? willing : ids;
  const servers = Array.from({ length: 1 + below(30) }, () => from[below(from.length)]!);
  const parts = [...new Set(servers)].map((id) => ({ id }));
  switch (choice) {
    case 0:
      return { 'os-start': { servers: parts } };
    case 1:
      return { 'os-stop': { servers: parts } };
    default:
      return { reboot: { type: random() < 0.5 ? 'SOFT' : 'HARD', servers: parts } };
  }
}

async function serversIn(sql: pg.Pool, state: 'Running' | 'Stopped'): Promise<string[]> {
  const { rows } = await sql.query<{ id: string }>('select id from servers where state = $1 order by id', [
    state,
  ]);
  return rows.map(({ id }) => id);
}

/** Returns what mends it. */
async function breakSomething(fleet: BenchFleet): Promise<() => Promise<void>> {
  const index = below(bmcs);
  if (random() < 0.5) {
    const power = random() < 0.5 ? 'on' : 'off';
    faults.push({ index, what: 'is switched by hand', from: Date.now(), to: Date.now() });
    await fleet.tell(index, { power });
    return async () => {};
  }
  const fault: Injected = { index, what: 'is silent', from: Date.now(), to: null };
  faults.push(fault);
  await fleet.tell(index, { isSilent: true });
  return async () => {
    await fleet.tell(index, { isSilent: false });
    fault.to = Date.now();
  };
}

/** Until nothing is under way and real power was read twice since; bounded by what deadlines and breakers allow. */
async function settle(sql: pg.Pool, fleet: BenchFleet): Promise<void> {
  const patienceMs = 15 * 60_000;
  const endsAt = Date.now() + patienceMs;
  const since = new Date();
  for (;;) {
    const { rows } = await sql.query<{ open: number; unread: number }>(
      `select (select count(*)::int from sub_jobs where ended_at is null) as open,
         (select count(*)::int from nodes where power_seen_at is null or power_seen_at < $1 or power_disagreements > 0)
           as unread`,
      [since],
    );
    const { open, unread } = rows[0]!;
    if (open === 0 && unread === 0 && (await disagreements(sql, fleet)).length === 0) return;
    if (Date.now() > endsAt) return;
    console.log(`settling: ${open} sub-jobs under way, the power of ${unread} machines not read yet`);
    await sleep(5_000);
  }
}

async function disagreements(sql: pg.Pool, fleet: BenchFleet): Promise<string[]> {
  const told = new Map((await fleet.counters()).map(({ url, power }) => [url, power]));
  const { rows } = await sql.query<{ name: string; state: string; address: string; fault: object | null }>(
    `select v.name, v.state, n.bmc_address as address, v.fault from servers v join nodes n on n.id = v.node_id`,
  );
  return rows.flatMap(({ name, state, address, fault }) => {
    const power = told.get(address);
    if (state === 'Faulty') return fault ? [] : [`${name} is Faulty without a reason`];
    const shown = { Running: 'on', Stopped: 'off' }[state];
    return shown === power ? [] : [`${name} is ${state} while its machine is ${power}`];
  });
}

async function judge(
  sql: pg.Pool,
  fleet: BenchFleet,
  asked: { accepted: number; refused: number },
  samples: Sample[],
) {
  const open = await sql.query('select 1 from sub_jobs where ended_at is null');
  expect(open.rowCount === 0, `${open.rowCount} accepted sub-jobs have not ended`);
  for (const words of await disagreements(sql, fleet)) failures.push(words);
  const counters = await fleet.counters();
  const crowded = counters.filter(({ peakInFlight }) => peakInFlight > 2).length;
  expect(crowded === 0, `${crowded} BMCs had more than two requests in flight`);
  const locked = counters.filter(({ lockouts }) => lockouts > 0).length;
  expect(locked === 0, `${locked} BMCs locked our account`);
  const turnedAway = counters.filter(({ violations }) => violations.sessions > 0).length;
  expect(turnedAway === 0, `${turnedAway} BMCs had no place for another session of ours`);
  // One, and for a moment a second one while the BMC had forgotten the first.
  const crammed = counters.filter(({ sessions }) => sessions > 1).length;
  expect(crammed === 0, `${crammed} BMCs hold more than one session`);

  const third = Math.max(1, Math.floor(samples.length / 3));
  const grew = (of: keyof Sample) => {
    const [first, last] = [samples.slice(third, 2 * third), samples.slice(-third)];
    return median(last.map((it) => it[of])) / median(first.map((it) => it[of]));
  };
  const [memory, files] = [grew('memory'), grew('files')];
  expect(memory < 1.15, `memory grew by a factor of ${memory.toFixed(2)} from the second third to the last`);
  expect(
    files < 1.15,
    `open files grew by a factor of ${files.toFixed(2)} from the second third to the last`,
  );
  tell('at the end', asked, samples);
  const { rows } = await sql.query<{ status: string; count: number }>(
    'select status, count(*)::int from sub_jobs group by status order by status',
  );
  console.log(`sub-jobs: ${rows.map(({ status, count }) => `${count} ${status}`).join(', ')}`);
  const reasons = await readFailures(sql, faults);
  for (const line of countFailures(reasons)) console.log(line);
  const ours = reasons.filter(({ isRefused, because }) => !isRefused && because === null).length;
  expect(ours === 0, `${ours} sub-jobs failed on BMCs that nothing was done to`);
  console.log(`last third / second third: memory ${memory.toFixed(2)}, open files ${files.toFixed(2)}`);
}

/** Files and sockets of a process; only where /proc is. */
function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
