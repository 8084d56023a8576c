/** The life of two servers on real machines: one by IPMI and UEFI, one by Redfish and BIOS. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Answer } from '../../src/cli/client.ts';
import { openSerialOverLan } from '../bmc/serial-over-lan.ts';
import { enrol } from '../cloud/enrol.ts';
import { countMib, holds } from '../machine/disk-file.ts';
import type { Terminal } from '../machine/terminal.ts';
import type { RackMachine } from '../rack/rack.ts';
import type { Lab } from './lab.ts';
import { makePublicKey } from './ssh-key.ts';
import { Timeline } from './stages.ts';
import { insist, until } from './story.ts';

const run = promisify(execFile);

/** A server, and the machine that it got. */
export interface Rented {
  name: string;
  serverId: string;
  machine: RackMachine;
  password: string;
  publicKey: string | null;
}

/** What the configuration drive says too, at the address that clouds have for it. */
const metadata = 'http://169.254.169.254/openstack/latest/meta_data.json';

/** How long a password may take to be checked, on a busy machine. */
const keystrokeMs = 15_000;

/** What a tenant leaves on the disk, to be looked for later. */
const secret = 'a-secret-of-the-tenant';

/** The ramdisk takes the best that a disk can. */
const waysToWipe = { nvme: /secure erase \(NVMe format\)/, virtio: /discarded/ } as const;

/** What every disk with a Lab OS has on it. */
const bootLabel = Buffer.from('LABBOOT');

export async function enrolAndInspect(lab: Lab): Promise<void> {
  const { story, rack, ingot, tenant } = lab;
  story.chapter('Enrol');
  await story.step('enrols the machines with `ingot node add`', async (see) => {
    for (const { name, driver } of await enrol(rack, ingot)) see(`${name} by ${driver}`);
  });
  for (const { name, hardware } of rack.machines) {
    await story.step(`inspects ${name}`, async (see) => {
      const node = await until(
        `${name} to be ready`,
        lab.patienceSeconds,
        () => tenant.node(name),
        ({ standing }) => standing === 'ready',
      );
      const { inventory } = node;
      insist(
        inventory?.serial_number === hardware.serialNumber,
        `the serial number is ${inventory?.serial_number}`,
      );
      see(
        `${inventory.manufacturer} ${inventory.model}, serial number ${inventory.serial_number}, power ${node['power']}`,
      );
    });
  }
}

/** Both at once; each on the machine that is left. */
export async function createTwo(lab: Lab): Promise<[Rented, Rented]> {
  const { story, tenant, rack } = lab;
  story.chapter('Create');
  const publicKey = makePublicKey('tenant@lab');
  const passwords = ['Lab-0nly_Words', 'Lab-0ther_Words'] as const;
  const userData = await toUserData(passwords[0]);
  await story.step('imports a key', () => tenant.importKey('tenant', publicKey));
  const timelines = new Map<string, Timeline>();
  for (const machine of rack.machines) timelines.set(machine.name, await Timeline.begin(machine));
  const jobs = await story.step('orders two servers', async () => [
    await tenant.create({ name: 'alpha', imageId: lab.imageA.id, login: { keyName: 'tenant', userData } }),
    await tenant.create({ name: 'beta', imageId: lab.imageA.id, login: { password: passwords[1] } }),
  ]);
  const arrive = (name: string, index: 0 | 1) =>
    story.step(`${name} is installed, started, and phones home`, async (see): Promise<Rented> => {
      const serverId = await lab.succeed(jobs[index]!, see);
      const machine = await findMachine(lab, serverId);
      const { firmware } = machine.hardware;
      const told = (await tenant.signs(serverId)).find(({ sign }) => sign === 'boot-device')?.detail ?? '';
      see(`on ${machine.name} (${firmware}): ${told}`);
      const isIpmi = told.startsWith('IPMI');
      insist(!isIpmi || told.includes('(UEFI)') === (firmware === 'uefi'), `the BMC was told: ${told}`);
      for (const line of timelines.get(machine.name)!.lines) see(line);
      const publicKeys = [publicKey, null] as const;
      return { name, serverId, machine, password: passwords[index], publicKey: publicKeys[index] };
    });
  const rented = await Promise.all([arrive('alpha', 0), arrive('beta', 1)]);
  for (const timeline of timelines.values()) timeline.close();
  const drivers = await Promise.all(
    rack.machines.map(async ({ name }) => (await tenant.node(name))['driver']),
  );
  insist(drivers.includes('ipmi') && drivers.includes('redfish'), `the drivers are ${drivers.join(' and ')}`);
  return rented;
}

/** cloud-init's way to set a password; a comment to be found on the disk. */
async function toUserData(password: string): Promise<string> {
  const { stdout } = await run('openssl', ['passwd', '-6', password]);
  return `#cloud-config\n# ${secret}\nchpasswd:\n  users:\n  - {name: root, password: "${stdout.trim()}"}\n`;
}

/** The machine that a server got; it is chosen a moment after the order. */
export function findMachine({ rack, tenant, patienceSeconds }: Lab, serverId: string): Promise<RackMachine> {
  const look = async () => {
    for (const machine of rack.machines)
      if ((await tenant.node(machine.name))['server_id'] === serverId) return machine;
    return null;
  };
  return until(`a machine to carry the server ${serverId}`, patienceSeconds, look, (found) => found !== null);
}

/** Over the BMC's serial console, as somebody who has lost the network. */
export async function logIn(
  lab: Lab,
  { name, machine, password, publicKey }: Rented,
  image: string,
): Promise<void> {
  await lab.story.step(`${name}: logs in over the serial console`, async (see) => {
    const { terminal, close } = await openSerialOverLan(lab.rack, machine);
    try {
      await reachShell(lab, terminal, password);
      const hostname = await ask(lab, terminal, 'hostname');
      insist(hostname === name, `the host name is ${hostname}`);
      const system = await ask(lab, terminal, '. /etc/release; echo $NAME');
      insist(system === image, `the system is ${system}`);
      see(`host name ${hostname}, system ${system}`);
      const told = await ask(lab, terminal, `wget -q -O - ${metadata}`);
      insist((JSON.parse(told) as Answer)['hostname'] === name, `the metadata service says ${told}`);
      see(`${metadata} knows it by its name`);
      if (publicKey !== null) {
        const keys = await ask(lab, terminal, 'cat /root/.ssh/authorized_keys');
        insist(keys === publicKey, `the keys are ${keys}`);
        see(`key ${publicKey.slice(0, 40)}…`);
      }
    } finally {
      await close();
    }
  });
}

async function reachShell(lab: Lab, terminal: Terminal, password: string): Promise<void> {
  const hear = (words: RegExp, from: number) => terminal.waitFor(words, from, lab.patience());
  const begin = terminal.mark;
  terminal.type('\r');
  await hear(/login: $/, begin);
  let from = terminal.mark;
  terminal.type('root\r');
  for (let tries = 5; ; tries -= 1) {
    insist(tries > 0, 'the password is not taken');
    await hear(/continue\): $/, from);
    from = terminal.mark;
    terminal.type(`${password}\r`);
    // What is typed before sulogin has turned the echo off is thrown away; it then waits for more.
    const heard = await terminal
      .waitFor(/# \S*$|incorrect/, from, AbortSignal.timeout(keystrokeMs))
      .catch(() => null);
    if (heard?.[0].startsWith('#')) return; // ash asks the terminal where its cursor is: \S*
    if (!heard) terminal.type('\r');
  }
}

/**
 * The output between the line that was typed and its exit code. A long line is broken where the terminal ends; a line that
 * was typed before the prompt was there is shown twice, by the terminal and by the shell.
 */
const answered = /"=\s*\$\s*\?\s*=\s*"\r\n((?:(?!"=)[^])*?)=0=\r/;

/** @returns what the command printed, without the line that was typed */
async function ask(lab: Lab, terminal: Terminal, command: string): Promise<string> {
  const from = terminal.mark;
  terminal.type(`${command}; echo "=$?="\r`);
  const [, output = ''] = await terminal.waitFor(answered, from, lab.patience());
  return output.trim();
}

export async function stopAndStart(lab: Lab, { name, serverId, machine }: Rented): Promise<void> {
  const { story, tenant } = lab;
  await story.step(`${name}: stops`, async (see) => {
    await lab.succeed(await tenant.act('os-stop', serverId));
    const { power } = await machine.look();
    insist(power === 'off', `the machine is ${power}`);
    see(`status ${(await tenant.show(serverId))['status']}, the machine is off`);
  });
  await story.step(`${name}: starts, from its disk`, async (see) => {
    await boots(lab, machine, async () => void (await lab.succeed(await tenant.act('os-start', serverId))));
    see(`status ${(await tenant.show(serverId))['status']}`);
  });
  await story.step(`${name}: reboots`, () =>
    boots(lab, machine, async () => void (await lab.succeed(await tenant.act('reboot', serverId)))),
  );
}

/** Until the system says on the console that it is up. */
async function boots(lab: Lab, machine: RackMachine, act: () => Promise<void>): Promise<void> {
  const console = await machine.openConsole();
  try {
    await act();
    await console.waitFor(/ is up: hostname=/, 0, lab.patience());
  } finally {
    console.close();
  }
}

export async function reinstall(lab: Lab, rented: Rented): Promise<void> {
  const { story, tenant } = lab;
  const { name, serverId, machine } = rented;
  rented.password = 'Lab-N3w_Words';
  rented.publicKey = null;
  await story.step(`${name}: gets another system`, async (see) => {
    await lab.succeed(await tenant.act('os-stop', serverId));
    const timeline = await Timeline.begin(machine);
    await lab.succeed(await tenant.changeSystem(serverId, lab.imageB.id, rented.password), see);
    for (const line of timeline.lines) see(line);
    timeline.close();
  });
  await logIn(lab, rented, lab.imageB.name);
}

export async function remove(lab: Lab, { name, serverId, machine }: Rented): Promise<void> {
  const { story, tenant } = lab;
  await story.step(`${name}: is deleted, its disk wiped, its node free`, async (see) => {
    const { file } = machine.hardware.disk;
    const before = await countMib(file);
    insist(await holds(file, bootLabel), 'the system cannot be found on the disk before');
    await lab.succeed(await tenant.delete(serverId));
    const node = await tenant.node(machine.name);
    insist(node['standing'] === 'ready' && node['server_id'] === null, `the node is ${node['standing']}`);
    const { power } = await machine.look();
    insist(power === 'off', `the machine is ${power}`);
    insist(!(await holds(file, Buffer.from(secret))), `"${secret}" can still be read from the disk`);
    insist(!(await holds(file, bootLabel)), 'the old system is still on the disk');
    const wiped =
      (await tenant.signs(serverId)).findLast(({ sign }) => sign === 'wiped')?.detail ?? 'unknown';
    insist(waysToWipe[machine.hardware.disk.bus].test(wiped), `the disk was wiped in this way: ${wiped}`);
    see(wiped);
    see(`the disk takes ${await countMib(file)} MiB, ${before} MiB before; the node is ready`);
  });
}
