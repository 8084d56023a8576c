/** Whether and how an inspection by the ramdisk is begun. */
import { conflict, invalid } from '../../core/errors.ts';
import type { Node } from '../../core/node.ts';
import type { Cloud } from './cloud.ts';

/** @throws IngotError when the ramdisk cannot get to machines of this kind */
export function checkInBand(
  { inspectors }: Pick<Cloud, 'inspectors'>,
  { name, driver }: Pick<Node, 'name' | 'driver'>,
) {
  if (driver === 'simulated') throw invalid(`${name}: a simulated node boots no ramdisk.`, 'in_band');
  if (!inspectors[driver]) {
    throw conflict(
      `${name}: the ramdisk needs network boot, which is not set up (INGOT_BOOT_ADDRESS).`,
      'node',
    );
  }
}

export function beginInBand({ inspections, inspectMs }: Cloud, nodeId: string): Promise<boolean> {
  return inspections.begin(nodeId, 'waits for its turn', inspectMs);
}
