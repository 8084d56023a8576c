/** What is known of a machine, from several sources. */
import type { Inventory } from './node.ts';

/** What the BMC told is the better source, part by part; what it did not tell (IPMI: nearly all) the ramdisk found. */
export function completeInventory(told: Inventory | null, found: Inventory): Inventory {
  if (!told) return found;
  return {
    ...told,
    manufacturer: told.manufacturer || found.manufacturer,
    model: told.model || found.model,
    serialNumber: told.serialNumber || found.serialNumber,
    cpuCores: told.cpuCores || found.cpuCores,
    cpuModel: told.cpuModel || found.cpuModel,
    memoryMib: told.memoryMib || found.memoryMib,
    disks: told.disks.length > 0 ? told.disks : found.disks,
    nics: told.nics.length > 0 ? told.nics : found.nics,
    biosVersion: told.biosVersion ?? found.biosVersion,
  };
}
