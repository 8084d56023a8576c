/**
 * Runs a TypeScript file of this checkout: `node scripts/run.mjs bench/main.ts arguments…`.
 * Node 24 strips the types itself; nothing is compiled.
 */
import { followNpm } from '../bin/follow-npm.mjs';
import { exitLike, relay } from '../bin/relay.mjs';
import { developmentEnvironment, developmentNode, installPackages } from './prepare.mjs';

if (process.argv.length < 3) {
  console.error('usage: node scripts/run.mjs FILE.ts [arguments]');
  process.exit(2);
}
followNpm();
installPackages();
exitLike(await relay(developmentNode(), process.argv.slice(2), { env: developmentEnvironment() }));
