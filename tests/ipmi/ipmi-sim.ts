/**
 * A machine behind OpenIPMI's ipmi_sim on a loopback port: real RMCP+, whose chassis commands act on a folder.
 *
 * What ipmi_sim 2.0.33 cannot do: cipher suites other than 3; UEFI and persistent boot flags (it forgets them); a disk as
 * boot device of its own (it becomes the default).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { toFru } from '../../lab/bmc/fru.ts';
import type { BootDevice } from '../../src/core/node.ts';

export const ipmiAccount = { username: 'admin', password: 'correct-horse' };

export interface IpmiSimOptions {
  power?: 'on' | 'off';
  /** Where the machine's serial line is to be had, a TCP port of 127.0.0.1. */
  consolePort?: number;
  /** Of the sensor "Inlet Temp", in degrees Celsius; it is critical from 60 on. */
  celsius?: number;
  /** Seconds that the machine needs for an order; the BMC does not answer meanwhile. */
  lagSeconds?: number;
}

export interface IpmiSim {
  address: string;
  folder: string;
  power(): 'on' | 'off';
  /** As if somebody pressed the button at the machine. */
  forcePower(power: 'on' | 'off'): void;
  /** Orders that have been taken: "power 1", "boot pxe". */
  commands(): string[];
  powerCommands(): number;
  bootDevice(): BootDevice | null;
  /** Orders are taken and have no effect. */
  stick(isStuck: boolean): void;
  /** Orders fail. */
  refuse(isRefusing: boolean): void;
  /** Packets reach it, but nobody answers. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Why these tests cannot run here; null when they can. */
export function whyNoIpmi(): string | null {
  for (const [program, name] of [
    ['ipmi_sim', 'openipmi'],
    ['ipmitool', 'ipmitool'],
  ] as const) {
    const { error } = spawnSync(program, ['-h'], { stdio: 'ignore' });
    if (error) return `${program} is not installed (Debian package ${name})`;
  }
  return null;
}

const chassisProgram = fileURLToPath(new URL('chassis.sh', import.meta.url));
const devices: Record<string, BootDevice> = { pxe: 'network', default: 'disk', cdrom: 'cd', bios: 'bios' };

export async function startIpmiSim(options: IpmiSimOptions = {}): Promise<IpmiSim> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-ipmi-'));
  const file = (name: string) => join(folder, name);
  const write = (name: string, text: string) => writeFileSync(file(name), `${text}\n`);
  const read = (name: string) => readFileSync(file(name), 'utf8').trim();
  await mkdir(file('state'));
  write('power', options.power === 'on' ? '1' : '0');
  write('boot', 'default');
  writeFileSync(file('commands'), '');
  if (options.lagSeconds !== undefined) write('lag', String(options.lagSeconds));
  writeFileSync(file('fru.bin'), toFru({ name: 'node-1', serialNumber: 'SIM-0001' }));
  write('bmc.emu', toController(file('fru.bin'), options.celsius ?? 23));

  const { port, child } = await listen(folder, options).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const commands = () =>
    read('commands')
      .split('\n')
      .filter((line) => line !== '');
  const close = async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  return {
    address: `127.0.0.1:${port}`,
    folder,
    power: () => (read('power') === '1' ? 'on' : 'off'),
    forcePower: (power) => write('power', power === 'on' ? '1' : '0'),
    commands,
    powerCommands: () => commands().filter((line) => line.startsWith('power')).length,
    bootDevice: () => devices[read('boot')] ?? null,
    stick: (isStuck) => (isStuck ? write('stuck', '') : rmSync(file('stuck'), { force: true })),
    refuse: (isRefusing) => (isRefusing ? write('refusing', '') : rmSync(file('refusing'), { force: true })),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** ipmi_sim takes no port 0, so a free one is looked for; another may be quicker to take it. */
async function listen(
  folder: string,
  options: IpmiSimOptions,
): Promise<{ port: number; child: ChildProcess }> {
  for (let tries = 0; tries < 5; tries += 1) {
    const port = await freePort();
    writeFileSync(join(folder, 'lan.conf'), toLanSettings(folder, port, options));
    const log = openSync(join(folder, 'log'), 'w');
    const args = ['-c', 'lan.conf', '-f', 'bmc.emu', '-s', 'state', '-n'];
    // It goes with us, whatever ends us.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'ipmi_sim', ...args], {
      cwd: folder,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    while (child.exitCode === null && child.pid !== undefined) {
      if (await answers(port)) return { port, child };
      await sleep(10);
    }
  }
  throw new Error(
    `ipmi_sim does not start: ${existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : ''}`,
  );
}

/** Of UDP, on 127.0.0.1. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** RMCP presence ping and pong (ASF 2.0, 3.2.4.2). */
async function answers(port: number): Promise<boolean> {
  const ping = Buffer.from([6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x80, 1, 0, 0]);
  const socket = createSocket('udp4');
  const heard = Promise.withResolvers<boolean>();
  socket.once('message', () => heard.resolve(true)).once('error', () => heard.resolve(false));
  const timer = setTimeout(() => heard.resolve(false), 200);
  socket.connect(port, '127.0.0.1', () => socket.send(ping));
  const isHeard = await heard.promise;
  clearTimeout(timer);
  socket.close();
  return isHeard;
}

function toLanSettings(folder: string, port: number, { consolePort }: IpmiSimOptions): string {
  return [
    'name "test"',
    'set_working_mc 0x20',
    '  startlan 1',
    `    addr 127.0.0.1 ${port}`,
    '    priv_limit admin',
    ...['callback', 'user', 'operator', 'admin'].map(
      (level) => `    allowed_auths_${level} none md2 md5 straight`,
    ),
    '    guid a123456789abcdefa123456789abcdef',
    '  endlan',
    `  chassis_control "${chassisProgram} ${folder}"`,
    ...(consolePort === undefined ? [] : [`  sol "tcp:127.0.0.1:${consolePort}" 115200 history=0`]),
    '  user 1 false "" "" user 10 none md2 md5 straight',
    `  user 2 true "${ipmiAccount.username}" "${ipmiAccount.password}" admin 10 none md2 md5 straight`,
    '',
  ].join('\n');
}

/** A management controller with a watchdog (without sensors ipmi_sim refuses SEL commands) and a thermometer. */
function toController(fruFile: string, celsius: number): string {
  return [
    'mc_setbmc 0x20',
    'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr',
    'sel_enable 0x20 1000 0x0a',
    'sensor_add 0x20 0 0 35 0x6f event-only',
    'sensor_set_event_support 0x20 0 0 enable scanning per-state 000000000001111 000000000000000 000000000001111 000000000000000',
    'sensor_add 0x20 0 1 0x01 0x01',
    'sensor_set_threshold 0x20 0 1 settable 111111 70 60 50 0 0 0',
    'sensor_set_event_support 0x20 0 1 enable scanning per-state 000111111111111 000111111111111 000111111111111 000111111111111',
    `sensor_set_value 0x20 0 1 ${celsius} 0`,
    `main_sdr_add 0x20 ${toSensorRecord('Inlet Temp').join(' ')}`,
    // 0x02: a system event; then 13 bytes: time, generator, revision, sensor type and number, event type, data.
    'sel_add 0x20 0x02 0x00 0x00 0x00 0x60 0x20 0x00 0x04 0x01 0x01 0x01 0x59 0x3d 0x3c',
    'sel_add 0x20 0x02 0x10 0x00 0x00 0x60 0x20 0x00 0x04 0x01 0x01 0x81 0x59 0x3a 0x3c',
    `mc_add_fru_data 0x20 0 512 file 0 "${fruFile}"`,
    'mc_enable 0x20',
    '',
  ].join('\n');
}

/** A full sensor record (IPMI 2.0, table 43-1) of sensor 1: degrees Celsius, one per count. */
function toSensorRecord(name: string): number[] {
  const body = [
    [0x20, 0, 1], // owner, LUN, number
    [0x37, 1, 0x7f, 0x68, 1, 1], // entity (air inlet), instance, initialization, capabilities, type, event type
    [0xff, 0x7a, 0xff, 0x7a, 0x3f, 0x3f], // event and threshold masks
    [0, 1, 0, 0, 1, 0, 0, 0, 0, 0], // units, linearization, M, B, accuracy, exponents
    [0, 23, 40, 10, 127, 0], // analog characteristics, nominal, normal and sensor range
    [70, 60, 50, 0, 0, 0], // upper and lower thresholds
    [1, 1, 0, 0, 0], // hysteresis, reserved, OEM
    [0xc0 | name.length, ...Buffer.from(name)],
  ].flat();
  return [0, 0, 0x51, 1, body.length, ...body];
}
