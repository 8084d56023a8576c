/**
 * `npm run conformance`: asks a new Ingot every documented call, and prints per call whether it is served, how many of the
 * documented fields have the documented type, and how many of the documented refusals are reached. Ends with 1 when
 * something documented is not met and not among the settled differences (docs/conformance.md).
 *
 *   npm run conformance                 all, as a table
 *   npm run conformance -- --json       for programs
 *   npm run conformance -- V04          one call
 */
import { Command } from 'commander';
import { startCloud } from '../support/cloud.ts';
import prepareRun from '../support/prepare-run.ts';
import { judgeAll, whySettled, type Judged } from './report.ts';

const head = `  ${'id'.padEnd(20)}${'served'.padEnd(8)}${'fields'.padEnd(9)}${'refusals'.padEnd(10)}call`;

await new Command('conformance')
  .description('Holds Ingot against the published documents.')
  .argument('[id]', 'one call only')
  .option('--json', 'machine-readable')
  .action(run)
  .parseAsync();

async function run(id: string | undefined, { json = false }: { json?: boolean }): Promise<void> {
  const endRun = await prepareRun();
  const cloud = await startCloud({ INGOT_SIM_NODES: '400' });
  let all: Judged[];
  try {
    all = await judgeAll(cloud, id);
  } finally {
    await cloud.close();
    await endRun();
  }
  const open = all.filter((judged) => Object.keys(judged.open).length > 0);
  if (json) console.log(JSON.stringify(all.map(toRecord), null, 2));
  else
    for (const [chapter, found] of Object.entries(Object.groupBy(all, (one) => one.chapter))) {
      console.log(`\n${chapter}\n${head}`);
      for (const judged of found ?? []) print(judged);
    }
  if (!json) console.log(`\n${all.length} calls, ${open.length} of them not as documented.`);
  process.exitCode = open.length > 0 ? 1 : 0;
}

function print({ endpoint, isServed, fields, refusals, unmet, open }: Judged): void {
  const { id, method, path } = endpoint;
  const share = ({ met, of }: { met: number; of: number }) => (of === 0 ? '–' : `${met}/${of}`);
  const cells = [
    id.padEnd(20),
    (isServed ? 'yes' : 'NO').padEnd(8),
    share(fields).padEnd(9),
    share(refusals).padEnd(10),
  ];
  console.log(`  ${cells.join('')}${method} ${path}`);
  for (const [what, found] of Object.entries(unmet)) {
    const why = what in open ? 'OPEN' : `settled: ${whySettled(id, what)}`;
    console.log(`      ${what} ${found}\n        ${why}`);
  }
}

function toRecord({ chapter, endpoint, isServed, status, fields, refusals, unmet, open }: Judged) {
  const { id, method, path } = endpoint;
  return { chapter, id, call: `${method} ${path}`, served: isServed, status, fields, refusals, unmet, open };
}
