/** What a BMC's answers teach the driver for the next request. */
import { describe, expect, it } from 'vitest';
import { startRedfishServer } from '../../src/bmc-simulator/redfish-server.ts';
import { failureOf, makeDriver, makeNode, purpose } from './node.ts';

const system = '/redfish/v1/Systems/1';

describe('the driver', () => {
  it('asks for no compression, until a BMC refuses to answer without', async () => {
    const asked: unknown[] = [];
    await using server = await startRedfishServer({
      refusesIdentity: true,
      encoding: 'gzip',
      fault: ({ headers }) => void asked.push(headers['accept-encoding']),
    });
    await using driver = makeDriver();
    await driver.readPower(makeNode(server.url), purpose);
    expect(asked.filter((encoding) => encoding === 'identity')).toHaveLength(1);
  });

  it('learns that paths end in a slash', async () => {
    await using server = await startRedfishServer({ redirects: 'slash' });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    await driver.inspect(node, purpose);
    const before = server.requests.length;
    await driver.readPower(node, purpose);
    expect(server.requests.length).toBe(before + 1);
  });

  it('waits within a long reading where the BMC names a time, and goes on', async () => {
    let refusals = 0;
    await using server = await startRedfishServer({
      fault: ({ path }) =>
        path.endsWith('/Memory') && (refusals += 1) === 1
          ? { statusCode: 503, headers: { 'Retry-After': '1' } }
          : undefined,
    });
    await using driver = makeDriver();
    await driver.inspect(makeNode(server.url), purpose);
    expect(server.requests.filter((request) => request === `GET ${system}`)).toHaveLength(1);
    expect(refusals).toBe(2);
  });

  it('does not wait within a short one', async () => {
    await using server = await startRedfishServer({
      fault: ({ path }) =>
        path === system ? { statusCode: 503, headers: { 'Retry-After': '7' } } : undefined,
    });
    await using driver = makeDriver();
    const error = await failureOf(driver.readPower(makeNode(server.url), purpose));
    expect(error).toMatchObject({ kind: 'busy', retryAfterMs: 7_000 });
  });

  it('tries the next reset type only where the BMC calls one unknown and tells none', async () => {
    await using server = await startRedfishServer({
      allowables: 'absent',
      resetTypes: ['ForceOn', 'ForceOff'],
    });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    const resets = () => server.requests.filter((request) => request.endsWith('ComputerSystem.Reset')).length;
    await driver.setPower(node, 'on', purpose);
    expect(server.machine.resets).toMatchObject([{ resetType: 'ForceOn' }]);
    expect(resets()).toBe(2);
    await driver.setPower(node, 'off', purpose);
    await driver.setPower(node, 'on', purpose);
    expect(resets()).toBe(4);
  });

  it('says which part is to blame when a machine is not well', async () => {
    const chassis = '/redfish/v1/Chassis/1';
    await using server = await startRedfishServer({
      environment: 'thermal',
      fault: ({ path }) =>
        path === system
          ? {
              statusCode: 200,
              body: {
                PowerState: 'On',
                Status: { Health: 'OK', HealthRollup: 'Critical' },
                Links: { Chassis: [{ '@odata.id': chassis }] },
                Actions: { '#ComputerSystem.Reset': { target: 'x' } },
              },
            }
          : path === `${chassis}/Thermal`
            ? { statusCode: 200, body: { Fans: [{ Name: 'Fan 3', Status: { Health: 'Critical' } }] } }
            : undefined,
    });
    await using driver = makeDriver();
    expect(await driver.readHealth(makeNode(server.url), purpose)).toEqual({
      health: 'Critical',
      evidence: 'Redfish Status of the system is Critical: Fan 3 Critical',
    });
  });
});

it('finds the parts to blame also where BMCs of today have them', async () => {
  const chassis = '/redfish/v1/Chassis/1';
  const drive = `${system}/Storage/1/Drives/1`;
  const link = (path: string) => ({ '@odata.id': path });
  await using server = await startRedfishServer({
    environment: 'sensors',
    overlay: {
      [system]: {
        PowerState: 'On',
        Status: { Health: 'OK', HealthRollup: 'Critical' },
        Links: { Chassis: [link(chassis)] },
        Storage: link(`${system}/Storage`),
        Actions: { '#ComputerSystem.Reset': { target: 'x' } },
      },
      [`${chassis}/ThermalSubsystem/Fans/2`]: { Name: 'Fan 2', Status: { Health: 'Warning' } },
      [`${system}/Storage/1`]: { Status: { HealthRollup: 'Critical' }, Drives: [link(drive)] },
      [drive]: { Name: 'Bay 3', Status: { Health: 'Critical' } },
    },
  });
  await using driver = makeDriver();
  expect((await driver.readHealth(makeNode(server.url), purpose)).evidence).toBe(
    'Redfish Status of the system is Critical: Fan 2 Warning, Bay 3 Critical',
  );
});

describe('the sensors of a machine', () => {
  it.each(['thermal', 'sensors'] as const)('are read where they stand (%s)', async (environment) => {
    await using server = await startRedfishServer({ environment, power: 'on' });
    await using driver = makeDriver();
    const { parts } = await driver.inspect(makeNode(server.url), purpose);
    expect(parts?.sensors).toContainEqual(
      expect.objectContaining({ name: 'Inlet', kind: 'Temperature', units: 'Cel', reading: 24 }),
    );
  });
});
