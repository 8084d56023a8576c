/** A key pair as `ssh-keygen -t ed25519` makes it; only the public half is wanted here. */
import { generateKeyPairSync } from 'node:crypto';

/** A line for authorized_keys (RFC 4253, section 6.6; RFC 8709). */
export function makePublicKey(comment: string): string {
  const { publicKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const fields = [Buffer.from('ssh-ed25519'), Buffer.from(x, 'base64url')];
  const blob = fields.flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return `ssh-ed25519 ${Buffer.concat(blob).toString('base64')} ${comment}`;
}
