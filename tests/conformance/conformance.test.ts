/** What the published documents say of each call, asked of a running Ingot (see docs/conformance.md). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { chapters, judgeAll, type Judged } from './report.ts';
import { awaited, settled } from './settled.ts';

let cloud: Cloud;
let all: Judged[];
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '400' });
  all = await judgeAll(cloud);
}, 240_000);
afterAll(() => cloud.close());

const calls = Object.entries(chapters).flatMap(([chapter, endpoints]) =>
  endpoints.map(({ id }) => [`${chapter}: ${id}`, id] as const),
);

it.each(calls)('%s is as documented', (_, id) => {
  const { open } = all.find(({ endpoint }) => endpoint.id === id)!;
  expect(open).toEqual({});
});

it('no settled difference is one that is no more', () => {
  const unmet = all.flatMap((one) => Object.keys(one.unmet).map((what) => `${one.endpoint.id} ${what}`));
  const stale = settled.flatMap(({ met = [] }) => met).filter((point) => !unmet.includes(point));
  expect(stale).toEqual([]);
  const offered = all.filter(
    (one) => awaited.includes(one.endpoint.id) && Object.keys(one.unmet).length === 0,
  );
  expect(offered.map(({ endpoint }) => endpoint.id)).toEqual([]);
});
