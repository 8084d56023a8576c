/** The newest `openstack` of PyPI, four years younger than Debian's: it negotiates versions and spells out what it means. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { openstackOf } from '../support/openstack.ts';
import { pythonWith } from '../support/python-packages.ts';

let cloud: Cloud;
let made: Awaited<ReturnType<typeof pythonWith>>;
beforeAll(async () => {
  [cloud, made] = await Promise.all([startCloud(), pythonWith(['python-openstackclient==10.5.0'])]);
}, 180_000);
afterAll(() => cloud.close());

it('takes a server with tags and a volume through its life', { timeout: 180_000 }, async (context) => {
  if ('whyNot' in made) return context.skip(made.whyNot);
  const { python } = made;
  const openstack = (...args: string[]) => openstackOf(python, cloud, ...args);
  const json = async (...args: string[]) => JSON.parse(await openstack(...args, '-f', 'json'));

  const wish = ['--image', 'Debian 12 for BMS', '--flavor', 'physical.m2.large', '--tag', 'blue', '--wait'];
  const [server, volume] = await Promise.all([
    json('server', 'create', 'box', ...wish),
    json('volume', 'create', '--size', '10', 'disk'),
  ]);
  expect(server).toMatchObject({ name: 'box', status: 'ACTIVE', tags: ['__type_baremetal', 'blue'] });
  await openstack('server', 'add', 'volume', 'box', volume.id);
  expect(await json('server', 'list', '--long')).toMatchObject([
    { Name: 'box', Status: 'ACTIVE', 'Image Name': 'Debian 12 for BMS', Flavor: 'physical.m2.large' },
  ]);
  const events: { Action: string }[] = await json('server', 'event', 'list', 'box');
  expect(events.map(({ Action }) => Action)).toEqual(['attach_volume', 'create']);
  expect(await json('usage', 'show')).toMatchObject({ Servers: [{ name: 'box' }] });
  // Where there was nothing, it stumbles over what upstream answers; a table is what it prints by itself.
  expect(await openstack('usage', 'show', '--start', '2000-01-01', '--end', '2000-01-02')).toContain('0.0');
  const machines = await json('hypervisor', 'list', '--long');
  expect(
    machines.filter((one: object) => (one as Record<string, unknown>)['vCPUs Used'] === 48),
  ).toHaveLength(1);
  await openstack('server', 'delete', 'box', '--wait');
  expect(await json('server', 'list')).toEqual([]);
});
