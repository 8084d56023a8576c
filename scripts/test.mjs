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
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { followNpm } from '../bin/follow-npm.mjs';
import { relay } from '../bin/relay.mjs';
import { developmentEnvironment, developmentNode, installPackages, root } from './prepare.mjs';

/** What some tests need from Debian, and what for. Without them those tests skip themselves, by name. */
const debianPackages = {
  'util-linux': 'unshare and setpriv, to run PostgreSQL as root and to stop it with us',
  'postgresql-15': 'the oldest PostgreSQL that we support; only its programs are used',
  'python3-openstackclient': 'the unmodified client in tests/clients',
};

const checks = [
  ['format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'typescript/bin/tsc', []],
];

const args = process.argv.slice(2);
const onlyCheck = args[0] === '--only' && args[1] === 'check';

followNpm();
installPackages();
if (!onlyCheck) installDebianPackages();
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

function installDebianPackages() {
  const missing = Object.keys(debianPackages).filter((name) => !isInstalled(name));
  if (missing.length === 0 || !existsSync('/usr/bin/apt-get')) return;
  if (process.getuid() !== 0) {
    for (const name of missing) console.log(`Debian package ${name} is missing: ${debianPackages[name]}`);
    return;
  }
  console.log(`Installing Debian packages: ${missing.join(' ')}`);
  aptGet('update');
  // The server package makes and starts a cluster when it is installed, unless this file says no. It comes
  // with postgresql-common; where that is here already, the administrator's word stands.
  const clusterSettings = '/etc/postgresql-common/createcluster.conf';
  if (missing.includes('postgresql-15') && !existsSync(clusterSettings)) {
    aptGet('install', 'postgresql-common');
    spawnSync('pg_conftool', [clusterSettings, 'set', 'create_main_cluster', 'off'], { stdio: 'inherit' });
  }
  // One by one: what another Debian does not have must not keep the rest away.
  for (const name of missing) aptGet('install', name);
}

function isInstalled(name) {
  const query = spawnSync('dpkg-query', ['-W', '-f=${Status}', name], { encoding: 'utf8' });
  return query.status !== null && query.stdout.endsWith(' installed');
}

function aptGet(command, ...names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync('apt-get', ['-qq', '-y', '--no-install-recommends', command, ...names], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) console.log(`apt-get ${[command, ...names].join(' ')} failed`);
}
