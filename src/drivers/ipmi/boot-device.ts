/**
 * What the next start boots: System Boot Options (IPMI 2.0, 28.12 and table 28-14).
 *
 * Parameter 5 holds the flags; a BMC forgets them when no chassis command comes within 60 s, unless bit 3 of parameter 3
 * says otherwise. A machine may be off for longer than that before it is started, so this bit is set first (as Ironic's
 * ipmi_disable_boot_timeout does); a BMC that does not have the parameter is used as it is.
 */
import type { BootDevice } from '../../core/node.ts';
import { DriverError, type Acknowledgement } from '../../core/ports.ts';
import { commandFailure } from './answer.ts';
import type { Ask } from './bmc.ts';

const devices: Readonly<Record<BootDevice, { word: string; selector: RegExp }>> = {
  network: { word: 'pxe', selector: /Force PXE/ },
  // "No override" means the order of the firmware; ipmi_sim stores a disk so.
  disk: { word: 'disk', selector: /Force Boot from default Hard-Drive|No override/ },
  cd: { word: 'cdrom', selector: /Force Boot from CD\/DVD/ },
  bios: { word: 'bios', selector: /Force Boot into BIOS Setup/ },
};

const keepFlagsLonger = 'raw 0x00 0x08 0x03 0x08';

/** @param isUefi bit 5 of the flags: a UEFI machine may ignore flags of the old kind, and the other way round */
export async function setBootDevice(ask: Ask, device: BootDevice, isUefi: boolean): Promise<Acknowledgement> {
  const { word, selector } = devices[device];
  const set = `chassis bootdev ${word}${isUefi ? ' options=efiboot' : ''}`;
  const output = await ask([keepFlagsLonger, set, 'chassis bootparam get 5'], 'acting');
  if (!output.stdout.includes(`Set Boot Device to ${word}`))
    throw commandFailure(`boot device ${word}`, output);
  const stored = /Boot Device Selector\s*:\s*(.+)/.exec(output.stdout)?.[1]?.trim();
  if (stored !== undefined && !selector.test(stored)) {
    throw new DriverError('rejected', `The BMC was told to boot ${word} next, but it stored: ${stored}`);
  }
  const mode = isUefi ? 'UEFI' : 'BIOS';
  return { evidence: `IPMI boot device ${word} (${mode}) for the next start`, lookInMs: 0 };
}
