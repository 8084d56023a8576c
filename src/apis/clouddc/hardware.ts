/**
 * Hardware and firmware of a machine (C12, C13), from what was read from its BMC. A machine whose parts were never read
 * is read now, and what it says is recorded.
 */
import { conflict, IngotError } from '../../core/errors.ts';
import type { Inventory, Node } from '../../core/node.ts';
import { DriverError } from '../../core/ports.ts';
import { ok, projectOf, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { getVisibleNode } from './physical-servers.ts';
import { toHardware, toFirmware } from './hardware-wire.ts';

export async function showHardware(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getVisibleNode(cloud, projectOf(call), call.params['id']!);
  return ok(toHardware(await getInventory(cloud, node)));
}

export async function showFirmware(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getVisibleNode(cloud, projectOf(call), call.params['id']!);
  return ok(toFirmware(await getInventory(cloud, node)));
}

/** @throws IngotError `unavailable` (worth another try) or `hardware`, in the driver's words */
export async function getInventory({ drivers, nodes }: Cloud, node: Node): Promise<Inventory> {
  if (node.inventory?.parts) return node.inventory;
  const driver = drivers[node.driver];
  if (!driver) throw conflict(`There is no driver ${node.driver} in this program.`, 'node', node.id);
  try {
    const inventory = await driver.inspect(node, { operation: 'inspect', subJobId: null });
    await nodes.change(node.id, { inventory });
    return inventory;
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    if (node.inventory) return node.inventory; // recorded before parts were read: better than nothing
    const kind = error.canRepeat ? ('unavailable' as const) : ('hardware' as const);
    throw new IngotError({ kind, subject: 'node', id: node.id, message: error.message }, { cause: error });
  }
}
