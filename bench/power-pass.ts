/** One pass of power sync over 10,000 BMCs with 5 % dead, against the same pass with none dead. */
import type { Node } from '../src/core/node.ts';
import type { Driver, Purpose } from '../src/core/ports.ts';
import { createRedfishDriver } from '../src/drivers/redfish/redfish-driver.ts';
import { syncPower } from '../src/engine/power-sync.ts';
import { openDatabase } from '../src/store/database.ts';
import { createVault } from '../src/store/vault.ts';
import { createWork } from '../src/store/work.ts';
import { startCloud } from '../tests/support/cloud.ts';
import { median, timed, type Bench } from './bench.ts';
import { benchKey, enrolFleet, startLargeFleet } from './fleet.ts';

const count = 10_000;
/** Every twentieth. */
const deadEvery = 20;
const latencyMs = 50;
const limits = { places: 512, most: 4_096 };

export const powerPass: Bench = {
  name: 'power-pass',
  help: `reading the power of ${count} BMCs, 1 of ${deadEvery} dead, against the same with none dead`,
  async run(tell) {
    const words = ['--latency', latencyMs, '--power', 'on', '--port', 20_443];
    const fleet = await startLargeFleet(count, words);
    const cloud = await startCloud({
      INGOT_SIM_NODES: '0',
      INGOT_SECRET_KEY: benchKey,
      INGOT_HEALTH_SECONDS: '0',
    });
    await enrolFleet(cloud.databaseUrl, fleet.addresses);
    const database = await openDatabase(cloud.databaseUrl, { onError: () => undefined });
    const work = createWork(database, createVault([Buffer.from(benchKey, 'hex')]));
    const driver = createRedfishDriver();
    const dead = new Set<string>();
    let livingDoneAt = 0;
    const watched: Driver = {
      ...driver,
      async readPower(node: Node, purpose: Purpose) {
        const reading = await driver.readPower(node, purpose);
        if (!dead.has(node.bmc.address)) livingDoneAt = performance.now();
        return reading;
      },
    };
    const room = {
      work,
      submit: { enforcePower: () => Promise.reject(new Error('not in this bench')) },
      drivers: { redfish: watched },
      log: () => undefined,
    };
    /** Milliseconds until all were visited, and until the last living one had answered. */
    const pass = async () => {
      await cloud.sql.query('update nodes set next_power_read_at = now()');
      const beganAt = performance.now();
      const all = await timed(() => syncPower(room, 3_600_000, limits));
      return { all, living: livingDoneAt - beganAt };
    };

    tell(`${count} BMCs with ${latencyMs} ms latency; the first pass opens their sessions`);
    await pass();
    const none = [await pass(), await pass(), await pass()];
    for (let index = 0; index < count; index += deadEvery) {
      await fleet.tell(index, { isSilent: true });
      dead.add(fleet.addresses[index]!);
    }
    tell(`${dead.size} hang from now on`);
    const first = await pass();
    for (let passes = 0; passes < 3; passes += 1) await pass(); // until the breakers are open
    const later = [await pass(), await pass(), await pass()];
    const peak = Math.max(...(await fleet.counters()).map(({ peakInFlight }) => peakInFlight));
    await driver.close();
    await database.close();
    await cloud.close();
    fleet.stop();

    const floor = median(none.map(({ all }) => all));
    const measured = {
      'none dead ms': floor,
      'first pass, living ms': first.living,
      'first pass, all ms': first.all,
      'later pass, living ms': median(later.map(({ living }) => living)),
      'later pass, all ms': median(later.map(({ all }) => all)),
      'most requests at once per BMC': peak,
    };
    return [
      {
        name: 'the living, 5 % just died / none dead',
        says: 'until the last living BMC was read in the pass that meets the dead, against a whole pass with none dead',
        ratio: first.living / floor,
        aim: { most: 1.3 },
        measured,
      },
      {
        name: 'the whole pass, 5 % just died / none dead',
        says: 'the pass that meets the dead, until the last of them was given up; bounded by how long an answer is waited for',
        ratio: first.all / floor,
        aim: null,
        measured,
      },
      {
        name: 'the whole pass, 5 % long dead / none dead',
        says: 'a pass that knows the dead, until the last probe of one was given up',
        ratio: measured['later pass, all ms'] / floor,
        aim: null,
        measured,
      },
      {
        name: 'the living, 5 % long dead / none dead',
        says: 'the same in a pass that knows the dead; some of them are probed in each, for seconds, beside the living',
        ratio: measured['later pass, living ms'] / floor,
        aim: { most: 1.3 },
        measured,
      },
    ];
  },
};
