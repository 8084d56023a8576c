/** The one-time secrets by which the ramdisk of one start is known. Only their hashes are kept. */
import { createHash, randomBytes } from 'node:crypto';

export interface Secret {
  /** 32 random bytes, base64url: fits on a kernel's command line. */
  text: string;
  hash: Buffer;
}

export function makeSecret(): Secret {
  const text = randomBytes(32).toString('base64url');
  return { text, hash: hashSecret(text) };
}

export function hashSecret(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
