/** Where a request comes from: of a caller behind proxies that are trusted (INGOT_TRUSTED_PROXIES), what they say. */
import { isIP, isIPv4 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { ownMachine } from '../core/login-attempts.ts';

/** What a proxy says and is no address is not believed. */
export function sourceIpOf(request: FastifyRequest): string {
  const { ip, socket } = request;
  const address = isIP(ip) ? ip : (socket.remoteAddress ?? '');
  const mapped = /^::ffff:(.+)$/i.exec(address)?.[1] ?? '';
  return isIPv4(mapped) ? mapped : address;
}

/**
 * As whom guesses are counted: an IPv6 caller as its network of 64 bits, which is the least that one is given (RFC 4291,
 * 2.5.1) and has more addresses than guesses are needed.
 */
export function guessOriginOf(sourceIp: string): string {
  if (sourceIp === '::1') return ownMachine;
  if (!sourceIp.includes(':')) return sourceIp;
  const [head, tail] = sourceIp
    .replace(/%.*$/, '')
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const gap = tail ? Array.from({ length: Math.max(0, 8 - head!.length - tail.length) }, () => '0') : [];
  const groups = [...head!, ...gap, ...(tail ?? [])].slice(0, 4);
  return `${groups.map((group) => parseInt(group, 16).toString(16)).join(':')}::/64`;
}
