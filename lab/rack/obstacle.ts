/** What keeps this computer from having a rack. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program, and Debian's package that has it. */
const programs: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  ip: 'iproute2',
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  ipmi_sim: 'openipmi',
  openssl: 'openssl',
};
const files: Readonly<Record<string, string>> = {
  '/usr/share/OVMF/OVMF_CODE_4M.fd': 'ovmf',
  '/usr/lib/ipxe/qemu/pxe-virtio.rom': 'ipxe-qemu',
  '/dev/net/tun': 'no package: the kernel module tun',
};

/** A sentence, or null when there is none. */
export function findObstacle(): string | null {
  if (process.platform !== 'linux') return 'the lab runs on Linux';
  if (process.getuid?.() !== 0) return 'the lab needs root, for network namespaces and taps';
  const isMissing = (program: string) =>
    !(process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
  const missing = [
    ...Object.entries(programs).filter(([program]) => isMissing(program)),
    ...Object.entries(files).filter(([file]) => !existsSync(file)),
  ];
  if (missing.length === 0) return null;
  return `the lab needs ${missing.map(([name, from]) => `${name} (${from})`).join(', ')}`;
}
