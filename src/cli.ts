/** The `ingot` command. */
import { Command } from 'commander';
import { addFaultCommands } from './cli/faults.ts';
import { addNodeCommands } from './cli/nodes.ts';
import { addServerCommands } from './cli/servers.ts';
import { addStatusCommand } from './cli/status.ts';

const program = new Command('ingot')
  .description('A bare-metal cloud in one program.')
  .version('0.1.0')
  .showHelpAfterError('(--help says more)');

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
addFaultCommands(program);

async function serve(): Promise<void> {
  // Loaded here: the other commands only speak HTTP and need none of it.
  const [{ readConfig }, { startIngot }] = await Promise.all([import('./config.ts'), import('./main.ts')]);
  const ingot = await startIngot(readConfig(process.env));
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
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
  greet(ingot.origin, ingot.first?.files ?? []);
}

function greet(origin: string, files: string[]): void {
  const clouds = files.find((file) => file.endsWith('clouds.yaml'));
  const lines = [
    `Ingot serves at ${origin}`,
    ...(files.length > 0 ? ['Credentials were written to:', ...files.map((file) => `  ${file}`)] : []),
    'Try:',
    `  export OS_CLIENT_CONFIG_FILE=${clouds ?? 'data/clouds.yaml'} OS_CLOUD=ingot`,
    '  openstack server create --flavor physical.m2.large --image "Debian 12 for BMS" --wait first',
    '  openstack server stop first',
    `The APIs are described at ${origin}/docs`,
  ];
  console.log(lines.join('\n'));
}

function fail(error: unknown): never {
  console.error(`ingot: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env['INGOT_LOG_LEVEL'] === 'debug' && error instanceof Error) console.error(error.stack);
  process.exit(1);
}

program.parseAsync().catch(fail);
