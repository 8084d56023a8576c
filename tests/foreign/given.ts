/** The suite over what somebody has given: a BMC of theirs, or mock-ups. Run by `npm run check-bmc`. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { readTree, toReplay, type Tree } from '../../src/bmc-simulator/replay.ts';
import { createPreinstalled } from '../../src/boot/preinstalled.ts';
import { readConfig } from '../../src/config.ts';
import type { Node } from '../../src/core/node.ts';
import { DriverError, type Driver } from '../../src/core/ports.ts';
import { conformance, type Lacks } from '../../src/drivers/conformance.ts';
import { createIpmiDriver } from '../../src/drivers/ipmi/ipmi-driver.ts';
import { createRedfishDriver } from '../../src/drivers/redfish/redfish-driver.ts';
import { makeNode, purpose } from '../redfish/node.ts';
import { makeSubject } from '../redfish/subject.ts';

interface Given {
  address?: string;
  username: string;
  'password-file': string;
  driver: 'redfish' | 'ipmi';
  system?: string;
  power?: boolean;
  'restart-bmc'?: boolean;
  image?: [string, string];
  mockups?: string;
}

const given = JSON.parse(process.env['INGOT_CHECK_BMC'] ?? '{}') as Given;

/** Between two looks, in milliseconds: a BMC is not to be hurried. */
const lookMs = 3_000;
/** Looks at a machine that was told to switch: five minutes. A system that saves its work takes two or three. */
const mostLooks = 100;

function createDriver(): Driver {
  return given.driver === 'ipmi'
    ? createIpmiDriver({ spacingMs: 1_000, firstLookMs: lookMs })
    : createRedfishDriver({ firstLookMs: lookMs, oldestTls: readConfig(process.env).bmcTls });
}

/** Tries again what may be tried again: a real BMC is busy now and then. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof DriverError) || !error.canRepeat || tries === 40) throw error;
      await sleep(error.retryAfterMs ?? lookMs);
    }
  }
}

async function bring(driver: Driver, node: Node, power: 'on' | 'off'): Promise<void> {
  await patiently(() => driver.setPower(node, power, purpose));
  for (let looks = 1; ; looks += 1) {
    const seen = (await patiently(() => driver.readPower(node, purpose))).power;
    if (seen === power) return;
    if (looks === mostLooks)
      throw new Error(
        `The BMC took the command to switch ${power}, and still says ${seen} after ${looks} looks`,
      );
    await sleep(lookMs);
  }
}

async function checkBmc(address: string): Promise<void> {
  const { username, system = null, power: mayChangePower, image: images } = given;
  const password = readFileSync(given['password-file'], 'utf8').replace(/\r?\n$/, '');
  const node = { ...makeNode(address, { username, password, system }), driver: given.driver };
  /** Past the driver under test: another one, which knows nothing of what that one learnt. */
  const witness = createDriver();
  const found = await patiently(() => witness.readPower(node, purpose));
  afterAll(async () => {
    if (mayChangePower) await bring(witness, node, found.power);
    await witness.close();
  });

  const inventory = await patiently(() => witness.inspect(node, purpose));
  const tellsParts = inventory.cpuCores > 0 || inventory.memoryMib > 0 || inventory.nics.length > 0;
  const entries = await patiently(() => witness.readEventLog(node, 1, purpose)).catch(() => []);
  const unasked = 'not asked for (--power)';
  const lacks: Lacks = {
    count: 'nobody counts at a real machine',
    unreachable: 'it answers',
    credentials: 'a wrong password may lock the account',
    health: 'the machine may be ill',
    ...(mayChangePower ? {} : { power: unasked, 'boot-device': unasked }),
    ...(mayChangePower && images ? {} : { media: 'not asked for (--power and two of --image)' }),
    ...(given['restart-bmc'] ? {} : { 'bmc-reset': 'not asked for (--restart-bmc)' }),
    ...(tellsParts ? {} : { parts: 'it tells none' }),
    ...(inventory.serialNumber !== '' ? {} : { 'serial-number': 'it tells none' }),
    ...(entries.length > 0 ? {} : { 'event-log': 'it is empty, or there is none' }),
    ...(given.driver === 'ipmi' ? { parts: 'IPMI does not tell of them', media: 'IPMI has none' } : {}),
  };
  conformance(
    `${given.driver}, at ${address},`,
    async () => {
      if (mayChangePower) await bring(witness, node, 'off');
      const driver = createDriver();
      return {
        driver,
        installer: createPreinstalled(driver, lookMs),
        node,
        machine: { power: async () => (await patiently(() => witness.readPower(node, purpose))).power },
        ...(images ? { images } : {}),
        close: async () => {},
      };
    },
    lacks,
  );
}

/** The folder itself, or all in it that are one. */
function findTrees(path: string): string[] {
  if (!statSync(path).isDirectory() || isMockup(path)) return [path];
  return readdirSync(path)
    .map((name) => join(path, name))
    .filter((file) => (statSync(file).isDirectory() ? isMockup(file) : file.endsWith('.json')))
    .sort();
}

function isMockup(folder: string): boolean {
  return existsSync(join(folder, 'index.json')) || existsSync(join(folder, 'redfish/v1/index.json'));
}

function checkTree(path: string): void {
  const name = `Redfish, as ${basename(path)} shows it,`;
  const tree = readTree(path);
  const lacks = whatTreeLacks(tree);
  if (lacks === null) {
    it(`the Redfish driver says of ${basename(path)} that it has no machine`, async () => {
      const subject = await makeSubject({ replay: toReplay(tree) });
      await expect(subject.driver.readPower(subject.node, purpose)).rejects.toBeInstanceOf(DriverError);
      await subject.driver.close();
      await subject.close();
    });
    return;
  }
  conformance(name, () => makeSubject({ replay: toReplay(tree) }), lacks);
}

/**
 * Null: there is no physical system, and which composed one is meant only the operator knows. What a mock-up does not show,
 * or shows empty, cannot be asked of the driver.
 */
function whatTreeLacks(tree: Tree): Lacks | null {
  const { paths, settings } = toReplay(tree);
  const at = paths.system ?? '';
  const system = tree[at];
  if (!system || (system['SystemType'] ?? 'Physical') !== 'Physical') return null;
  const text = JSON.stringify(system);
  const controllers = [
    at,
    ...[...text.matchAll(/"(\/redfish\/v1\/Managers\/[^"/]+)\/?"/g)].map(([, path]) => path!),
  ];
  const has = (pattern: string) => Object.keys(tree).some((path) => new RegExp(`^${pattern}$`).test(path));
  const hasLog = controllers.some((path) => has(`${path}/LogServices/[^/]+/Entries/[^/]+`));
  const hasCpus = 'ProcessorSummary' in system || has(`${at}/Processors/[^/]+`);
  const canBeReset = settings.resetTypes?.some((word) => ['On', 'ForceOn'].includes(word));
  const manager = JSON.stringify(tree[paths.manager ?? ''] ?? {});
  return {
    health: 'a mock-up may show a machine that is ill',
    ...(text.includes('#ComputerSystem.Reset') && canBeReset !== false
      ? {}
      : { power: 'its system cannot be reset in words of DSP2046' }),
    ...(text.includes('BootSourceOverrideTarget') ? {} : { 'boot-device': 'it has no boot override' }),
    ...(has('.*/VirtualMedia/[^/]+') ? {} : { media: 'it has no virtual media' }),
    ...(hasLog ? {} : { 'event-log': 'its log is empty' }),
    ...(manager.includes('#Manager.Reset') ? {} : { 'bmc-reset': 'its manager cannot be restarted' }),
    ...(hasCpus && has(`${at}/EthernetInterfaces/[^/]+`) ? {} : { parts: 'it does not show them' }),
  };
}

if (given.address !== undefined) await checkBmc(given.address);
else if (given.mockups !== undefined) for (const path of findTrees(resolve(given.mockups))) checkTree(path);
