/** Nodes and drivers for the tests of the Redfish driver. */
import type { BmcAddress, Node } from '../../src/core/node.ts';
import { DriverError, type Purpose } from '../../src/core/ports.ts';
import { createRedfishDriver, type RedfishDriverOptions } from '../../src/drivers/redfish/redfish-driver.ts';

export const purpose: Purpose = { operation: 'stop', subJobId: null };

/** The node behind a test server with the server's default account. */
export function makeNode(address: string, bmc: Partial<BmcAddress> = {}): Node {
  return {
    id: `node at ${address}`,
    name: 'node-1',
    driver: 'redfish',
    bmc: {
      address,
      username: 'admin',
      password: 'correct horse',
      system: null,
      certificateSha256: null,
      ...bmc,
    },
    standing: 'ready',
    zone: 'zone-a',
    flavorId: 'flavor-a',
    projectId: null,
    serverId: null,
    power: 'unknown',
    powerSeenAt: null,
    health: 'Unknown',
    inventory: null,
    powerPolicy: 'follow',
    powerOperation: null,
    powerOutcome: null,
    room: '',
    rack: 'a',
    unit: 1,
    note: '',
    createdAt: new Date(0),
    updatedAt: new Date(0),
  };
}

/** A driver that looks again at once and takes no long pauses; `await using` closes it. */
export function makeDriver(options: RedfishDriverOptions = {}) {
  const driver = createRedfishDriver({ firstLookMs: 5, firstPauseMs: 1, timeFactor: 0.002, ...options });
  return Object.assign(driver, { [Symbol.asyncDispose]: () => driver.close() });
}

/** An address of the loopback network at which nobody listens: port 1 is never handed out. */
export const nobody = 'http://127.0.0.1:1';

export async function failureOf(promise: Promise<unknown>): Promise<DriverError> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof DriverError) return error;
  throw error;
}
