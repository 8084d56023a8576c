/**
 * Machines without network boot. Nothing can be written to their disks, so the system that is installed on them is kept:
 * deploy makes the machine ready to boot it, and says plainly that nothing was written. Wiping is impossible, and a
 * machine that still holds a tenant's data must not go to the next one: the wipe fails, so that the engine puts the node
 * into quarantine.
 */
import { DriverError, type Driver, type Installer } from '../core/ports.ts';

const kept = 'preinstalled system kept; nothing was written';
const notWiped = 'Disks were not wiped: wiping needs network boot, which this node does not have';

/** @param lookInMs when to look again while the machine goes off, in milliseconds */
export function createPreinstalled(driver: Driver, lookInMs = 500): Installer {
  return {
    /** Off first, then the disk for the next start: iLO refuses the override while the machine starts (LP 2136275). */
    async beginDeploy(node, _order, purpose) {
      const power = await driver.setPower(node, 'off', purpose);
      const boot = await driver.setBootDevice(node, 'disk', purpose).catch(toleratedRefusal);
      return { evidence: `${power.evidence}; ${boot.evidence}; ${kept}`, lookInMs: power.lookInMs };
    },
    async readDeploy(node, purpose) {
      const { power, evidence } = await driver.readPower(node, purpose);
      if (power === 'off') return { status: 'done', evidence: `${evidence}; ${kept}`, lookInMs: 0 };
      return { status: 'running', evidence: `Waiting for power off: ${evidence}`, lookInMs };
    },
    /** A kept system was never told to report, so power is all there is to see. */
    async readFirstBoot(node, purpose) {
      const { power, evidence } = await driver.readPower(node, purpose);
      if (power === 'on') return { status: 'done', evidence: `${evidence}; ${kept}`, lookInMs: 0 };
      return { status: 'running', evidence, lookInMs };
    },
    async beginWipe() {
      const evidence = 'Nothing was sent: this node has no network boot to wipe with';
      return { evidence, lookInMs: 0 };
    },
    async readWipe() {
      return { status: 'failed', evidence: notWiped, lookInMs: 0 };
    },
  };
}

/** The disk is what a machine boots from anyway; a BMC that cannot be told so is no reason to fail. */
function toleratedRefusal(error: unknown): { evidence: string } {
  if (!(error instanceof DriverError) || error.canRepeat || error.kind === 'denied') throw error;
  return { evidence: `the boot device was left as it is (${error.message})` };
}
