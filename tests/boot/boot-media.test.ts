/** Discs for virtual media: they boot by both firmwares, and carry the secret of one start. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createBootMedia } from '../../src/boot/boot-media.ts';

const needed = ['xorriso', 'grub-mkimage', 'mmd', 'mkfs.vfat'];
let folder: string;
beforeEach(async (context) => {
  const missing = needed.filter((name) => spawnSync('which', [name]).status !== 0);
  if (missing.length > 0) context.skip(`not installed: ${missing.join(', ')}`);
  folder = await mkdtemp(join(tmpdir(), 'ingot-media-'));
  for (const name of ['vmlinuz', 'initrd']) await writeFile(join(folder, name), `the ${name}`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const session = { id: '7f0d9c6e-0000-4000-8000-000000000001' };

it('boots by BIOS and UEFI into the ramdisk, with the words of this start', async () => {
  const media = createBootMedia(join(folder, 'media'));
  const ramdisk = { vmlinuz: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') };
  const name = await media.make(session, ramdisk, 'console=ttyS0 ingot.secret=first');
  const disc = media.find(name)!;
  const read = (...args: string[]) =>
    execFileSync('xorriso', ['-indev', disc, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const boots = read('-report_el_torito', 'plain');
  expect(boots).toMatch(/BIOS +y/);
  expect(boots).toMatch(/UEFI +y/);
  read('-osirrox', 'on', '-extract', '/boot/grub.cfg', join(folder, 'grub.cfg'));
  expect(execFileSync('cat', [join(folder, 'grub.cfg')], { encoding: 'utf8' })).toContain(
    'linux /boot/vmlinuz console=ttyS0 ingot.secret=first\ninitrd /boot/initrd\n',
  );

  const second = await media.make(session, ramdisk, 'ingot.secret=second');
  expect(second).not.toBe(name);
  const left = await readdir(join(folder, 'media'));
  expect(left.filter((file) => file.endsWith('.iso'))).toEqual([second]);
});

it('finds nothing but discs', () => {
  const { find } = createBootMedia('/media');
  expect(find('../secret.key')).toBeNull();
  expect(find(`${session.id}.short.iso`)).toBeNull();
});
