/** Metadata at the address of clouds, seen by a machine on a network of its own; and what cloud-init makes of it. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeConfigDrive } from '../../src/boot/config-drive.ts';
import { createLinkLocal } from '../../src/boot/metadata/link-local.ts';
import { unpackDebian } from '../support/debian-files.ts';
import { pythonWith } from '../support/python-packages.ts';
import { system } from './system-data.ts';

const run = promisify(execFile);
const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Of cloud-init 22.4, for what is asked of it here. */
const cloudInitNeeds = [
  'PyYAML==6.0.4',
  'requests==2.34.2',
  'configobj==5.0.9',
  'oauthlib==4.0.1',
  'jsonpatch==1.48',
];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-link-local-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function findObstacle(): string | null {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const program of ['ip', 'dnsmasq', 'busybox', 'nsenter', 'curl']) {
    if (spawnSync(program, ['--version'], { stdio: 'ignore' }).error) return `${program} is not installed`;
  }
  if (spawnSync('test', ['-r', '/usr/lib/ipxe/snponly.efi']).status !== 0) return 'ipxe is not installed';
  return spawnSync('unshare', ['--net', 'true']).status === 0 ? null : 'there are no network namespaces here';
}

/** Runs commands at the machine, and says what each of them said and which addresses were left. */
async function atMachine(
  gateway: string,
  commands: Record<string, string[]>,
): Promise<Record<string, string>> {
  const words = Object.entries(commands).flatMap(([name, command]) => [name, JSON.stringify(command)]);
  const network = fileOf('link-local-network.ts');
  const { stdout } = await run('unshare', ['--net', process.execPath, network, folder, gateway, ...words]);
  return JSON.parse(stdout) as Record<string, string>;
}

const get = (path: string) => ['curl', '-s', `http://169.254.169.254${path}`];

it('is reached by the way that DHCP tells, serves metadata alone, and goes when Ingot ends', async (context) => {
  const obstacle = findObstacle();
  if (obstacle !== null) return context.skip(obstacle);
  const said = await atMachine('10.77.0.254', {
    routes: ['ip', 'route'],
    openstack: get('/openstack/latest/meta_data.json'),
    ec2: get('/latest/meta-data/hostname'),
    script: get('/boot.ipxe'),
  });
  expect(said['routes']).toMatch(/^169\.254\.169\.254 via 10\.77\.0\.1 /m);
  expect(said['routes']).toMatch(/^default via 10\.77\.0\.254 /m); // option 121 must not cost it
  expect(JSON.parse(said['openstack']!)).toMatchObject({ hostname: 'web-1', uuid: system.instanceId });
  expect(said['ec2']).toBe('web-1');
  expect(said['script']).toBe('Not found.\n');
  expect(said['left']).toContain('10.77.0.1/24');
  expect(said['left']).not.toContain('169.254.169.254');
});

it("is understood by Debian's cloud-init, as are the config drive and its NoCloud files", async (context) => {
  const obstacle = findObstacle();
  if (obstacle !== null) return context.skip(obstacle);
  const [python, files] = await Promise.all([pythonWith(cloudInitNeeds), unpackDebian('cloud-init')]);
  if ('whyNot' in python) return context.skip(python.whyNot);
  if ('whyNot' in files) return context.skip(files.whyNot);
  const drive = join(folder, 'drive');
  await writeFile(join(folder, 'drive.iso'), await makeConfigDrive(system));
  await run('xorriso', ['-osirrox', 'on', '-indev', join(folder, 'drive.iso'), '-extract', '/', drive]);
  const modules = join(files.folder, 'usr/lib/python3/dist-packages');

  const { seen } = await atMachine('', { seen: [python.python, fileOf('cloud-init.py'), modules, drive] });
  expect(seen).not.toMatch(/^failed/);
  const said = JSON.parse(seen!) as Record<string, Record<string, unknown>>;
  const userData = '#!/bin/sh\nid\n';
  const key = 'ssh-ed25519 AAAA me';
  for (const source of ['openstack', 'config drive']) {
    expect(said[source], source).toEqual({
      hostname: 'web-1',
      id: system.instanceId,
      keys: [key],
      'user data': userData,
      'vendor data': expect.stringContaining('phone_home'),
      network: { eth0: ['dhcp4'], eth1: ['static'] },
    });
  }
  for (const source of ['nocloud', 'nocloud on the drive']) {
    expect(said[source], source).toEqual({
      hostname: 'web-1',
      keys: [key],
      'user data': userData,
      'vendor data': expect.stringContaining('phone_home'),
    });
  }
  expect(said['ec2']).toEqual({ hostname: 'web-1', keys: key, 'user data': userData });
});

it('says why the address cannot be put onto an interface', async (context) => {
  const obstacle = findObstacle();
  if (obstacle !== null) return context.skip(obstacle);
  const metadata = { findNode: async () => null, gather: async () => null, onRead: () => {}, now: Date.now };
  const linkLocal = createLinkLocal({ interfaceName: 'nosuch0', metadata, log: () => {} });
  await expect(linkLocal.start()).rejects.toThrow(
    '169.254.169.254 cannot be put onto nosuch0: Cannot find device "nosuch0"',
  );
});
