import { expect, it } from 'vitest';
import { addressesOf, parseRange } from '../../src/core/bmc-scan.ts';

const list = (text: string) => {
  const range = parseRange(text);
  return range && [...addressesOf(range)];
};

it('reads blocks, spans and single addresses', () => {
  expect(list('10.0.0.8/30'), 'without the address of the network and that of all').toEqual([
    '10.0.0.9',
    '10.0.0.10',
  ]);
  expect(list('10.0.0.8/31')).toEqual(['10.0.0.8', '10.0.0.9']);
  expect(list('10.0.255.254 - 10.1.0.1')).toEqual(['10.0.255.254', '10.0.255.255', '10.1.0.0', '10.1.0.1']);
  expect(list('192.168.7.7')).toEqual(['192.168.7.7']);
  expect(list('10.1.2.3/24')).toHaveLength(254);
});

it('says no to what is none of these', () => {
  for (const text of [
    '',
    'rack7',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.0/33',
    '10.0.0.9-10.0.0.1',
    '1.2.3.4-',
    'fd00::/64',
  ])
    expect(list(text), text).toBeNull();
});
