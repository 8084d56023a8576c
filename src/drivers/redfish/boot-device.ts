/**
 * The boot device of the next start, by BootSourceOverride (DSP2046, ComputerSystem Boot). A ladder of ways to say it:
 * for once rather than for good, Enabled and Target always together (Supermicro forgets Enabled when it is left out,
 * story 2008547), Mode where the machine shows one (AMI and ASRock Rack want all boot properties). What is refused, or
 * taken and not shown when read back, leads to the next rung; the rung that held is tried first the next time.
 */
import { DriverError, type Acknowledgement } from '../../core/ports.ts';
import type { BmcAddress, BootDevice } from '../../core/node.ts';
import { bestFirst, toWinner } from '../habits.ts';
import { isSuccess, type Answer } from './answer.ts';
import type { Client } from './bmc.ts';
import { patch } from './etag.ts';
import { toLink, toRecord, toText, toTexts, type Json } from './fields.ts';
import { readSystem } from './system.ts';

/** Best first. Supermicro calls its virtual CD UsbCd; HTTP boot is network boot too. */
const targets: Readonly<Record<BootDevice, readonly string[]>> = {
  disk: ['Hdd'],
  network: ['Pxe', 'UefiHttp'],
  cd: ['Cd', 'UsbCd'],
  bios: ['BiosSetup'],
};

/** So many overrides in a row that were taken and not shown are no lag. */
const mostIgnored = 3;

interface Rung {
  name: string;
  /** Of the resource that takes it. */
  path: string;
  boot: Json;
}

export async function setBootDevice(
  client: Client,
  named: BmcAddress['system'],
  device: BootDevice,
): Promise<Acknowledgement> {
  const { habits } = client.bmc;
  const resources = await resourcesWithBoot(client, named);
  const rungs = resources.flatMap(({ at, resource }) => toRungs(client, at, resource, device));
  const failures: DriverError[] = [];
  const latest = new Map(resources.map(({ resource }) => [resource.path, resource]));
  for (const rung of bestFirst(rungs, habits.winnerOf(`boot_${device}`))) {
    const answer = await patch(client, latest.get(rung.path)!, { Boot: rung.boot });
    if (!isSuccess(answer)) {
      const refusal = client.toError(answer);
      const isFinal = refusal.kind === 'denied' || (refusal.canRepeat && answer.statusCode !== 500);
      if (isFinal) throw refusal;
      failures.push(refusal);
      continue;
    }
    const after = await client.get(rung.path);
    latest.set(rung.path, after); // with a new ETag
    const shown = readBack(after, rung);
    if (shown.isSet) {
      if (!shown.isOfEarlier) habits.learn(`boot_${device}`, toWinner(rungs, rung));
      habits.learn('boot_overrides', null);
      client.bmc.bootsIgnored = 0;
      return { evidence: `Redfish boot override reads ${shown.words}`, lookInMs: 0 };
    }
    failures.push(toDoubt(client, rung, shown.words, answer));
  }
  throw pick(client, failures, resources.length > 0, device);
}

/** A doubt is told rather than a refusal: the BMC took it and may yet show it. After some times it is believed to lie. */
function pick(client: Client, failures: DriverError[], hasBoot: boolean, device: BootDevice): DriverError {
  const { bmc } = client;
  const doubt = failures.find(({ kind }) => kind === 'busy');
  if (doubt) {
    bmc.bootsIgnored += 1;
    if (bmc.bootsIgnored < mostIgnored && bmc.habits.winnerOf('boot_overrides') === null) return doubt;
    bmc.habits.learn('boot_overrides', 'ignored');
    return new DriverError('unsupported', `Boot overrides have no effect on this BMC (${doubt.message})`);
  }
  const words = hasBoot
    ? `The system offers no boot target for ${device}`
    : 'The system has no boot override';
  return failures[0] ?? new DriverError('unsupported', words);
}

/**
 * The system, and its settings resource: on iDRAC10, ASRock ("SD") and Nokia the system's own boot properties are
 * read-only (sushy check-for-boot-attrs, gofish SetBoot).
 */
async function resourcesWithBoot(
  client: Client,
  named: BmcAddress['system'],
): Promise<{ at: string; resource: Answer }[]> {
  const system = await readSystem(client, named);
  const path = toLink(toRecord(system.body['@Redfish.Settings'])['SettingsObject']);
  const settings = path === null ? null : await client.send({ method: 'GET', path });
  return [
    { at: 'system', resource: system },
    ...(settings ? [{ at: 'settings', resource: settings }] : []),
  ].filter(({ resource }) => hasBoot(resource));
}

function hasBoot({ statusCode, body }: Answer): boolean {
  return statusCode === 200 && 'BootSourceOverrideTarget' in toRecord(body['Boot']);
}

function toRungs(client: Client, at: string, resource: Answer, device: BootDevice): Rung[] {
  const shown = toRecord(resource.body['Boot']);
  const offered = toTexts(shown['BootSourceOverrideTarget@Redfish.AllowableValues']) ?? [];
  const wanted = targets[device].filter((target) => offered.length === 0 || offered.includes(target));
  const enabled = toTexts(shown['BootSourceOverrideEnabled@Redfish.AllowableValues']) ?? [];
  const times = ['Once', 'Continuous'].filter((word) => enabled.length === 0 || enabled.includes(word));
  const rungs = wanted.flatMap((target) =>
    times.flatMap((time) =>
      toModes(shown).map(({ name, mode }) => ({
        name: [at, target, time, name].join(' '),
        path: resource.path,
        boot: { BootSourceOverrideEnabled: time, BootSourceOverrideTarget: target, ...mode },
      })),
    ),
  );
  return device === 'disk' ? [...rungs, ...toOwnOrder(client, at, resource)] : rungs;
}

/** As the machine shows it; without, where Mode cannot be written; UEFI, where it is demanded and not shown. */
function toModes(shown: Json): { name: string; mode: Json }[] {
  const mode = toText(shown['BootSourceOverrideMode']);
  const as = (word: string) => ({ BootSourceOverrideMode: word });
  return mode === null
    ? [
        { name: 'bare', mode: {} },
        { name: 'with UEFI', mode: as('UEFI') },
      ]
    : [
        { name: 'full', mode: as(mode) },
        { name: 'bare', mode: {} },
      ];
}

/** Without an override a machine boots from its disk anyway, if that is the first in its own order. */
function toOwnOrder(client: Client, at: string, resource: Answer): Rung[] {
  const shown = toRecord(resource.body['Boot']);
  const mode = toText(shown['BootSourceOverrideMode']);
  const disabled = { BootSourceOverrideEnabled: 'Disabled' };
  const words = [...new Set([client.quirks.noBootTarget ?? 'None', 'None', 'Pxe'])];
  return [
    ...words.map((word) => ({
      name: [at, 'disabled', word].join(' '),
      path: resource.path,
      boot: {
        ...disabled,
        BootSourceOverrideTarget: word,
        ...(mode === null ? {} : { BootSourceOverrideMode: mode }),
      },
    })),
    { name: [at, 'disabled'].join(' '), path: resource.path, boot: disabled },
  ];
}

/** BMCs say yes and do otherwise; one of them stores Once as Continuous (kubevirtbmc#165), which will do. */
function readBack({ body }: Answer, { boot }: Rung): { isSet: boolean; isOfEarlier: boolean; words: string } {
  const shown = toRecord(body['Boot']);
  const [target, enabled] = [
    toText(shown['BootSourceOverrideTarget']),
    toText(shown['BootSourceOverrideEnabled']),
  ];
  const isMeantDisabled = boot['BootSourceOverrideEnabled'] === 'Disabled';
  const isDisabled = enabled === 'Disabled' || target === 'None';
  return {
    isSet: isMeantDisabled ? isDisabled : target === boot['BootSourceOverrideTarget'] && !isDisabled,
    // An override of a rung before, which the BMC took and shows only now: nothing is known of this rung.
    isOfEarlier: enabled === 'Once' && boot['BootSourceOverrideEnabled'] === 'Continuous',
    words: `${target}, ${enabled}`,
  };
}

function toDoubt(client: Client, { boot }: Rung, shown: string, answer: Answer): DriverError {
  const words = `The BMC took the boot override ${toText(boot['BootSourceOverrideTarget'])} but reads back ${shown}`;
  return new DriverError('busy', words, {
    retryAfterMs: client.retryAfterMs(answer) ?? client.inTime(5_000),
  });
}
