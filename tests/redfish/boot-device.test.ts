import { describe, expect, it } from 'vitest';
import { createPreinstalled } from '../../src/boot/preinstalled.ts';
import { failureOf, makeDriver, makeNode, purpose } from './node.ts';
import { startRedfishServer, type RedfishServer } from '../../src/bmc-simulator/redfish-server.ts';

const system = '/redfish/v1/Systems/1';

const patches = (server: RedfishServer) =>
  server.requests.filter((request) => request.startsWith('PATCH')).length;

describe('the boot device', () => {
  it('holds for the next start only', async () => {
    await using server = await startRedfishServer();
    await using driver = makeDriver();
    const node = makeNode(server.url);
    await driver.setBootDevice(node, 'network', purpose);
    await driver.setPower(node, 'on', purpose);
    expect(server.machine.booted).toBe('Pxe');
    expect(server.machine.boot.BootSourceOverrideEnabled).toBe('Disabled');
  });

  it('is set at once the second time, with the form of the ETag that worked', async () => {
    await using server = await startRedfishServer({ etags: 'demanded-bare' });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    await driver.setBootDevice(node, 'network', purpose);
    expect(patches(server)).toBe(2);
    await driver.setBootDevice(node, 'cd', purpose);
    expect(patches(server)).toBe(3);
    expect(server.machine.boot.BootSourceOverrideTarget).toBe('Cd');
  });

  it('is not believed before it reads back', async () => {
    await using server = await startRedfishServer({
      fault: ({ method }) => (method === 'PATCH' ? { statusCode: 204 } : undefined),
    });
    await using driver = makeDriver();
    const error = await failureOf(driver.setBootDevice(makeNode(server.url), 'network', purpose));
    expect(error).toMatchObject({ kind: 'busy' });
    expect(error.message).toContain('reads back None, Disabled');
  });

  it('is refused without asking when the machine does not offer it', async () => {
    const boot = {
      BootSourceOverrideTarget: 'None',
      'BootSourceOverrideTarget@Redfish.AllowableValues': ['Hdd'],
    };
    await using server = await startRedfishServer({
      overlay: { [system]: { Boot: boot, Actions: { '#ComputerSystem.Reset': {} } } },
    });
    await using driver = makeDriver();
    const error = await failureOf(driver.setBootDevice(makeNode(server.url), 'network', purpose));
    expect(error).toMatchObject({ kind: 'unsupported' });
    expect(patches(server)).toBe(0);
  });

  it('is sent without a mode where the machine shows none', async () => {
    let sent: unknown = null;
    const boot = { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once' };
    await using server = await startRedfishServer({
      overlay: { [system]: { Boot: boot, Actions: { '#ComputerSystem.Reset': {} } } },
      fault: ({ method, body }) => (method === 'PATCH' ? ((sent = body), { statusCode: 204 }) : undefined),
    });
    await using driver = makeDriver();
    await driver.setBootDevice(makeNode(server.url), 'network', purpose);
    expect(sent).toEqual({ Boot: boot });
  });
});

describe('the ladder of boot overrides', () => {
  it('is climbed once; the rung that held is tried first afterwards', async () => {
    await using server = await startRedfishServer({
      bootIn: 'settings',
      bootMode: 'absent',
      etags: 'refused',
    });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    await driver.setBootDevice(node, 'network', purpose);
    const before = patches(server);
    await driver.setBootDevice(node, 'network', purpose);
    expect(patches(server)).toBe(before + 1);
  });

  it('gives up on a BMC that takes an override and never shows it, and says so', async () => {
    await using server = await startRedfishServer({ bootOnce: 'ignored' });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    for (const kind of ['busy', 'busy', 'unsupported']) {
      expect(await failureOf(driver.setBootDevice(node, 'network', purpose))).toMatchObject({ kind });
    }
  });

  it('waits for the end of POST as long as the vendor needs', async () => {
    await using server = await startRedfishServer({
      bootRefusedInPost: true,
      postMs: 3_600_000,
      vendor: 'HPE',
    });
    await using driver = makeDriver({ timeFactor: 1 });
    const node = makeNode(server.url);
    await driver.setPower(node, 'on', purpose);
    const error = await failureOf(driver.setBootDevice(node, 'network', purpose));
    expect(error).toMatchObject({ kind: 'busy', retryAfterMs: 5_000 });
  });
});

describe('a node without network boot', () => {
  const order = {
    imageId: 'i',
    imageName: 'i',
    hostname: 'h',
    userData: null,
    publicKeys: [],
    adminPasswordHash: null,
  };

  it('keeps its preinstalled system and says so', async () => {
    await using server = await startRedfishServer({ power: 'on' });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    const installer = createPreinstalled(driver);
    const { evidence } = await installer.beginDeploy(node, order, purpose);
    expect(evidence).toContain('preinstalled system kept; nothing was written');
    expect(await installer.readDeploy(node, purpose)).toMatchObject({ status: 'done' });
    await driver.setPower(node, 'on', purpose);
    expect(server.machine.booted).toBe('Hdd');
  });

  it('fails to be wiped, so that it does not go to the next tenant', async () => {
    await using driver = makeDriver();
    const node = makeNode('http://127.0.0.1:1');
    const installer = createPreinstalled(driver);
    await installer.beginWipe(node, purpose);
    expect(await installer.readWipe(node, purpose)).toMatchObject({
      status: 'failed',
      evidence: 'Disks were not wiped: wiping needs network boot, which this node does not have',
    });
  });
});
