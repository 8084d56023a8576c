/** The `ingot` command. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Help } from 'commander';
import { addAuditCommand } from './cli/audit.ts';
import { addFaultCommands } from './cli/faults.ts';
import { addKeyCommands } from './cli/keys.ts';
import { addImageCommands } from './cli/images.ts';
import { addNodeCommands } from './cli/nodes.ts';
import { addRecordCommand } from './cli/record.ts';
import { addRamdiskCommands } from './cli/ramdisk.ts';
import { addServerCommands } from './cli/servers.ts';
import { addSimBmcCommand } from './cli/sim-bmc.ts';
import { addStatusCommand } from './cli/status.ts';
import type { Ingot } from './main.ts';

/** Longer than the worker's patience and the requests under way. */
const longestStopMs = 20_000;

const program = new Command('ingot')
  .description('A bare-metal cloud in one program.')
  .version('0.1.0')
  .showHelpAfterError('(--help says more)')
  // Its argument catches mistyped commands, and is none for people.
  .configureHelp({
    subcommandTerm: (command) =>
      command.name() === 'serve' ? 'serve' : Help.prototype.subcommandTerm.call(new Help(), command),
  });

program
  .command('serve', { isDefault: true })
  .description(
    'Serve all APIs on one origin. Settings come from the environment; docs/settings.md lists them.',
  )
  .argument('[command]') // as the default it is given every word that is no command
  .action((word?: string) => {
    if (word !== undefined) throw new Error(`There is no command "${word}"; \`ingot --help\` lists them.`);
    return serve();
  });
addStatusCommand(program);
addNodeCommands(program);
addServerCommands(program);
addImageCommands(program);
addFaultCommands(program);
addRamdiskCommands(program);
addSimBmcCommand(program);
addRecordCommand(program);
addAuditCommand(program);
addKeyCommands(program);

async function serve(): Promise<void> {
  // Loaded here: the other commands only speak HTTP and need none of it.
  const [{ findUnknown, readConfig }, { startIngot }] = await Promise.all([
    import('./config.ts'),
    import('./main.ts'),
  ]);
  const config = readConfig(process.env);
  for (const name of findUnknown(process.env)) console.error(`ingot: ${name} is no setting; it is ignored.`);
  const ingot = await startIngot(config);
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(
      () => fail(new Error('stopping took too long; what was under way goes on at the next start')),
      longestStopMs,
    ).unref();
    ingot.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  if (process.channel) {
    // The launcher that started us is our parent; without it nobody would pass signals on.
    process.once('disconnect', stop);
    process.channel.unref();
  }
  greet(ingot);
}

function greet({ origin, folder, first, keystoneUrl }: Ingot): void {
  if (keystoneUrl !== null) {
    console.log(`Ingot serves at ${origin}\nTokens come from the Keystone at ${keystoneUrl}`);
    return;
  }
  const files = first?.files ?? [];
  const clouds = join(folder, 'clouds.yaml');
  const lines = [
    `Ingot serves at ${origin}`,
    ...(files.length > 0 ? ['Credentials were written to:', ...files.map((file) => `  ${file}`)] : []),
    ...(existsSync(clouds) ? tries(clouds, files.length === 0 ? folder : null) : [elsewhere]),
    `The APIs are described at ${origin}/docs`,
  ];
  console.log(lines.join('\n'));
}

/** Of a process that came to a database which another one began. */
const elsewhere = 'Credentials are where the first start wrote them, in the data folder of that process';

function tries(clouds: string, folder: string | null): string[] {
  return [
    ...(folder === null ? [] : [`Credentials are in ${folder}`]),
    'Try:',
    `  export OS_CLIENT_CONFIG_FILE=${clouds} OS_CLOUD=ingot`,
    '  openstack server create --flavor physical.m2.large --image "Debian 12 for BMS" --wait first',
    '  openstack server stop first',
  ];
}

function fail(error: unknown): never {
  console.error(`ingot: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env['INGOT_LOG_LEVEL'] === 'debug' && error instanceof Error) console.error(error.stack);
  process.exit(1);
}

program.parseAsync().catch(fail);
