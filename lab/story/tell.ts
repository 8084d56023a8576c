/** The whole story unattended: what works, and what happens when something goes wrong. */
import { readFile } from 'node:fs/promises';
import { chooseAccelerator } from '../machine/qemu.ts';
import type { RackMachine } from '../rack/rack.ts';
import { corruptImage, killAtEachStage, loseBmc, neverBoot, withOneMachine } from './faults.ts';
import { createTwo, enrolAndInspect, logIn, reinstall, remove, stopAndStart } from './life.ts';
import { Lab } from './lab.ts';
import { Story, type StepRecord } from './story.ts';

const lastLines = 40;

/**
 * @param chapters `life` alone is the short version
 * @throws StoryFailed at the first step that fails, after the consoles and Ingot's log were shown
 */
export async function tellStory(
  tell: (line: string) => void,
  chapters: readonly ('life' | 'faults')[] = ['life', 'faults'],
): Promise<StepRecord[]> {
  const story = new Story(tell);
  const log: string[] = [];
  tell(`Machines run on ${chooseAccelerator() === 'kvm' ? 'KVM' : 'an emulated processor (no KVM here)'}.`);
  const lab = await Lab.build(story, (line) => log.push(line));
  try {
    await enrolAndInspect(lab);
    if (chapters.includes('life')) await tellLife(lab);
    if (chapters.includes('faults')) await withOneMachine(lab, (machine) => tellFaults(lab, machine));
    return story.steps;
  } catch (error) {
    for (const { name, consoleLog } of lab.rack.machines)
      await showEnd(tell, `console of ${name}`, consoleLog);
    tell(`\n--- Ingot's log\n${log.slice(-lastLines).join('\n')}`);
    throw error;
  } finally {
    await lab.close();
  }
}

async function tellLife(lab: Lab): Promise<void> {
  const { story } = lab;
  const rented = await createTwo(lab);
  story.chapter('Use');
  for (const one of rented) await logIn(lab, one, lab.imageA.name);
  for (const one of rented) await stopAndStart(lab, one);
  story.chapter('Reinstall');
  await reinstall(lab, rented[1]!); // the user data of the other sets its password, and outlives a reinstallation
  story.chapter('Delete');
  for (const one of rented) await remove(lab, one);
}

async function tellFaults(lab: Lab, machine: RackMachine): Promise<void> {
  await killAtEachStage(lab, machine);
  await loseBmc(lab, machine);
  await corruptImage(lab, machine);
  await neverBoot(lab, machine);
}

async function showEnd(tell: (line: string) => void, title: string, file: string): Promise<void> {
  const text = await readFile(file, 'latin1').catch(() => '');
  // eslint-disable-next-line no-control-regex
  const lines = text.replace(/\u001b\[[0-9;=?]*[A-Za-z]/g, '').split(/\r?\n/);
  tell(`\n--- ${title}\n${lines.slice(-lastLines).join('\n')}`);
}
