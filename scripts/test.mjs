/**
 * `npm test`: prepares the machine, checks the text (format, lint, types) and runs all tests.
 *
 *   node scripts/test.mjs                    everything
 *   node scripts/test.mjs --only check       only format, lint and types
 *   node scripts/test.mjs tests/walks -t x   other arguments go to vitest
 *   node scripts/test.mjs --two tests/walks  two processes on one database are asked in turns, instead of one;
 *                                            without more words all tests that start a whole Ingot
 *
 * Stops at the first part that fails. Plain JavaScript: it may be the first thing to run in a fresh clone,
 * on the distribution's Node.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { followNpm } from '../bin/follow-npm.mjs';
import { relay } from '../bin/relay.mjs';
import { installDebianPackages, labPackages, testPackages } from './debian-packages.mjs';
import { developmentEnvironment, developmentNode, installPackages, root } from './prepare.mjs';

const checks = [
  ['format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'typescript/bin/tsc', []],
];

/** What a full run asks of two processes besides: writes that count, meet, or are remembered by the process. */
const askedOfTwo = [
  'tests/apis/audit.test.ts',
  'tests/apis/billing.test.ts',
  'tests/apis/bms-nics.test.ts',
  'tests/apis/clouddc-batch.test.ts',
  'tests/apis/create-once.test.ts',
  'tests/apis/image-content.test.ts',
  'tests/apis/network-changes.test.ts',
  'tests/apis/nova.test.ts',
  'tests/apis/permissions.test.ts',
  'tests/apis/signed-requests.test.ts',
  'tests/apis/volume.test.ts',
  'tests/walks/life.test.ts',
];

const args = process.argv.slice(2);
const onlyCheck = args[0] === '--only' && args[1] === 'check';
const onlyTwo = args[0] === '--two';

followNpm();
installPackages();
if (!onlyCheck) installDebianPackages({ ...testPackages, ...labPackages });
if (onlyTwo) await askTwo(args.length > 1 ? args.slice(1) : filesWithClouds());
else {
  for (const [title, program, programArgs] of checks) await run(title, program, programArgs);
  if (!onlyCheck) await run('tests', 'vitest/vitest.mjs', ['run', ...args]);
  if (args.length === 0) await askTwo(askedOfTwo);
}

function askTwo(some) {
  const env = { INGOT_TEST_PROCESSES: '2' };
  return run('tests with two processes', 'vitest/vitest.mjs', ['run', ...some], env);
}

/** The tests that start a whole Ingot; in all others there is nothing that could be two. */
function filesWithClouds() {
  const startsCloud = /support\/cloud\.ts|holdToMatrix/;
  return readdirSync(`${root}/tests`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `tests/${file}`)
    .filter((file) => startsCloud.test(readFileSync(`${root}/${file}`, 'utf8')))
    .sort();
}

/** Runs a program of node_modules on the Node of node_modules; ends everything if it fails. */
async function run(title, program, programArgs, more = {}) {
  console.log(`== ${title}`);
  const command = [`${root}/node_modules/${program}`, ...programArgs];
  const { code, signal } = await relay(developmentNode(), command, {
    cwd: root,
    env: { ...developmentEnvironment(), ...more },
  });
  if (code === 0) return;
  console.log(`== ${title}: failed${signal ? ` (${signal})` : ''}`);
  process.exit(code || 1);
}
