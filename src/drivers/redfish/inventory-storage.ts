/** Disks: from Storage and its drives, else from SimpleStorage, which small and old BMCs have instead. */
import type { Drive, StorageController, Volume } from '../../core/hardware.ts';
import type { Inventory } from '../../core/node.ts';
import type { Client } from './bmc.ts';
import { isAbsent, readMembers } from './collection.ts';
import { toLink, toLinks, toList, toNumber, toRecord, toText, toTexts, type Json } from './fields.ts';
import { nameOf, pick, toStatus } from './inventory-facts.ts';

type Disk = Inventory['disks'][number];

export interface Storage {
  disks: Disk[];
  controllers: StorageController[];
}

export async function readStorage(client: Client, system: Json): Promise<Storage> {
  const controllers = await readMembers(client, toLink(system['Storage']));
  const links = [...new Set(controllers.flatMap((controller) => toLinks(controller['Drives'])))];
  const found = await Promise.all(links.map(async (link) => [link, await client.find(link)] as const));
  const drives = new Map(
    found.flatMap(([link, drive]) => (drive && !isAbsent(drive) ? [[link, drive] as const] : [])),
  );
  const disks = [...drives.values()].flatMap(toDisk);
  return {
    disks: disks.length > 0 ? disks : await readSimpleStorage(client, system),
    controllers: await Promise.all(controllers.map((storage) => readController(client, storage, drives))),
  };
}

async function readSimpleStorage(client: Client, system: Json): Promise<Disk[]> {
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

/** The controller itself stands within Storage; Storage 1.11 moved it to a collection beside it. */
async function readController(
  client: Client,
  storage: Json,
  drives: Map<string, Json>,
): Promise<StorageController> {
  const inside = toList(storage['StorageControllers']).map(toRecord);
  const [card = {}] = inside.length > 0 ? inside : await readMembers(client, toLink(storage['Controllers']));
  const volumes = await readMembers(client, toLink(storage['Volumes']));
  const raidLevels = toTexts(card['SupportedRAIDTypes']);
  return {
    name: nameOf(card) ?? nameOf(storage),
    ...pick(card, { model: 'Model', manufacturer: 'Manufacturer', firmwareVersion: 'FirmwareVersion' }),
    ...toStatus({ ...toRecord(storage['Status']), ...toRecord(card['Status']) }),
    ...(raidLevels ? { supportedRaidLevels: raidLevels } : {}),
    drives: toLinks(storage['Drives']).flatMap((link) => nameOf(drives.get(link) ?? {}) ?? []),
    volumes: volumes.map((volume) => toVolume(volume, drives)),
  };
}

function toVolume(volume: Json, drives: Map<string, Json>): Volume {
  const links = toLinks(toRecord(volume['Links'])['Drives']);
  return {
    name: nameOf(volume),
    ...pick(
      volume,
      { volumeRaidLevel: 'RAIDType' },
      { capacityBytes: 'CapacityBytes', optimumIoSizeBytes: 'OptimumIOSizeBytes' },
    ),
    status: toStatus(toRecord(volume['Status'])),
    drives: links.flatMap((link) => (drives.has(link) ? [toDrive(drives.get(link)!)] : [])),
  };
}

function toDrive(drive: Json): Drive {
  return {
    name: nameOf(drive),
    ...pick(
      drive,
      {
        id: 'Id',
        manufacturer: 'Manufacturer',
        model: 'Model',
        serialNumber: 'SerialNumber',
        revision: 'Revision',
        mediaType: 'MediaType',
        protocol: 'Protocol',
        hotspareType: 'HotspareType',
        health: 'Status.Health',
      },
      {
        capacityBytes: 'CapacityBytes',
        capableSpeedGbs: 'CapableSpeedGbs',
        negotiatedSpeedGbs: 'NegotiatedSpeedGbs',
        predictedMediaLifeLeftPercent: 'PredictedMediaLifeLeftPercent',
      },
    ),
  };
}
