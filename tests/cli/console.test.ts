/** The terminal tied to a serial console. */
import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { attachConsole } from '../../src/cli/console.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';

let cloud: Cloud;
let id: string;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '2' });
  [id] = (await cloud.makeServers(1, 'terminal')) as [string];
});
afterAll(() => cloud.close());

async function link(): Promise<string> {
  return (await cloud.call('POST', `/admin/v1/servers/${id}/console`)).body.websocket_url;
}

async function sit(url?: string) {
  const input = new PassThrough();
  const output = new PassThrough();
  let seen = '';
  output.on('data', (bytes: Buffer) => void (seen += bytes.toString()));
  const left = attachConsole(url ?? (await link()), { input, output });
  const see = (text: string) =>
    cloud.until(
      async () => seen.includes(text),
      (isThere) => isThere,
    );
  await see('terminal login: ');
  return { input, left, see };
}

it('carries keys there and words back, and leaves by ~. at the beginning of a line', async () => {
  const { input, left, see } = await sit();
  input.write('root\r');
  await see('Password: ');
  input.write('\r');
  await see('root@terminal:~# ');
  input.write('echo a~.b\r');
  await see('\r\na~.b\r\n');
  input.write('~~home\r');
  await see('~home: command not found');
  input.write('~');
  input.write('.');
  expect(await left).toBe('You left the console.');
});

it('leaves when its input ends', async () => {
  const { input, left } = await sit();
  input.end();
  expect(await left).toBe('The console was closed.');
});

it('says so when the link was used already', async () => {
  const url = await link();
  const { input, left } = await sit(url);
  const again = attachConsole(url, { input: new PassThrough(), output: new PassThrough().resume() });
  await expect(again).rejects.toThrow('did not work');
  input.end();
  await left;
});

it('is a command', async () => {
  const child = spawn(process.execPath, ['src/cli.ts', 'server', 'console', 'terminal'], {
    env: { ...process.env, OS_AUTH_URL: `${cloud.origin}/v3`, OS_TOKEN: cloud.token },
  });
  let seen = '';
  child.stdout.on('data', (bytes: Buffer) => void (seen += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => void (seen += bytes.toString()));
  await cloud.until(
    async () => seen,
    (text) => text.includes('terminal login: ') || child.exitCode !== null,
  );
  child.stdin.write('~.');
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, seen }).toMatchObject({ code: 0, seen: expect.stringContaining('You left the console.') });
});
