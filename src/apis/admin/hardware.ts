/** Asking a node's hardware while a caller waits for the answer. */
import { setTimeout as pause } from 'node:timers/promises';
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
    const { power } = await patiently(() => driver.readPower(node, purpose));
    return { power, inventory: await patiently(() => driver.inspect(node, purpose)) };
  });
}

const mostTries = 4;
const usualPauseMs = 1_000;
const longestPauseMs = 5_000;

/** A BMC that is busy for a moment (503 with Retry-After: iDRAC, xcat#4264) is asked again, for nobody else would. */
async function patiently<T>(question: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await question();
    } catch (error) {
      const isBusy = error instanceof DriverError && error.kind === 'busy';
      if (!isBusy || tries === mostTries) throw error;
      await pause(Math.min(error.retryAfterMs ?? usualPauseMs, longestPauseMs));
    }
  }
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
