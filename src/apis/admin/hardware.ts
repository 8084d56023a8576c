/** Asking a node's hardware while a caller waits for the answer. */
import { conflict, IngotError } from '../../core/errors.ts';
import type { Inventory, Node } from '../../core/node.ts';
import { DriverError, type Driver, type Purpose } from '../../core/ports.ts';
import type { Drivers } from '../../engine/clockwork.ts';

export interface Measurement {
  power: 'on' | 'off';
  inventory: Inventory;
}

const purpose: Purpose = { operation: 'inspect', subJobId: null };

/** @throws as `measure` */
export async function readPower(drivers: Drivers, node: Node): Promise<'on' | 'off'> {
  return ask(drivers, node, async (driver) => (await driver.readPower(node, purpose)).power);
}

/** @throws IngotError `unavailable` (worth another try) or `hardware`, in the driver's words */
export async function measure(drivers: Drivers, node: Node): Promise<Measurement> {
  return ask(drivers, node, async (driver) => {
    const { power } = await driver.readPower(node, purpose);
    return { power, inventory: await driver.inspect(node, purpose) };
  });
}

async function ask<T>(drivers: Drivers, node: Node, question: (driver: Driver) => Promise<T>): Promise<T> {
  const driver = drivers[node.driver];
  if (!driver) throw conflict(`There is no driver ${node.driver} in this program.`, 'node', node.id);
  try {
    return await question(driver);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    const kind = error.canRepeat ? ('unavailable' as const) : ('hardware' as const);
    throw new IngotError({ kind, subject: 'node', id: node.id, message: error.message }, { cause: error });
  }
}
