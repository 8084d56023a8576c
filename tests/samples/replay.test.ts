/** Every sample, asked anew of a running Ingot: the answer has the status, the keys and the types that are written. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { differences } from '../support/shape.ts';
import { useThings, type Things } from '../support/things.ts';
import { ask, readSamples, sampledRoutes } from './samples.ts';

let cloud: Cloud;
let things: Things;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '200' });
  things = useThings(cloud);
});
afterAll(() => cloud.close());

it.each(sampledRoutes().map((one) => [`${one.api} ${one.route.id}`, one] as const))(
  '%s answers as in its samples',
  async (_, { file }) => {
    const samples = readSamples(file);
    expect(samples, `no sample: write ${file}, then npm run samples`).not.toEqual([]);
    for (const sample of samples) {
      const answer = await ask(cloud, things.open(), sample);
      expect(differences(sample.answer, answer), JSON.stringify(answer)).toEqual([]);
      expect(answer.status).toBe(sample.answer?.status);
    }
  },
);
