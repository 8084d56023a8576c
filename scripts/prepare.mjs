/**
 * What a source checkout needs before anything in it can run: npm packages, a compiled dist/, and a Node
 * that is new enough. Each function looks first and does nothing when nothing changed (a few ms).
 *
 * Plain JavaScript without packages, for the Node that happens to be installed; messages go to stderr, so
 * that the output of the command that follows stays clean. The published package has no scripts/.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');

const isWindows = process.platform === 'win32';
const inRoot = (...path) => join(root, ...path);
const modifiedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Environment in which `node`, `tsc`, `vitest`… are those of node_modules, also for their children. */
export function developmentEnvironment() {
  return { ...process.env, PATH: `${inRoot('node_modules', '.bin')}${delimiter}${process.env.PATH}` };
}

/** The Node 24 of node_modules where there is one: it strips types, and every tool here runs on it. */
export function developmentNode() {
  const node = isWindows ? inRoot('node_modules/node/bin/node.exe') : inRoot('node_modules/.bin/node');
  return existsSync(node) ? node : process.execPath;
}

/** Installs if node_modules was not made from today's package-lock.json. */
export function installPackages() {
  const lock = inRoot('package-lock.json');
  const stamp = inRoot('node_modules', '.ingot-installed');
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  const isCurrent = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isCurrent()) return;
  withLock('install', () => {
    if (isCurrent()) return;
    // npm writes this file last; newer than the lock file means that somebody has installed by hand.
    const isInstalledByHand = modifiedAt(inRoot('node_modules', '.package-lock.json')) >= modifiedAt(lock);
    if (!isInstalledByHand) {
      console.error('Installing npm packages (about half a minute)');
      // Not `npm ci`: it refuses a lock file that lacks an optional package of some other platform, and a
      // registry mirror that does not carry one makes npm leave it out. `--no-save` still installs what the
      // lock file says and does not write it. Development packages (the compiler, Node 24) are wanted even
      // with NODE_ENV=production.
      const args = ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
      const npm = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: isWindows });
      if (npm.error || npm.status !== 0) throw new Error('npm install failed; nothing was started');
    }
    writeFileSync(stamp, wanted);
  });
}

/** Compiles src/ to dist/ if a source file is newer than the last successful build. */
export function build() {
  const stamp = inRoot('dist', '.built');
  const isCurrent = () => newestSource() <= modifiedAt(stamp);
  if (isCurrent()) return;
  withLock('build', () => {
    if (isCurrent()) return;
    const startedAt = new Date();
    console.error('Building');
    const tsc = spawnSync(
      developmentNode(),
      [inRoot('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
      {
        cwd: root,
        env: developmentEnvironment(),
        stdio: ['ignore', 2, 2],
      },
    );
    if (tsc.error || tsc.status !== 0) throw new Error('the build failed; nothing was started');
    copyMigrations();
    copyScripts();
    // Dated at the start: what was saved while we compiled is still to be built.
    writeFileSync(stamp, '');
    utimesSync(stamp, startedAt, startedAt);
  });
}

/** Folders count as well: their time changes when a file in them is added, renamed or removed. */
function newestSource() {
  const paths = ['src', 'tsconfig.json', 'tsconfig.build.json', join('node_modules', '.ingot-installed')];
  for (const entry of readdirSync(inRoot('src'), { recursive: true })) paths.push(join('src', entry));
  return Math.max(...paths.map((path) => modifiedAt(inRoot(path))));
}

/** A removed migration must not live on in dist/: the migrator applies what it finds there. */
function copyMigrations() {
  const from = inRoot('src', 'store', 'migrations');
  const to = inRoot('dist', 'store', 'migrations');
  rmSync(to, { recursive: true, force: true });
  if (!existsSync(from)) return;
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) if (name.endsWith('.sql')) cpSync(join(from, name), join(to, name));
}

/** What runs in the deploy ramdisk. */
function copyScripts() {
  const folder = join('boot', 'ramdisk');
  if (!existsSync(inRoot('src', folder))) return;
  for (const name of readdirSync(inRoot('src', folder)))
    if (name.endsWith('.sh')) cpSync(inRoot('src', folder, name), inRoot('dist', folder, name));
}

/**
 * Several commands may start at once in a fresh checkout (tests do so); only one of them prepares it.
 * The lock is a folder, made by one and only one, with the owner's pid inside.
 */
function withLock(name, work) {
  const lock = join(
    tmpdir(),
    `ingot-${name}-${createHash('sha256').update(root).digest('hex').slice(0, 12)}.lock`,
  );
  while (!tryLock(lock)) {
    const owner = Number(tryRead(join(lock, 'pid')));
    const isAbandoned = owner ? !isAlive(owner) : Date.now() - modifiedAt(lock) > 5000;
    if (isAbandoned) rmSync(lock, { recursive: true, force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function tryLock(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(lock, 'pid'), String(process.pid));
  return true;
}

function tryRead(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// `node scripts/prepare.mjs` makes the checkout ready and does nothing else.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installPackages();
  build();
}
