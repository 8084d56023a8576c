/** Holds the drivers against a real BMC, or against mock-ups: `npm run check-bmc -- --help`. */
import { parseArgs } from 'node:util';
import { followNpm } from '../bin/follow-npm.mjs';
import { exitLike, relay } from '../bin/relay.mjs';
import { developmentEnvironment, developmentNode, installPackages, root } from './prepare.mjs';

const help = `Runs the conformance suite of Ingot's drivers, with which they are tested, over hardware of yours.

  npm run check-bmc -- https://10.0.7.12 --username root --password-file ./bmc-password
  npm run check-bmc -- 10.0.7.13 --driver ipmi --username root --password-file ./bmc-password
  npm run check-bmc -- --mockups ./mockups

Without further words it only reads: power, inventory, health, event log. Nothing is changed at the machine.

  --power           SWITCHES THE MACHINE OFF AND ON, several times and without asking its system, and sets what
                    it boots next. Only for machines on which nothing runs. It is left as it was found: on or off.
  --restart-bmc     RESTARTS THE BMC, which is away for minutes. The machine goes on.
  --image URL       twice, with --power: two discs that the BMC can fetch, for its virtual drive
  --system PATH     one of several systems behind a BMC: /redfish/v1/Systems/Blade3
  --driver NAME     redfish (as it is without) or ipmi
  --mockups FOLDER  a mock-up in DMTF's layout, a recording of \`ingot record\`, or a folder of such; they are played
                    by our simulator, and their power is not real

A wrong password is never tried: accounts lock.`;

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean' },
    power: { type: 'boolean' },
    'restart-bmc': { type: 'boolean' },
    username: { type: 'string' },
    'password-file': { type: 'string' },
    system: { type: 'string' },
    driver: { type: 'string', default: 'redfish' },
    mockups: { type: 'string' },
    image: { type: 'string', multiple: true },
  },
});
const complaint = complain();
if (given.help || complaint) {
  console.error(complaint && !given.help ? `${complaint}\n\n${help}` : help);
  process.exit(given.help ? 0 : 2);
}

if (given.power)
  console.error(`THE MACHINE BEHIND ${positionals[0]} IS SWITCHED OFF NOW, and off and on again.`);
followNpm();
installPackages();
const env = {
  ...developmentEnvironment(),
  INGOT_CHECK_BMC: JSON.stringify({ ...given, address: positionals[0] }),
};
const program = [
  `${root}/node_modules/vitest/vitest.mjs`,
  'run',
  '--config',
  'tests/foreign/given.config.ts',
];
exitLike(await relay(developmentNode(), program, { cwd: root, env }));

function complain() {
  if (given.mockups !== undefined) return positionals.length > 0 ? 'Mock-ups have no address.' : null;
  if (positionals.length !== 1) return 'The address of one BMC is missing.';
  if (!['redfish', 'ipmi'].includes(given.driver)) return `There is no driver ${given.driver}.`;
  if (given.image !== undefined && given.image.length !== 2) return '--image is given twice or not at all.';
  return given.username && given['password-file'] ? null : '--username and --password-file are missing.';
}
