/** `ingot key …`: the key that seals secrets. Works on the file in the data folder, without a running Ingot. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { addKey, dropOlderKeys } from '../store/vault.ts';

const fileOf = () => join(process.env['INGOT_DATA'] || './data', 'secret.key');

export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('The key that seals secrets in the database.');
  key
    .command('rotate')
    .description('Put a new key before those in use. The next start of Ingot seals every secret with it.')
    .addHelpText('after', '\nExample:\n  ingot key rotate   # then restart Ingot, then: ingot key drop-older')
    .action(() => {
      const count = addKey(fileOf());
      console.log(
        `${fileOf()} holds ${count} keys now. Restart Ingot; it seals every secret with the new one.`,
      );
    });
  key
    .command('drop-older')
    .description('Keep the newest key only. Do it when Ingot was started with it.')
    .addHelpText('after', '\nExample:\n  ingot key drop-older')
    .action(() => {
      dropOlderKeys(fileOf());
      console.log(`${fileOf()} holds the newest key only.`);
    });
}
