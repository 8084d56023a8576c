import { randomBytes } from 'node:crypto';

/** UUID version 7 (RFC 9562 §5.7): ordered by time, so that index pages fill up from one end. */
export function newId(now: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return withHyphens(hex);
}

/** As the database writes it, however the caller did: in capitals or without hyphens. */
export function canonicalId(id: string): string {
  return withHyphens(id.replaceAll('-', '').toLowerCase());
}

function withHyphens(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
