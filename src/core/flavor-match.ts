/** What a machine is rented as, by what it is made of. */
import type { Flavor } from './catalog.ts';
import type { Inventory } from './node.ts';

/** Firmware keeps some memory for itself: 1 to 3 % is missing from what the modules hold (seen as MemorySummary). */
const memoryShare = 0.95;

/**
 * The largest flavor that the machine can be; null: it is smaller than every one. Large is by memory, then processors,
 * then disk. What is not known (IPMI tells little) speaks for nothing, so that a machine of unknown size fits no flavor.
 */
export function matchFlavor(inventory: Inventory, flavors: readonly Flavor[]): Flavor | null {
  const diskGb = inventory.disks.reduce((sum, { sizeGb }) => sum + sizeGb, 0);
  const fitting = flavors.filter(
    ({ enabled, vcpus, ramMib, diskGb: wanted }) =>
      enabled &&
      inventory.cpuCores >= vcpus &&
      inventory.memoryMib >= ramMib * memoryShare &&
      diskGb >= wanted * memoryShare,
  );
  const bySize = (a: Flavor, b: Flavor) => b.ramMib - a.ramMib || b.vcpus - a.vcpus || b.diskGb - a.diskGb;
  return fitting.sort(bySize)[0] ?? null;
}

/** For people: what the machine has, beside what it would have to have. */
export function describeSize({ cpuCores, memoryMib, disks }: Inventory): string {
  const diskGb = disks.reduce((sum, { sizeGb }) => sum + sizeGb, 0);
  return `${cpuCores} cores, ${Math.round(memoryMib / 1024)} GiB of memory, ${diskGb} GB of disks`;
}
