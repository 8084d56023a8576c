import { describe, expect, it } from 'vitest';
import { failureOf, makeDriver, makeNode, purpose } from './node.ts';
import { startRedfishServer, type RedfishServerOptions } from '../../src/bmc-simulator/redfish-server.ts';
import { refuse, type Json } from '../../src/bmc-simulator/reply.ts';

const system = '/redfish/v1/Systems/1';
const resetPath = `${system}/Actions/ComputerSystem.Reset`;

async function begin(options: RedfishServerOptions) {
  const server = await startRedfishServer(options);
  const driver = makeDriver({ timeFactor: 1 });
  const dispose = () => Promise.all([driver.close(), server.close()]).then(() => {});
  return { server, driver, node: makeNode(server.url), [Symbol.asyncDispose]: dispose };
}

describe('readings of power', () => {
  it.each([
    ['On', 'on'],
    ['Off', 'off'],
    ['PoweringOn', 'off'],
    ['PoweringOff', 'on'],
    ['Paused', 'on'],
    ['on', 'on'],
  ])('take %s for %s', async (PowerState, power) => {
    await using bench = await begin({
      overlay: { [system]: { PowerState, Actions: { '#ComputerSystem.Reset': {} } } },
    });
    await expect(bench.driver.readPower(bench.node, purpose)).resolves.toMatchObject({ power });
  });

  it.each([null, undefined, '', 'Unknown', 7])('do not guess what %s means', async (PowerState) => {
    await using bench = await begin({
      overlay: { [system]: { PowerState, Actions: { '#ComputerSystem.Reset': {} } } },
    });
    expect(await failureOf(bench.driver.readPower(bench.node, purpose))).toMatchObject({ kind: 'busy' });
  });

  it('are repeated once when the line broke', async () => {
    let drops = 0;
    await using bench = await begin({
      fault: ({ path }) => (path === system && (drops += 1) === 1 ? 'drop' : undefined),
    });
    await expect(bench.driver.readPower(bench.node, purpose)).resolves.toMatchObject({ power: 'off' });
  });
});

describe('a reset', () => {
  it('is never repeated when the line broke, for it may have been carried out', async () => {
    await using bench = await begin({
      power: 'on',
      fault: ({ method, path }, server) => {
        if (method !== 'POST' || path !== resetPath) return undefined;
        server.machine.reset('ForceOff');
        return 'drop';
      },
    });
    const error = await failureOf(bench.driver.setPower(bench.node, 'off', purpose));
    expect(error).toMatchObject({ kind: 'unreachable', canRepeat: true });
    expect(error.message).toContain('whether it was carried out is not known');
    expect(
      bench.server.requests.filter((request) => request.startsWith('POST') && request.endsWith('Reset')),
    ).toHaveLength(1);
    await expect(bench.driver.setPower(bench.node, 'off', purpose)).resolves.toMatchObject({ lookInMs: 0 });
  });

  it.each([400, 409])(
    'answered %i is a success when the state turns out to be reached',
    async (statusCode) => {
      await using bench = await begin({
        power: 'on',
        fault: ({ method, path }, server) => {
          if (method !== 'POST' || path !== resetPath) return undefined;
          server.machine.forcePower('off');
          return refuse(statusCode, 'ActionParameterValueConflict', 'It is off');
        },
      });
      const { evidence } = await bench.driver.setPower(bench.node, 'off', purpose);
      expect(evidence).toBe(`ResetType ForceOff was answered ${statusCode}, but Redfish PowerState is Off`);
    },
  );

  it.each([
    [409, 'ActionParameterValueConflict', 'busy'],
    [400, 'SYS518', 'busy'],
    [400, 'iLO.2.15.InvalidOperationForSystemState', 'busy'],
    [503, 'ServiceTemporarilyUnavailable', 'busy'],
    [500, 'InternalError', 'busy'],
    [400, 'ActionParameterNotSupported', 'rejected'],
    [403, 'InsufficientPrivilege', 'denied'],
    [501, 'ActionNotSupported', 'unsupported'],
  ])('answered %i %s is %s', async (statusCode, id, kind) => {
    await using bench = await begin({
      fault: ({ method, path }) =>
        method === 'POST' && path === resetPath ? refuse(statusCode, id, 'No') : undefined,
    });
    const error = await failureOf(bench.driver.setPower(bench.node, 'on', purpose));
    expect(error).toMatchObject({ kind });
    expect(error.message).toContain(id);
  });

  it('waits as long between tries as the vendor needs', async () => {
    await using bench = await begin({
      vendor: 'Dell',
      fault: ({ method, path }) =>
        path === resetPath && method === 'POST' ? refuse(409, 'Conflict', 'Too soon') : undefined,
    });
    expect(await failureOf(bench.driver.setPower(bench.node, 'on', purpose))).toMatchObject({
      retryAfterMs: 10_000,
    });
  });

  it('presses the power button only when the machine is surely off', async () => {
    await using bench = await begin({ resetTypes: ['PushPowerButton'], power: 'on' });
    expect(await failureOf(bench.driver.setPower(bench.node, 'off', purpose))).toMatchObject({
      kind: 'unsupported',
    });
    bench.server.machine.forcePower('off');
    await bench.driver.setPower(bench.node, 'on', purpose);
    expect(bench.server.machine.resets).toMatchObject([{ resetType: 'PushPowerButton' }]);
  });

  it('follows a redirect with the same method', async () => {
    const moved = `${resetPath}/moved`;
    await using bench = await begin({
      fault: ({ method, path }, server) => {
        if (path === resetPath) return { statusCode: 308, headers: { Location: moved } };
        if (path !== moved || method !== 'POST') return undefined;
        server.machine.reset('On');
        return { statusCode: 204 };
      },
    });
    await bench.driver.setPower(bench.node, 'on', purpose);
    expect(bench.server.machine.power()).toBe('on');
  });

  it('goes in circles no more than five times', async () => {
    await using bench = await begin({
      fault: ({ path }) =>
        path === resetPath ? { statusCode: 307, headers: { Location: resetPath } } : undefined,
    });
    expect(await failureOf(bench.driver.setPower(bench.node, 'on', purpose))).toMatchObject({
      kind: 'rejected',
    });
    expect(bench.server.requests.filter((request) => request.endsWith('Reset'))).toHaveLength(6);
  });
});

describe('a task', () => {
  it('tells when to look', async () => {
    await using bench = await begin({ tasks: { retryAfterSeconds: 3, end: 'completed', looks: 5 } });
    const { lookInMs } = await bench.driver.setPower(bench.node, 'on', purpose);
    expect(lookInMs).toBe(3_000);
  });

  it('that failed at once is not waited for', async () => {
    await using bench = await begin({ tasks: { retryAfterSeconds: 1, end: 'exception', looks: 0 } });
    const error = await failureOf(bench.driver.setPower(bench.node, 'on', purpose));
    expect(error).toMatchObject({ kind: 'rejected' });
    expect(error.message).toContain('Exception');
  });
});

describe('Retry-After', () => {
  const inFiveSeconds = (date: string) => ({
    'Retry-After': new Date(Date.parse(date) + 5_000).toUTCString(),
    Date: date,
  });

  it.each([
    ['in seconds', { 'Retry-After': '5' }],
    ['as a date by the clock of the BMC', inFiveSeconds('Thu, 01 Jan 1970 00:10:00 GMT')],
  ])('%s is honoured by every call', async (_, headers) => {
    let now = Date.now();
    await using server = await startRedfishServer({
      fault: ({ path }) =>
        path === system ? refuse(503, 'ServiceTemporarilyUnavailable', 'Later', headers) : undefined,
    });
    await using driver = makeDriver({ now: () => now });
    const node = makeNode(server.url);
    expect(await failureOf(driver.readPower(node, purpose))).toMatchObject({
      kind: 'busy',
      retryAfterMs: 5_000,
    });
    const asked = server.requests.length;
    now += 2_000;
    expect(await failureOf(driver.setPower(node, 'on', purpose))).toMatchObject({
      kind: 'busy',
      retryAfterMs: 3_000,
    });
    expect(server.requests.length).toBe(asked);
    now += 3_000;
    server.fault = undefined;
    await expect(driver.readPower(node, purpose)).resolves.toMatchObject({ power: 'off' });
  });
});

describe('error bodies', () => {
  it.each<[string, Json]>([
    ['an object where a list belongs', { error: { '@Message.ExtendedInfo': { MessageId: 'SYS518' } } }],
    ['nothing but a code', { error: { code: 'IDRAC.SYS518', message: 'Not ready' } }],
    ['the list at the top', { '@Message.ExtendedInfo': [{ MessageId: 'SYS518' }] }],
  ])('are read when they hold %s', async (_, body) => {
    await using bench = await begin({
      fault: ({ path }) => (path === resetPath ? { statusCode: 400, body } : undefined),
    });
    expect(await failureOf(bench.driver.setPower(bench.node, 'on', purpose))).toMatchObject({ kind: 'busy' });
  });
});
