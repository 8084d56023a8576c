/** A node is a physical machine; a server is what somebody rents on it. */
import type { ErrorFacts } from './errors.ts';
import type { Parts } from './hardware.ts';
import type { Power } from './lifecycle.ts';

export const driverNames = ['simulated', 'redfish', 'ipmi'] as const;
export type DriverName = (typeof driverNames)[number];

/** Where a node stands for the operator; the words are CloudDC's `manage_state` where it has one. */
export const nodeStandings = [
  'enrolled',
  'ready',
  'in-use',
  'maintenance',
  'quarantined',
  'retired',
] as const;
export type NodeStanding = (typeof nodeStandings)[number];

/** How the deploy ramdisk gets to a machine: by DHCP, TFTP and HTTP, or on a disc in the BMC's virtual drive. */
export const bootMethods = ['network', 'media'] as const;
export type BootMethod = (typeof bootMethods)[number];

export type BootDevice = 'disk' | 'network' | 'cd' | 'bios';
export type Health = 'OK' | 'Warning' | 'Critical' | 'Unknown';

export interface Nic {
  name: string;
  mac: string;
  speedMbps: number | null;
}

/** How the note of a node begins that a later reading makes void. */
export const notReady = 'Not ready: ';

export interface Inventory {
  manufacturer: string;
  model: string;
  serialNumber: string;
  /** As the BMC tells it, in whatever order of bytes (system-uuid.ts); absent where it does not. */
  systemUuid?: string;
  /** cores in total, memory in MiB, disks in GB (10^9 bytes) */
  cpuCores: number;
  cpuModel: string;
  memoryMib: number;
  disks: { name: string; sizeGb: number; kind: 'ssd' | 'hdd' | 'nvme' | 'unknown' }[];
  nics: Nic[];
  biosVersion: string | null;
  bmcVersion: string | null;
  health: Health;
  /** Part by part; absent in what was recorded before parts were read. */
  parts?: Parts;
}

/** How to reach a BMC. The secret is opened only on the way to the driver and never logged. */
export interface BmcAddress {
  /** `https://10.0.0.7` for Redfish, `10.0.0.7:623` for IPMI, empty for simulated nodes. */
  address: string;
  username: string;
  password: string;
  /** Path of the system when the BMC has several: `/redfish/v1/Systems/1`; null: the driver finds out. */
  system: string | null;
  /** SHA-256 of the certificate, hex; pinned at first contact, null before. */
  certificateSha256: string | null;
}

export interface Node {
  id: string;
  name: string;
  driver: DriverName;
  bmc: BmcAddress;
  standing: NodeStanding;
  zone: string;
  /** null: not known what it can be, before it was inspected. */
  flavorId: string | null;
  /** The project it is dedicated to; null: in the shared pool. */
  projectId: string | null;
  /** The server on it, if any. */
  serverId: string | null;
  power: Power;
  powerSeenAt: Date | null;
  health: Health;
  inventory: Inventory | null;
  /** Follow: the record follows the hardware. Enforce: the hardware is put back to what the record says. */
  powerPolicy: 'follow' | 'enforce';
  /** The last power operation asked of the machine and how it stands, read from its sub-jobs (CloudDC `operation_state`). */
  powerOperation: 'power-on' | 'power-off' | 'reboot' | null;
  powerOutcome: Outcome | null;
  powerError?: ErrorFacts | null;
  /** Empty: the zone has one room, which is called like the zone. */
  room: string;
  rack: string;
  unit: number;
  note: string;
  /** How it boots; absent where that was not read along. */
  boot?: NodeBoot;
  /** What its BMC was found to want; absent where that was not read along. */
  bmcHabits?: BmcHabits;
  createdAt: Date;
  updatedAt: Date;
}

/**
 * What a BMC was found to want where that is not what its driver tries first, in the driver's words: `if_match: none`.
 * Empty: nothing was found. Void with another address and with other firmware of the BMC.
 */
export type BmcHabits = Readonly<Record<string, string>>;
/** Changes of them; null: it holds no longer. */
export type HabitNews = Record<string, string | null>;

/** What is known of a machine's ways of booting. */
export interface NodeBoot {
  /** In lower case, of the NICs that may boot; given by the operator or learned by the ramdisk. */
  macs: string[];
  firmware: 'bios' | 'uefi' | null;
  /** How the ramdisk gets to it; null: as the setting says. */
  method: BootMethod | null;
}

export type Outcome = 'processing' | 'succeed' | 'failed';

/** What a machine is to become. */
export interface DeployOrder {
  imageId: string;
  imageName: string;
  hostname: string;
  userData: string | null;
  publicKeys: string[];
  adminPasswordHash: string | null;
}
