/**
 * Which addresses an image may be fetched from. A tenant names the URL, and Ingot stands in networks that a tenant does
 * not: BMCs, databases, the metadata service. So only addresses of the public internet are connected to, unless the
 * operator allows all (IANA special-purpose address registries, RFC 6890).
 */
import { BlockList, isIP, isIPv4 } from 'node:net';

const notPublic: [address: string, prefix: number][] = [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local, and metadata services
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16],
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
];

/** Of IPv6 only global unicast (2000::/3) is public, without these. */
const notPublic6: [address: string, prefix: number][] = [
  ['2001::', 23], // protocol assignments, Teredo
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4 has an IPv4 address inside
  ['3fff::', 20],
];

const refused = new BlockList();
for (const [address, prefix] of notPublic) refused.addSubnet(address, prefix, 'ipv4');
for (const [address, prefix] of notPublic6) refused.addSubnet(address, prefix, 'ipv6');
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');

/** False for what is no address at all. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 0) return false;
  if (isIPv4(address)) return !refused.check(address, 'ipv4');
  return global6.check(address, 'ipv6') && !refused.check(address, 'ipv6');
}
