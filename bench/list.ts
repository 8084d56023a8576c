/** A list page of 1000 servers, whatever the fleet. */
import { rentEverything } from '../tests/crash/process.ts';
import { startCloud } from '../tests/support/cloud.ts';
import { median, timed, type Bench } from './bench.ts';

const sizes = [1_000, 10_000, 100_000];
const rounds = 7;

export const list: Bench = {
  name: 'list',
  help: 'a list page of 1000 at 1,000, 10,000 and 100,000 servers',
  async run(tell) {
    const found = new Map<number, Record<string, number>>();
    for (const size of sizes) {
      const cloud = await startCloud({ INGOT_SIM_NODES: String(size), INGOT_RATE_LIMIT: '0' });
      await rentEverything(cloud.sql);
      await cloud.sql.query('analyze');
      const pages = {
        'BMS v1': '/v1/{p}/baremetalservers/detail?limit=1000&offset=1',
        Nova: '/v2.1/{p}/servers/detail?limit=1000',
        CloudDC: '/v1/{p}/instances?limit=1000',
      };
      const times: Record<string, number> = {};
      for (const [door, path] of Object.entries(pages)) {
        const one = async () => {
          const { status, body } = await cloud.call('GET', path);
          const got = (body?.servers ?? body?.instances)?.length;
          if (status !== 200 || got !== 1000)
            throw new Error(`${path} answered ${status} with ${got} servers`);
        };
        await one();
        const taken: number[] = [];
        for (let round = 0; round < rounds; round++) taken.push(await timed(one));
        times[door] = median(taken);
      }
      found.set(size, times);
      tell(
        `${size} servers: ${Object.entries(times)
          .map(([door, ms]) => `${door} ${ms.toFixed(1)} ms`)
          .join(', ')}`,
      );
      await cloud.close();
    }
    const [smallest, , largest] = sizes.map((size) => found.get(size)!);
    return Object.keys(smallest!).map((door) => ({
      name: `${door} page, 100,000 / 1,000 servers`,
      says: 'time of one page of 1000; flat means 1',
      ratio: largest![door]! / smallest![door]!,
      aim: { most: 1.5 },
      measured: Object.fromEntries(sizes.map((size) => [`${size} ms`, found.get(size)![door]!])),
    }));
  },
};
