/** `ingot record` and the replay of what it wrote, and of mock-ups in DMTF's layout. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { toSettings } from '../../src/bmc-simulator/personalities.ts';
import { readTree, toReplay } from '../../src/bmc-simulator/replay.ts';
import { startRedfishServer, type RedfishServer } from '../../src/bmc-simulator/redfish-server.ts';
import { inTime } from '../../src/bmc-simulator/settings.ts';
import { conformance } from '../../src/drivers/conformance.ts';
import { makeDriver, makeNode, purpose } from './node.ts';
import { makeSubject } from './subject.ts';

const folder = mkdtempSync(join(tmpdir(), 'ingot-recording-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function record(server: RedfishServer, options: { keepsIdentity?: boolean; most?: number } = {}) {
  await using driver = makeDriver();
  const asked = { most: 1_000, keepsIdentity: false, salt: 'salt', ...options };
  const tree = await driver.record(makeNode(server.url).bmc, asked); // before the driver is closed
  return tree;
}

function write(resources: object): string {
  const file = join(folder, `${Object.keys(resources).length}.json`);
  writeFileSync(file, JSON.stringify({ resources }));
  return file;
}

describe('a recording', () => {
  it('has every resource that links lead to, and nothing that identifies or opens the machine', async () => {
    await using server = await startRedfishServer({ serial: 'SECRET-42', power: 'on' });
    const tree = await record(server);
    expect(Object.keys(tree)).toEqual(
      expect.arrayContaining([
        '/redfish/v1/Systems/1/Memory/DIMM4',
        '/redfish/v1/Systems/1/Storage/1/Drives/1',
        '/redfish/v1/UpdateService/FirmwareInventory/BIOS',
        '/redfish/v1/Managers/BMC/LogServices/SEL/Entries',
      ]),
    );
    const text = JSON.stringify(tree);
    const { facts } = server.machine;
    for (const known of ['SECRET-42', facts.uuid, ...facts.nics.map(({ mac }) => mac), 'correct horse']) {
      expect(text.toLowerCase()).not.toContain(known.toLowerCase());
    }
    expect(text).toContain('1.2.3'); // a version is no address
    expect(tree['/redfish/v1/Systems/1']?.['SerialNumber']).toBe(
      tree['/redfish/v1/Chassis/1']?.['SerialNumber'],
    );
    expect(
      server.requests.every((request) => /^(GET |POST .*\/Sessions$|DELETE .*\/Sessions\/)/.test(request)),
    ).toBe(true);
  });

  it('keeps identities where that is asked for', async () => {
    await using server = await startRedfishServer({ serial: 'KEPT-42' });
    expect(JSON.stringify(await record(server, { keepsIdentity: true }))).toContain('KEPT-42');
  });

  it('ends where it is told to', async () => {
    await using server = await startRedfishServer();
    expect(Object.keys(await record(server, { most: 5 }))).toHaveLength(5);
  });
});

describe('the replay', () => {
  it('of a mock-up folder shows its resources', async () => {
    const mockup = join(folder, 'mockup');
    const resources = {
      'index.json': { Systems: { '@odata.id': '/redfish/v1/Systems' } },
      'Systems/index.json': { Members: [{ '@odata.id': '/redfish/v1/Systems/A' }] },
      'Systems/A/index.json': {
        PowerState: 'On',
        Model: 'Mock 7',
        Actions: { '#ComputerSystem.Reset': { target: '/redfish/v1/Systems/A/Actions/Reset' } },
      },
    };
    for (const [path, body] of Object.entries(resources)) {
      mkdirSync(dirname(join(mockup, path)), { recursive: true });
      writeFileSync(join(mockup, path), JSON.stringify(body));
    }
    await using server = await startRedfishServer({ replay: toReplay(readTree(mockup)) });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    expect(await driver.inspect(node, purpose)).toMatchObject({ model: 'Mock 7' });
    await driver.setPower(node, 'on', purpose);
    expect(server.machine.resets).toMatchObject([{ resetType: 'On' }]);
  });

  it('says what is no recording', () => {
    expect(() => readTree(write({}))).toThrow('is no recording');
    expect(() => readTree(folder)).toThrow('is no mock-up');
  });
});

for (const name of ['idrac', 'ilo', 'ami'] as const) {
  conformance(`Redfish, recorded from ${name} and replayed,`, async () => {
    await using server = await startRedfishServer({ ...inTime(toSettings(name), 0), busyShare: 0 });
    return await makeSubject({ replay: toReplay(readTree(write(await record(server)))) });
  });
}
