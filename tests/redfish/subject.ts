/** A simulated BMC as the conformance suite wants its subjects. */
import { createPreinstalled } from '../../src/boot/preinstalled.ts';
import { startRedfishServer, type RedfishServerOptions } from '../../src/bmc-simulator/redfish-server.ts';
import type { BootDevice } from '../../src/core/node.ts';
import { toSettings } from '../../src/bmc-simulator/personalities.ts';
import type { QuirkName } from '../../src/bmc-simulator/quirks.ts';
import { inTime } from '../../src/bmc-simulator/settings.ts';
import { conformance, type Lacks, type Subject } from '../../src/drivers/conformance.ts';
import { makeDriver, makeNode, nobody } from './node.ts';

const devices: Record<string, BootDevice> = {
  Pxe: 'network',
  Hdd: 'disk',
  Cd: 'cd',
  UsbCd: 'cd',
  BiosSetup: 'bios',
};

export async function makeSubject(options: RedfishServerOptions): Promise<Subject> {
  const server = await startRedfishServer(options);
  const { machine } = server;
  const driver = makeDriver();
  return {
    driver,
    installer: createPreinstalled(driver, 5),
    node: makeNode(server.url),
    machine: {
      power: () => machine.power(),
      powerCommands: () => machine.powerCommands(),
      bootDevice() {
        const { BootSourceOverrideEnabled: enabled, BootSourceOverrideTarget: target } = machine.boot;
        return enabled === 'Disabled' ? 'disk' : (devices[target] ?? null);
      },
      media: () => machine.media,
    },
    unreachable: makeNode(nobody),
    wrongCredentials: makeNode(server.url, { password: 'battery staple' }),
    close: () => server.close(),
  };
}

/** 20 s become 40 ms. */
export const faster = 0.002;

/** Whether a habit is about what a BMC does rather than how it answers: to spread the tests over two files. */
export function isOfActing(name: QuirkName): boolean {
  return /^(power|reset|no-plain|button|conflict|bad|task|boot|no-disk|usb|media|bmc|old|slow)/.test(name);
}

/** What is impossible with a habit. */
const impossible: Partial<Record<QuirkName, Lacks>> = {
  'boot-ignored': { 'boot-device': 'the BMC ignores it' },
};

/** The suite over a lawful BMC with one habit. */
export function conformanceWithHabit(name: QuirkName): void {
  if (name === 'password-change-required') return; // nothing is possible then; session.test.ts has it
  const settings = inTime(toSettings('lawful', [name]), faster);
  conformance(
    `Redfish, where the BMC has the habit ${name},`,
    () => makeSubject({ ...settings, seed: 7 }),
    impossible[name],
  );
}
