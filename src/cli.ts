/** The `ingot` command. */
import { Command } from 'commander';
import { readConfig } from './config.ts';
import { startIngot } from './main.ts';

const program = new Command('ingot')
  .description('A bare-metal cloud in one program.')
  .version('0.1.0')
  .showHelpAfterError();

program
  .command('serve', { isDefault: true })
  .description(
    'Serve all APIs on one origin. Settings come from the environment; docs/settings.md lists them.',
  )
  .action(serve);

async function serve(): Promise<void> {
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
