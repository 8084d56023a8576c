/** Asking a node's hardware while a caller waits for the answer. */
import { conflict, IngotError } from '../../core/errors.ts';
import type { Inventory, Node } from '../../core/node.ts';
import { DriverError, type Purpose } from '../../core/ports.ts';
import type { Drivers } from '../../engine/clockwork.ts';

export interface Measurement {
  power: 'on' | 'off';
  inventory: Inventory;
}

const purpose: Purpose = { operation: 'inspect', subJobId: null };

/** @throws IngotError `unavailable` (worth another try) or `hardware`, in the driver's words */
export async function measure(drivers: Drivers, node: Node): Promise<Measurement> {
  const driver = drivers[node.driver];
  if (!driver) throw conflict(`There is no driver ${node.driver} in this program.`, 'node', node.id);
  try {
    const { power } = await driver.readPower(node, purpose);
    return { power, inventory: await driver.inspect(node, purpose) };
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    const kind = error.canRepeat ? ('unavailable' as const) : ('hardware' as const);
    throw new IngotError({ kind, subject: 'node', id: node.id, message: error.message }, { cause: error });
  }
}
