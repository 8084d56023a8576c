/** `ingot record`: what a BMC shows, written to a file without what identifies or opens it. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { createRedfishDriver } from '../drivers/redfish/redfish-driver.ts';

interface Given {
  username: string;
  passwordFile: string;
  out: string;
  most: string;
  keepIdentity?: true;
}

export function addRecordCommand(program: Command): void {
  program
    .command('record <bmc>')
    .description(
      'Save what a Redfish BMC shows, for `ingot sim-bmc --tree`. Nothing is changed on it; passwords, keys, serial numbers, MACs and addresses are replaced.',
    )
    .requiredOption('--username <name>', 'user at the BMC')
    .requiredOption('--password-file <file>', 'file with the password; - reads it from the standard input')
    .option('--out <file>', 'where to write', 'bmc.json')
    .option('--most <n>', 'resources at most', '2000')
    .option('--keep-identity', 'leave serial numbers, MACs, addresses and names as they are')
    .addHelpText(
      'after',
      '\nExample:\n  ingot record https://10.0.7.12 --username root --password-file ./bmc-password --out r740.json',
    )
    .action(record);
}

async function record(address: string, given: Given): Promise<void> {
  const { username, passwordFile, out, keepIdentity = false } = given;
  const most = Number(given.most);
  if (!(most >= 1 && most <= 100_000)) {
    throw new Error(`--most is "${given.most}"; it must be a number from 1 to 100000.`);
  }
  const password = readFileSync(passwordFile === '-' ? 0 : passwordFile, 'utf8').replace(/\r?\n$/, '');
  const driver = createRedfishDriver({ oldestTls: readConfig(process.env).bmcTls });
  try {
    const resources = await driver.record(
      { address, username, password, system: null, certificateSha256: null },
      {
        most,
        keepsIdentity: keepIdentity,
        salt: randomBytes(16).toString('hex'),
        onRead: (path, count) => void (count % 100 === 0 && console.error(`${count} resources, at ${path}`)),
      },
    );
    const count = Object.keys(resources).length;
    if (count === 0) throw new Error(`There is no Redfish service at ${address}.`);
    writeFileSync(out, `${JSON.stringify({ resources }, null, 2)}\n`, { mode: 0o600 });
    const rest = count === most ? '; there may be more (--most)' : '';
    console.log(`${count} resources were written to ${out}${rest}. Read it before you give it away.`);
  } finally {
    await driver.close();
  }
}
