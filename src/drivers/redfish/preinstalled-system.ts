/**
 * Redfish nodes without network boot. Nothing can be written to their disks, so the system that is installed on them
 * is kept: deploy makes the machine ready to boot it, and says plainly that nothing was written. Wiping is impossible,
 * and a machine that still holds a tenant's data must not go to the next one: the wipe fails, so that the engine puts
 * the node into quarantine.
 */
import { DriverError, type Acknowledgement, type DeployReading } from '../../core/ports.ts';
import type { BmcAddress } from '../../core/node.ts';
import type { Client } from './bmc.ts';
import { setBootDevice } from './boot-device.ts';
import { setPower } from './reset.ts';
import { readSystem, toPower } from './system.ts';

const kept = 'preinstalled system kept; nothing was written';
const notWiped = 'Disks were not wiped: wiping needs network boot, which this node does not have';

/** Off first, then the disk for the next start: iLO refuses the override while the machine starts (LP 2136275). */
export async function beginDeploy(
  client: Client,
  named: BmcAddress['system'],
  firstLookMs: number,
): Promise<Acknowledgement> {
  const power = await setPower(client, named, 'off', firstLookMs);
  const boot = await setBootDevice(client, named, 'disk').catch(toleratedRefusal);
  return { evidence: `${power.evidence}; ${boot.evidence}; ${kept}`, lookInMs: power.lookInMs };
}

export async function readDeploy(
  client: Client,
  named: BmcAddress['system'],
  lookInMs: number,
): Promise<DeployReading> {
  const { power, word } = toPower((await readSystem(client, named)).body);
  if (power === 'off')
    return { status: 'done', evidence: `Redfish PowerState is ${word}; ${kept}`, lookInMs: 0 };
  return { status: 'running', evidence: `Waiting for power off, Redfish PowerState is ${word}`, lookInMs };
}

export function beginWipe(): Acknowledgement {
  return { evidence: 'Nothing was sent: this node has no network boot to wipe with', lookInMs: 0 };
}

export function readWipe(): DeployReading {
  return { status: 'failed', evidence: notWiped, lookInMs: 0 };
}

/** The disk is what a machine boots from anyway; a BMC that cannot be told so is no reason to fail. */
function toleratedRefusal(error: unknown): { evidence: string } {
  if (!(error instanceof DriverError) || error.canRepeat || error.kind === 'denied') throw error;
  return { evidence: `the boot device was left as it is (${error.message})` };
}
