/** What a rack consists of: the caller's wishes, completed with names, addresses and files. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BmcAccount } from '../bmc/ipmi-bmc.ts';
import type { DiskBus, Hardware } from '../machine/qemu.ts';

export interface MachineWish {
  /** One word; becomes part of file names. */
  name: string;
  /** Which faces its BMC has. */
  bmc: 'ipmi' | 'redfish' | 'both';
  firmware: 'bios' | 'uefi';
  /** 512 when left out, which is comfortable for the deploy ramdisk and small systems. */
  memoryMib?: number;
  /** 4 when left out. The disk is empty and takes up only what is written. */
  diskGb?: number;
  /** Virtio when left out. */
  diskBus?: DiskBus;
  mac?: string;
  cpus?: number;
  /** False: no iPXE in the network card, so that UEFI shows its own PXE and HTTP boot. */
  hasNicRom?: boolean;
}

export interface MachinePlan {
  hardware: Hardware;
  bmc: MachineWish['bmc'];
  /** IPv4 address of the BMC: IPMI on UDP 623, Redfish on TCP 443. */
  bmcAddress: string;
}

export interface RackPlan {
  folder: string;
  machines: MachinePlan[];
  account: BmcAccount;
}

/** The network on which machines boot and which Ingot serves; the BMCs have one of their own, as they should. */
export const network = {
  bridge: 'br0',
  /** The rack's own address there: of Ingot, when it serves the rack. */
  address: '10.77.0.1',
  prefix: 24,
  /** What may be leased there. */
  range: '10.77.0.100-10.77.0.200',
  addressV6: 'fd77::1',
  prefixV6: 64,
  bmcBridge: 'bmc0',
  bmcAddress: '10.78.0.1',
  bmcRange: '10.78.0.0/24',
} as const;

export const account: BmcAccount = { username: 'admin', password: 'lab-secret' };

const mostMachines = 200;

/** Makes the folders of the machines too. @throws Error when two wishes exclude each other */
export function toPlan(folder: string, wishes: readonly MachineWish[]): RackPlan {
  if (wishes.length > mostMachines) throw new Error(`A rack has room for ${mostMachines} machines`);
  const names = new Set(wishes.map(({ name }) => name));
  if (names.size < wishes.length) throw new Error('Two machines have the same name');
  return { folder, account, machines: wishes.map((wish, index) => toMachine(folder, wish, index + 1)) };
}

function toMachine(rack: string, wish: MachineWish, number: number): MachinePlan {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(wish.name))
    throw new Error(`"${wish.name}" cannot name a machine: small letters, digits and dashes`);
  const folder = join(rack, wish.name);
  mkdirSync(folder);
  const hex = number.toString(16).padStart(2, '0');
  return {
    bmc: wish.bmc,
    bmcAddress: `10.78.0.${number + 10}`,
    hardware: {
      name: wish.name,
      folder,
      firmware: wish.firmware,
      uuid: toUuid(wish.name),
      serialNumber: `LAB-${wish.name.toUpperCase()}`,
      cpus: wish.cpus ?? 1,
      memoryMib: wish.memoryMib ?? 512,
      disk: {
        file: join(folder, 'disk.raw'),
        bus: wish.diskBus ?? 'virtio',
        bytes: (wish.diskGb ?? 4) * 1024 ** 3,
        serialNumber: `DISK-${wish.name.toUpperCase()}`.slice(0, 20), // virtio-blk has room for 20 bytes
      },
      nic: { mac: wish.mac ?? `52:54:00:4c:41:${hex}`, tap: `tap${number}`, hasRom: wish.hasNicRom ?? true },
    },
  };
}

/** The same machine has the same UUID in every rack (RFC 9562, version 8: made of a hash). */
function toUuid(name: string): string {
  const hex = createHash('sha256').update(`ingot lab ${name}`).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
