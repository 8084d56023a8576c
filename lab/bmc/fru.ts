/** What a machine is, as its FRU device tells (IPMI Platform Management FRU Information Storage Definition, v1.0). */
import { manufacturer, model, type Hardware } from '../machine/qemu.ts';

const fruBytes = 512;

/** A board and a product area; `ipmitool fru print` shows both. */
export function toFru({ serialNumber, name }: Pick<Hardware, 'serialNumber' | 'name'>): Buffer {
  // English, and the minutes since 1996 at which the board was made: unknown.
  const board = toArea([0, 0, 0, 0], [manufacturer, model, serialNumber, 'LAB-BOARD', '']);
  const product = toArea([0], [manufacturer, model, 'LAB-1', '1', serialNumber, name, '']);
  const boardAt = 1;
  const productAt = boardAt + board.length / 8;
  const header = withChecksum(Buffer.from([1, 0, 0, boardAt, productAt, 0, 0, 0]));
  return Buffer.concat([header, board, product], fruBytes);
}

/** An area: its version, its length in units of 8 bytes, what is fixed, and the fields as text (the last
 * of them names a file; none). */
function toArea(fixed: number[], fields: string[]): Buffer {
  const texts = fields.map((text) => Buffer.concat([Buffer.from([0xc0 | text.length]), Buffer.from(text)]));
  const content = Buffer.concat([Buffer.from([1, 0, ...fixed]), ...texts, Buffer.from([0xc1])]);
  const area = Buffer.concat([content], Math.ceil((content.length + 1) / 8) * 8);
  area[1] = area.length / 8;
  return withChecksum(area);
}

/** The last byte makes the sum zero. */
function withChecksum(bytes: Buffer): Buffer {
  bytes[bytes.length - 1] = -bytes.subarray(0, -1).reduce((sum, byte) => sum + byte, 0) & 0xff;
  return bytes;
}
