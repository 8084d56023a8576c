/** Disks: from Storage and its drives, else from SimpleStorage, which small and old BMCs have instead. */
import type { Inventory } from '../../core/node.ts';
import type { Client } from './bmc.ts';
import { isAbsent, readMembers } from './collection.ts';
import { toLink, toLinks, toList, toNumber, toRecord, toText, type Json } from './fields.ts';

type Disk = Inventory['disks'][number];

export async function readDisks(client: Client, system: Json): Promise<Disk[]> {
  const controllers = await readMembers(client, toLink(system['Storage']));
  const links = new Set(controllers.flatMap((controller) => toLinks(controller['Drives'])));
  const drives = await Promise.all([...links].map((link) => client.find(link)));
  const disks = drives.filter((drive) => drive !== null).flatMap(toDisk);
  if (disks.length > 0) return disks;
  const simple = await readMembers(client, toLink(system['SimpleStorage']));
  return simple.flatMap((controller) => toList(controller['Devices']).map(toRecord)).flatMap(toDisk);
}

/** Without a capacity there is no disk: absent bays and boot cards come so. Bytes to GB of 10^9. */
function toDisk(drive: Json): Disk[] {
  const bytes = toNumber(drive['CapacityBytes']);
  if (!bytes || isAbsent(drive)) return [];
  const name = toText(drive['Name']) ?? toText(drive['Id']) ?? 'disk';
  return [{ name, sizeGb: Math.round(bytes / 1e9), kind: toKind(drive) }];
}

function toKind(drive: Json): Disk['kind'] {
  if (/nvme/i.test(toText(drive['Protocol']) ?? '')) return 'nvme';
  const media = toText(drive['MediaType'])?.toLowerCase();
  return media === 'ssd' || media === 'hdd' ? media : 'unknown';
}
