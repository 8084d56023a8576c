/** Secrets at rest: AES-256-GCM under a key that stands in a file of its own, readable by the owner only. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Vault {
  /** Whether the key is the installation's; with another one nothing that is stored can be opened. */
  readonly isOurs: boolean;
  seal(secret: string): Buffer;
  /** Throws when the key is not the one it was sealed with. */
  open(sealed: Buffer): string;
}

const nonceBytes = 12; // NIST SP 800-38D §8.2.2
const tagBytes = 16;

export function createVault(key: Buffer, isOurs = true): Vault {
  return {
    isOurs,
    seal(secret) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    open(sealed) {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
        authTagLength: tagBytes, // a shorter one is easier to guess
      });
      decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
      const opened = decipher.update(sealed.subarray(nonceBytes + tagBytes));
      return Buffer.concat([opened, decipher.final()]).toString('utf8');
    },
  };
}

/** The key of an installation: made at first start. 64 hex digits, in a file or given directly. */
export function readOrMakeKey(file: string, given: string | null): Buffer {
  if (given !== null) return parseKey(given, 'INGOT_SECRET_KEY');
  try {
    return parseKey(readFileSync(file, 'utf8').trim(), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = randomBytes(32);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}

function parseKey(text: string, source: string): Buffer {
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new Error(`${source} must hold 64 hex digits (a key of 256 bits).`);
  return Buffer.from(text, 'hex');
}
