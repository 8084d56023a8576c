/** What a BMC takes of a boot override (DSP2046, ComputerSystem Boot), and what it makes of it. */
import type { BootOverride, Machine } from './machine.ts';
import { refuse, type Json, type Reply } from './reply.ts';
import { enabledWords } from './resources/system.ts';
import type { BmcSettings } from './settings.ts';

const properties = ['BootSourceOverrideEnabled', 'BootSourceOverrideTarget', 'BootSourceOverrideMode'];

/** Null when the change was made. */
export function changeBoot(settings: BmcSettings, machine: Machine, asked: Json): Reply | null {
  const refusal = judge(settings, machine, asked);
  if (refusal) return refusal;
  if (settings.bootOnce === 'ignored') return null;
  const change: Partial<BootOverride> = { ...asked };
  if (change.BootSourceOverrideEnabled === 'Once' && settings.bootOnce === 'continuous') {
    change.BootSourceOverrideEnabled = 'Continuous';
  }
  if (settings.bootForgetsEnabled && change.BootSourceOverrideEnabled === undefined) {
    change.BootSourceOverrideEnabled = 'Disabled';
  }
  Object.assign(machine.boot, change);
  machine.touch();
  return null;
}

function judge(settings: BmcSettings, machine: Machine, asked: Json): Reply | null {
  if (settings.bootRefusedInPost && machine.isInPost()) {
    return refuse(400, 'iLO.2.15.UnableToModifyDuringSystemPOST', 'The system is in POST');
  }
  const known =
    settings.bootMode === 'absent' ? properties.filter((name) => !name.endsWith('Mode')) : properties;
  const unknown = Object.keys(asked).find((name) => !known.includes(name));
  if (unknown !== undefined) return refuse(400, 'PropertyUnknown', `The property ${unknown} is unknown`);
  const missing = known.find((name) => !(name in asked));
  if (settings.bootNeedsAll && missing !== undefined) {
    return refuse(400, 'PropertyMissing', `The property ${missing} is missing`);
  }
  const target = asked['BootSourceOverrideTarget'];
  const isKnownTarget = target === undefined || settings.bootTargets.includes(target as string);
  if (!isKnownTarget || (target === 'None' && settings.bootNoneRefused)) {
    return refuse(400, 'PropertyValueNotInList', 'The target is not in the list');
  }
  const enabled = asked['BootSourceOverrideEnabled'];
  if (enabled !== undefined && !enabledWords(settings).includes(enabled as string)) {
    return refuse(400, 'PropertyValueNotInList', 'BootSourceOverrideEnabled is not in the list');
  }
  return null;
}
