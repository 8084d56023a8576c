/**
 * What the engine relies on in every driver. Each driver's tests run this suite over a machine of their own; a part
 * that a driver cannot have is left out, with the reason in the title of the suite.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BootDevice, DeployOrder, Node } from '../core/node.ts';
import { DriverError, type DeployReading, type Driver, type Installer, type Purpose } from '../core/ports.ts';

export interface Subject {
  driver: Driver;
  /** What installs systems on the machines of this driver. */
  installer: Installer;
  /** Powered off when it is made, unless its power is left out. */
  node: Node;
  /** The truth about the machine, past the driver. */
  machine: {
    power(): 'on' | 'off' | Promise<'on' | 'off'>;
    /** Number of power commands that the machine carried out; absent where nobody counts. */
    powerCommands?(): number | Promise<number>;
    /** What the next start boots, as far as it was asked for. */
    bootDevice?(): BootDevice | null | Promise<BootDevice | null>;
    /** URL of the image in the virtual drive. */
    media?(): string | null | Promise<string | null>;
  };
  /** Two images for the virtual drive, where the BMC fetches what it is told to insert. */
  images?: readonly [string, string];
  /** A node of the same driver at which nobody answers. */
  unreachable?: Node;
  /** The same node with a wrong password. */
  wrongCredentials?: Node;
  close(): Promise<void>;
}

/**
 * Parts that a driver does not have, each with the reason. Without `power` nothing is changed at the machine, and without
 * `count` it is not known how often it was told; without `health` it need not be well.
 */
export type Lacks = Partial<
  Record<
    | 'power'
    | 'count'
    | 'health'
    | 'unreachable'
    | 'credentials'
    | 'boot-device'
    | 'serial-number'
    | 'parts'
    | 'media'
    | 'event-log'
    | 'bmc-reset',
    string
  >
>;

const purpose: Purpose = { operation: 'power-sync', subJobId: null };
const order: DeployOrder = {
  imageId: '5f1c3d0e-6f5b-4c54-9d0b-5d1d6a1f0001',
  imageName: 'Test image',
  hostname: 'conformance',
  userData: null,
  publicKeys: [],
  adminPasswordHash: null,
};
/** For BMCs that fetch nothing. */
const unfetched = ['http://192.0.2.1/first.iso', 'http://192.0.2.1/second.iso'] as const;
/** Looks before a test gives up; each waits as long as the driver says. */
const mostLooks = 200;

export function conformance(name: string, make: () => Promise<Subject>, lacks: Lacks = {}): void {
  describe(`the ${name} driver${because(lacks)}`, () => {
    let subject: Subject;
    let isMade = false;
    /** The driver itself; `subject` has one that comes again, as the engine does. */
    let untamed: Driver;
    beforeEach(async () => {
      isMade = false;
      const made = await make();
      isMade = true;
      subject = { ...made, driver: patient(made.driver), installer: patient(made.installer) };
      untamed = made.driver;
    });
    afterEach(async () => {
      if (!isMade) return;
      await subject.driver.close();
      await subject.close();
    });

    const whereThereIs = (part: keyof Lacks, register: () => void) => {
      if (lacks[part] === undefined) register();
    };
    const wherePowerMayChange = (register: () => void) => whereThereIs('power', register);
    const whereSomebodyCounts = (register: () => void) =>
      wherePowerMayChange(() => whereThereIs('count', register));
    const count = async () => (await subject.machine.powerCommands?.()) ?? NaN;

    /** Asks for a power state and looks until it is there. */
    async function bring(power: 'on' | 'off'): Promise<void> {
      const { driver, node } = subject;
      const { evidence, lookInMs } = await driver.setPower(node, power, purpose);
      expectSentence(evidence, node);
      await lookUntil(lookInMs, async () => (await driver.readPower(node, purpose)).power === power);
    }

    it('reads the power of a machine and says where it knows it from', async () => {
      const { power, evidence } = await subject.driver.readPower(subject.node, purpose);
      expect(power).toBe(await subject.machine.power());
      expectSentence(evidence, subject.node);
    });

    wherePowerMayChange(() => {
      it('brings a machine on and off again, and reads the effect', async () => {
        await bring('on');
        expect(await subject.machine.power()).toBe('on');
        await bring('off');
        expect(await subject.machine.power()).toBe('off');
      });
    });

    whereSomebodyCounts(() => {
      it('carries a command out once', async () => {
        const before = await count();
        await bring('on');
        expect(await count()).toBe(before + 1);
      });

      it('sends nothing when the state holds already', async () => {
        await bring('on');
        const before = await count();
        await bring('on');
        await subject.driver.setPower(subject.node, 'on', purpose);
        expect(await count()).toBe(before);
      });
    });

    whereThereIs('boot-device', () => {
      it('sets the boot device of the next start', async () => {
        for (const device of ['network', 'disk'] as const) {
          const { evidence } = await subject.driver.setBootDevice(subject.node, device, purpose);
          expectSentence(evidence, subject.node);
          if (subject.machine.bootDevice) expect(await subject.machine.bootDevice()).toBe(device);
        }
      });
    });

    it('tells what a machine is made of', async () => {
      const inventory = await subject.driver.inspect(subject.node, purpose);
      if (lacks['serial-number'] === undefined) expect(inventory.serialNumber).not.toBe('');
      if (lacks.parts !== undefined) return;
      expect(inventory.cpuCores).toBeGreaterThan(0);
      expect(inventory.memoryMib).toBeGreaterThan(0);
      expect(inventory.nics.length).toBeGreaterThan(0);
      for (const { mac } of inventory.nics) expect(mac).toMatch(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
    });

    it('tells how the machine is', async () => {
      const { health, evidence } = await subject.driver.readHealth(subject.node, purpose);
      if (lacks.health === undefined) expect(health).toBe('OK');
      expectSentence(evidence, subject.node);
    });

    whereThereIs('event-log', () => {
      it('reads the log of the BMC, the newest entry first', async () => {
        const entries = await subject.driver.readEventLog(subject.node, 10, purpose);
        const moments = entries.map(({ at }) => at?.getTime() ?? 0);
        expect(moments.length).toBeGreaterThan(0);
        expect(moments).toEqual(moments.toSorted((a, b) => b - a));
        expect(await subject.driver.readEventLog(subject.node, 1, purpose)).toEqual(entries.slice(0, 1));
      });
    });

    whereThereIs('media', () => {
      it('puts an image into the virtual drive, exchanges it, and takes it out', async () => {
        const { driver, node, machine } = subject;
        for (const url of subject.images ?? unfetched) {
          for (let times = 0; times < 2; times += 1) {
            const { evidence } = await driver.insertMedia(node, url, purpose);
            expectSentence(evidence, node);
            if (machine.media) expect(await machine.media()).toBe(url);
          }
        }
        for (let times = 0; times < 2; times += 1) {
          const { evidence } = await driver.ejectMedia(node, purpose);
          expectSentence(evidence, node);
          if (machine.media) expect(await machine.media()).toBe(null);
        }
      });
    });

    whereThereIs('bmc-reset', () => {
      it('restarts the BMC, finds it again, and leaves the machine as it is', async () => {
        if (lacks.power === undefined) await bring('on');
        const { driver, node, machine } = subject;
        const power = await machine.power();
        const before = await count();
        const { evidence, lookInMs } = await driver.resetBmc(node, purpose);
        expectSentence(evidence, node);
        // Looking sooner than told is no harm: a BMC that is away does not answer, and is asked again.
        const soonMs = Math.min(lookInMs, 1_000);
        await lookUntil(soonMs, async () => (await driver.readPower(node, purpose)).power === power);
        expect(await machine.power()).toBe(power);
        expect(await count()).toBe(before);
      });
    });

    wherePowerMayChange(() => {
      it('deploys, also when begun twice, and leaves the machine off', async () => {
        await bring('on');
        const { installer, node } = subject;
        await installer.beginDeploy(node, order, purpose);
        const { evidence, lookInMs } = await installer.beginDeploy(node, order, purpose);
        expectSentence(evidence, node);
        await lookUntil(lookInMs, async () => {
          const reading = await installer.readDeploy(node, purpose);
          expectSentence(reading.evidence, node);
          expect(reading.status).not.toBe('failed');
          return reading.status === 'done' ? true : reading.lookInMs;
        });
        expect(await subject.machine.power()).toBe('off');
      });
    });

    it('ends a wipe, and says so when the disks were not wiped', async () => {
      const { installer, node } = subject;
      await installer.beginWipe(node, purpose);
      const { lookInMs } = await installer.beginWipe(node, purpose);
      let reading: DeployReading | undefined;
      await lookUntil(lookInMs, async () => {
        reading = await installer.readWipe(node, purpose);
        expectSentence(reading.evidence, node);
        return reading.status === 'running' ? reading.lookInMs : true;
      });
      expect(reading?.status).toMatch(/^(done|failed)$/);
    });

    whereThereIs('unreachable', () => {
      it('calls a machine that does not answer unreachable', async () => {
        const error = await failure(untamed.readPower(subject.unreachable!, purpose));
        expect(error).toMatchObject({ kind: 'unreachable', canRepeat: true });
        expectSentence(error.message, subject.unreachable!);
      });
    });

    whereThereIs('credentials', () => {
      it('calls wrong credentials denied and never tells them', async () => {
        const node = subject.wrongCredentials!;
        for (let times = 0; times < 4; times += 1) {
          const error = await failure(subject.driver.readPower(node, purpose));
          expect(error).toMatchObject({ kind: 'denied', canRepeat: false });
          expectSentence(error.message, node);
        }
      });
    });

    it('may be closed twice', async () => {
      await subject.driver.readPower(subject.node, purpose);
      await subject.driver.close();
      await expect(subject.driver.close()).resolves.toBeUndefined();
    });
  });
}

function because(lacks: Lacks): string {
  const parts = Object.entries(lacks).map(([part, reason]) => `${part}: ${reason}`);
  return parts.length === 0 ? '' : ` (without ${parts.join('; ')})`;
}

/** Looks until `look` says true; a number is the wait before the next look, false means the wait given at first. */
async function lookUntil(lookInMs: number, look: () => Promise<boolean | number>): Promise<void> {
  let waitMs = lookInMs;
  for (let looks = 0; looks < mostLooks; looks += 1) {
    await sleep(waitMs);
    const seen = await look();
    if (seen === true) return;
    if (typeof seen === 'number') waitMs = seen;
  }
  throw new Error(`not seen in ${mostLooks} looks`);
}

/** The same, but each call comes again as long as it makes sense, as the engine does. */
function patient<T extends object>(port: T): T {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function' || name === 'close') return member;
      return (...asked: unknown[]) => patiently(() => member.apply(target, asked) as Promise<unknown>);
    },
  });
}

async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof DriverError) || !error.canRepeat || tries === mostLooks) throw error;
      await sleep(error.retryAfterMs ?? 10);
    }
  }
}

async function failure(promise: Promise<unknown>): Promise<DriverError> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DriverError);
  return error as DriverError;
}

function expectSentence(evidence: string, node: Node): void {
  expect(evidence).toMatch(/^[A-Z]\S* .*\S$/);
  const { password } = node.bmc;
  expect(password !== '' && evidence.includes(password)).toBe(false);
}
