/** Where a request comes from: behind proxies that are trusted, where they say; else whoever is on the line. */
import { describe, expect, it } from 'vitest';
import type { FastifyRequest } from 'fastify';
import { guessOriginOf, sourceIpOf } from '../../src/apis/source.ts';
import { readConfig } from '../../src/config.ts';

describe('the setting of trusted proxies', () => {
  const read = (given: string) => readConfig({ INGOT_TRUSTED_PROXIES: given }).trustedProxies;

  it('takes addresses and networks', () => {
    expect(read('')).toEqual([]);
    expect(read('10.0.0.7, 10.1.0.0/16 ::1,fd00::/8')).toEqual([
      '10.0.0.7',
      '10.1.0.0/16',
      '::1',
      'fd00::/8',
    ]);
  });

  it.each(['proxy', '10.0.0', '10.0.0.0/33', '10.0.0.0/', 'fd00::/129', '10.0.0.0/8/8', 'loopback'])(
    'refuses %s',
    (wrong) => {
      expect(() => read(`10.0.0.7, ${wrong}`)).toThrow(`INGOT_TRUSTED_PROXIES has "${wrong}"`);
    },
  );
});

describe('the source address', () => {
  const of = (ip: string, remoteAddress = '10.0.0.7') =>
    sourceIpOf({ ip, socket: { remoteAddress } } as unknown as FastifyRequest);

  it('is what the proxy says, if it is an address', () => {
    expect(of('192.0.2.1')).toBe('192.0.2.1');
    expect(of('2001:db8::1')).toBe('2001:db8::1');
    expect(of("unknown'; --")).toBe('10.0.0.7');
  });

  it('of IPv4 is written as such, also on a socket for both', () => {
    expect(of('::ffff:192.0.2.1')).toBe('192.0.2.1');
  });
});

describe('guesses are counted', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::1', '127.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:02::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::9', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['2001:db8:1:2:3:4:5::', '2001:db8:1:2::/64'],
  ])('of %s as of %s', (address, origin) => {
    expect(guessOriginOf(address)).toBe(origin);
  });
});
