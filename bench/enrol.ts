/** Enrolling simulated nodes: ten times as many should take ten times as long. */
import { startCloud, type Cloud } from '../tests/support/cloud.ts';
import { inTurns, timed, type Bench } from './bench.ts';

const [few, many, inOneRequest] = [1_000, 10_000, 1_000];

export const enrol: Bench = {
  name: 'enrol',
  help: `enrolling ${many} nodes against ${few}, per node`,
  async run(tell) {
    tell(`${inOneRequest} in each request`);
    const measured = await inTurns(
      3,
      async () => (await enrolled(many)) / many,
      async () => (await enrolled(few)) / few,
    );
    return [
      {
        name: 'enrol one of 10,000 / one of 1,000',
        says: 'time per node, on a database of its own each time; one per minute is 60,000 ms',
        ratio: measured.ratio,
        aim: { most: 1.3 },
        measured: {
          'ours ms per node': measured.ours,
          'floor ms per node': measured.floor,
          'nodes per minute': 60_000 / measured.ours,
        },
      },
    ];
  },
};

async function enrolled(count: number): Promise<number> {
  const cloud = await startCloud({ INGOT_SIM_NODES: '0', INGOT_RATE_LIMIT: '0' });
  try {
    return await timed(async () => {
      for (let at = 0; at < count; at += inOneRequest) await add(cloud, at);
    });
  } finally {
    await cloud.close();
  }
}

async function add(cloud: Cloud, from: number): Promise<void> {
  const nodes = Array.from({ length: inOneRequest }, (_, at) => ({
    name: `node-${from + at}`,
    driver: 'simulated',
    zone: 'eu-de-01',
    flavor_id: 'physical.m2.large',
  }));
  const { status, body } = await cloud.call('POST', '/admin/v1/nodes', { nodes });
  if (status !== 201) throw new Error(`enrolling answered ${status}: ${JSON.stringify(body).slice(0, 200)}`);
}
