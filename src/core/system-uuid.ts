/**
 * The UUID of a machine as its firmware, its operating system and its BMC tell it. The sixteen bytes are the same; their
 * order is not:
 * - SMBIOS 2.6 and later (DSP0134, 7.2.1) keep the first three fields with the lowest byte first, firmware of before in
 *   the order of RFC 4122, and many a BMC hands out the bytes of SMBIOS as they are;
 * - IPMI 2.0 (20.8, 22.14) sends all sixteen lowest byte first, and vendors differ in whether they do;
 * - ipmitool and operating systems guess which it was.
 * So all orders that can come of it count as the same machine; by chance none of them is another's.
 */

/** Bytes in hex; null when it is no UUID, or one that many machines carry. */
function parse(text: string): string[] | null {
  const hex = text.trim().toLowerCase().replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/.test(hex)) return null;
  const bytes = hex.match(/../g)!;
  return new Set(bytes).size < 5 || isDefault(hex) ? null : bytes;
}

/** Boards of AMI's customers that never set theirs, in the two orders in which it is seen. */
const isDefault = (hex: string) =>
  hex === '03000200040005000006000700080009' || hex === '00020003000400050006000700080009';

const reverse = (bytes: string[]) => bytes.toReversed();
const swap = (bytes: string[]) => [
  ...bytes.slice(0, 4).reverse(),
  ...bytes.slice(4, 6).reverse(),
  ...bytes.slice(6, 8).reverse(),
  ...bytes.slice(8),
];

/** All spellings under which the same machine may be recorded, in lower case with hyphens; none for a UUID of no use. */
export function toSpellings(text: string): string[] {
  const bytes = parse(text);
  if (!bytes) return [];
  const orders = [bytes, reverse(bytes), swap(bytes), reverse(swap(bytes)), swap(reverse(bytes))];
  return [...new Set(orders.map(toText))];
}

function toText(bytes: string[]): string {
  const hex = bytes.join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Seen where a vendor or an assembler never wrote a serial number. */
const placeholders =
  /^(0+|x+|0?123456789|unknown|n\/?a|none|empty|not (specified|available|applicable)|default string|(system |chassis )?serial number|to be filled by o\.?e\.?m\.?|o\.e\.m\.)$/i;

/** Whether a serial number can tell one machine from another. */
export function isTelling(serialNumber: string): boolean {
  return serialNumber.trim().length > 2 && !placeholders.test(serialNumber.trim());
}
