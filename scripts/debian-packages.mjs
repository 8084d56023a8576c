/**
 * What is used of Debian, and what for. Root gets it installed; others are told what is missing.
 *
 * Plain JavaScript: it may be the first thing to run in a fresh clone, on the distribution's Node.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Of the tests. Without them those tests skip themselves, by name. */
export const testPackages = {
  'util-linux': 'unshare and setpriv, to run PostgreSQL as root and to stop it with us',
  'postgresql-15': 'the oldest PostgreSQL that we support; only its programs are used',
  'python3-openstackclient': 'the unmodified client in tests/clients',
  'python3-novaclient': 'the unmodified client nova in tests/clients',
  'python3-openstacksdk': 'the unmodified library in tests/clients',
  'python3-venv': 'the Python SDKs of Huawei Cloud in tests/clients, which come from PyPI',
  'qemu-utils': 'qemu-img, which makes raw disks of images in other formats',
  'python3-sushy': 'an independent Redfish client, against the lab and simulated BMCs',
  redfishtool: 'another one, of DMTF',
  xorriso: 'config drives, in tests/boot',
  'dnsmasq-base': 'DHCP, in tests/boot',
  ipxe: 'what firmware loads first, in tests/boot',
};

/** Of network boot (src/boot/), where Ingot serves it. */
export const bootPackages = {
  xorriso: 'the file system with the data of cloud-init, and discs for virtual media',
  'dnsmasq-base': 'DHCP and TFTP',
  ipxe: 'what firmware loads first',
  'busybox-static': 'the deploy ramdisk',
  fdisk: 'partition tables, in the ramdisk',
  zstd: 'images, in the ramdisk',
  'nvme-cli': 'secure erase of NVMe drives, in the ramdisk',
  hdparm: 'secure erase of ATA drives, in the ramdisk',
  ipmitool: 'asking the BMC in band, in the ramdisk',
  kmod: 'drivers of the ramdisk and what they need',
  cpio: 'the archive that the ramdisk is',
  'grub-common': 'grub-mkimage, for discs that boot',
  'grub-pc-bin': 'GRUB for BIOS',
  'grub-efi-amd64-bin': 'GRUB for UEFI',
  mtools: 'EFI system partitions',
  dosfstools: 'their file system',
};

/** Of the virtual rack (lab/). */
export const labPackages = {
  ...bootPackages,
  'util-linux': 'unshare and nsenter, for namespaces of its own',
  iproute2: 'bridges and taps',
  'qemu-system-x86': 'the machines',
  'qemu-utils': 'qemu-img, which tells what their disks hold',
  'ipxe-qemu': 'their network cards',
  ovmf: 'their UEFI firmware',
  openipmi: 'ipmi_sim, their IPMI BMCs',
  openssl: 'certificates of their Redfish BMCs',
  e2fsprogs: 'the other file system',
};

/** @param {Record<string, string>} packages name and purpose */
export function installDebianPackages(packages) {
  const missing = Object.keys(packages).filter((name) => !isInstalled(name));
  if (missing.length === 0 || !existsSync('/usr/bin/apt-get')) return;
  if (process.getuid() !== 0) {
    for (const name of missing) console.error(`Debian package ${name} is missing: ${packages[name]}`);
    return;
  }
  console.error(`Installing Debian packages: ${missing.join(' ')}`);
  aptGet('update');
  // The server package makes and starts a cluster when it is installed, unless this file says no. It comes
  // with postgresql-common; where that is here already, the administrator's word stands.
  const clusterSettings = '/etc/postgresql-common/createcluster.conf';
  if (missing.includes('postgresql-15') && !existsSync(clusterSettings)) {
    aptGet('install', 'postgresql-common');
    spawnSync('pg_conftool', [clusterSettings, 'set', 'create_main_cluster', 'off'], { stdio: 'inherit' });
  }
  // One by one: what another Debian does not have must not keep the rest away.
  for (const name of missing) aptGet('install', name);
}

function isInstalled(name) {
  const query = spawnSync('dpkg-query', ['-W', '-f=${Status}', name], { encoding: 'utf8' });
  return query.status !== null && query.stdout.endsWith(' installed');
}

function aptGet(command, ...names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync('apt-get', ['-qq', '-y', '--no-install-recommends', command, ...names], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) console.error(`apt-get ${[command, ...names].join(' ')} failed`);
}
