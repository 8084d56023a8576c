/** What a system is told about itself, for the tests of metadata. */
import type { SystemData } from '../../src/boot/metadata/system-data.ts';

export const system: SystemData = {
  instanceId: '7f0d9c6e-0000-4000-8000-000000000001',
  hostname: 'web-1',
  zone: 'eu-de-01',
  projectId: 'p1',
  flavorName: 'physical.m2.large',
  imageId: 'image-1',
  reservationId: 'r-1',
  launchIndex: 0,
  publicKeys: [{ name: 'mine', key: 'ssh-ed25519 AAAA me' }],
  userData: Buffer.from('#!/bin/sh\nid\n'),
  metadata: { role: 'web' },
  adminPasswordHash: null,
  links: [
    { mac: '52:54:00:00:00:01', hasDhcp: true, addresses: [] },
    {
      mac: '52:54:00:00:00:02',
      hasDhcp: false,
      addresses: [
        { ip: '192.168.0.9', prefix: 20, gateway: '192.168.0.1', dns: ['100.125.4.25'], networkId: 'n1' },
      ],
    },
  ],
  homeUrl: 'http://10.77.0.1:8775/phone-home/key',
  options: { httpEndpoint: 'enabled', httpTokens: 'optional' },
};
