/** Network interfaces with their MACs: as the system lists them, else as its adapters do. */
import type { Inventory } from '../../core/node.ts';
import type { Client } from './bmc.ts';
import { isAbsent, readMembers } from './collection.ts';
import { toLink, toNumber, toRecord, toText, type Json } from './fields.ts';

type Nic = Inventory['nics'][number];

export async function readNics(client: Client, system: Json): Promise<Nic[]> {
  const interfaces = await readMembers(client, toLink(system['EthernetInterfaces']));
  const nics = distinct(interfaces.flatMap(toNic));
  return nics.length > 0 ? nics : distinct(await readOfAdapters(client, system));
}

/** Smart NICs and some vendors tell MACs by the functions of the adapter only (DSP2046 NetworkDeviceFunction). */
async function readOfAdapters(client: Client, system: Json): Promise<Nic[]> {
  const interfaces = await readMembers(client, toLink(system['NetworkInterfaces']));
  const functions = interfaces.map(async (one) => {
    const own = await readMembers(client, toLink(one['NetworkDeviceFunctions']));
    if (own.length > 0) return own;
    const adapter = await client.find(toLink(toRecord(one['Links'])['NetworkAdapter']));
    return readMembers(client, toLink(adapter?.['NetworkDeviceFunctions']));
  });
  return (await Promise.all(functions))
    .flat()
    .flatMap((one) => toNic({ ...one, ...toRecord(one['Ethernet']) }));
}

/** An interface without a MAC cannot be told apart on the wire, so it is left out. */
function toNic(nic: Json): Nic[] {
  const mac = toMac(nic['PermanentMACAddress']) ?? toMac(nic['MACAddress']);
  if (mac === null || isAbsent(nic)) return [];
  const name = toText(nic['Id']) ?? toText(nic['Name']) ?? mac;
  const speedMbps = toNumber(nic['SpeedMbps']);
  return [{ name, mac, speedMbps: speedMbps || null }];
}

/** In small letters with colons; null for what is none: empty, all zeros, or of another kind of network. */
function toMac(value: unknown): string | null {
  const digits = toText(value)
    ?.toLowerCase()
    .replaceAll(/[^0-9a-f]/g, '');
  if (digits?.length !== 12 || /^0+$/.test(digits)) return null;
  return digits.match(/../g)!.join(':');
}

/** VLANs stand beside their port with the same MAC (DMTF mock-up rackmount1); the port comes first. */
function distinct(nics: Nic[]): Nic[] {
  return nics.filter(({ mac }, index) => nics.findIndex((nic) => nic.mac === mac) === index);
}
