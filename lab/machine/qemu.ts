/** A machine as QEMU's command line. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How the disk is attached. QEMU's NVMe drives can erase themselves (Format NVM). */
export type DiskBus = 'virtio' | 'nvme';

export type BootDevice = 'disk' | 'network' | 'cd' | 'bios';

/** What a machine is made of. The BMC tells of the same facts. */
export interface Hardware {
  name: string;
  /** Its files: disk, firmware variables, sockets, console log. */
  folder: string;
  firmware: 'bios' | 'uefi';
  uuid: string;
  serialNumber: string;
  cpus: number;
  memoryMib: number;
  disk: { file: string; bytes: number; serialNumber: string; bus: DiskBus };
  nic: {
    mac: string;
    tap: string;
    /** iPXE in the card's ROM. Without it only UEFI can boot from the network, by its own PXE or HTTP boot. */
    hasRom: boolean;
  };
}

export const manufacturer = 'Ingot';
export const model = 'Lab machine';

const firmwareCode = '/usr/share/OVMF/OVMF_CODE_4M.fd';
/** Each machine has a copy of its own: UEFI keeps its boot entries there. */
export const firmwareVariables = '/usr/share/OVMF/OVMF_VARS_4M.fd';

const drives: Readonly<Record<DiskBus, string>> = { virtio: 'virtio-blk-pci', nvme: 'nvme' };

type BootOrder = readonly ('disk' | 'network' | 'cd')[];

const usualOrder: BootOrder = ['disk', 'network', 'cd'];
const orders: Readonly<Record<BootDevice, BootOrder>> = {
  disk: usualOrder,
  network: ['network', 'disk', 'cd'],
  cd: ['cd', 'disk', 'network'],
  bios: usualOrder, // nobody sits at the set-up screen of an emulated firmware
};

/**
 * KVM only where the processor itself can: /dev/kvm may be there without (nested, by software), and then Debian's kernels
 * hang in early boot.
 */
export function chooseAccelerator(): 'kvm' | 'tcg' {
  if (!/^flags\s*:.*\b(svm|vmx)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))) return 'tcg';
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return 'kvm';
  } catch {
    return 'tcg';
  }
}

/** @param medium the image in the CD drive; the drive is always there */
export function toQemuArguments(
  hardware: Hardware,
  first: BootDevice | null,
  medium: string | null,
  consoleSocket: string,
): string[] {
  const { name, folder, uuid, serialNumber, cpus, memoryMib, disk, nic } = hardware;
  const order = first === null ? usualOrder : orders[first];
  const bootIndex = (device: BootOrder[number]) => `bootindex=${order.indexOf(device) + 1}`;
  const accelerator = chooseAccelerator();
  const words: Record<string, string>[] = [
    { name },
    { display: 'none' },
    // graphics=off makes SeaBIOS speak on the serial port.
    { machine: 'q35,graphics=off' },
    { accel: accelerator, cpu: accelerator === 'kvm' ? 'host' : 'qemu64', smp: `${cpus}`, m: `${memoryMib}` },
    {
      uuid,
      smbios: `type=1,manufacturer=${manufacturer},product=${model},serial=${serialNumber},uuid=${uuid}`,
    },
    // The hub is there before us; QEMU comes back to it should it ever go away.
    { chardev: `socket,id=serial,path=${consoleSocket},server=off,reconnect=1`, serial: 'chardev:serial' },
    { drive: `if=none,id=disk,file=${disk.file},format=raw,cache=unsafe,discard=unmap` },
    { device: `${drives[disk.bus]},drive=disk,serial=${disk.serialNumber},${bootIndex('disk')}` },
    { netdev: `tap,id=lan,ifname=${nic.tap},script=no,downscript=no` },
    {
      device: `virtio-net-pci,netdev=lan,mac=${nic.mac},${bootIndex('network')}${nic.hasRom ? '' : ',romfile='}`,
    },
    {
      drive: `if=none,id=medium,media=cdrom,readonly=on${medium === null ? '' : `,format=raw,file=${medium}`}`,
    },
    { device: `ide-cd,id=cd,drive=medium,${bootIndex('cd')}` },
    { device: 'virtio-rng-pci' },
    { qmp: `unix:${join(folder, 'qmp.sock')},server=on,wait=off` },
  ];
  const flags = words.flatMap((word) => Object.entries(word).flatMap(([flag, value]) => [`-${flag}`, value]));
  return ['-nodefaults', '-no-user-config', '-no-reboot', ...toFirmware(hardware), ...flags];
}

function toFirmware({ firmware, folder }: Hardware): string[] {
  if (firmware === 'bios') return [];
  const flash = (unit: number, file: string, more = '') =>
    `if=pflash,format=raw,unit=${unit},file=${file}${more}`;
  return ['-drive', flash(0, firmwareCode, ',readonly=on'), '-drive', flash(1, join(folder, 'variables.fd'))];
}
