/** Holds Ingot to the isolation matrix. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { useThings, type Things } from '../support/things.ts';
import { makeCallers, probe, probedRoutes, type Callers, type Probed } from './probe.ts';
import { columns, matrix } from './rows.ts';

/** @param isMeant the APIs of this suite, so that several files share the work */
export function holdToMatrix(isMeant: (api: string) => boolean): void {
  let cloud: Cloud;
  let things: Things;
  let callers: Callers;
  beforeAll(async () => {
    cloud = await startCloud({ INGOT_SIM_NODES: '1000', INGOT_RATE_LIMIT: '0' });
    things = useThings(cloud);
    callers = await makeCallers(cloud);
  });
  afterAll(() => cloud.close());

  const guarded = probedRoutes().filter(({ api, route }) => isMeant(api.name) && route.access !== 'open');
  // Servers that are held up by faults go on when those are removed, and would change under the eyes of what comes after.
  const isLast = ({ name }: Probed) => name === 'admin removeFaults';
  const inOrder = [...guarded.filter((one) => !isLast(one)), ...guarded.filter(isLast)];
  const titled = inOrder.map((one) => [one.variant === null ? one.name : `${one.name}#${one.variant}`, one]);
  it.each(titled as [string, Probed][])('%s', async (name, probed) => {
    const row = matrix.get(name) ?? matrix.get(probed.name);
    const { outcomes, leaks, changes } = await probe(cloud, things, callers, probed);
    expect(row, `add to matrix.txt: ${name} ${columns.map((it) => outcomes[it]).join(' ')}`).toBeDefined();
    expect(outcomes).toEqual(row);
    expect(leaks, 'told to a stranger').toEqual([]);
    expect(changes, 'changed by a stranger').toEqual([]);
  });
}
