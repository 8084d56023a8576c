/** What is special about IPMI: ciphers, slow answers, hung processes, sensors and the event log. */
import { readdir, readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HabitNews, Health } from '../../src/core/node.ts';
import type { IpmiDriverOptions } from '../../src/drivers/ipmi/ipmi-driver.ts';
import { toEntries } from '../../src/drivers/ipmi/event-log.ts';
import { sessionFailure } from '../../src/drivers/ipmi/answer.ts';
import { readHealth, toSensors } from '../../src/drivers/ipmi/sensors.ts';
import { failureOf, purpose } from '../redfish/node.ts';
import { ipmiAccount, startIpmiSim, whyNoIpmi } from './ipmi-sim.ts';
import { startMuteRelay } from './mute-relay.ts';
import { makeIpmiDriver, makeIpmiNode } from './node.ts';

describe('the IPMI driver on the wire', () => {
  const missing = whyNoIpmi();
  beforeEach((context) => {
    if (missing !== null) context.skip(missing);
  });

  it('goes down the cipher ladder once and remembers the suite that the BMC took', async () => {
    await using machine = await startIpmiSim();
    const retried: string[] = [];
    const told: HabitNews[] = [];
    const options: IpmiDriverOptions = {
      watch: { ...silent, retried: (_, reason) => retried.push(reason) },
      onHabits: (_, news) => told.push(news),
    };
    await using driver = makeIpmiDriver(options);
    const node = makeIpmiNode(machine.address);
    await driver.readPower(node, purpose);
    expect(driver.cipherOf(machine.address)).toBe(3);
    await driver.readPower(node, purpose);
    expect(told).toEqual([{ cipher_suite: '3' }]);

    await using restarted = makeIpmiDriver(options);
    await restarted.readPower({ ...node, bmcHabits: { cipher_suite: '3' } }, purpose);
    expect(retried).toEqual(['cipher']);
    expect(told).toHaveLength(1);
  });

  it('goes down the ladder also where a BMC says nothing to a suite that it does not know', async () => {
    await using machine = await startIpmiSim();
    await using mute = await startMuteRelay(machine.address);
    await using driver = makeIpmiDriver();
    expect(await driver.readPower(makeIpmiNode(mute.address), purpose)).toMatchObject({ power: 'off' });
    expect(driver.cipherOf(mute.address)).toBe(3);
  });

  it('offers only the suite that an address names', async () => {
    await using machine = await startIpmiSim();
    await using driver = makeIpmiDriver();
    const named = await driver.readPower(makeIpmiNode(`${machine.address}?cipher=3`), purpose);
    expect(named.power).toBe('off');
    const refused = await failureOf(driver.readPower(makeIpmiNode(`${machine.address}?cipher=17`), purpose));
    expect(refused).toMatchObject({ kind: 'rejected' });
    expect(refused.message).toContain('cipher suites');
  });

  it('gives its account another password, which then is the only one', async () => {
    await using machine = await startIpmiSim();
    await using driver = makeIpmiDriver();
    const old = makeIpmiNode(machine.address);
    const { evidence } = await driver.setPassword(old, 'n3w!word_1', purpose);
    expect(evidence).toBe('IPMI took the new password');
    const renewed = makeIpmiNode(machine.address, { password: 'n3w!word_1' });
    expect(await driver.readPower(renewed, purpose)).toMatchObject({ power: 'off' });
    await expect(driver.readPower(old, purpose)).rejects.toMatchObject({ kind: 'denied' });
  });

  it('stops trying after two refused logins, and tries a new password at once', async () => {
    await using machine = await startIpmiSim();
    await using driver = makeIpmiDriver();
    const wrong = makeIpmiNode(machine.address, { password: 'battery-staple' });
    for (const words of ['refused the login', 'refused the login', 'not asked again']) {
      const error = await failureOf(driver.readPower(wrong, purpose));
      expect(error.kind).toBe('denied');
      expect(error.message).toContain(words);
    }
    expect((await driver.readPower(makeIpmiNode(machine.address), purpose)).power).toBe('off');
  });

  it('sends a power command once although the BMC needs longer than a reading may take', async () => {
    await using machine = await startIpmiSim({ lagSeconds: 2.5 });
    await using driver = makeIpmiDriver();
    await driver.setPower(makeIpmiNode(machine.address), 'on', purpose);
    expect(machine.commands()).toEqual(['power 1']);
  });

  it('says in the BMC’s words why a command was not carried out', async () => {
    await using machine = await startIpmiSim();
    await using driver = makeIpmiDriver();
    const node = makeIpmiNode(machine.address);
    machine.refuse(true);
    const power = await failureOf(driver.setPower(node, 'on', purpose));
    expect(power).toMatchObject({ kind: 'rejected', message: expect.stringContaining('Unspecified error') });
    const boot = await failureOf(driver.setBootDevice(node, 'network', purpose));
    expect(boot.message).toMatch(/boot device pxe: .*(failed|error)/i);
    machine.refuse(false);
    await driver.setPower(node, 'on', purpose);
    expect(machine.commands()).toEqual(['power 1']);
  });

  it('keeps the password out of what other users of the machine see', async () => {
    await using machine = await startIpmiSim();
    await using driver = makeIpmiDriver();
    machine.freeze();
    const reading = failureOf(driver.readPower(makeIpmiNode(machine.address), purpose));
    const port = machine.address.split(':')[1]!;
    let lines: string[] = [];
    while (!lines.some((line) => line.includes('lanplus'))) lines = await commandLines(port);
    machine.thaw();
    await reading.catch(() => undefined);
    expect(lines.join('\n')).not.toContain(ipmiAccount.password);
  });

  it('kills an ipmitool that hangs, and calls the BMC unreachable', async () => {
    await using machine = await startIpmiSim();
    const hanging = { answerSeconds: 30, tries: 4, deadlineMs: 300 };
    await using driver = makeIpmiDriver({ reading: hanging });
    machine.freeze();
    const error = await failureOf(driver.readPower(makeIpmiNode(machine.address), purpose));
    machine.thaw();
    expect(error).toMatchObject({ kind: 'unreachable', canRepeat: true });
    expect(error.message).toContain('in time');
  });

  it('says that the program is missing, not that the BMC is', async () => {
    await using driver = makeIpmiDriver({ program: '/nonexistent/ipmitool' });
    const error = await failureOf(driver.readPower(makeIpmiNode('127.0.0.1'), purpose));
    expect(error).toMatchObject({ kind: 'unsupported' });
    expect(error.message).toContain('/nonexistent/ipmitool');
  });

  it('visits a BMC once at a time', async () => {
    await using machine = await startIpmiSim();
    const underWay: number[] = [];
    const loggedIn = () => void underWay.push(driver.governorOf(machine.address)!.underWay);
    await using driver = makeIpmiDriver({ watch: { ...silent, loggedIn } });
    const node = makeIpmiNode(machine.address);
    await Promise.all(Array.from({ length: 6 }, () => driver.readPower(node, purpose)));
    expect(underWay).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('reads health from sensors, and names the one that is bad', async () => {
    await using driver = makeIpmiDriver();
    {
      await using cool = await startIpmiSim({ celsius: 23 });
      expect(await driver.readHealth(makeIpmiNode(cool.address), purpose)).toMatchObject({ health: 'OK' });
    }
    for (const [celsius, health] of [
      [55, 'Warning'],
      [65, 'Critical'],
    ] as const) {
      await using hot = await startIpmiSim({ celsius });
      const reading = await driver.readHealth(makeIpmiNode(hot.address), purpose);
      expect(reading.health).toBe(health);
      expect(reading.evidence).toContain(`Inlet Temp: ${celsius} degrees C`);
    }
  });

  it('reads the event log, newest first, and no more than was asked for', async () => {
    await using machine = await startIpmiSim();
    await using driver = makeIpmiDriver();
    const node = makeIpmiNode(machine.address);
    const [newest, oldest] = await driver.readEventLog(node, 10, purpose);
    expect(newest).toMatchObject({ id: '2', severity: 'OK' });
    expect(oldest).toMatchObject({ id: '1', severity: 'Critical' });
    expect(oldest?.message).toContain('Inlet Temp, Upper Critical going high');
    expect(await driver.readEventLog(node, 1, purpose)).toHaveLength(1);
  });

  it('restarts the BMC and leaves the machine alone', async () => {
    await using machine = await startIpmiSim({ power: 'on' });
    await using driver = makeIpmiDriver();
    const node = makeIpmiNode(machine.address);
    const { lookInMs } = await driver.resetBmc(node, purpose);
    expect(lookInMs).toBeGreaterThan(10_000);
    expect(machine.power()).toBe('on');
    expect(machine.powerCommands()).toBe(0);
  });

  it('keeps what was recorded of a machine by other means', async () => {
    await using machine = await startIpmiSim();
    await using driver = makeIpmiDriver();
    const node = makeIpmiNode(machine.address);
    const known = await driver.inspect(node, purpose);
    const nics = [{ name: 'eth0', mac: '52:54:00:00:00:01', speedMbps: 10_000 }];
    const again = await driver.inspect({ ...node, inventory: { ...known, cpuCores: 64, nics } }, purpose);
    expect(again).toMatchObject({ serialNumber: 'SIM-0001', cpuCores: 64, nics });
  });
});

it('claims to know nothing of the health of a machine without sensors, unless a fault came or went', async () => {
  const asked = (fault: boolean) => async (commands: readonly string[]) => ({
    stderr: '',
    code: 0,
    end: 'exited' as const,
    stdout: commands.includes('chassis status')
      ? `System Power         : on\nCooling/Fan Fault    : ${fault}\nRecord Count         : 1\n`
      : 'PSU1             | 02h | ns  | 10.1 | No Reading\n',
  });
  const read = async (fault: boolean, recorded: Health) => (await readHealth(asked(fault), recorded)).health;
  expect(await read(false, 'Unknown')).toBe('Unknown');
  expect(await read(false, 'OK')).toBe('Unknown');
  expect(await read(true, 'OK')).toBe('Critical');
  expect(await read(false, 'Critical')).toBe('OK');
});

it.each([
  ['RAKP 2 message indicates an error : unauthorized role requested', 'denied', 'privilege=operator'],
  ['Set Session Privilege Level to ADMINISTRATOR failed', 'unreachable', 'lets no session begin'],
  ['Get Auth Capabilities error', 'unreachable', 'does not answer'],
])('says why there was no session: %s', (complaint, kind, words) => {
  const stderr = `${complaint}\nError: Unable to establish IPMI v2 / RMCP+ session\n`;
  const failure = sessionFailure({ stdout: '', stderr, code: 1, end: 'exited' }, 'ipmitool');
  expect(failure).toMatchObject({ kind, message: expect.stringContaining(words) });
});

it('understands the sensors of real machines', () => {
  const lines = [
    'CPU1 Temp        | 01h | ok  |  3.1 | 41 degrees C',
    'FAN 3            | 43h | lcr | 29.3 | 300 RPM',
    'PS2 Status       | C9h | ok  | 10.2 | Presence detected, Power Supply AC lost',
    'DIMM A1          | 70h | ok  | 32.1 | Correctable ECC',
    'Intrusion        | 73h | ok  |  7.1 | ',
    'VBAT             | 33h | ns  | 40.1 | No Reading',
  ].join('\n');
  expect(toSensors(lines).map(({ name, health }) => [name, health])).toEqual([
    ['CPU1 Temp', 'OK'],
    ['FAN 3', 'Critical'],
    ['PS2 Status', 'Critical'],
    ['DIMM A1', 'Warning'],
    ['Intrusion', 'OK'],
  ]);
});

it('understands the event log of real machines', () => {
  const lines = [
    '   1 | 04/02/2024 | 13:08:11 | Power Supply #0x4d | Failure detected | Asserted',
    '   2 | 04/02/24 | 13:09:00 UTC | Memory #0x87 | Correctable ECC | Asserted',
    '   a | Pre-Init  |0000000012| System ACPI Power State #0x80 | S0/G0: working | Asserted',
  ].join('\n');
  expect(toEntries(lines)).toEqual([
    {
      id: '1',
      at: new Date('2024-04-02T13:08:11Z'),
      severity: 'Critical',
      message: 'Power Supply #0x4d, Failure detected, Asserted',
    },
    {
      id: '2',
      at: new Date('2024-04-02T13:09:00Z'),
      severity: 'Warning',
      message: 'Memory #0x87, Correctable ECC, Asserted',
    },
    { id: 'a', at: null, severity: 'OK', message: 'System ACPI Power State #0x80, S0/G0: working, Asserted' },
  ]);
});

/** Of all processes here that name this. */
async function commandLines(word: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.map((line) => line.replaceAll('\0', ' ')).filter((line) => line.includes(word));
}

const silent = {
  exchanged() {},
  retried() {},
  breakerOpened() {},
  loggedIn() {},
  lockedOut() {},
};
