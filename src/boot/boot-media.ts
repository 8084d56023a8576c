/**
 * Discs with the ramdisk for a BMC's virtual drive, made by xorriso: one per start, for the secret of that start stands
 * on it. The BMC fetches it by a name that cannot be guessed.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  link,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BootSession } from '../core/boot-session.ts';
import { makeIso } from './config-drive.ts';
import type { Ramdisk } from './provisioning-room.ts';

const run = promisify(execFile);

export interface BootMedia {
  /** @returns the name under which the disc is served; earlier ones of the session are gone */
  make(session: Pick<BootSession, 'id'>, ramdisk: Ramdisk, commandLine: string): Promise<string>;
  /** Null: there is no such disc. */
  find(name: string): string | null;
}

const longestLifeMs = 24 * 3_600_000;
const discName = /^[0-9a-f-]{36}\.[\w-]{32}\.iso$/;

/** What GRUB reads first, built into it: it looks for the disc and goes on with the file there. */
const firstConfig = 'search --file /boot/vmlinuz --set=root\nconfigfile /boot/grub.cfg\n';
const modules =
  'iso9660 fat part_msdos part_gpt normal configfile linux search search_fs_file serial terminal';

export function createBootMedia(folder: string): BootMedia {
  let loaders: Promise<string> | null = null;

  return {
    async make(session, ramdisk, commandLine) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await clear(folder, session.id);
      loaders ??= makeLoaders(folder).catch((error: unknown) => {
        loaders = null;
        throw error;
      });
      const made = await loaders;
      const work = await mkdtemp(join(folder, 'work-'));
      try {
        const boot = join(work, 'root', 'boot');
        await mkdir(boot, { recursive: true });
        await place(ramdisk.vmlinuz, join(boot, 'vmlinuz'));
        await place(ramdisk.initrd, join(boot, 'initrd'));
        // xorriso writes the place of the file on the disc into this one (boot info table).
        await copyFile(join(made, 'bios.img'), join(boot, 'bios.img'));
        await copyFile(join(made, 'efi.img'), join(boot, 'efi.img'));
        await writeFile(join(boot, 'grub.cfg'), toGrubConfig(commandLine));
        const disc = join(work, 'disc.iso');
        const bios = '-b boot/bios.img -no-emul-boot -boot-load-size 4 -boot-info-table';
        const uefi = '-eltorito-alt-boot -e boot/efi.img -no-emul-boot';
        const parts = `-V INGOT ${bios} ${uefi}`.split(' ');
        await makeIso([...parts, '-o', disc, join(work, 'root')]);
        const name = `${session.id}.${randomBytes(24).toString('base64url')}.iso`;
        await rename(disc, join(folder, name));
        return name;
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },

    find: (name) => (discName.test(name) ? join(folder, name) : null),
  };
}

function toGrubConfig(commandLine: string): string {
  return [
    'set timeout=0',
    'serial --unit=0 --speed=115200',
    'terminal_output console serial',
    `linux /boot/vmlinuz ${commandLine}`,
    'initrd /boot/initrd',
    'boot',
    '',
  ].join('\n');
}

/** GRUB for both firmwares: the same for every disc, and kept. */
async function makeLoaders(folder: string): Promise<string> {
  const target = join(folder, 'loaders');
  if (await stat(join(target, 'efi.img')).catch(() => null)) return target;
  const work = await mkdtemp(join(folder, 'work-'));
  try {
    const config = join(work, 'first.cfg');
    await writeFile(config, firstConfig);
    const mkimage = (...args: string[]) =>
      tool('grub-mkimage', ['-p', '/boot', '-c', config, ...args, ...modules.split(' ')]);
    await mkimage('-O', 'i386-pc-eltorito', '-o', join(work, 'bios.img'), 'biosdisk');
    await mkimage('-O', 'x86_64-efi', '-o', join(work, 'bootx64.efi'), 'efi_gop');
    const efi = join(work, 'efi.img');
    await writeFile(efi, '');
    await truncate(efi, 4 * 1024 * 1024);
    await tool('mkfs.vfat', [efi]);
    await tool('mmd', ['-i', efi, '::/EFI', '::/EFI/BOOT']);
    await tool('mcopy', ['-i', efi, join(work, 'bootx64.efi'), '::/EFI/BOOT/BOOTX64.EFI']);
    await rm(target, { recursive: true, force: true });
    await rename(work, target);
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function clear(folder: string, sessionId: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!discName.test(name)) continue;
    const path = join(folder, name);
    const age = Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? 0);
    if (name.startsWith(sessionId) || age > longestLifeMs) await rm(path, { force: true });
  }
}

/** Without copying where the file system allows it. */
async function place(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}

async function tool(program: string, args: string[]): Promise<void> {
  await run(program, args).catch((error: unknown) => {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    const words = code === 'ENOENT' ? 'is not installed' : (stderr ?? '').trim().split('\n').at(-1);
    throw new Error(`No disc can be made: ${program} ${words || String(code)}`, { cause: error });
  });
}
