/** The unmodified `openstack` command against the whole program: what a user of Nova does in a server's life. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { isInstalled, openstack as run, whyNot } from '../support/openstack.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const openstack = (...args: string[]) => run(cloud, ...args);

async function openstackJson(...args: string[]) {
  return JSON.parse(await openstack(...args, '-f', 'json'));
}

const status = async (): Promise<string> => (await openstackJson('server', 'show', 'box')).status;

it('takes a server through its whole life', { timeout: 240_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);

  const wish = ['--image', 'Debian 12 for BMS', '--flavor', 'physical.m2.large', '--network', 'default'];
  const made = await openstackJson('server', 'create', 'box', ...wish, '--property', 'role=test', '--wait');
  expect(made).toMatchObject({ name: 'box', status: 'ACTIVE' });
  const { id } = made;
  expect(await openstackJson('server', 'list', '--long')).toMatchObject([
    {
      ID: id,
      Name: 'box',
      Status: 'ACTIVE',
      'Image Name': 'Debian 12 for BMS',
      Properties: { role: 'test' },
    },
  ]);

  await openstack('server', 'stop', 'box');
  expect(await cloud.until(status, (shown) => shown !== 'ACTIVE')).toBe('SHUTOFF');
  await openstack('server', 'start', 'box');
  expect(await cloud.until(status, (shown) => shown !== 'SHUTOFF')).toBe('ACTIVE');
  await openstack('server', 'reboot', 'box', '--wait');
  await openstack('server', 'reboot', '--hard', 'box', '--wait');
  await openstack('server', 'rebuild', 'box', '--image', 'Rocky Linux 9 for BMS', '--wait');
  const rebuilt = await openstackJson('server', 'show', 'box');
  expect(rebuilt).toMatchObject({ id, status: 'ACTIVE', image: expect.stringContaining('Rocky Linux 9') });

  const events: { Action: string }[] = await openstackJson('server', 'event', 'list', id);
  expect(events.map(({ Action }) => Action)).toEqual([
    'rebuild',
    'reboot',
    'reboot',
    'start',
    'stop',
    'create',
  ]);

  await openstack('server', 'delete', 'box', '--wait');
  expect(await openstackJson('server', 'list')).toEqual([]);
  await expect(openstack('server', 'show', id)).rejects.toThrow(/No server with a name or ID/i);
});
