/** `npm run lab`: a rack of virtual machines to play with, until Ctrl-C. */
import { once } from 'node:events';
import { join } from 'node:path';
import { Command } from 'commander';
import { enrol } from './cloud/enrol.ts';
import { LabIngot } from './cloud/ingot.ts';
import type { MachineWish } from './rack/plan.ts';
import { startRack, type Rack } from './rack/rack.ts';
import { parts, tellStory } from './story/tell.ts';

interface Options {
  machines: string;
  port: string;
  test?: string | true;
}

await new Command('lab')
  .description('Builds a rack of virtual machines with BMCs, on networks of its own.')
  .option('--machines <count>', 'how many', '2')
  .option('--port <port>', 'of 127.0.0.1, where Ingot serves; 0 takes any free one', '0')
  .option('--test [part]', 'tell the whole story unattended, and end; or only life or faults')
  .action((options: Options) => (options.test === undefined ? play(options) : test(options.test)))
  .parseAsync();

/** BIOS and UEFI in turn. */
function toWishes(count: number): MachineWish[] {
  if (!Number.isInteger(count) || count < 1) throw new Error('--machines wants a number from 1 on');
  return Array.from({ length: count }, (_, index) => ({
    name: `n${index + 1}`,
    bmc: 'both',
    firmware: index % 2 === 0 ? 'bios' : 'uefi',
  }));
}

async function play(options: Options): Promise<void> {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
  // The launcher is our parent; without it nobody would pass signals on.
  process.once('disconnect', () => stopped.abort());
  await using rack = await startRack({ machines: toWishes(Number(options.machines)) });
  const ingot = await LabIngot.start(rack, { port: Number(options.port) });
  await enrol(rack, ingot);
  describe(rack, ingot);
  if (!stopped.signal.aborted) await Promise.race([once(stopped.signal, 'abort'), rack.ended]);
  process.channel?.unref();
}

async function test(wanted: string | true): Promise<void> {
  const chosen = parts.filter((name) => wanted === true || name === wanted);
  if (chosen.length === 0) throw new Error(`--test knows ${parts.join(', ')}`);
  // Nothing needs to be put in order: what is inside ends with us, and its folder is removed.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const)
    process.once(signal, () => process.exit(1));
  const beganAt = Date.now();
  try {
    const steps = await tellStory(console.log, chosen);
    console.log(`\n${steps.length} steps in ${Math.round((Date.now() - beganAt) / 1_000)} s; all is well.`);
  } catch (error) {
    console.error(`\nThe story ends badly: ${(error as Error).message}`);
    process.exitCode = 1;
  }
  process.channel?.unref();
}

function describe({ machines, account, entry, folder }: Rack, { origin, folder: data }: LabIngot): void {
  const { username, password } = account;
  const bmc = machines[0]!.bmcAddress;
  const ipmitool = `${entry} ipmitool -I lanplus -C 3 -H ${bmc} -U ${username} -P ${password}`;
  const lines = [
    `A rack of ${machines.length} machines stands; Ingot serves it at ${origin}`,
    ...machines.map(
      ({ name, hardware, bmcAddress }) =>
        `  ${name}  ${hardware.firmware.padEnd(4)}  BMC ${bmcAddress} (IPMI, https)  MAC ${hardware.nic.mac}`,
    ),
    'The cloud:',
    `  export INGOT_DATA=${data}`,
    `  npx ingot node list                # also status, server list, …`,
    `  OS_CLIENT_CONFIG_FILE=${join(data, 'clouds.yaml')} OS_CLOUD=ingot openstack server list`,
    `The BMCs (account ${username} / ${password}) stand in namespaces of their own:`,
    `  ${ipmitool} power status`,
    `  ${ipmitool} sol activate           # the serial console; ~. leaves it`,
    `  ${entry} curl -sku ${username}:${password} https://${bmc}/redfish/v1/Systems/1`,
    `What the consoles said is in ${folder}/NAME/console.log.`,
    'Ctrl-C takes everything down.',
  ];
  console.log(lines.join('\n'));
}
