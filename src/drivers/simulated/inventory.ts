/** The parts of a simulated machine follow from its id, so that they are the same at every look and stored nowhere. */
import { createHash } from 'node:crypto';
import type { Parts } from '../../core/hardware.ts';
import type { Inventory, Nic, Node } from '../../core/node.ts';

export function toInventory(node: Pick<Node, 'id' | 'flavorId'>): Inventory {
  const seed = createHash('sha256').update(node.id).digest();
  const serial = seed.subarray(0, 5).toString('hex').toUpperCase();
  const isLarge = node.flavorId?.endsWith('large') === true;
  const nics = [0, 1].map((index) => ({
    name: `eth${index}`,
    // Locally administered (IEEE 802 §8.2.2).
    mac: `02:${[...seed.subarray(5, 9), index].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`,
    speedMbps: 25_000,
  }));
  return {
    manufacturer: 'Ingot',
    model: 'Simulated Server',
    serialNumber: `SIM${serial}`,
    cpuCores: isLarge ? 48 : 24,
    cpuModel: 'Simulated CPU 2.4 GHz',
    memoryMib: isLarge ? 393_216 : 196_608,
    disks: [1, 2].map((bay) => ({
      name: `Disk.Bay.${bay}`,
      sizeGb: isLarge ? 1_800 : 960,
      kind: 'ssd' as const,
    })),
    nics,
    biosVersion: '1.0.0',
    bmcVersion: '1.0.0',
    health: 'OK',
    parts: toParts(serial, isLarge, nics),
  };
}

const maker = 'Ingot';
const sound = { state: 'Enabled', health: 'OK' };
const moduleMib = 32_768;

function toParts(serial: string, isLarge: boolean, nics: Nic[]): Parts {
  const sockets = isLarge ? [1, 2] : [1];
  const modules = (isLarge ? 393_216 : 196_608) / moduleMib;
  const drives = [1, 2].map((bay) => ({
    id: String(bay),
    name: `Disk.Bay.${bay}`,
    manufacturer: maker,
    model: 'Simulated SSD',
    serialNumber: `${serial}D${bay}`,
    mediaType: 'SSD',
    protocol: 'SATA',
    health: 'OK',
    capacityBytes: (isLarge ? 1_800 : 960) * 1e9,
  }));
  return {
    processors: sockets.map((socket) => ({
      name: `CPU${socket}`,
      manufacturer: maker,
      model: 'Simulated CPU 2.4 GHz',
      totalCores: 24,
      totalThreads: 48,
      maxSpeedMhz: 2_400,
      serialNumber: `${serial}C${socket}`,
      ...sound,
    })),
    memory: Array.from({ length: modules }, (_, at) => ({
      name: `DIMM${at + 1}`,
      manufacturer: maker,
      memoryDeviceType: 'DDR4',
      capacityMib: moduleMib,
      operatingSpeedMhz: 2_933,
      serialNumber: `${serial}M${at + 1}`,
      ...sound,
    })),
    networkAdapters: [
      {
        name: 'NIC1',
        manufacturer: maker,
        model: 'Simulated 2 x 25GE',
        firmwareVersion: '1.0.0',
        health: 'OK',
        networkPorts: nics.map(({ mac }, at) => ({
          physicalPortNumber: String(at + 1),
          linkStatus: 'LinkUp',
          activeLinkTechnology: 'Ethernet',
          portMaxSpeed: '25 Gbps',
          permanentMacAddress: mac,
        })),
      },
    ],
    storageControllers: [
      {
        name: 'RAID1',
        manufacturer: maker,
        model: 'Simulated RAID',
        firmwareVersion: '1.0.0',
        ...sound,
        supportedRaidLevels: ['RAID1'],
        drives: drives.map(({ name }) => name),
        volumes: [
          {
            name: 'Volume1',
            volumeRaidLevel: 'RAID1',
            capacityBytes: drives[0]!.capacityBytes,
            status: sound,
            drives,
          },
        ],
      },
    ],
    fans: [1, 2, 3, 4].map((at) => ({
      name: `Fan${at}`,
      reading: 6_000,
      readingUnits: 'RPM',
      status: sound,
    })),
    powers: [1, 2].map((at) => ({
      name: `PSU${at}`,
      manufacturer: maker,
      model: 'Simulated 900 W',
      powerSupplyType: 'AC',
      powerCapacityWatts: 900,
      lineInputVoltage: 230,
      serialNumber: `${serial}P${at}`,
      status: 'OK',
    })),
    firmware: ['BIOS', 'BMC', 'NIC1', 'RAID1'].map((componentName) => ({
      componentName,
      manufacturer: maker,
      version: '1.0.0',
    })),
  };
}
