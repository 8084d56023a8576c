/** What goes wrong with real machines, and how it ends. Each fault strikes the installation of a server on one machine. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer } from '../../src/cli/client.ts';
import type { RackMachine } from '../rack/rack.ts';
import { findMachine, logIn } from './life.ts';
import type { Lab } from './lab.ts';
import { stages } from './stages.ts';
import { insist, until } from './story.ts';

const password = 'Lab-0nly_Words';

/**
 * How long a machine may take to the ramdisk while Ingot is killed under its firmware, which gives network boot up when
 * nobody answers for the script that it was told to fetch. Such a start is lost; an installation has three.
 */
const shortPatience = { INGOT_BOOT_PATIENCE_SECONDS: '60' };

/** One strikes the first machine, two strike both at once, and the last one the machine that has no server by then. */
export async function tellFaults(lab: Lab): Promise<void> {
  const [first, ...others] = lab.rack.machines;
  for (const { name } of others) await lab.ingot.command('node', 'maintenance', name, 'on');
  await killAtEachStage(lab, first!);
  for (const { name } of others) await lab.ingot.command('node', 'maintenance', name, 'off');
  await neverBoot(lab, await troubleBoth(lab));
}

async function killAtEachStage(lab: Lab, machine: RackMachine): Promise<void> {
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
      const starts = (await lab.tenant.signs(serverId)).filter(({ sign }) => sign === 'power-on').length;
      see(`the machine was started ${starts} times, the last one from its disk`);
      return { serverId, name: 'gamma', machine, password, publicKey: null };
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
 * The BMC of one falls silent in the middle; at the other arrive bytes that are not those of the image.
 *
 * @returns the other, which has no server
 */
async function troubleBoth(lab: Lab): Promise<RackMachine> {
  const { story, tenant, rack } = lab;
  story.chapter(
    'One BMC falls silent in the middle, and another machine gets bytes that are not those of the image',
  );
  const [jobId, machine] = await story.step('orders a server', async () => {
    const job = await order(lab, 'delta');
    return [job, await findMachine(lab, await tenant.serverOf(job))] as const;
  });
  const other = rack.machines.find((one) => one !== machine)!;
  await Promise.all([loseBmc(lab, machine, jobId), refuseBytes(lab, other)]);
  await clear(lab, other);
  return other;
}

async function loseBmc(lab: Lab, machine: RackMachine, jobId: string): Promise<void> {
  const { story, tenant } = lab;
  const serverId = await tenant.serverOf(jobId);
  const console = await machine.openConsole();
  try {
    await story.step('silences the BMC when the image is written', async () => {
      await console.waitFor(/\[agent [\d.]+\] writing/, 0, lab.patience());
      await machine.setBmcFrozen(true);
    });
    await story.step('Ingot says that the BMC is silent, and waits', async (see) => {
      await console.waitFor(/\[agent [\d.]+\] finished/, 0, lab.patience());
      const { evidence } = await until(
        'a word about the BMC',
        lab.patienceSeconds,
        () => tenant.why(serverId),
        ({ evidence: words }) => /unreachable|not answer|no answer|timed out|silent/i.test(String(words)),
      );
      see(String(evidence));
    });
    await story.step('the BMC comes back, and so does the installation', async (see) => {
      await machine.setBmcFrozen(false);
      await lab.succeed(jobId, see);
    });
  } finally {
    console.close();
  }
}

async function refuseBytes(lab: Lab, machine: RackMachine): Promise<void> {
  const { story, ingot, imageB } = lab;
  const file = join(ingot.folder, 'images', imageB.sha256);
  await story.step('changes a byte of the image on Ingot’s disk', () => flip(file));
  await story.step('the machine finds out, and no half a system is left', async (see) => {
    see(await fail(lab, machine, await order(lab, 'epsilon', imageB), /checksum/));
    const start = await readStart(machine);
    insist(
      start.every((byte) => byte === 0),
      'the disk still begins with something',
    );
    see('the first MiB of the disk is empty');
  });
  await flip(file);
}

async function neverBoot(lab: Lab, machine: RackMachine): Promise<void> {
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
}

function order({ tenant, imageA }: Lab, name: string, image = imageA): Promise<string> {
  return tenant.create({ name, imageId: image.id, login: { password } });
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
