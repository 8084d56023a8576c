/**
 * What a file is, by its own first bytes, and what of it is refused. A disk image can name other files of the host (a
 * backing file, a data file, extents); a converter that opens them would hand the host's files to a tenant. So this is
 * looked at before any converter sees the file, and the converter is told the format instead of guessing it.
 */
import { open, type FileHandle } from 'node:fs/promises';
import type { DiskFormat } from '../core/image.ts';
import { invalid } from '../core/errors.ts';

export type Detected = DiskFormat | 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'vmdk-descriptor';

const magics: [detected: Detected, offset: number, bytes: Buffer][] = [
  ['qcow2', 0, Buffer.from('QFI\xfb', 'latin1')],
  ['vmdk', 0, Buffer.from('KDMV')],
  ['vmdk-descriptor', 0, Buffer.from('# Disk DescriptorFile')],
  ['vhdx', 0, Buffer.from('vhdxfile')],
  ['vhd', 0, Buffer.from('conectix')],
  ['vdi', 64, Buffer.from([0x7f, 0x10, 0xda, 0xbe])],
  ['gzip', 0, Buffer.from([0x1f, 0x8b, 0x08])],
  ['zstd', 0, Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['xz', 0, Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ['bzip2', 0, Buffer.from('BZh')],
];

/** Of these bytes the format can be told. */
export const headBytes = 512;

export function detect(head: Buffer): Detected {
  const found = magics.find(([, at, bytes]) => head.subarray(at, at + bytes.length).equals(bytes));
  return found?.[0] ?? 'raw';
}

/** @throws invalid unless the file is what it is said to be and names no other file */
export async function checkFormat(path: string, said: string): Promise<Detected> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size === 0) throw invalid('The image is empty.');
    const head = await readAt(file, 0, headBytes);
    let detected = detect(head);
    // A VHD of fixed size has its footer only.
    if (
      said === 'vhd' &&
      detected === 'raw' &&
      size > 512 &&
      detect(await readAt(file, size - 512, 512)) === 'vhd'
    ) {
      detected = 'vhd';
    }
    const isPacked = said === 'raw' && (detected === 'gzip' || detected === 'zstd');
    if (detected !== said && !isPacked) {
      throw invalid(`The image was registered as ${said}, but its bytes are ${detected}.`, 'disk_format');
    }
    if (detected === 'qcow2') checkQcow2(head);
    if (detected === 'vmdk') await checkVmdk(file, head);
    return detected;
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** Header as in the specification of qcow2 (QEMU, docs/interop/qcow2.txt). */
function checkQcow2(head: Buffer): void {
  if (head.length < 104) throw invalid('The qcow2 header is cut off.', 'disk_format');
  if (head.readBigUInt64BE(8) !== 0n)
    throw invalid('A qcow2 image with a backing file is not taken.', 'disk_format');
  if (head.readUInt32BE(32) !== 0) throw invalid('An encrypted qcow2 image is not taken.', 'disk_format');
  const version = head.readUInt32BE(4);
  if (version < 2 || version > 3) throw invalid(`qcow2 version ${version} is not known.`, 'disk_format');
  // Bit 2 of the incompatible features: the data is in another file.
  if (version === 3 && (head.readBigUInt64BE(72) & 4n) !== 0n) {
    throw invalid('A qcow2 image with an external data file is not taken.', 'disk_format');
  }
}

const sectorBytes = 512;
/** VMDKs in one file; all other types name extents. */
const singleFileTypes = ['monolithicSparse', 'streamOptimized'];
const mostDescriptorSectors = 64;

/** Header and descriptor as in "Virtual Disk Format 5.0" of VMware, "Hosted Sparse Extent". */
async function checkVmdk(file: FileHandle, head: Buffer): Promise<void> {
  if (head.length < 512) throw invalid('The vmdk header is cut off.', 'disk_format');
  // Capacity 0 means to a reader that the descriptor alone counts.
  const capacity = head.readBigUInt64LE(12);
  const at = head.readBigUInt64LE(28);
  const sectors = head.readBigUInt64LE(36);
  if (capacity === 0n || at === 0n || sectors === 0n || sectors > mostDescriptorSectors || at > 2 ** 32) {
    throw invalid('A vmdk image without a descriptor of its own is not taken.', 'disk_format');
  }
  const descriptor = (await readAt(file, Number(at) * sectorBytes, Number(sectors) * sectorBytes)).toString(
    'latin1',
  );
  const type = /^\s*createType\s*=\s*"([^"]*)"/im.exec(descriptor)?.[1] ?? 'unknown';
  if (!singleFileTypes.includes(type)) {
    throw invalid(
      `A vmdk image of type ${type} is not taken, only ${singleFileTypes.join(' and ')}.`,
      'disk_format',
    );
  }
  if (
    /parentFileNameHint/i.test(descriptor) ||
    (descriptor.match(/^\s*(RW|RDONLY|NOACCESS)\s/gm)?.length ?? 0) !== 1
  ) {
    throw invalid('A vmdk image that names another file is not taken.', 'disk_format');
  }
}
