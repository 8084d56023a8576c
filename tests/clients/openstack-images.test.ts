/** The unmodified `openstack` command: images of one's own, from a file to a server. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { hash, makeDisk, toFormat } from '../support/images.ts';
import { isInstalled, openstack, whyNot } from '../support/openstack.ts';

let cloud: Cloud;
let folder: string;
beforeAll(async () => {
  cloud = await startCloud();
  folder = await mkdtemp(join(tmpdir(), 'ingot-client-'));
});
afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (line: string) => openstack(cloud, ...line.split(' '));
const read = async (line: string) => JSON.parse(await run(`${line} -f json`));
const path = (name: string) => join(folder, name);

it(
  'uploads an image, makes a server of it, and gets it back as it was',
  { timeout: 240_000 },
  async (context) => {
    context.skip(!isInstalled, whyNot);
    const qcow2 = await toFormat(makeDisk(), 'qcow2');
    await writeFile(path('disk.qcow2'), qcow2);
    await run(
      `image create --file ${path('disk.qcow2')} --disk-format qcow2 --min-disk 1 --property os_distro=debian --tag blue mine`,
    );
    const shown = await read('image show mine');
    expect(shown).toMatchObject({
      status: 'active',
      checksum: hash('md5', qcow2),
      size: qcow2.length,
      tags: ['blue'],
    });
    expect(shown.properties).toMatchObject({ os_distro: 'debian', os_hash_algo: 'sha512' });
    await run('server create --image mine --flavor physical.m2.large --network default --wait box');
    expect((await read('server show box')).image).toMatch(/^mine /);
    await run(`image save --file ${path('back')} mine`);
    expect((await readFile(path('back'))).equals(qcow2)).toBe(true);
  },
);

it('changes, protects, shares, deactivates and deletes it', { timeout: 240_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  await writeFile(path('disk.raw'), makeDisk());
  await run(`image create --file ${path('disk.raw')} --disk-format raw --shared --protected other`);
  await run('image set --name renamed --property a=b --tag green --min-ram 512 other');
  await expect(run('image delete renamed')).rejects.toThrow(/is protected/);
  await run('image set --unprotected renamed');
  await run('image unset --property a --tag green renamed');
  const shown = await read('image show renamed');
  expect(shown).toMatchObject({ name: 'renamed', min_ram: 512, protected: false, tags: [] });
  expect(shown.properties).not.toHaveProperty('a');
  const project = await read('project create partner');
  await run(`image add project renamed ${project.id}`);
  expect(await read('image member list renamed')).toMatchObject([
    { 'Member ID': project.id, Status: 'pending' },
  ]);
  await run(`image remove project renamed ${project.id}`);
  await run('image set --deactivate renamed');
  expect((await read('image show renamed')).status).toBe('deactivated');
  await run('image set --activate renamed');
  await run('image set --public renamed');
  const list: { Name: string; Status: string }[] = await read('image list --public --sort name:asc');
  expect(list.map(({ Name }) => Name)).toEqual([
    'Debian 12 for BMS',
    'Rocky Linux 9 for BMS',
    'Ubuntu 24.04 for BMS',
    'renamed',
  ]);
  await run('image delete renamed');
  expect((await read('image list')).map(({ Name }: { Name: string }) => Name)).not.toContain('renamed');
});

it('imports an image that it staged', { timeout: 120_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  await writeFile(path('staged.raw'), makeDisk());
  await run(`image create --import --file ${path('staged.raw')} --disk-format raw staged`);
  const show = () => read('image show staged');
  expect(await cloud.until(show, ({ status }) => status !== 'importing')).toMatchObject({ status: 'active' });
});
