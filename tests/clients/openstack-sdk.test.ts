/** The unmodified openstacksdk: what a program does with servers, by clouds.yaml and by an application credential. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { hasSdk, openstackSdk, whyNoSdk } from '../support/openstack.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const all = ['box', 'spare-0', 'spare-1'];

it('lives through the life of servers', { timeout: 180_000 }, async (context) => {
  context.skip(!hasSdk, whyNoSdk);
  const script = fileURLToPath(new URL('openstack-sdk.py', import.meta.url));
  expect(await openstackSdk(cloud, script)).toEqual({
    images: expect.arrayContaining(['Debian 12 for BMS']),
    flavors: expect.arrayContaining([['physical.m2.large', 48, 393_216, 3_600]]),
    subnets: ['10.20.0.0/16'],
    zones: ['eu-de-01'],
    limits: 128,
    missing: null,
    keypair: true,
    made: ['box', 'ACTIVE', 'sdk', 1],
    pages: all,
    'by name': ['spare-0', 'spare-1'],
    'by pattern': ['box'],
    'by status': [],
    'by flavor': all,
    'by image': all,
    'of all projects': all,
    since: all,
    'by tags': ['box'],
    tags: ['__type_baremetal', 'blue'],
    metadata: expect.objectContaining({ role: 'db', owner: 'ops' }),
    stop: 'SHUTOFF',
    start: 'ACTIVE',
    reboot: ['HARD_REBOOT', 'ACTIVE'],
    volume: ['/dev/sdb'],
    interfaces: ['ACTIVE'],
    port: 'DOWN',
    'by application credential': ['boxy', 'spare-0', 'spare-1'],
    projects: ['eu-de'],
    'at last': [],
  });
});
