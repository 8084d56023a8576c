/** What the ramdisk's agent tells of the machine it runs on. */
import { Type, type Static } from 'typebox';
import type { Inventory, Node, NodeBoot } from '../core/node.ts';
import type { DiscoveredFacts } from '../core/discovery.ts';
import { parseMac } from './machine-finder.ts';

const Text = Type.String({ maxLength: 255 });
const Count = Type.Number({ minimum: 0 });

export const AgentFacts = Type.Object({
  firmware: Type.Enum(['bios', 'uefi']),
  manufacturer: Text,
  product: Text,
  serial: Text,
  uuid: Text,
  bios_version: Text,
  cpu_model: Text,
  cpu_cores: Count,
  memory_kib: Count,
  disks: Type.Array(
    Type.Object({ name: Text, bytes: Count, rotational: Type.Boolean(), model: Text, serial: Text }),
    { maxItems: 512 },
  ),
  nics: Type.Array(Type.Object({ name: Text, mac: Text, has_carrier: Type.Boolean(), speed_mbps: Count }), {
    maxItems: 64,
  }),
  /** Of its BMC, asked in band; empty when it cannot be asked. */
  bmc_address: Text,
});

export type AgentFacts = Static<typeof AgentFacts>;

export function toDiscovered(facts: AgentFacts): DiscoveredFacts {
  return {
    macs: toMacs(facts),
    firmware: facts.firmware,
    systemUuid: facts.uuid.toLowerCase(),
    bmcAddress: facts.bmc_address,
    inventory: toInventory(facts),
  };
}

function toMacs({ nics }: AgentFacts): string[] {
  return nics.map(({ mac }) => parseMac(mac)).filter((mac) => mac !== null);
}

/** What is learned of how the machine boots; MACs that were known before are kept. */
export function toNodeBoot(facts: AgentFacts, { boot }: Node): Partial<NodeBoot> {
  return { firmware: facts.firmware, macs: [...new Set([...(boot?.macs ?? []), ...toMacs(facts)])] };
}

/** For machines whose BMC tells no inventory. */
export function toInventory(facts: AgentFacts): Inventory {
  return {
    manufacturer: facts.manufacturer,
    model: facts.product,
    serialNumber: facts.serial,
    cpuCores: facts.cpu_cores,
    cpuModel: facts.cpu_model,
    memoryMib: Math.round(facts.memory_kib / 1024),
    disks: facts.disks.map(({ name, bytes, rotational }) => ({
      name,
      sizeGb: Math.round(bytes / 1e9),
      kind: name.startsWith('nvme') ? 'nvme' : rotational ? 'hdd' : 'ssd',
    })),
    nics: facts.nics.map(({ name, mac, speed_mbps }) => ({
      name,
      mac: parseMac(mac) ?? mac,
      speedMbps: speed_mbps > 0 ? speed_mbps : null,
    })),
    biosVersion: facts.bios_version || null,
    bmcVersion: null,
    health: 'Unknown',
  };
}

/** Room for the partition with the data of cloud-init, behind the image. */
const configDriveBytes = 8 * 1024 * 1024;

/**
 * The smallest disk that holds the image, as Ironic does without a hint: large disks are for data. Equals go by name.
 * @returns null when none is large enough
 */
export function chooseDisk({ disks }: AgentFacts, rawBytes: number): string | null {
  const large = disks.filter(({ bytes }) => bytes >= rawBytes + 2 * configDriveBytes);
  const [first] = large.sort((a, b) => a.bytes - b.bytes || a.name.localeCompare(b.name, 'en'));
  return first?.name ?? null;
}
