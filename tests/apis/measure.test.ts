/** A machine that is looked at while a caller waits. */
import { expect, it } from 'vitest';
import { measure } from '../../src/apis/admin/hardware.ts';
import type { Node } from '../../src/core/node.ts';
import { DriverError, type Driver } from '../../src/core/ports.ts';

/** A BMC that is busy so many times before it tells its power. */
function busyFor(times: number) {
  let asked = 0;
  const driver = {
    readPower() {
      asked += 1;
      if (asked <= times)
        return Promise.reject(new DriverError('busy', 'come again later', { retryAfterMs: 1 }));
      return Promise.resolve({ power: 'off' });
    },
    inspect: () => Promise.resolve({ cpuCores: 4 }),
  } as unknown as Driver;
  const node = { id: 'n', driver: 'redfish' } as Node;
  return measure({ simulated: driver, redfish: driver, ipmi: driver }, node).then(
    (found) => ({ asked, found }),
    (error: unknown) => ({ asked, error }),
  );
}

it('asks a BMC again that is busy for a moment, as it says when', async () => {
  expect(await busyFor(2)).toEqual({ asked: 3, found: { power: 'off', inventory: { cpuCores: 4 } } });
});

it('gives up one that stays busy, as something to be tried later', async () => {
  expect(await busyFor(99)).toMatchObject({ asked: 4, error: { facts: { kind: 'unavailable' } } });
});
