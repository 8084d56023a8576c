#!/usr/bin/env node
/**
 * The `ingot` command: gets everything ready and hands over to dist/cli.js on a Node that can run it.
 *
 * In a source checkout it installs npm packages and compiles when something changed, so that `npm start`
 * works on a fresh clone. Ingot needs Node 22.19 (undici 8 crashes on import in Node 20, which Debian 12
 * has); on an older one we continue on the Node 24 that the npm package `node` brings.
 *
 * What src/cli.ts has to do for us:
 *
 * 1. Run when imported. It may be imported by this file or be the main module, so it must not compare
 *    `process.argv[1]` with itself; arguments are `process.argv.slice(2)` either way.
 * 2. Stop when the launcher is gone. Where we had to change Node, cli.js is our child with an IPC channel
 *    and in a process group of its own. If we die by SIGKILL nobody passes signals on any more:
 *
 *      if (process.channel) {
 *        process.once('disconnect', () => void stop('the launcher is gone')); // as on SIGTERM
 *        process.channel.unref(); // after the line above, or a short command never ends
 *      }
 *
 * 3. Treat SIGINT, SIGTERM and SIGHUP as "stop", once. Through the relay each arrives once; when cli.js
 *    runs in our process under `npm start`, npm may repeat the terminal's Ctrl-C within a few ms.
 *
 * Plain JavaScript that parses and runs on Node 18 and newer.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { followNpm } from './follow-npm.mjs';
import { exitLike, relay } from './relay.mjs';

const inPackage = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const isCheckout = existsSync(inPackage('scripts/prepare.mjs')) && existsSync(inPackage('src'));
if (isCheckout) {
  const { installPackages, build } = await import('../scripts/prepare.mjs');
  try {
    installPackages();
    build();
  } catch (error) {
    console.error(`ingot: ${error.message}`);
    process.exit(1);
  }
}

followNpm();

const [major, minor] = process.versions.node.split('.').map(Number);
const isNodeNewEnough = major > 22 || (major === 22 && minor >= 19);
const newerNode = inPackage(
  process.platform === 'win32' ? 'node_modules/node/bin/node.exe' : 'node_modules/.bin/node',
);

if (isNodeNewEnough) {
  process.setSourceMapsEnabled(true);
  await import('../dist/cli.js');
} else if (existsSync(newerNode)) {
  const args = ['--enable-source-maps', inPackage('dist/cli.js'), ...process.argv.slice(2)];
  exitLike(await relay(newerNode, args));
} else {
  const again = ['npx', '-p', 'node@24', 'node', process.argv[1], ...process.argv.slice(2)].join(' ');
  console.error(`ingot: needs Node.js 22.19 or newer, this is ${process.versions.node}. Try: ${again}`);
  process.exit(1);
}
