/** `npm run lab`: a rack of virtual machines to play with, until Ctrl-C. */
import { once } from 'node:events';
import { Command } from 'commander';
import type { MachineWish } from './rack/plan.ts';
import { startRack, type Rack } from './rack/rack.ts';

await new Command('lab')
  .description('Builds a rack of virtual machines with BMCs, on networks of its own.')
  .option('--machines <count>', 'how many', '2')
  .action(play)
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

async function play(options: { machines: string }): Promise<void> {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
  // The launcher is our parent; without it nobody would pass signals on.
  process.once('disconnect', () => stopped.abort());
  await using rack = await startRack({ machines: toWishes(Number(options.machines)) });
  describe(rack);
  if (!stopped.signal.aborted) await Promise.race([once(stopped.signal, 'abort'), rack.ended]);
  process.channel?.unref();
}

function describe({ machines, account, entry, folder }: Rack): void {
  const { username, password } = account;
  const [first] = machines;
  const bmc = first!.bmcAddress;
  const lines = [
    `A rack of ${machines.length} machines stands, in namespaces of its own. BMC accounts: ${username} / ${password}`,
    ...machines.map(
      ({ name, hardware, bmcAddress }) =>
        `  ${name}  ${hardware.firmware.padEnd(4)}  BMC ${bmcAddress} (IPMI, https)  MAC ${hardware.nic.mac}`,
    ),
    'Before each command that shall reach it:',
    `  ${entry}`,
    'For example:',
    `  ${entry} ipmitool -I lanplus -C 3 -H ${bmc} -U ${username} -P ${password} power on`,
    `  ${entry} ipmitool -I lanplus -C 3 -H ${bmc} -U ${username} -P ${password} sol activate`,
    `  ${entry} curl -sku ${username}:${password} https://${bmc}/redfish/v1/Systems/1`,
    `Consoles are kept in ${folder}/NAME/console.log.`,
    'Ctrl-C takes everything down.',
  ];
  console.log(lines.join('\n'));
}
