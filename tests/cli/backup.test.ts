/** What the operations manual says of backup, and of changing the key of secrets: done with the commands it gives. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
let folder: string;
let running: ChildProcess | null = null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-backup-'));
});
afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

const environment = (data: string) => ({
  ...process.env,
  DATABASE_URL: '',
  INGOT_DATA: data,
  INGOT_PORT: '0',
  INGOT_SIM_NODES: '2',
  INGOT_LOG_LEVEL: 'silent',
});

async function serve(data: string): Promise<string> {
  const child = spawn(process.execPath, [program, 'serve'], { env: environment(data) });
  running = child;
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    const found = /serves at (\S+)/.exec(output);
    if (found) return found[1]!;
  }
  throw new Error(`it ended: ${output}`);
}

async function stop(): Promise<void> {
  if (!running || running.exitCode !== null) return;
  running.kill('SIGTERM');
  await once(running, 'exit');
  running = null;
}

/** `ingot …` against the Ingot that serves. */
function ingot(data: string, origin: string, ...words: string[]): string {
  const env = { ...environment(data), OS_AUTH_URL: `${origin}/v3` };
  return execFileSync(process.execPath, [program, ...words], { env, encoding: 'utf8' });
}

async function addRealNode(data: string, origin: string): Promise<void> {
  const env = { ...environment(data), OS_AUTH_URL: `${origin}/v3` };
  const words = ['node', 'add', 'rack7-u12', '--zone', 'eu-de-01', '--bmc-address', 'http://127.0.0.1:1'];
  execFileSync(process.execPath, [program, ...words, '--bmc-username', 'root', '--bmc-password-file', '-'], {
    env,
    input: 'calvin\n',
  });
}

it('a copy of the data folder is a whole Ingot, with everything that was known', async () => {
  const data = join(folder, 'data');
  await addRealNode(data, await serve(data));
  await stop();

  const copy = join(folder, 'copy');
  await mkdir(copy);
  execFileSync('tar', ['-C', data, '-czf', join(folder, 'backup.tar.gz'), '.']);
  await rm(data, { recursive: true });
  execFileSync('tar', ['-C', copy, '-xzf', join(folder, 'backup.tar.gz')]);

  const origin = await serve(copy);
  expect(ingot(copy, origin, 'node', 'list')).toContain('rack7-u12');
});

it('a new key is put before the old one, seals everything at the next start, and then is the only one', async () => {
  const data = join(folder, 'data');
  const keys = async () => (await readFile(join(data, 'secret.key'), 'utf8')).trim().split('\n');
  await addRealNode(data, await serve(data));
  await stop();
  const [old] = await keys();

  execFileSync(process.execPath, [program, 'key', 'rotate'], { env: environment(data) });
  expect(await keys()).toEqual([expect.not.stringMatching(old!), old]);
  const tooEarly = spawnSync(process.execPath, [program, 'key', 'drop-older'], { env: environment(data) });
  expect(tooEarly.status).toBe(1);
  expect(String(tooEarly.stderr)).toContain('what the older ones sealed would be lost');
  expect(await keys()).toHaveLength(2);
  await serve(data);
  await stop();
  execFileSync(process.execPath, [program, 'key', 'drop-older'], { env: environment(data) });
  expect(await keys()).toHaveLength(1);

  // The password of the BMC can still be opened: the BMC is away, not the key.
  const origin = await serve(data);
  expect(ingot(data, origin, 'node', 'show', 'rack7-u12')).toMatch(/the BMC could not be read/);
});
