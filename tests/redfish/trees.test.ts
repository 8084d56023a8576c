/**
 * Shapes that real BMCs show and our test BMC does not. The trees are ours; what is odd in them was seen in the DMTF
 * mock-ups (DSP2043: rackmount, bladed, composed and telemetry), in sushy's recorded answers and at the vendors named
 * in the driver.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { failureOf, makeDriver, makeNode, purpose } from './node.ts';
import {
  startRedfishServer,
  type Json,
  type RedfishServerOptions,
} from '../../src/bmc-simulator/redfish-server.ts';

function serve(name: string, options: RedfishServerOptions = {}) {
  const overlay = JSON.parse(readFileSync(new URL(`trees/${name}.json`, import.meta.url), 'utf8')) as Record<
    string,
    Json
  >;
  return startRedfishServer({ overlay, ...options });
}

describe('a rack server', () => {
  it('is inspected with simple storage, an empty socket, an FPGA and a MAC that was changed', async () => {
    await using server = await serve('rackmount');
    await using driver = makeDriver();
    const { parts: _parts, ...inventory } = await driver.inspect(makeNode(server.url), purpose);
    expect(inventory).toEqual({
      manufacturer: 'Examplar',
      model: 'R7',
      serialNumber: 'RACK7',
      systemUuid: '00000000-0000-4000-8000-000000000007',
      cpuCores: 12,
      cpuModel: 'Example CPU 7',
      memoryMib: 98_304,
      disks: [
        { name: 'SATA Bay 1', sizeGb: 8000, kind: 'unknown' },
        { name: 'SATA Bay 2', sizeGb: 4000, kind: 'unknown' },
      ],
      nics: [
        { name: 'A', mac: '02:00:5e:00:00:0a', speedMbps: 1000 },
        { name: 'B', mac: '02:00:5e:00:00:0b', speedMbps: null },
      ],
      biosVersion: 'P7 1.4',
      bmcVersion: '1.45',
      health: 'Warning',
    });
  });
});

describe('the parts of a machine', () => {
  it('are read from system, chassis and update service, old shapes and new', async () => {
    await using server = await serve('parts');
    await using driver = makeDriver();
    const { parts } = await driver.inspect(makeNode(server.url), purpose);
    expect(parts).toEqual({
      processors: [
        {
          name: 'CPU 1',
          manufacturer: 'Examplar',
          model: 'Example CPU 9',
          totalCores: 32,
          totalEnabledCores: 30,
          totalThreads: 64,
          maxSpeedMhz: 3500,
          serialNumber: 'C-1',
          health: 'OK',
          state: 'Enabled',
        },
      ],
      memory: [
        {
          name: 'DIMM A1',
          manufacturer: 'Examplar',
          memoryDeviceType: 'DDR5',
          capacityMib: 65_536,
          allowedSpeedMhz: 5600,
          operatingSpeedMhz: 4800,
          rankCount: 2,
          serialNumber: 'M-1',
          partNumber: 'P-1',
          position: 'A1',
        },
      ],
      networkAdapters: [
        {
          name: 'Adapter 1',
          model: 'Two ports',
          manufacturer: 'Examplar',
          position: 'Slot 3',
          firmwareVersion: '22.1',
          health: 'OK',
          networkPorts: [
            {
              physicalPortNumber: '1',
              linkStatus: 'LinkUp',
              activeLinkTechnology: 'Ethernet',
              portMaxSpeed: '25 Gbps',
              permanentMacAddress: '02:00:5e:00:01:01',
            },
            { physicalPortNumber: '2', linkStatus: 'Down', permanentMacAddress: '02:00:5e:00:01:02' },
          ],
        },
      ],
      storageControllers: [
        {
          name: 'RAID card',
          model: 'R1',
          manufacturer: 'Examplar',
          firmwareVersion: '5.2',
          health: 'OK',
          state: 'Enabled',
          supportedRaidLevels: ['RAID0', 'RAID1'],
          drives: ['Bay 1', 'Bay 2'],
          volumes: [
            {
              name: 'System',
              volumeRaidLevel: 'RAID1',
              capacityBytes: 960e9,
              status: { state: 'Enabled', health: 'Warning' },
              drives: [
                {
                  id: '1',
                  name: 'Bay 1',
                  model: 'S1',
                  serialNumber: 'D-1',
                  mediaType: 'SSD',
                  protocol: 'SATA',
                  capacityBytes: 960e9,
                  predictedMediaLifeLeftPercent: 91,
                },
              ],
            },
          ],
        },
      ],
      fans: [
        { name: 'Fan 1', reading: 6200, readingUnits: 'RPM', status: { state: 'Enabled', health: 'OK' } },
        { name: 'Fan 2', status: {} },
      ],
      powers: [
        {
          name: 'Supply 1',
          model: 'PS900',
          powerSupplyType: 'AC',
          serialNumber: 'P-1',
          firmwareVersion: '1.1',
          status: 'OK',
          powerCapacityWatts: 900,
          lineInputVoltage: 229,
        },
      ],
      firmware: [{ componentName: 'BIOS', manufacturer: 'Examplar', version: 'U9 2.0' }],
      sensors: [],
    });
  });
});

describe('a chassis with blades', () => {
  it('gives the first physical blade when none is named, and any other by its path', async () => {
    await using server = await serve('bladed');
    await using driver = makeDriver();
    const second = makeNode(server.url, { system: '/redfish/v1/Systems/BLADE2' });
    await expect(driver.readPower(second, purpose)).resolves.toMatchObject({ power: 'on' });
    await expect(driver.readPower(makeNode(server.url), purpose)).resolves.toMatchObject({ power: 'off' });
    await expect(driver.readPower(second, purpose)).resolves.toMatchObject({ power: 'on' });
  });

  it('is inspected with memory modules and with drives that stand under the chassis', async () => {
    await using server = await serve('bladed');
    await using driver = makeDriver();
    expect(await driver.inspect(makeNode(server.url), purpose)).toMatchObject({
      serialNumber: 'BLADE1',
      cpuCores: 2,
      memoryMib: 65_536,
      disks: [
        { name: 'Bay 1', sizeGb: 960, kind: 'ssd' },
        { name: 'Bay 2', sizeGb: 1200, kind: 'hdd' },
      ],
      nics: [],
      biosVersion: null,
      bmcVersion: '2.0.1',
      health: 'Unknown',
    });
  });

  it('looks for its blade again when the path is gone, as after an update of the BMC', async () => {
    await using server = await serve('bladed');
    await using driver = makeDriver();
    const node = makeNode(server.url);
    await driver.readPower(node, purpose);
    const links = [{ '@odata.id': '/redfish/v1/Systems/BLADE2' }];
    server.fault = ({ path }) => {
      if (path.endsWith('BLADE1')) return { statusCode: 404 };
      return path.endsWith('/Systems') ? { statusCode: 200, body: { Members: links } } : undefined;
    };
    await expect(driver.readPower(node, purpose)).resolves.toMatchObject({ power: 'on' });
  });

  it('takes no other blade for it while it is listed', async () => {
    await using server = await serve('bladed');
    await using driver = makeDriver();
    const node = makeNode(server.url);
    const { power } = await driver.readPower(node, purpose);
    server.fault = ({ path }) => (path.endsWith('BLADE1') ? { statusCode: 404 } : undefined);
    expect((await failureOf(driver.readPower(node, purpose))).message).toContain('404');
    server.fault = undefined;
    await expect(driver.readPower(node, purpose)).resolves.toMatchObject({ power });
  });
});

describe('a BMC whose types drift', () => {
  it('is inspected all the same', async () => {
    await using server = await serve('drifting');
    await using driver = makeDriver();
    const { parts: _parts, ...inventory } = await driver.inspect(makeNode(server.url), purpose);
    expect(inventory).toEqual({
      manufacturer: 'unknown',
      model: 'unknown',
      serialNumber: '00000000-0000-4000-8000-00000000000d',
      systemUuid: '00000000-0000-4000-8000-00000000000d',
      cpuCores: 2,
      cpuModel: 'unknown',
      memoryMib: 131_072,
      disks: [],
      nics: [{ name: 'eth0', mac: '02:00:5e:00:00:01', speedMbps: 25_000 }],
      biosVersion: null,
      bmcVersion: '12',
      health: 'Unknown',
    });
  });

  it('is asked again for a part that it answered with 500 once', async () => {
    let failures = 0;
    await using server = await serve('drifting', {
      fault: ({ path }) =>
        /EthernetInterfaces.1$/.test(path) && (failures += 1) === 1 ? { statusCode: 500 } : undefined,
    });
    await using driver = makeDriver();
    expect((await driver.inspect(makeNode(server.url), purpose)).nics).toHaveLength(1);
  });

  it('is asked for what its ActionInfo offers, at the system beside the GPU board', async () => {
    let sent: unknown = null;
    await using server = await serve('drifting', {
      fault: ({ method, path, body }) =>
        method === 'POST' && path.endsWith('/Self/Actions/ComputerSystem.Reset')
          ? ((sent = body), { statusCode: 200 })
          : undefined,
    });
    await using driver = makeDriver();
    await driver.setPower(makeNode(server.url), 'on', purpose);
    expect(sent).toEqual({ ResetType: 'ForceOn' });
  });

  it('takes the boot device at the settings resource', async () => {
    let asked = '';
    await using server = await serve('drifting', {
      fault: ({ method, path }) => (method === 'PATCH' ? ((asked = path), { statusCode: 404 }) : undefined),
    });
    await using driver = makeDriver();
    await failureOf(driver.setBootDevice(makeNode(server.url), 'network', purpose));
    expect(asked).toBe('/redfish/v1/Systems/Self/SD');
  });
});
