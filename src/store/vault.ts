/** Secrets at rest: AES-256-GCM under keys that stand in a file of their own, readable by the owner only. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Vault {
  /** Whether the key is the installation's; with another one nothing that is stored can be opened. */
  readonly isOurs: boolean;
  /** With the first key. */
  seal(secret: string): Buffer;
  /** Throws when none of the keys is the one it was sealed with. */
  open(sealed: Buffer): string;
  /** Whether the first key sealed it. */
  isNewest(sealed: Buffer): boolean;
}

const nonceBytes = 12; // NIST SP 800-38D §8.2.2
const tagBytes = 16;

/** @param keys the first one seals, all of them open */
export function createVault(keys: readonly Buffer[], isOurs = true): Vault {
  const [newest] = keys as [Buffer, ...Buffer[]];
  return {
    isOurs,
    seal(secret) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', newest, nonce);
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    open(sealed) {
      for (const key of keys) {
        const secret = tryToOpen(key, sealed);
        if (secret !== null) return secret;
      }
      throw new Error('A secret was sealed with a key that this process does not hold.');
    },
    isNewest: (sealed) => tryToOpen(newest, sealed) !== null,
  };
}

function tryToOpen(key: Buffer, sealed: Buffer): string | null {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes, // a shorter one is easier to guess
  });
  try {
    decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
    const opened = decipher.update(sealed.subarray(nonceBytes + tagBytes));
    return Buffer.concat([opened, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

/**
 * The keys of an installation, newest first: 64 hex digits each, by lines in a file or by commas where they are given
 * directly. The first one is made at first start.
 */
export function readOrMakeKeys(file: string, given: string | null): Buffer[] {
  if (given !== null) return parseKeys(given.split(','), 'INGOT_SECRET_KEY');
  try {
    return parseKeys(readFileSync(file, 'utf8').trim().split('\n'), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = randomBytes(32);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  return [key];
}

/**
 * Puts a new key before those in the file; it seals from the next start on. Returns how many there are now.
 * @throws ENOENT when there is no file of keys
 */
export function addKey(file: string): number {
  const keys = parseKeys(readFileSync(file, 'utf8').trim().split('\n'), file);
  return writeKeys(file, [randomBytes(32), ...keys]);
}

/**
 * Leaves the newest key only. Secrets that older ones sealed can be opened by nobody then.
 * @throws Error while it is not known that the newest one has sealed all
 */
export function dropOlderKeys(file: string): number {
  const [newest, ...older] = parseKeys(readFileSync(file, 'utf8').trim().split('\n'), file);
  if (older.length > 0 && readSealed(file) !== fingerprint(newest!)) {
    throw new Error(
      'No Ingot was started with the newest key yet: what the older ones sealed would be lost.',
    );
  }
  return writeKeys(file, [newest!]);
}

/** Remembers beside the file of keys that this one has sealed every secret. */
export function noteSealed(file: string, newest: Buffer): void {
  writeFileSync(sealedFile(file), `${fingerprint(newest)}\n`, { mode: 0o600, flush: true });
}

const sealedFile = (file: string) => `${file}.sealed`;

function readSealed(file: string): string | null {
  return existsSync(sealedFile(file)) ? readFileSync(sealedFile(file), 'utf8').trim() : null;
}

function fingerprint(key: Buffer): string {
  return createHash('sha256').update('ingot key ').update(key).digest('hex');
}

/** A crash leaves the old file or the new one. */
function writeKeys(file: string, keys: Buffer[]): number {
  writeFileSync(`${file}.new`, keys.map((key) => `${key.toString('hex')}\n`).join(''), {
    mode: 0o600,
    flush: true,
  });
  renameSync(`${file}.new`, file);
  return keys.length;
}

function parseKeys(texts: string[], source: string): Buffer[] {
  return texts.map((text) => {
    const key = text.trim();
    if (!/^[0-9a-f]{64}$/i.test(key))
      throw new Error(`${source} must hold 64 hex digits (a key of 256 bits) for each key.`);
    return Buffer.from(key, 'hex');
  });
}
