/** Looking for BMCs that nobody has named yet. */
import { parseIpmiAddress } from './ipmi-address.ts';
import type { DriverName } from './node.ts';

export interface FoundBmc {
  driver: DriverName;
  /** As a node's BMC address is written. */
  address: string;
  /** What it says of itself before any login; null where it says nothing. */
  vendor: string | null;
  product: string | null;
  uuid: string | null;
}

/** Asks one address whether a BMC is there, without logging in. null: nobody, or something else. */
export type FindBmc = (host: string, port: number, timeoutMs: number) => Promise<FoundBmc | null>;

/**
 * How the place of a BMC may be written in a node, the usual way first: `https://host`, `host` or `host:port` for IPMI.
 * What stands behind a `?` is no part of it.
 */
export function spellingsOf(driver: DriverName, address: string): string[] {
  if (driver !== 'ipmi') {
    if (!URL.canParse(address)) return [address];
    const { origin } = new URL(address);
    return [origin, `${origin}/`];
  }
  const place = parseIpmiAddress(address);
  if (!place) return [address];
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  return place.port === 623 ? [host, `${host}:623`] : [`${host}:${place.port}`];
}

/** More would keep a caller waiting for minutes. */
export const mostScanned = 4_096;

/** A block of IPv4 addresses, by `10.0.0.0/24`, `10.0.0.10-10.0.0.99`, or one address; null when it is none of these. */
export function parseRange(text: string): { first: number; last: number } | null {
  const [from, to, ...more] = text.split('-').map((part) => part.trim());
  if (more.length > 0 || from === undefined) return null;
  if (to !== undefined) return between(toNumber(from), toNumber(to));
  const [address, prefix, ...rest] = from.split('/');
  const first = toNumber(address ?? '');
  if (first === null || rest.length > 0) return null;
  if (prefix === undefined) return { first, last: first };
  if (!/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) return null;
  const size = 2 ** (32 - Number(prefix));
  const start = Math.floor(first / size) * size;
  // The first and the last address of a network are nobody's (RFC 950), except in the smallest ones (RFC 3021).
  return size > 2 ? { first: start + 1, last: start + size - 2 } : { first: start, last: start + size - 1 };
}

export function* addressesOf({ first, last }: { first: number; last: number }): Generator<string> {
  for (let number = first; number <= last; number += 1) {
    yield [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
  }
}

function between(first: number | null, last: number | null) {
  return first === null || last === null || last < first ? null : { first, last };
}

function toNumber(address: string): number | null {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((number, part) => number * 256 + Number(part), 0);
}
