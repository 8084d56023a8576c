/** Nodes and drivers for the tests of the IPMI driver. */
import type { BmcAddress, Node } from '../../src/core/node.ts';
import { createIpmiDriver, type IpmiDriverOptions } from '../../src/drivers/ipmi/ipmi-driver.ts';
import { makeNode } from '../redfish/node.ts';
import { ipmiAccount } from './ipmi-sim.ts';

export function makeIpmiNode(address: string, bmc: Partial<BmcAddress> = {}): Node {
  return { ...makeNode(address, { ...ipmiAccount, ...bmc }), driver: 'ipmi' };
}

/** A driver without pauses, and with less patience with the dead; `await using` closes it. */
export function makeIpmiDriver(options: IpmiDriverOptions = {}) {
  const driver = createIpmiDriver({
    spacingMs: 0,
    firstLookMs: 5,
    firstPauseMs: 1,
    reading: { answerSeconds: 1, tries: 1, deadlineMs: 20_000 },
    ...options,
  });
  return Object.assign(driver, { [Symbol.asyncDispose]: () => driver.close() });
}

/** At an address of the loopback network at which nobody listens: port 1 is never handed out. */
export const nobody = '127.0.0.1:1';
