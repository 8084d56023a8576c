/** Addresses and networks of both families, as numbers. */

interface Address {
  bits: 32 | 128;
  value: bigint;
}

const decimal = /^(0|[1-9]\d{0,2})$/;

function parseFour(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    if (!decimal.test(part) || Number(part) > 255) return null;
    value = value * 256n + BigInt(part);
  }
  return value;
}

function parseGroups(text: string): bigint[] | null {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    const four = at === parts.length - 1 && part.includes('.') ? parseFour(part) : null;
    if (four !== null) groups.push(four >> 16n, four & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return null;
  }
  return groups;
}

const inSix = 0xffffn << 32n;

/** Null for what is none. An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) is one of IPv4. */
function parseAddress(text: string): Address | null {
  const four = parseFour(text);
  if (four !== null) return { bits: 32, value: four };
  const [head = '', tail, ...more] = text.split('::');
  const before = parseGroups(head);
  const after = tail === undefined ? [] : parseGroups(tail);
  if (!before || !after || more.length > 0) return null;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...before, ...Array<bigint>(missing).fill(0n), ...after];
  const value = groups.reduce((sum, group) => (sum << 16n) + group, 0n);
  return value >> 32n === 0xffffn ? { bits: 32, value: value - inSix } : { bits: 128, value };
}

/** `192.0.2.0/24`, `2001:db8::/32`, or one address; null for what is none. */
export function parseNetwork(text: string): (Address & { prefix: number }) | null {
  const [address = '', length, ...more] = text.split('/');
  const parsed = parseAddress(address);
  if (!parsed || more.length > 0) return null;
  const prefix = length === undefined ? parsed.bits : decimal.test(length) ? Number(length) : NaN;
  return prefix <= parsed.bits ? { ...parsed, prefix } : null;
}

/** Whether an address is in the network; nothing is in what is none. */
export function inNetwork(network: string): (address: string) => boolean {
  const wanted = parseNetwork(network);
  if (!wanted) return () => false;
  const rest = BigInt(wanted.bits - wanted.prefix);
  const prefix = wanted.value >> rest;
  return (address) => {
    const given = parseAddress(address);
    return given?.bits === wanted.bits && given.value >> rest === prefix;
  };
}
