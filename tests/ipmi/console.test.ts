/** The serial console over IPMI: bytes both ways through ipmi_sim's Serial over LAN. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import type { SerialConsole } from '../../src/core/ports.ts';
import { failureOf, purpose } from '../redfish/node.ts';
import { startIpmiSim, whyNoIpmi } from './ipmi-sim.ts';
import { makeIpmiDriver, makeIpmiNode } from './node.ts';
import { startSerialLine } from './serial-line.ts';

const missing = whyNoIpmi();
beforeEach((context) => {
  if (missing !== null) context.skip(missing);
});

async function rig() {
  const line = await startSerialLine();
  const machine = await startIpmiSim({ consolePort: line.port, power: 'on' });
  const driver = makeIpmiDriver();
  return {
    line,
    machine,
    driver,
    node: makeIpmiNode(machine.address),
    async [Symbol.asyncDispose]() {
      await driver.close();
      await machine.close();
      await line.close();
    },
  };
}

function listen(console: SerialConsole) {
  const heard = { text: '', closed: null as string | null };
  console.onData((bytes) => void (heard.text += Buffer.from(bytes).toString('latin1')));
  console.onClose((reason) => void (heard.closed = reason));
  return heard;
}

async function until(isThere: () => boolean): Promise<void> {
  while (!isThere()) await sleep(5);
}

it('carries bytes both ways, and nothing of its own', async () => {
  await using rack = await rig();
  const console = await rack.driver.openConsole(rack.node);
  const heard = listen(console);
  rack.line.say('login: ');
  await until(() => heard.text.includes('login: '));
  console.write(Buffer.from('root\r'));
  await until(() => heard.text.includes('root'));
  expect(heard.text).not.toMatch(/SOL|ipmitool/);
});

it('carries every byte as it is, also what ipmitool would take for its own', async () => {
  await using rack = await rig();
  const console = await rack.driver.openConsole(rack.node);
  listen(console);
  const all = Buffer.concat([
    Buffer.from('~.\r~.~B~~\n~#\r\r~?'),
    Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  ]);
  console.write(all);
  await until(() => rack.line.typed().length >= all.length);
  expect(rack.line.typed()).toEqual(all);
});

it('is open once at a time, and again as soon as it was closed', async () => {
  await using rack = await rig();
  const first = await rack.driver.openConsole(rack.node);
  const heard = listen(first);
  expect(await failureOf(rack.driver.openConsole(rack.node))).toMatchObject({ kind: 'busy' });
  await using other = makeIpmiDriver();
  const elsewhere = await failureOf(other.openConsole(rack.node));
  expect(elsewhere).toMatchObject({ kind: 'busy', message: expect.stringContaining('Another session') });

  first.close();
  // At once, in the same process: it waits for the end of the one before.
  const next = await rack.driver.openConsole(rack.node);
  expect(heard.closed).toBe('The console was closed');
  const nextHeard = listen(next);
  next.close();
  await until(() => nextHeard.closed !== null);
  const second = await other.openConsole(rack.node);
  const again = listen(second);
  rack.line.say('still here');
  await until(() => again.text.includes('still here'));
});

it('is let go when the process that has it is killed', async () => {
  await using rack = await rig();
  const holder = spawn(process.execPath, ['tests/ipmi/console-holder.ts', rack.machine.address]);
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  expect(await failureOf(rack.driver.openConsole(rack.node))).toMatchObject({ kind: 'busy' });
  holder.kill('SIGKILL');
  const open = () => rack.driver.openConsole(rack.node).catch(() => null);
  let console = await open();
  while (!console) console = await open();
  const heard = listen(console);
  rack.line.say('free');
  await until(() => heard.text.includes('free'));
});

it('leaves power to be read and switched while it is open', async () => {
  await using rack = await rig();
  const console = await rack.driver.openConsole(rack.node);
  const heard = listen(console);
  await rack.driver.setPower(rack.node, 'off', purpose);
  expect((await rack.driver.readPower(rack.node, purpose)).power).toBe('off');
  rack.line.say('power down');
  await until(() => heard.text.includes('power down'));
});

it('says why when it cannot be had', async () => {
  await using machine = await startIpmiSim();
  await using driver = makeIpmiDriver();
  const without = await failureOf(driver.openConsole(makeIpmiNode(machine.address)));
  expect(without.message).toMatch(/console|Serial over LAN/);
  const wrong = makeIpmiNode(machine.address, { password: 'battery-staple' });
  expect(await failureOf(driver.openConsole(wrong))).toMatchObject({ kind: 'denied' });
});
