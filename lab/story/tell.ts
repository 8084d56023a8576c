/** The whole story unattended: what works, and what happens when something goes wrong. */
import { readFile } from 'node:fs/promises';
import { chooseAccelerator } from '../machine/qemu.ts';
import type { MachineWish } from '../rack/plan.ts';
import { tellFaults } from './faults.ts';
import { createTwo, enrolAndInspect, logIn, reinstall, remove, stopAndStart, type Rented } from './life.ts';
import { Lab } from './lab.ts';
import { Story, type StepRecord } from './story.ts';

const lastLines = 40;

/** The first is spoken to by IPMI, the second by Redfish: enrol() takes turns. */
const racks = {
  // An NVMe disk can erase itself; the other one is discarded.
  life: [
    { name: 'n1', bmc: 'both', firmware: 'uefi', diskBus: 'nvme' },
    { name: 'n2', bmc: 'both', firmware: 'bios' },
  ],
  faults: [
    { name: 'n1', bmc: 'both', firmware: 'bios' },
    { name: 'n2', bmc: 'both', firmware: 'uefi' },
  ],
} as const satisfies Record<string, readonly MachineWish[]>;

const acts = { life: tellLife, faults: tellFaults };
export type Part = keyof typeof acts;
export const parts = Object.keys(acts) as Part[];

/** @throws StoryFailed at the first step that fails, after the consoles and Ingot's log were shown */
export async function tellStory(
  tell: (line: string) => void,
  chosen: readonly Part[],
): Promise<StepRecord[]> {
  const story = new Story(tell);
  tell(`Machines run on ${chooseAccelerator() === 'kvm' ? 'KVM' : 'an emulated processor (no KVM here)'}.`);
  for (const part of chosen) await tellInRack(story, tell, racks[part], acts[part]);
  return story.steps;
}

async function tellInRack(
  story: Story,
  tell: (line: string) => void,
  machines: readonly MachineWish[],
  act: (lab: Lab) => Promise<void>,
): Promise<void> {
  const log: string[] = [];
  const lab = await Lab.build(story, machines, (line) => log.push(line));
  try {
    await enrolAndInspect(lab);
    await act(lab);
  } catch (error) {
    for (const { name, consoleLog } of lab.rack.machines)
      await showEnd(tell, `console of ${name}`, consoleLog);
    tell(`\n--- Ingot's log\n${log.slice(-lastLines).join('\n')}`);
    throw error;
  } finally {
    await lab.close();
  }
}

/** The two are used side by side, so that both processors have work. */
async function tellLife(lab: Lab): Promise<void> {
  const { story } = lab;
  const [alpha, beta] = await createTwo(lab);
  story.chapter('Use');
  await Promise.all([use(lab, alpha), use(lab, beta)]);
  story.chapter('Reinstall one, delete the other');
  // The user data of alpha sets its password, and outlives a reinstallation.
  await Promise.all([reinstall(lab, beta), remove(lab, alpha)]);
  story.chapter('Delete');
  await remove(lab, beta);
}

async function use(lab: Lab, rented: Rented): Promise<void> {
  await logIn(lab, rented, lab.imageA.name);
  await stopAndStart(lab, rented);
}

async function showEnd(tell: (line: string) => void, title: string, file: string): Promise<void> {
  const text = await readFile(file, 'latin1').catch(() => '');
  // eslint-disable-next-line no-control-regex
  const lines = text.replace(/\u001b\[[0-9;=?]*[A-Za-z]/g, '').split(/\r?\n/);
  tell(`\n--- ${title}\n${lines.slice(-lastLines).join('\n')}`);
}
