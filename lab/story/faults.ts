/** What goes wrong with real machines, and how it ends. Each fault strikes the installation of a server on one machine. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer } from '../../src/cli/client.ts';
import type { RackMachine } from '../rack/rack.ts';
import { findMachine, logIn, remove, type Rented } from './life.ts';
import type { Terminal } from '../machine/terminal.ts';
import type { Lab } from './lab.ts';
import { stages } from './stages.ts';
import { insist, until } from './story.ts';

const password = 'Lab-0nly_Words';

/**
 * How long a machine may take to the ramdisk while Ingot is killed under its firmware, which gives network boot up when
 * what it loads breaks off. (It asks for an address several times, longer than Ingot is away.) Three starts are all that
 * an installation has, and two of them are lost so.
 */
const shortPatience = { INGOT_BOOT_PATIENCE_SECONDS: '60' };

/** Faults have one machine to strike; the others take no servers meanwhile. */
export async function withOneMachine(lab: Lab, act: (machine: RackMachine) => Promise<void>): Promise<void> {
  const [chosen, ...others] = lab.rack.machines;
  for (const { name } of others) await lab.ingot.command('node', 'maintenance', name, 'on');
  await act(chosen!);
  for (const { name } of others) await lab.ingot.command('node', 'maintenance', name, 'off');
}

export async function killAtEachStage(lab: Lab, machine: RackMachine): Promise<void> {
  const { story, ingot } = lab;
  story.chapter('Ingot is killed with SIGKILL at each stage of an installation');
  const console = await machine.openConsole();
  try {
    const jobId = await story.step('orders a server', () => order(lab, 'gamma'));
    await story.step('kills it right after it accepted', () => killAndStart(lab));
    for (const { name, sign } of stages) {
      await story.step(`kills it when ${name}`, async () => {
        await console.waitFor(sign, 0, lab.patience());
        await killAndStart(lab);
      });
    }
    const rented = await story.step('the server runs none the less', async (see) => {
      const serverId = await lab.succeed(jobId, see);
      return toRented(serverId, 'gamma', machine);
    });
    await logIn(lab, rented, lab.imageA.name);
    await story.step('kills it in the middle of a wipe', async () => {
      const from = console.mark;
      const deletion = await lab.tenant.delete(rented.serverId);
      await console.waitFor(/\[agent [\d.]+\] wiping/, from, lab.patience());
      await ingot.kill();
      await ingot.start();
      await lab.succeed(deletion);
    });
  } finally {
    console.close();
  }
}

async function killAndStart({ ingot }: Lab): Promise<void> {
  await ingot.kill();
  await ingot.start(shortPatience);
}

/**
 * Three faults in the time of one installation, for those who cannot wait for all: Ingot is killed while a system is written
 * and the BMC falls silent thereafter, and on the other machine arrive bytes that are not those of the image.
 */
export async function disturb(lab: Lab): Promise<void> {
  const { story, tenant } = lab;
  story.chapter('Trouble on two machines');
  const [jobId, machine] = await story.step('orders a server', async () => {
    const job = await order(lab, 'eta');
    return [job, await findMachine(lab, await tenant.serverOf(job))] as const;
  });
  const console = await machine.openConsole();
  try {
    await story.step('kills Ingot when the image is being written', async () => {
      await console.waitFor(/\[agent [\d.]+\] writing/, 0, lab.patience());
      await lab.ingot.kill();
      await lab.ingot.start();
    });
    const other = lab.rack.machines.find((one) => one !== machine)!;
    const interrupted = async () => {
      await machine.setBmcFrozen(true);
      await endureSilence(lab, toRented(await tenant.serverOf(jobId), 'eta', machine), jobId, console);
    };
    await Promise.all([interrupted(), refuseBytes(lab, other, lab.imageB)]);
  } finally {
    console.close();
  }
}

export async function loseBmc(lab: Lab, machine: RackMachine): Promise<void> {
  const { story, tenant } = lab;
  story.chapter('The BMC falls silent in the middle');
  const console = await machine.openConsole();
  try {
    const jobId = await story.step(
      'orders a server, and silences the BMC when the image is written',
      async () => {
        const job = await order(lab, 'delta');
        await console.waitFor(/\[agent [\d.]+\] writing/, 0, lab.patience());
        await machine.setBmcFrozen(true);
        return job;
      },
    );
    const rented = toRented(await tenant.serverOf(jobId), 'delta', machine);
    await endureSilence(lab, rented, jobId, console);
    await remove(lab, rented);
  } finally {
    console.close();
  }
}

/** The BMC is silent already, while the machine goes on. */
async function endureSilence(lab: Lab, rented: Rented, jobId: string, console: Terminal): Promise<void> {
  const { story, tenant } = lab;
  const { name, serverId, machine } = rented;
  await story.step(`${name}: Ingot says that the BMC is silent, and waits`, async (see) => {
    await console.waitFor(/\[agent [\d.]+\] finished/, 0, lab.patience());
    const { evidence } = await until(
      'a word about the BMC',
      lab.patienceSeconds,
      () => tenant.why(serverId),
      ({ evidence: words }) => /unreachable|not answer|no answer|timed out|silent/i.test(String(words)),
    );
    see(String(evidence));
  });
  await story.step(`${name}: the BMC comes back, and so does the installation`, async (see) => {
    await machine.setBmcFrozen(false);
    await lab.succeed(jobId, see);
  });
}

export async function corruptImage(lab: Lab, machine: RackMachine): Promise<void> {
  lab.story.chapter('The bytes of an image are not what they were');
  await refuseBytes(lab, machine, lab.imageA);
  await clear(lab, machine);
}

async function refuseBytes(lab: Lab, machine: RackMachine, image: Lab['imageA']): Promise<void> {
  const { story, ingot } = lab;
  const file = join(ingot.folder, 'images', image.sha256);
  await story.step('changes a byte of the image on Ingot’s disk', () => flip(file));
  await story.step('the machine finds out, and no half a system is left', async (see) => {
    see(await fail(lab, machine, await order(lab, 'epsilon', image), /checksum/));
    const start = await readStart(machine);
    insist(
      start.every((byte) => byte === 0),
      'the disk still begins with something',
    );
    see('the first MiB of the disk is empty');
  });
  await flip(file);
}

export async function neverBoot(lab: Lab, machine: RackMachine): Promise<void> {
  const { story, ingot } = lab;
  story.chapter('A machine never boots');
  await story.step('pulls its network cable; Ingot shall wait 20 s for it, three times', async () => {
    await machine.setCable(false);
    await ingot.stop();
    await ingot.start({ INGOT_BOOT_PATIENCE_SECONDS: '20' });
  });
  await story.step('the order fails, and says why', async (see) => {
    see(await fail(lab, machine, await order(lab, 'zeta'), /./));
  });
  await machine.setCable(true);
  await story.step('the cable is back', async () => {
    await ingot.stop();
    await ingot.start();
  });
  await clear(lab, machine);
}

function order({ tenant, imageA }: Lab, name: string, image = imageA): Promise<string> {
  return tenant.create({ name, imageId: image.id, login: { password } });
}

function toRented(serverId: string, name: string, machine: RackMachine): Rented {
  return { serverId, name, machine, password, publicKey: null };
}

/** Waits for a bad end. @returns the reason that Ingot gives */
async function fail(lab: Lab, machine: RackMachine, jobId: string, reason: RegExp): Promise<string> {
  const { tenant } = lab;
  const job = await tenant.jobEnd(jobId, lab.patienceSeconds);
  const words = JSON.stringify(job);
  insist(job['status'] === 'FAIL', `the job ended as ${job['status']}`);
  const node: Answer = await until(
    'the node to be set aside',
    lab.patienceSeconds,
    () => tenant.node(machine.name),
    ({ standing }) => standing === 'quarantined',
  );
  insist(reason.test(`${words} ${node['note']}`), `the reason is ${words}`);
  return `${job['fail_reason'] ?? job['entities']?.sub_jobs?.[0]?.fail_reason}; the node is quarantined`;
}

async function clear(lab: Lab, machine: RackMachine): Promise<void> {
  await lab.story.step('an operator clears the machine', async () => {
    const node = await until(
      'the node to carry no server',
      lab.patienceSeconds,
      () => lab.tenant.node(machine.name),
      ({ server_id }) => server_id === null,
    );
    if (node['standing'] === 'quarantined') await lab.ingot.command('node', 'clear', machine.name);
  });
}

/** Turns a byte in the middle around, and by the next call back. */
async function flip(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, Math.floor(size / 2));
    byte[0]! ^= 0xff;
    await file.write(byte, 0, 1, Math.floor(size / 2));
  } finally {
    await file.close();
  }
}

async function readStart({ hardware }: RackMachine): Promise<Buffer> {
  const file = await open(hardware.disk.file);
  try {
    const start = Buffer.alloc(1024 ** 2);
    await file.read(start, 0, start.length, 0);
    return start;
  } finally {
    await file.close();
  }
}
