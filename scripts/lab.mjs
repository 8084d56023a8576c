/** `npm run lab`: prepares checkout and machine, and hands over to lab/main.ts. */
import { followNpm } from '../bin/follow-npm.mjs';
import { exitLike, relay } from '../bin/relay.mjs';
import { installDebianPackages, labPackages } from './debian-packages.mjs';
import { build, developmentEnvironment, developmentNode, installPackages, root } from './prepare.mjs';

followNpm();
installPackages();
build(); // the Ingot that runs in the lab
installDebianPackages(labPackages);
const args = [`${root}/lab/main.ts`, ...process.argv.slice(2)];
exitLike(await relay(developmentNode(), args, { env: developmentEnvironment() }));
