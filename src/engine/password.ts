/** Passwords: scrypt (RFC 7914), self-describing, compared in constant time. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** N = 2^14, r = 8, p = 1: 16 MiB and some 40 ms a try, which a login bears and a guesser does not. */
const cost = { N: 16_384, r: 8, p: 1 };
const keyBytes = 32;

function derive(password: string, salt: Buffer, { N, r, p }: typeof cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, keyBytes, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

export async function hashPassword(password: string): Promise<string> {
  // A salt in letters: so the hash can be written as crypt(3) has it, for the systems that get it as their password.
  const salt = Buffer.from(randomBytes(16).toString('hex'));
  const key = await derive(password, salt, cost);
  return `$scrypt$${cost.N}$${cost.r}$${cost.p}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [, scheme, N, r, p, salt, key] = hash.split('$');
  if (scheme !== 'scrypt' || !salt || !key) return false;
  const derived = await derive(password, Buffer.from(salt, 'base64url'), {
    N: Number(N),
    r: Number(r),
    p: Number(p),
  });
  return timingSafeEqual(derived, Buffer.from(key, 'base64url'));
}
