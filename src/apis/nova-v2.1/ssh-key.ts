/** OpenSSH keys: made, read and fingerprinted (RFC 4253 §6.6, RFC 4716 §4). */
import { createHash, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { invalid } from '../../core/errors.ts';

const kinds =
  /^(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)$/;

/** The documented limit (otc0000002340222820). */
const mostBytes = 1_024;

/** MD5 of the key in colon form. @throws invalid when it is no OpenSSH public key */
export function toFingerprint(publicKey: string): string {
  const [kind = '', encoded = ''] = publicKey.trim().split(/\s+/);
  const blob = Buffer.from(encoded, 'base64');
  const parts = splitBlob(blob);
  const isKey = kinds.test(kind) && parts !== null && parts.length > 1 && parts[0]!.toString() === kind;
  if (!isKey || Buffer.byteLength(publicKey) > mostBytes || /[\r\n]/.test(publicKey.trim())) {
    throw invalid('Keypair data is invalid: failed to generate fingerprint', 'public_key');
  }
  return createHash('md5').update(blob).digest('hex').match(/../g)!.join(':');
}

/** A blob is a row of strings, each behind its length; null when it does not come out even. */
function splitBlob(blob: Buffer): Buffer[] | null {
  const parts: Buffer[] = [];
  for (let at = 0; at < blob.length;) {
    if (at + 4 > blob.length) return null;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return null;
    parts.push(blob.subarray(at + 4, end));
    at = end;
  }
  return parts;
}

/** RSA in PKCS #1, which every ssh reads. */
export async function generateKey(): Promise<{ publicKey: string; privateKey: string }> {
  const made = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const { e, n } = made.publicKey.export({ format: 'jwk' });
  const blob = Buffer.concat([Buffer.from('ssh-rsa'), toInteger(e!), toInteger(n!)].map(withLength));
  return {
    publicKey: `ssh-rsa ${blob.toString('base64')} Generated-by-Ingot`,
    privateKey: made.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  };
}

/** A leading zero keeps it from being negative. */
function toInteger(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url');
  return bytes[0]! & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
