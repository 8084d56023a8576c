/** The unmodified `openstack` command at serial consoles. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { openConsole } from '../support/console-client.ts';
import { isInstalled, openstack, whyNot } from '../support/openstack.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '2' });
  await cloud.makeServers(1, 'box');
});
afterAll(() => cloud.close());

const run = (line: string) => openstack(cloud, ...line.split(' '));

it('shows the console log, and its last lines', { timeout: 120_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  expect(await run('console log show box')).toContain('Linux version');
  const last = await run('console log show --lines 1 box');
  expect(last).toContain('box login: ');
  expect(last).not.toContain('Linux version');
});

it(
  'gets a link that a WebSocket client can use, by old and new microversions',
  { timeout: 120_000 },
  async (context) => {
    context.skip(!isInstalled, whyNot);
    for (const version of ['2.5', '2.26']) {
      const shown = await run(`--os-compute-api-version ${version} console url show --serial box -f json`);
      const console = await openConsole(JSON.parse(shown).url, ['binary']);
      await console.see('box login: ');
      await console.close();
    }
  },
);

it('is told that there is no other kind of console', { timeout: 120_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  await expect(run('--os-compute-api-version 2.26 console url show --novnc box')).rejects.toThrow(
    /Unavailable console type novnc/,
  );
});
