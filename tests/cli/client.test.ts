/** How the command's client speaks to an Ingot that has too much to do. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createClient } from '../../src/cli/client.ts';

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** Answers 429 so many times, then as it is asked. */
async function startBusy(refusals: number, retryAfter: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    asked.push(`${request.method} ${request.url}`);
    if (asked.length <= refusals) {
      response.writeHead(429, { 'retry-after': retryAfter });
      response.end(JSON.stringify({ error: { message: 'The service is overloaded.' } }));
      return;
    }
    response.writeHead(200, { 'x-subject-token': 'a token' }).end('{"nodes":[]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const account = { username: 'admin', password: 'secret', userDomain: 'admin', projectDomain: 'admin' };
  const client = createClient({
    ...account,
    project: 'admin',
    token: null,
    caFile: null,
    authUrl: `${origin}/v3`,
    endpoint: origin,
  });
  return { asked, client };
}

it('comes again when it is asked to, also at the login', async () => {
  const { asked, client } = await startBusy(2, '0');
  await client.ask('POST', '/admin/v1/nodes', {});
  expect(asked).toEqual([...Array<string>(3).fill('POST /v3/auth/tokens'), 'POST /admin/v1/nodes']);
});

it('does not wait for minutes, nor send a stream twice', async () => {
  const { client } = await startBusy(1, '600');
  await expect(client.ask('GET', '/admin/v1/nodes')).rejects.toThrow('overloaded');
  const busy = await startBusy(3, '0');
  await busy.client.ask('GET', '/admin/v1/nodes');
  busy.asked.length = 0;
  const bytes = (async function* () {
    yield Buffer.from('disk');
  })();
  await expect(busy.client.upload('/image/v2/images/1/file', bytes, {})).rejects.toThrow('overloaded');
  expect(busy.asked).toHaveLength(1);
});
