/** docs/bmcs.md: what the Redfish driver knows of BMCs, and the BMCs that can be played. */
import { personalities, personalityNames } from '../src/bmc-simulator/personalities.ts';
import { quirkNames, quirks } from '../src/bmc-simulator/quirks.ts';
import { quirkRows } from '../src/drivers/redfish/quirks.ts';

export function bmcsPage(table: (columns: string[], rows: string[][]) => string): string {
  const known = quirkRows.map(({ habit, model, source, in: file }) => [
    habit,
    model,
    source,
    `\`${file.replace('../', '')}\``,
  ]);
  const who = personalityNames.map((name) => {
    const { says, quirks: own } = personalities[name];
    return [`\`${name}\``, says, own.map((one) => `\`${one}\``).join(', ') || 'none'];
  });
  const what = quirkNames.map((name) => [`\`${name}\``, `it ${quirks[name].says}`, quirks[name].source]);
  return `# BMCs

Generated from \`src/drivers/redfish/quirks.ts\`, \`src/bmc-simulator/personalities.ts\` and \`quirks.ts\` by \`npm run docs\`;
do not edit.

## What the Redfish driver is prepared for

The driver reads what a BMC offers and tries what it may take, in the order of what is most common; what worked is
tried first the next time, also after a restart. Habits that cannot be seen go by the vendor that the service root
names.

${table(['habit', 'seen on', 'source', 'met in'], known)}

## Trying a BMC of yours

From a checkout, the suite that the drivers are tested with runs over any BMC. Without further words it only reads;
\`--power\` **switches the machine off and on several times**, \`--restart-bmc\` restarts the BMC:

\`\`\`sh
npm run check-bmc -- https://10.0.7.12 --username root --password-file ./bmc-password
npm run check-bmc -- 10.0.7.13 --driver ipmi --username root --password-file ./bmc-password --power
npm run check-bmc -- --mockups ./DSP2043/mockups     # DMTF's mock-ups, or files of \`ingot record\`
\`\`\`

What fails there is worth an issue, with the output and a recording (\`ingot record\`, below).

## BMCs that can be played

\`ingot sim-bmc\` starts simulated BMCs, real Redfish servers over HTTPS, thousands in one process:

\`\`\`sh
ingot sim-bmc --personality idrac,ilo --count 100 --seed 7 --fleet-file fleet.yaml   # until Ctrl-C
ingot node add --file fleet.yaml --zone eu-de-01 --flavor physical.m2.large  # the machines behind them, in a running Ingot
ingot sim-bmc --quirk etag-weak,power-lag --without etag-demanded --time-factor 0.01
ingot sim-bmc --count 10000 --host 127.1.0.1 --port 443 --spread     # an address for each
\`\`\`

The port that it names as control answers \`GET /bmcs\` (who is where) and \`GET /counters\` (per BMC: resets carried out
and refused, logins, sessions open at once, requests under way at once, and violations of the BMC's own limits);
\`POST /bmcs/{index}\` with \`{"power": "off"}\` presses the button at the machine, with \`{"isSilent": true}\` the BMC hangs.

\`ingot record\` saves what a real BMC shows, without what identifies or opens it, and \`ingot sim-bmc --tree\` plays it
back; a mock-up folder in DMTF's layout is played too:

\`\`\`sh
ingot record https://10.0.7.12 --username root --password-file ./bmc-password --out r740.json
ingot sim-bmc --tree r740.json --count 50
\`\`\`

${table(['personality', 'plays', 'habits'], who)}

## Habits

Each can be added to a personality (\`--quirk\`) and taken from it (\`--without\`). What happens by chance is the same with
the same \`--seed\`.

${table(['habit', 'the BMC', 'source'], what)}
`;
}
