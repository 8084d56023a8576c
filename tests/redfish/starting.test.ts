/** BMCs that are not themselves yet, and what else answers on their port. */
import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { refuse } from '../../src/bmc-simulator/reply.ts';
import { startRedfishServer } from '../../src/bmc-simulator/redfish-server.ts';
import { failureOf, makeDriver, makeNode, purpose } from './node.ts';

const system = '/redfish/v1/Systems/1';

async function serve(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a machine that was there before', () => {
  it.each([[null], [system]])('is waited for while its BMC starts and knows it not (%s)', async (named) => {
    await using server = await startRedfishServer({ power: 'on' });
    await using driver = makeDriver({ timeFactor: 1 });
    const node = makeNode(server.url, { system: named });
    await driver.readPower(node, purpose);
    server.fault = ({ path }) => (path === system ? { statusCode: 404 } : undefined);
    const error = await failureOf(driver.setPower(node, 'off', purpose));
    expect(error).toMatchObject({ kind: 'busy', retryAfterMs: 10_000 });
    expect(error.message).toContain('it was there before');
    server.fault = undefined;
    await driver.setPower(node, 'off', purpose);
    expect(server.machine.power()).toBe('off');
  });

  it('is waited for while the list of machines is empty', async () => {
    await using server = await startRedfishServer({ power: 'on' });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    await driver.readPower(node, purpose);
    server.fault = ({ path }) => {
      if (path === system) return { statusCode: 404 };
      return path.endsWith('/Systems') ? { statusCode: 200, body: { Members: [] } } : undefined;
    };
    expect(await failureOf(driver.readPower(node, purpose))).toMatchObject({ kind: 'busy' });
  });

  it('is not waited for when it never was', async () => {
    await using server = await startRedfishServer();
    await using driver = makeDriver();
    const node = makeNode(server.url, { system: '/redfish/v1/Systems/9' });
    expect(await failureOf(driver.readPower(node, purpose))).toMatchObject({ kind: 'rejected' });
  });
});

describe('a web server with a page at every path', () => {
  it('is told no password, and is a BMC once it speaks Redfish', async () => {
    let isStarting = true;
    const page = { statusCode: 200, text: { type: 'text/html', content: '<html>Please wait</html>' } };
    await using server = await startRedfishServer({
      fault: ({ method }) => (isStarting ? (method === 'GET' ? page : { statusCode: 200 }) : undefined),
    });
    await using driver = makeDriver();
    const error = await failureOf(driver.readPower(makeNode(server.url), purpose));
    expect(error).toMatchObject({ kind: 'busy', message: expect.stringContaining('else than Redfish') });
    expect(server.requests).toEqual(['GET /redfish/v1']);
    isStarting = false;
    await driver.readPower(makeNode(server.url), purpose);
    expect(server.sessions).toMatchObject({ logins: 1, count: 1 });
  });
});

describe('a session', () => {
  it('that is over is made anew, also where the BMC says so by 403', async () => {
    await using server = await startRedfishServer();
    await using driver = makeDriver();
    await driver.readPower(makeNode(server.url), purpose);
    let isOver = true;
    server.fault = ({ path }) => {
      if (path !== system || !isOver) return undefined;
      isOver = false;
      return refuse(403, 'NoValidSession', 'There is no valid session');
    };
    await driver.readPower(makeNode(server.url), purpose);
    expect(server.sessions.logins).toBe(2);
  });

  it('that is not to be had while others hold them all is waited for where Basic is off', async () => {
    await using server = await startRedfishServer({ maxSessions: 1 });
    await using other = makeDriver();
    await other.readPower(makeNode(server.url), purpose);
    let basics = 0;
    server.fault = ({ headers }) => {
      if (headers.authorization === undefined) return undefined;
      basics += 1;
      return { statusCode: 401 };
    };
    await using driver = makeDriver();
    for (let times = 0; times < 3; times += 1) {
      const error = await failureOf(driver.readPower(makeNode(server.url), purpose));
      expect(error).toMatchObject({ kind: 'busy', message: expect.stringContaining('no session left') });
    }
    expect(basics, 'more would lock the account if the password were wrong').toBe(1);
    server.sessions.forgetAll();
    await driver.readPower(makeNode(server.url), purpose);
  });

  it('that cannot be had yet is asked for again after a while, and no habit is made of it', async () => {
    let now = 0;
    const told: unknown[] = [];
    await using server = await startRedfishServer({
      fault: ({ method }) => (method === 'POST' && now === 0 ? { statusCode: 404 } : undefined),
    });
    await using driver = makeDriver({ now: () => now, onHabits: (_, news) => told.push(news) });
    await driver.readPower(makeNode(server.url), purpose);
    expect(server.sessions.logins).toBe(0);
    now = 600_001;
    await driver.readPower(makeNode(server.url), purpose);
    expect(server.sessions.logins).toBe(1);
    expect(told).toEqual([]);
  });
});

describe('an answer', () => {
  it('that never comes to its end is given up', async () => {
    await using dripping = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    await using driver = makeDriver({ answerTimeoutMs: 100 });
    const error = await failureOf(driver.readPower(makeNode(dripping.url), purpose));
    expect(error).toMatchObject({ kind: 'unreachable' });
  });

  it.each([
    ['with spaces', '/redfish/v1/Systems/Node 1'],
    ['as whole URLs', 'https://bmc.invalid/redfish/v1/Systems/Node%201'],
  ])('may have links %s', async (_, link) => {
    await using server = await startRedfishServer({ power: 'on', systemId: 'Node 1' });
    server.fault = ({ path }) =>
      path === '/redfish/v1/Systems'
        ? { statusCode: 200, body: { Members: [{ '@odata.id': link }] } }
        : undefined;
    await using driver = makeDriver();
    expect(await driver.readPower(makeNode(server.url), purpose)).toMatchObject({ power: 'on' });
  });

  it('to a command may name a monitor that is no address', async () => {
    await using server = await startRedfishServer({
      fault: ({ method, path }) =>
        method === 'POST' && path.includes('Reset')
          ? {
              statusCode: 202,
              headers: { Location: 'https://[fe80::1%eth0]/redfish/v1/TaskService/Tasks/1' },
            }
          : undefined,
    });
    await using driver = makeDriver();
    const { evidence } = await driver.setPower(makeNode(server.url), 'on', purpose);
    expect(evidence).toContain('answered 202');
  });
});
