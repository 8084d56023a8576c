/** `ingot ramdisk …` */
import { join, resolve } from 'node:path';
import type { Command } from 'commander';

export function addRamdiskCommands(program: Command): void {
  program
    .command('ramdisk')
    .description('The deploy ramdisk, which machines boot to be installed or wiped.')
    .command('build')
    .description('Build it now from Debian packages, instead of when it is first wanted.')
    .option('--kernel <kernel>', 'stock (any hardware) or cloud (virtual machines); else INGOT_BOOT_KERNEL')
    .addHelpText('after', '\nExample:\n  ingot ramdisk build --kernel stock')
    .action(async (options: { kernel?: string }) => {
      // Loaded here: the other commands only speak HTTP and need none of it.
      const [{ readConfig }, { buildRamdisk }] = await Promise.all([
        import('../config.ts'),
        import('../boot/ramdisk/build-ramdisk.ts'),
      ]);
      const given = options.kernel === undefined ? {} : { INGOT_BOOT_KERNEL: options.kernel };
      const { data, bootKernel } = readConfig({ ...process.env, ...given });
      const { vmlinuz, initrd } = await buildRamdisk(join(resolve(data), 'ramdisk'), bootKernel);
      console.log(`${vmlinuz}\n${initrd}`);
    });
}
