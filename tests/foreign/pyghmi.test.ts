/** The IPMI driver against pyghmi's BMC, which is not ours: every test has a process of its own. */
import { expect, it } from 'vitest';
import { createPreinstalled } from '../../src/boot/preinstalled.ts';
import { conformance } from '../../src/drivers/conformance.ts';
import { consoleConformance } from '../../src/drivers/console-conformance.ts';
import { sessionFailure } from '../../src/drivers/ipmi/answer.ts';
import { whyNoIpmi } from '../ipmi/ipmi-sim.ts';
import { makeIpmiDriver, makeIpmiNode } from '../ipmi/node.ts';
import { failureOf, purpose } from '../redfish/node.ts';
import { pythonWith } from '../support/python-packages.ts';
import { startPyghmiBmc } from './pyghmi-bmc.ts';

const found = await pythonWith(['pyghmi==1.6.19']);
const missing = 'whyNot' in found ? found.whyNot : whyNoIpmi();
const python = 'python' in found ? found.python : '';

it('has what the IPMI driver is tested with against others', (context) => {
  if (missing !== null) context.skip(missing);
});

if (missing === null) {
  conformance(
    'IPMI (pyghmi)',
    async () => {
      const machine = await startPyghmiBmc(python);
      const driver = makeIpmiDriver();
      return {
        driver,
        installer: createPreinstalled(driver, 5),
        node: makeIpmiNode(machine.address),
        machine,
        wrongCredentials: makeIpmiNode(machine.address, { password: 'battery-staple' }),
        close: () => machine.close(),
      };
    },
    {
      unreachable: 'as with ipmi_sim',
      health: 'it has no sensors, so that nothing is known of it',
      'serial-number': 'it has no FRU',
      parts: 'IPMI does not tell of processors, memory, disks and NICs',
      media: 'IPMI has no virtual drives',
      'event-log': 'it has none',
    },
  );

  consoleConformance('IPMI (pyghmi)', async () => {
    const machine = await startPyghmiBmc(python);
    await machine.forcePower('on');
    return {
      driver: makeIpmiDriver(),
      node: makeIpmiNode(machine.address),
      say: (text) => machine.say(text),
      words: 'login: ',
      echo: '[x]',
      close: () => machine.close(),
    };
  });

  it('goes down to the cipher suite that pyghmi answers with, whatever it was asked for', async () => {
    await using machine = await startPyghmiBmc(python);
    await using driver = makeIpmiDriver();
    await driver.readPower(makeIpmiNode(machine.address), purpose);
    expect(driver.cipherOf(machine.address)).toBe(3);
  });

  it('claims to know nothing of a machine that shows no sensors', async () => {
    await using machine = await startPyghmiBmc(python);
    await using driver = makeIpmiDriver();
    expect(await driver.readHealth(makeIpmiNode(machine.address), purpose)).toMatchObject({
      health: 'Unknown',
    });
  });

  it('tells of a log that pyghmi does not have that it is unsupported', async () => {
    await using machine = await startPyghmiBmc(python);
    await using driver = makeIpmiDriver();
    const failure = await failureOf(driver.readEventLog(makeIpmiNode(machine.address), 5, purpose));
    expect(failure).toMatchObject({ kind: 'unsupported' });
  });
}

it('says where a BMC falls silent that does not know the name, as pyghmi does', () => {
  const stderr =
    '> Error: no response from RAKP 1 message\nError: Unable to establish IPMI v2 / RMCP+ session\n';
  const failure = sessionFailure({ stdout: '', stderr, code: 1, end: 'exited' }, 'ipmitool');
  expect(failure).toMatchObject({ kind: 'unreachable', message: expect.stringMatching(/silent.* name/) });
});
