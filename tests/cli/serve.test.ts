/** `ingot serve` as a process with its own embedded database: starting, stopping, and what stands in the way. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-serve-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  child: ChildProcess;
  output: () => string;
  /** Code or signal, with everything that was printed. */
  end: Promise<{ how: number | string; output: string }>;
}

function run(env: Record<string, string> = {}): Run {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../../src/cli.ts', import.meta.url)), 'serve'],
    {
      env: {
        ...process.env,
        DATABASE_URL: '',
        INGOT_DATA: join(folder, 'data'),
        INGOT_PORT: '0',
        INGOT_SIM_NODES: '2',
        INGOT_LOG_LEVEL: 'silent',
        ...env,
      },
    },
  );
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const end = once(child, 'close').then(([code, signal]) => ({
    how: (signal ?? code) as number | string,
    output,
  }));
  return { child, output: () => output, end };
}

/** Its origin, once it says that it serves. */
async function serving({ child, output, end }: Run): Promise<string> {
  for (;;) {
    const found = /serves at (\S+)/.exec(output());
    if (found) return found[1]!;
    await Promise.race([
      once(child.stdout!, 'data'),
      end.then(({ output: all }) => Promise.reject(new Error(`it ended: ${all}`))),
    ]);
  }
}

async function isReady(origin: string): Promise<boolean> {
  const answer = await fetch(`${origin}/readyz`).catch(() => null);
  return answer?.status === 200;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** The process number of the embedded server, as PostgreSQL itself writes it. */
async function postgresPid(): Promise<number> {
  const text = await readFile(join(folder, 'data', 'postgres', 'cluster', 'postmaster.pid'), 'utf8');
  return Number(text.split('\n')[0]);
}

it('writes credentials that only their owner can read, and says what to try', async () => {
  const first = run();
  const origin = await serving(first);
  await until(() => isReady(origin));
  for (const file of ['clouds.yaml', 'openrc', 'access-key.json']) {
    expect(first.output()).toContain(join(folder, 'data', file));
    expect(statSync(join(folder, 'data', file)).mode & 0o077).toBe(0);
  }
});

it.each(['SIGTERM', 'SIGINT'] as const)('ends cleanly on %s, with its database', async (signal) => {
  const first = run();
  await serving(first);
  const pid = await postgresPid();
  first.child.kill(signal);
  expect((await first.end).how).toBe(0);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('a second process on the folder is refused in one line, and the first goes on', async () => {
  const origin = await serving(run());
  const { how, output } = await run().end;
  expect(how).toBe(1);
  expect(output).toMatch(/^ingot: The data folder \S+ is in use by process \d+; .*\n$/);
  await until(() => isReady(origin));
});

it('starts again by itself after it was killed with SIGKILL', async () => {
  const first = run();
  await serving(first);
  first.child.kill('SIGKILL');
  await first.end;
  const origin = await serving(run());
  await until(() => isReady(origin));
});

it('starts again after it and its database were killed with SIGKILL', async () => {
  const first = run();
  await serving(first);
  process.kill(await postgresPid(), 'SIGKILL');
  first.child.kill('SIGKILL');
  await first.end;
  const origin = await serving(run());
  await until(() => isReady(origin));
});

it('starts its database again when only that was killed', async () => {
  const origin = await serving(run());
  const before = await postgresPid();
  process.kill(before, 'SIGKILL');
  await until(async () => !(await isReady(origin)) || (await postgresPid().catch(() => before)) !== before);
  await until(() => isReady(origin));
  expect(await postgresPid()).not.toBe(before);
});

it('a port in use gives one line', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const port = String((taken.address() as AddressInfo).port);
  const { how, output } = await run({ INGOT_PORT: port }).end;
  taken.close();
  expect(how).toBe(1);
  expect(output).toBe(`ingot: Port ${port} on 127.0.0.1 is in use; set INGOT_PORT to another one.\n`);
});

it('a folder that cannot be written gives one line', async () => {
  await writeFile(join(folder, 'file'), '');
  const { how, output } = await run({ INGOT_DATA: join(folder, 'file', 'data') }).end;
  expect(how).toBe(1);
  expect(output).toMatch(/^ingot: The data folder \S+ cannot be written: .*\n$/);
});

it('a database that is not there gives one line', async () => {
  const { how, output } = await run({ DATABASE_URL: 'postgresql://nobody:secret@127.0.0.1:1/none' }).end;
  expect(how).toBe(1);
  expect(output).toMatch(/^ingot: The database cannot be used: .*DATABASE_URL.*\n$/);
  expect(output).not.toContain('secret');
});

it.each([
  ['INGOT_SIM_STEP_MS', 'soon', 'is "soon"; it must be a number from 0 to 600000'],
  ['DATABASE_URL', 'database.example.com', 'is no such address as postgresql://user:password@host/database'],
  ['INGOT_PUBLIC_URL', 'cloud.example.com', 'is no such address as https://cloud.example.com'],
])('a setting that is wrong gives one line that names it: %s', async (name, value, words) => {
  const { how, output } = await run({ [name]: value }).end;
  expect(how).toBe(1);
  expect(output).toBe(`ingot: ${name} ${words}.\n`);
});

it('a setting of network boot without its address gives one line', async () => {
  const { how, output } = await run({ INGOT_BOOT_RANGE: '10.77.0.100-10.77.0.200' }).end;
  expect(how).toBe(1);
  expect(output).toBe(
    'ingot: INGOT_BOOT_RANGE needs INGOT_BOOT_ADDRESS, without which there is no network boot.\n',
  );
});

it('a setting that there is not is told, and an image folder that cannot be written gives one line', async () => {
  await writeFile(join(folder, 'file'), '');
  const { how, output } = await run({ INGOT_SIMNODES: '3', INGOT_IMAGE_FOLDER: join(folder, 'file') }).end;
  expect(how).toBe(1);
  const [unknown, wrong, ...rest] = output.split('\n');
  expect(unknown).toBe('ingot: INGOT_SIMNODES is no setting; it is ignored.');
  expect(wrong).toMatch(/^ingot: The image folder \S+ cannot be written: .*INGOT_IMAGE_FOLDER/);
  expect(rest).toEqual(['']);
});
