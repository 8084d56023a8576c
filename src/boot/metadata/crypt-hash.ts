/**
 * Our password hashes as crypt(3) knows them. Both are scrypt; `$7$` (libxcrypt, in Debian since 11, RHEL since 8) only
 * writes cost and key in an alphabet and an order of bits of its own.
 */
const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Null when the hash cannot be said that way: another scheme, or a salt that is no text. */
export function toCryptHash(hash: string): string | null {
  const [, scheme, N, r, p, salt, key] = hash.split('$');
  if (scheme !== 'scrypt' || !salt || !key) return null;
  const saltText = Buffer.from(salt, 'base64url').toString('latin1');
  if (!/^[./0-9A-Za-z]+$/.test(saltText)) return null;
  const cost = `${alphabet[Math.log2(Number(N))]}${toWord(Number(r), 30)}${toWord(Number(p), 30)}`;
  return `$7$${cost}${saltText}$${toWords(Buffer.from(key, 'base64url'))}`;
}

/** The lowest six bits first. */
function toWord(value: number, bits: number): string {
  let word = '';
  for (let at = 0; at < bits; at += 6) word += alphabet[Math.floor(value / 2 ** at) % 64];
  return word;
}

/** Three bytes at a time, the first one lowest. */
function toWords(bytes: Buffer): string {
  let words = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const part = bytes.subarray(at, at + 3);
    words += toWord(part.readUIntLE(0, part.length), part.length * 8);
  }
  return words;
}
