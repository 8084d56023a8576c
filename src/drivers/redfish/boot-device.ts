/**
 * The boot device of the next start, by BootSourceOverride (DSP2046, ComputerSystem Boot). Always Once, and always
 * Enabled and Target together: persistent overrides are missing on some machines (story 2007733), and Supermicro
 * resets Enabled when it is left out (story 2008547). Mode is sent where the machine shows one: AMI and ASRock Rack
 * want all boot properties, partial implementations have none.
 */
import { DriverError, type Acknowledgement } from '../../core/ports.ts';
import type { BmcAddress, BootDevice } from '../../core/node.ts';
import { isSuccess, type Answer } from './answer.ts';
import type { Client } from './bmc.ts';
import { patch } from './etag.ts';
import { toLink, toRecord, toText, toTexts, type Json } from './fields.ts';
import { readSystem } from './system.ts';

const targets: Readonly<Record<BootDevice, string>> = {
  disk: 'Hdd',
  network: 'Pxe',
  cd: 'Cd',
  bios: 'BiosSetup',
};

export async function setBootDevice(
  client: Client,
  named: BmcAddress['system'],
  device: BootDevice,
): Promise<Acknowledgement> {
  const target = targets[device];
  const refusals: DriverError[] = [];
  for (const resource of await resourcesWithBoot(client, named)) {
    const boot = toRecord(resource.body['Boot']);
    const offered = toTexts(boot['BootSourceOverrideTarget@Redfish.AllowableValues']);
    if (offered && offered.length > 0 && !offered.includes(target)) {
      refusals.push(new DriverError('unsupported', `The system offers no boot target ${target}`));
      continue;
    }
    const answer = await patch(client, resource, { Boot: toOverride(boot, target) });
    if (isSuccess(answer)) return verify(client, resource, target, answer);
    const refusal = client.toError(answer);
    if (refusal.canRepeat || refusal.kind === 'denied') throw refusal;
    refusals.push(refusal);
  }
  throw refusals[0] ?? new DriverError('unsupported', 'The system has no boot override');
}

/**
 * The system first, then its settings resource: on iDRAC10, ASRock ("SD") and Nokia the system's own boot properties
 * are read-only (sushy check-for-boot-attrs, gofish SetBoot).
 */
async function resourcesWithBoot(client: Client, named: BmcAddress['system']): Promise<Answer[]> {
  const system = await readSystem(client, named);
  const path = toLink(toRecord(system.body['@Redfish.Settings'])['SettingsObject']);
  const settings = path === null ? null : await client.send({ method: 'GET', path });
  return [system, settings].filter((resource) => resource !== null).filter(hasBoot);
}

function hasBoot({ statusCode, body }: Answer): boolean {
  return statusCode === 200 && 'BootSourceOverrideTarget' in toRecord(body['Boot']);
}

function toOverride(boot: Json, target: string): Json {
  const mode = toText(boot['BootSourceOverrideMode']);
  return {
    BootSourceOverrideEnabled: 'Once',
    BootSourceOverrideTarget: target,
    ...(mode === null ? {} : { BootSourceOverrideMode: mode }),
  };
}

/** Reads back, for BMCs say yes and do otherwise; one of them stores Once as Continuous (kubevirtbmc#165). */
async function verify(
  client: Client,
  resource: Answer,
  target: string,
  answer: Answer,
): Promise<Acknowledgement> {
  const boot = toRecord((await client.get(resource.path)).body['Boot']);
  const shown = `${toText(boot['BootSourceOverrideTarget'])}, ${toText(boot['BootSourceOverrideEnabled'])}`;
  const isSet =
    boot['BootSourceOverrideTarget'] === target && boot['BootSourceOverrideEnabled'] !== 'Disabled';
  if (isSet) return { evidence: `Redfish boot override reads ${shown}`, lookInMs: 0 };
  const words = `The BMC took the boot override ${target} but reads back ${shown}`;
  throw new DriverError('busy', words, { retryAfterMs: client.retryAfterMs(answer) ?? 5_000 });
}
