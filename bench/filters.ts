/** A page of a filtered list at 100,000 servers, against the same page without a filter. */
import { rentEverything } from '../tests/crash/process.ts';
import { startCloud } from '../tests/support/cloud.ts';
import { median, timed, type Bench } from './bench.ts';

const size = 100_000;
const rounds = 7;

export const filters: Bench = {
  name: 'filters',
  help: 'a page of 50 by each filter at 100,000 servers, against the page without a filter',
  async run(tell) {
    const cloud = await startCloud({ INGOT_SIM_NODES: String(size), INGOT_RATE_LIMIT: '0' });
    const ids = await rentEverything(cloud.sql);
    // A needle of each kind: what is rare is what a filter is for.
    const needle = ids[Math.floor(size / 2)]!;
    await cloud.sql.query(
      `update servers set name = 'needle-in-the-hay', tags = '{blue}', state = 'Faulty', reservation_id = 'r-needle00',
         updated_at = now() + interval '1 minute' where id = $1`,
      [needle],
    );
    await cloud.sql.query('vacuum analyze');
    const nova = '/v2.1/{p}/servers/detail?limit=50';
    const since = new Date(Date.now() + 30_000).toISOString().slice(0, 19) + 'Z';
    const pages: [string, string, number][] = [
      ['no filter', nova, 50],
      ['a rare name', `${nova}&name=needle`, 1],
      ['a common name', `${nova}&name=rented`, 50],
      ['a rare status', `${nova}&status=ERROR`, 1],
      ['a common status', `${nova}&status=ACTIVE`, 50],
      ['a tag', `${nova}&tags=blue`, 1],
      ['a reservation', `${nova}&reservation_id=r-needle00`, 1],
      ['changes since', `${nova}&changes-since=${since}`, 1],
      ['all projects', `${nova}&all_tenants=1`, 50],
      ['the order of names', `${nova}&sort_key=display_name`, 50],
      ['a marker deep down', `${nova}&marker=${needle}`, 50],
    ];
    const headers = { 'openstack-api-version': 'compute 2.26' };
    const times = new Map<string, number>();
    for (const [what, path, count] of pages) {
      const one = async () => {
        const { status, body } = await cloud.call('GET', path, undefined, headers);
        if (status !== 200 || body.servers.length !== count)
          throw new Error(`${path} answered ${status} with ${body?.servers?.length} servers`);
      };
      await one();
      const taken: number[] = [];
      for (let round = 0; round < rounds; round++) taken.push(await timed(one));
      times.set(what, median(taken));
      tell(`${what}: ${median(taken).toFixed(1)} ms`);
    }
    await cloud.close();
    const plain = times.get('no filter')!;
    return pages.slice(1).map(([what]) => ({
      name: `page by ${what} / page`,
      says: `time of a page of 50 among ${size} servers, against the page without a filter`,
      ratio: times.get(what)! / plain,
      aim: { most: 3 },
      measured: { ms: times.get(what)!, 'plain ms': plain },
    }));
  },
};
