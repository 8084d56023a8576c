/**
 * `npm test`: prepares the machine, checks the text (format, lint, types) and runs all tests.
 *
 *   node scripts/test.mjs                    everything
 *   node scripts/test.mjs --only check       only format, lint and types
 *   node scripts/test.mjs tests/walks -t x   other arguments go to vitest
 *
 * Stops at the first part that fails. Plain JavaScript: it may be the first thing to run in a fresh clone,
 * on the distribution's Node.
 */
import { followNpm } from '../bin/follow-npm.mjs';
import { relay } from '../bin/relay.mjs';
import { installDebianPackages, labPackages, testPackages } from './debian-packages.mjs';
import { developmentEnvironment, developmentNode, installPackages, root } from './prepare.mjs';

const checks = [
  ['format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'typescript/bin/tsc', []],
];

const args = process.argv.slice(2);
const onlyCheck = args[0] === '--only' && args[1] === 'check';

followNpm();
installPackages();
if (!onlyCheck) installDebianPackages({ ...testPackages, ...labPackages });
for (const [title, program, programArgs] of checks) await run(title, program, programArgs);
if (!onlyCheck) await run('tests', 'vitest/vitest.mjs', ['run', ...args]);

/** Runs a program of node_modules on the Node of node_modules; ends everything if it fails. */
async function run(title, program, programArgs) {
  console.log(`== ${title}`);
  const command = [`${root}/node_modules/${program}`, ...programArgs];
  const { code, signal } = await relay(developmentNode(), command, {
    cwd: root,
    env: developmentEnvironment(),
  });
  if (code === 0) return;
  console.log(`== ${title}: failed${signal ? ` (${signal})` : ''}`);
  process.exit(code || 1);
}
