/** What is written in the file that is a machine's disk, seen from the host. */
import { execFile } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const pieceBytes = 4 * 1024 ** 2;

interface Extent {
  start: number;
  length: number;
  data: boolean;
}

/** MiB that it takes up on the host: what was written and not discarded. */
export async function countMib(file: string): Promise<number> {
  return Math.round(((await stat(file)).blocks * 512) / 1024 ** 2);
}

/** Whether these bytes stand anywhere on it. Holes are passed over: a search through 4 GiB of nothing took half a minute. */
export async function holds(file: string, bytes: Buffer): Promise<boolean> {
  const { stdout } = await run('qemu-img', ['map', '--output=json', '-f', 'raw', file]);
  const extents = (JSON.parse(stdout) as Extent[]).filter(({ data }) => data);
  const disk = await open(file);
  try {
    const piece = Buffer.alloc(pieceBytes + bytes.length - 1); // the pieces overlap
    for (const { start, length } of extents) {
      for (let at = start; at < start + length; at += pieceBytes) {
        const { bytesRead } = await disk.read(piece, 0, piece.length, at);
        if (piece.subarray(0, bytesRead).includes(bytes)) return true;
      }
    }
    return false;
  } finally {
    await disk.close();
  }
}
