import { describe, expect, it } from 'vitest';
import { failureOf, makeDriver, makeNode, purpose } from './node.ts';
import { startRedfishServer } from '../../src/bmc-simulator/redfish-server.ts';
import { refuse } from '../../src/bmc-simulator/reply.ts';

const sessions = '/redfish/v1/SessionService/Sessions';

/** Holds an answer back until it is opened. */
function gate() {
  const [arrival, opening] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  return {
    reached: arrival.promise,
    open: () => opening.resolve(),
    pass: async (): Promise<undefined> => {
      arrival.resolve();
      await opening.promise;
    },
  };
}

describe('the session with a BMC', () => {
  it('is made once, used for everything and ended on close', async () => {
    await using server = await startRedfishServer();
    const driver = makeDriver();
    const node = makeNode(server.url);
    await Promise.all([driver.readPower(node, purpose), driver.inspect(node, purpose)]);
    await driver.readPower(node, purpose);
    expect(server.sessions).toMatchObject({ logins: 1, count: 1 });
    await driver.close();
    expect(server.sessions.count).toBe(0);
  });

  it('is ended on close although the BMC is busy just then', async () => {
    await using server = await startRedfishServer();
    const driver = makeDriver();
    await driver.readPower(makeNode(server.url), purpose);
    let refused = 0;
    server.fault = ({ method }) => {
      if (method !== 'DELETE' || refused === 2) return undefined;
      refused += 1;
      return { statusCode: 503, headers: { 'retry-after': '0' } };
    };
    await driver.close();
    expect(refused).toBe(2);
    expect(server.sessions.count).toBe(0);
  });

  it('is ended on close although the BMC hung up on the first try, whether it had ended it or not', async () => {
    for (const hasEnded of [false, true]) {
      await using server = await startRedfishServer();
      const driver = makeDriver();
      await driver.readPower(makeNode(server.url), purpose);
      let asked = 0;
      server.fault = ({ method }) => {
        if (method !== 'DELETE') return undefined;
        asked += 1;
        if (asked > 1) return undefined;
        if (hasEnded) server.sessions.forgetAll();
        return 'drop';
      };
      await driver.close();
      expect(asked).toBe(2);
      expect(server.sessions.count).toBe(0);
    }
  });

  it('is ended on close although logging in was answered only then', async () => {
    await using server = await startRedfishServer();
    const driver = makeDriver();
    const login = gate();
    server.fault = ({ method }) => (method === 'POST' ? login.pass() : undefined);
    const reading = driver.readPower(makeNode(server.url), purpose).catch(() => null);
    await login.reached;
    const closed = driver.close();
    login.open();
    await Promise.all([closed, reading]);
    expect(server.sessions).toMatchObject({ logins: 1, count: 0 });
  });

  it('is not made anew by what is still under way on close', async () => {
    await using server = await startRedfishServer({ power: 'on' });
    const driver = makeDriver();
    const node = makeNode(server.url);
    await driver.readPower(node, purpose);
    const [command, goodbye] = [gate(), gate()];
    server.fault = async ({ method }) => {
      if (method === 'DELETE') return goodbye.pass();
      if (method !== 'PATCH') return undefined;
      await command.pass();
      return { statusCode: 400 }; // which makes the driver try the next way of saying it
    };
    const switched = Promise.allSettled([driver.setBootDevice(node, 'network', purpose)]);
    await command.reached;
    const closed = driver.close();
    await goodbye.reached;
    command.open();
    await switched;
    goodbye.open();
    await closed;
    expect(server.sessions).toMatchObject({ logins: 1, count: 0 });
  });

  it('of an account that was put aside is ended before the driver is closed', async () => {
    await using server = await startRedfishServer();
    const driver = makeDriver();
    await driver.readPower(makeNode(server.url), purpose);
    const goodbye = gate();
    let refused = 0;
    server.fault = async ({ method }) => {
      if (method !== 'DELETE') return undefined;
      await goodbye.pass();
      refused += 1;
      return refused === 1 ? { statusCode: 503, headers: { 'retry-after': '0' } } : undefined;
    };
    await failureOf(driver.readPower(makeNode(server.url, { password: 'battery staple' }), purpose));
    await goodbye.reached;
    const closed = driver.close();
    goodbye.open();
    await closed;
    expect(server.sessions.count).toBe(0);
  });

  it('is ended on close although the BMC keeps every other request waiting', async () => {
    await using server = await startRedfishServer();
    const driver = makeDriver();
    const node = makeNode(server.url);
    await driver.readPower(node, purpose);
    const readings = [gate(), gate()];
    let held = 0;
    server.fault = ({ method }) => (method === 'GET' ? readings[held++]!.pass() : undefined);
    const waiting = Promise.allSettled([driver.readPower(node, purpose), driver.inspect(node, purpose)]);
    await Promise.all(readings.map(({ reached }) => reached));
    await driver.close();
    expect(server.sessions.count).toBe(0);
    await waiting;
    for (const { open } of readings) open();
  });

  it('is made anew when the BMC forgot it, without losing the command', async () => {
    await using server = await startRedfishServer({ power: 'on' });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    await driver.readPower(node, purpose);
    server.fault = ({ method }) => {
      if (method === 'POST' && server.sessions.logins === 1) server.sessions.forgetAll();
      return undefined;
    };
    await driver.setPower(node, 'off', purpose);
    expect(server.machine.resets).toMatchObject([{ resetType: 'ForceOff' }]);
    expect(server.sessions).toMatchObject({ logins: 2, count: 1 });
  });

  it('that the BMC forgets again and again is no refused login', async () => {
    await using server = await startRedfishServer({ power: 'on' });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    await driver.readPower(node, purpose);
    let forgotten = 0;
    const forget = (most: number) => {
      forgotten = 0;
      server.fault = ({ path }) => {
        if (!path.startsWith('/redfish/v1/Systems') || forgotten >= most) return undefined;
        forgotten += 1;
        server.sessions.forgetAll();
        return undefined;
      };
    };
    forget(2);
    await expect(driver.readPower(node, purpose)).resolves.toMatchObject({ power: 'on' });
    expect(forgotten).toBe(2);
    forget(Infinity);
    for (let times = 0; times < 3; times += 1) {
      expect(await failureOf(driver.readPower(node, purpose))).toMatchObject({ kind: 'busy' });
    }
    forget(0);
    await expect(driver.readPower(node, purpose), 'the account was not held').resolves.toBeTruthy();
  });

  it.each([404, 405, 501])(
    'gives way to Basic where logging in is answered %i, and that is remembered',
    async (statusCode) => {
      let logins = 0;
      await using server = await startRedfishServer({
        fault: ({ method, path }) => {
          if (method !== 'POST' || path !== sessions) return undefined;
          logins += 1;
          return { statusCode };
        },
      });
      await using driver = makeDriver();
      const node = makeNode(server.url);
      await driver.readPower(node, purpose);
      await driver.readPower(node, purpose);
      expect(logins).toBe(1);
    },
  );

  it('gives way to Basic for a while when others took all sessions', async () => {
    let now = Date.now();
    await using server = await startRedfishServer({ maxSessions: 1 });
    await using driver = makeDriver({ now: () => now });
    const other = server.sessions.open();
    const node = makeNode(server.url);
    await driver.readPower(node, purpose);
    expect(server.sessions.logins).toBe(2);
    server.sessions.end(other!.id);
    await driver.readPower(node, purpose);
    expect(server.sessions.logins).toBe(2);
    now += 600_000;
    await driver.readPower(node, purpose);
    expect(server.sessions).toMatchObject({ logins: 3, count: 1 });
  });
});

describe('a password that must be changed first', () => {
  it('is told plainly, and does not count as a refused login', async () => {
    await using server = await startRedfishServer({ mustChangePassword: true });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    for (let times = 0; times < 3; times += 1) {
      const error = await failureOf(driver.readPower(node, purpose));
      expect(error).toMatchObject({ kind: 'denied' });
      expect(error.message).toContain('wants the password of this account changed');
    }
  });

  it('can be changed, and then everything is answered', async () => {
    await using server = await startRedfishServer({ mustChangePassword: true });
    await using driver = makeDriver();
    await driver.setPassword(makeNode(server.url), 'battery staple', purpose);
    const node = makeNode(server.url, { password: 'battery staple' });
    await expect(driver.readPower(node, purpose)).resolves.toMatchObject({ power: 'off' });
  });
});

describe('a root without links', () => {
  it.each(['sessions', 'basic'] as const)('leads in all the same (%s)', async (authentication) => {
    const root = { RedfishVersion: '1.6.0', Vendor: 'Examplar' };
    await using server = await startRedfishServer({ authentication, overlay: { '/redfish/v1': root } });
    await using driver = makeDriver();
    await driver.readPower(makeNode(server.url), purpose);
    await driver.readPower(makeNode(server.url), purpose);
    expect(server.sessions.logins).toBe(authentication === 'sessions' ? 1 : 0);
  });
});

describe('a closed driver', () => {
  it('opens no session any more', async () => {
    await using server = await startRedfishServer();
    const driver = makeDriver();
    await driver.close();
    expect(await failureOf(driver.readPower(makeNode(server.url), purpose))).toMatchObject({
      kind: 'unreachable',
    });
    expect(server.requests).toEqual([]);
  });
});

describe('wrong credentials', () => {
  it.each(['sessions', 'basic'] as const)(
    'reach the BMC twice and never again (%s)',
    async (authentication) => {
      let now = Date.now();
      await using server = await startRedfishServer({ authentication });
      await using driver = makeDriver({ now: () => now });
      const node = makeNode(server.url, { password: 'battery staple' });
      await failureOf(driver.readPower(node, purpose));
      await failureOf(driver.readPower(node, purpose));
      const asked = server.requests.length;
      const { message, kind } = await failureOf(driver.readPower(node, purpose));
      expect(kind).toBe('denied');
      expect(message).toContain('lest it lock the account');
      expect(server.requests.length).toBe(asked);

      now += 3_600_000;
      await failureOf(driver.readPower(node, purpose));
      expect(server.requests.length).toBeGreaterThan(asked);
    },
  );

  it('are forgotten as soon as other credentials are given', async () => {
    await using server = await startRedfishServer();
    await using driver = makeDriver();
    const wrong = makeNode(server.url, { password: 'battery staple' });
    for (let times = 0; times < 3; times += 1) await failureOf(driver.readPower(wrong, purpose));
    await expect(driver.readPower(makeNode(server.url), purpose)).resolves.toMatchObject({ power: 'off' });
    await failureOf(driver.readPower(wrong, purpose));
    expect(server.sessions.logins).toBe(1);
  });

  it('are not suspected when the BMC is merely busy', async () => {
    await using server = await startRedfishServer({
      fault: ({ path, method }) =>
        path === sessions && method === 'POST'
          ? refuse(503, 'ServiceTemporarilyUnavailable', 'Later')
          : undefined,
    });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    for (let times = 0; times < 3; times += 1) {
      expect(await failureOf(driver.readPower(node, purpose))).toMatchObject({ kind: 'busy' });
    }
    server.fault = undefined;
    await expect(driver.readPower(node, purpose)).resolves.toMatchObject({ power: 'off' });
  });
});
