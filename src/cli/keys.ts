/** `ingot key …`: the key that seals secrets. Works on the file in the data folder, without a running Ingot. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { addKey, dropOlderKeys } from '../store/vault.ts';

/** @throws Error when the keys are not there but elsewhere */
function fileOf(): string {
  if (process.env['INGOT_SECRET_KEY'])
    throw new Error('The key stands in INGOT_SECRET_KEY; change it there: NEW,OLD, then NEW.');
  const file = join(process.env['INGOT_DATA'] || './data', 'secret.key');
  if (!existsSync(file))
    throw new Error(`There is no ${file}. Run it where \`ingot serve\` was started, or set INGOT_DATA.`);
  return file;
}

export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('The key that seals secrets in the database.');
  key
    .command('rotate')
    .description('Put a new key before those in use. The next start of Ingot seals every secret with it.')
    .addHelpText('after', '\nExample:\n  ingot key rotate   # then restart Ingot, then: ingot key drop-older')
    .action(() => {
      const file = fileOf();
      const count = addKey(file);
      console.log(`${file} holds ${count} keys now. Restart Ingot; it seals every secret with the new one.`);
    });
  key
    .command('drop-older')
    .description('Keep the newest key only. Do it when Ingot was started with it.')
    .addHelpText('after', '\nExample:\n  ingot key drop-older')
    .action(() => {
      const file = fileOf();
      dropOlderKeys(file);
      console.log(`${file} holds the newest key only.`);
    });
}
