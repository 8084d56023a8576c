/**
 * A machine for tests of network boot: a driver whose power is real enough, firmware that follows the boot scripts over
 * HTTP as iPXE does, an agent that does as the plan says, and an installed system that reports.
 */
import { createHash } from 'node:crypto';
import type { BootDevice } from '../../src/core/node.ts';
import { DriverError, type Driver } from '../../src/core/ports.ts';

export interface FakeMachine {
  driver: Driver;
  power: () => 'on' | 'off';
  /** Everything that was told to it, in order: `off`, `network`, `on` … */
  told: string[];
  /** What its firmware and its systems did. */
  did: string[];
  /** The disk after an install. */
  disk: { image: string | null; sha256: string | null; configDrive: Buffer | null };
  /** Changes what happens at certain points; see Habits. */
  habits: Habits;
  /** Called when it does nothing more by itself, and when it is switched on. */
  onStuck: (isStuck: boolean) => void;
  /** When nothing runs on it any more. */
  idle: () => Promise<unknown>;
}

export interface Habits {
  /** The ramdisk never gets as far as the network, for so many starts. */
  hangs: number;
  /** It tests its memory for ever, for so many starts. */
  tests: number;
  /** What it reads from the network is damaged. */
  damages: boolean;
  /** Reports when its installed system is up. */
  reports: boolean;
  /** The agent stops in the middle of its work, for so many starts. */
  dies: number;
  diskBytes: number;
}

export const mac = '52:54:00:12:34:56';
export const uuid = '12345678-9abc-4def-8123-456789abcdef';

export function makeFakeMachine(origin: () => string): FakeMachine {
  let power: 'on' | 'off' = 'off';
  let device: BootDevice = 'disk';
  let run = Promise.resolve();
  let starts = 0;
  const machine: FakeMachine = {
    power: () => power,
    told: [],
    did: [],
    disk: { image: null, sha256: null, configDrive: null },
    habits: { hangs: 0, tests: 0, damages: false, reports: true, dies: 0, diskBytes: 4e9 },
    onStuck: () => undefined,
    idle: () => run,
    driver: toDriver(),
  };
  let homeUrl: string | null = null;

  function toDriver(): Driver {
    const lacking = () => Promise.reject(new DriverError('unsupported', 'fake: there is none'));
    return {
      name: 'fake',
      powerLagMs: 40,
      equalReadings: 1,
      timeScale: 1,
      readPower: async () => ({ power, evidence: `fake: power ${power}` }),
      async setPower(_, wanted) {
        if (power !== wanted) {
          machine.told.push(wanted);
          power = wanted;
          starts += 1;
          if (wanted === 'on') run = start(starts);
        }
        return { evidence: `fake: took power ${wanted}`, lookInMs: 0 };
      },
      async setBootDevice(_, wanted) {
        machine.told.push(wanted);
        device = wanted;
        return { evidence: `fake: boots from ${wanted}`, lookInMs: 0 };
      },
      inspect: lacking,
      readHealth: lacking,
      readEventLog: lacking,
      resetBmc: lacking,
      setPassword: lacking,
      insertMedia: lacking,
      ejectMedia: lacking,
      openConsole: lacking,
      close: async () => undefined,
    };
  }

  async function start(number: number): Promise<void> {
    const isOff = () => power === 'off' || number !== starts;
    const from = device;
    device = 'disk';
    machine.onStuck(false);
    if (machine.habits.tests > 0) {
      machine.habits.tests -= 1;
      machine.did.push('tests');
      machine.onStuck(true);
      return;
    }
    if (from !== 'network') return bootDisk();
    const script = await text(
      `${origin()}/ipxe/${mac.replaceAll(':', '-')}?platform=efi&serial=FAKE-1&uuid=${uuid}`,
    );
    const kernel = /^kernel (\S+) (.*)$/m.exec(script);
    if (!kernel) return bootDisk();
    if (machine.habits.hangs > 0) {
      machine.habits.hangs -= 1;
      machine.did.push('hung');
      machine.onStuck(true);
      return;
    }
    await text(kernel[1]!);
    const secret = /ingot\.secret=(\S+)/.exec(kernel[2]!)![1]!;
    await runAgent(secret, isOff);
    if (!isOff()) power = 'off';
  }

  async function bootDisk(): Promise<void> {
    machine.did.push(`booted ${machine.disk.image ?? 'nothing'}`);
    if (homeUrl !== null && machine.habits.reports) {
      await fetch(homeUrl, { method: 'POST', body: new URLSearchParams({ hostname: 'fake-host' }) });
    }
  }

  async function runAgent(secret: string, isOff: () => boolean): Promise<void> {
    const agent = (path: string, body?: string | object, method = 'POST') =>
      fetch(`${origin()}/agent/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${secret}`,
          'content-type': typeof body === 'object' ? 'application/json' : 'text/plain',
        },
        ...(body === undefined ? {} : { body: typeof body === 'object' ? JSON.stringify(body) : body }),
      });
    const hello = await agent('hello', facts(machine.habits.diskBytes));
    const plan = Object.fromEntries(
      Array.from((await hello.text()).matchAll(/^(\w+)='(.*)'$/gm), ([, name, value]) => [name!, value!]),
    );
    machine.did.push(plan['ACTION'] ?? `refused ${hello.status}`);
    if (machine.habits.dies > 0) {
      machine.habits.dies -= 1;
      machine.onStuck(true);
      return new Promise<void>((resolve) => {
        const wait = setInterval(() => {
          if (!isOff()) return;
          clearInterval(wait);
          resolve();
        }, 5);
      });
    }
    if (plan['ACTION'] === 'wipe') {
      machine.disk = { image: null, sha256: null, configDrive: null };
      await agent('signs/wiped', 'vda: discarded, reads back as zeros');
    }
    if (plan['ACTION'] === 'deploy') {
      const image = Buffer.from(await (await agent('image', undefined, 'GET')).arrayBuffer());
      if (machine.habits.damages) image[0]! ^= 1;
      const sha256 = createHash('sha256').update(image).digest('hex');
      if (sha256 !== plan['SHA256']) {
        await agent('failed', `checksum is ${sha256}\nlog line 1\nlog line 2`);
        return;
      }
      const drive = await agent('config-drive', undefined, 'GET');
      machine.disk = {
        image: image.toString().slice(0, 32),
        sha256,
        configDrive: Buffer.from(await drive.arrayBuffer()),
      };
      homeUrl = /"phone_home":"([^"]+)"/.exec(machine.disk.configDrive!.toString('latin1'))?.[1] ?? null;
      await agent('signs/config-drive', 'written to vda3');
      await agent('signs/written', 'image written and verified');
    }
    if (plan['ACTION'] === 'stop') return;
    await agent('finished', `${plan['ACTION']} done\nthe log`);
  }

  return machine;
}

async function text(url: string): Promise<string> {
  return (await fetch(url)).text();
}

function facts(diskBytes: number) {
  return {
    firmware: 'uefi',
    manufacturer: 'Fake',
    product: 'One',
    serial: 'FAKE-1',
    uuid,
    bios_version: '1.0',
    cpu_model: 'Imaginary',
    cpu_cores: 4,
    memory_kib: 8 * 1024 * 1024,
    disks: [{ name: 'vda', bytes: diskBytes, rotational: false, model: '', serial: 'D1' }],
    nics: [{ name: 'eth0', mac, has_carrier: true, speed_mbps: 10_000 }],
    bmc_address: '',
  };
}
