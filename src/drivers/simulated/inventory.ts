/** The parts of a simulated machine follow from its id, so that they are the same at every look and stored nowhere. */
import { createHash } from 'node:crypto';
import type { Inventory, Node } from '../../core/node.ts';

export function toInventory(node: Pick<Node, 'id' | 'flavorId'>): Inventory {
  const seed = createHash('sha256').update(node.id).digest();
  const serial = seed.subarray(0, 5).toString('hex').toUpperCase();
  const isLarge = node.flavorId.endsWith('large');
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
    nics: [0, 1].map((index) => ({
      name: `eth${index}`,
      // Locally administered (IEEE 802 §8.2.2).
      mac: `02:${[...seed.subarray(5, 9), index].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`,
      speedMbps: 25_000,
    })),
    biosVersion: '1.0.0',
    bmcVersion: '1.0.0',
    health: 'OK',
  };
}
