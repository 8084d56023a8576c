import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { makeDriver, makeNode, purpose } from './node.ts';

it('serves many BMCs from one process, tells its counters and ends with its parent', async () => {
  const program = fileURLToPath(new URL('main.ts', import.meta.url));
  const control = await findFreePort();
  const options = ['--count', '5', '--port', '0', '--control', String(control), '--power', 'on'];
  const child = spawn(process.execPath, [program, ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  expect(line.toString()).toBe('ready\n');

  const ask = async () =>
    (await (await fetch(`http://127.0.0.1:${control}/counters`)).json()) as { port: number }[];
  const [, , , fourth] = await ask();
  await using driver = makeDriver();
  await driver.setPower(makeNode(`http://127.0.0.1:${fourth!.port}`), 'off', purpose);
  const counters = await ask();
  expect(counters).toHaveLength(5);
  expect(counters[2]).toMatchObject({ power: 'on', resets: [], requests: 0 });
  expect(counters[3]).toMatchObject({ power: 'off', resets: [{ resetType: 'ForceOff' }], sessionsPeak: 1 });

  child.stdin.end();
  expect(await exit).toEqual([0, null]);
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
