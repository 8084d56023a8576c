/** The unmodified `openstack` command against the whole program: what a user of Nova does in a server's life. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';

const isInstalled = (process.env.PATH ?? '').split(delimiter).some((folder) => {
  try {
    accessSync(join(folder, 'openstack'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

/** Runs `openstack …` with the clouds.yaml of the first start; a code other than 0 is an error with its words. */
async function openstack(...args: string[]): Promise<string> {
  const clouds = cloud.ingot.first!.files.find((file) => file.endsWith('clouds.yaml'))!;
  const env = { PATH: process.env.PATH, OS_CLIENT_CONFIG_FILE: clouds, OS_CLOUD: 'ingot' };
  const { stdout } = await promisify(execFile)('openstack', args, { env });
  return stdout;
}

async function openstackJson(...args: string[]) {
  return JSON.parse(await openstack(...args, '-f', 'json'));
}

const status = async (): Promise<string> => (await openstackJson('server', 'show', 'box')).status;

it('takes a server through its whole life', { timeout: 240_000 }, async (context) => {
  context.skip(!isInstalled, 'the command openstack is not installed (Debian: python3-openstackclient)');

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
