/** `npm run bench`: every figure as a ratio against a floor measured in the same run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { startEmbeddedPostgres } from '../src/store/embedded-postgres.ts';
import { accept } from './accept.ts';
import { meets, type Bench, type Figure } from './bench.ts';
import { crowd } from './crowd.ts';
import { deploy } from './deploy.ts';
import { enrol } from './enrol.ts';
import { filters } from './filters.ts';
import { list } from './list.ts';
import { policy } from './policy.ts';
import { powerPass } from './power-pass.ts';
import { reads } from './reads.ts';
import { resume } from './resume.ts';
import { signature } from './signature.ts';
import { startUp } from './start-up.ts';
import { stopMix } from './stop-mix.ts';
import { stopRedfish } from './stop-redfish.ts';

const benches: Bench[] = [
  accept,
  stopRedfish,
  stopMix,
  powerPass,
  reads,
  list,
  startUp,
  enrol,
  resume,
  signature,
  policy,
  filters,
  crowd,
  deploy,
];

await new Command('bench')
  .description(
    'Measures Ingot against floors; figures are ratios, the values behind them are for scale only.',
  )
  .argument('[name]', 'one bench only')
  .option('--json', 'machine-readable')
  .addHelpText(
    'after',
    `\nBenches:\n${benches.map(({ name, help }) => `  ${name.padEnd(14)}${help}`).join('\n')}`,
  )
  .action(run)
  .parseAsync();

async function run(name: string | undefined, { json = false }: { json?: boolean }): Promise<void> {
  const chosen = name === undefined ? benches : benches.filter((bench) => bench.name === name);
  if (chosen.length === 0) {
    console.error(`There is no bench ${name}; there are ${benches.map((bench) => bench.name).join(', ')}.`);
    process.exit(1);
  }
  const folder = await mkdtemp(join(tmpdir(), 'ingot-bench-'));
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres') });
  process.env['INGOT_TEST_DATABASE_URL'] = postgres.url;
  const figures: Figure[] = [];
  try {
    for (const bench of chosen) {
      if (!json) console.log(`\n${bench.name}: ${bench.help}`);
      const found = await bench.run((line) => void (json || console.log(`  ${line}`)));
      figures.push(...found);
      if (!json) for (const figure of found) print(figure);
    }
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
  if (json) console.log(JSON.stringify(figures, null, 2));
}

function print(figure: Figure): void {
  const { aim } = figure;
  const aims = !aim ? '' : 'most' in aim ? `aim ≤ ${aim.most}` : `aim ≥ ${aim.least}`;
  const verdict = meets(figure);
  console.log(
    `  ${figure.name.padEnd(34)} ${figure.ratio.toFixed(2).padStart(8)}x  ${aims.padEnd(11)} ${verdict === null ? '' : verdict ? 'met' : 'MISSED'}`,
  );
  console.log(`    ${figure.says}`);
  console.log(
    `    ${Object.entries(figure.measured)
      .map(([key, value]) => `${key} ${typeof value === 'number' ? Math.round(value * 100) / 100 : value}`)
      .join(', ')}`,
  );
}
