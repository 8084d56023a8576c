/**
 * The OpenStack form of metadata (Nova's user guide, "Metadata"): the same documents in a config drive and over HTTP.
 */
import { BlockList } from 'node:net';
import { toVendorData } from './cloud-config.ts';
import type { Link, SystemData } from './system-data.ts';

export type DocumentName = 'meta_data.json' | 'user_data' | 'network_data.json' | 'vendor_data.json';

/** Null: there is no such document for this system (user data that nobody gave). */
export function toDocument(name: DocumentName, data: SystemData): Buffer | null {
  switch (name) {
    case 'meta_data.json':
      return toJson(toMetaData(data));
    case 'user_data':
      return data.userData;
    case 'network_data.json':
      return toJson(toNetworkData(data.links));
    case 'vendor_data.json':
      return toJson({ 'cloud-init': toVendorData(data) });
  }
}

function toMetaData(data: SystemData) {
  return {
    uuid: data.instanceId,
    hostname: data.hostname,
    name: data.hostname,
    availability_zone: data.zone,
    project_id: data.projectId,
    launch_index: data.launchIndex,
    public_keys: Object.fromEntries(data.publicKeys.map(({ name, key }) => [name, key])),
    keys: data.publicKeys.map(({ name, key }) => ({ name, type: 'ssh', data: key })),
    meta: data.metadata,
    devices: [],
    // Not Nova's: for systems that report without cloud-init.
    ...(data.homeUrl === null ? {} : { phone_home: data.homeUrl }),
  };
}

/** https://docs.openstack.org/nova/latest/_downloads/…/network_data.json describes the schema. */
function toNetworkData(links: readonly Link[]) {
  const named = links.map((link, index) => ({ ...link, id: `link${index}` }));
  return {
    links: named.map(({ id, mac }) => ({ id, type: 'phy', ethernet_mac_address: mac, mtu: 1500 })),
    networks: named.flatMap(({ id, hasDhcp, addresses }) => [
      ...(hasDhcp ? [{ id: `${id}-dhcp`, link: id, type: 'ipv4_dhcp', network_id: 'provisioning' }] : []),
      ...addresses.map(({ ip, prefix, gateway, networkId }, index) => ({
        id: `${id}-${index}`,
        link: id,
        type: 'ipv4',
        ip_address: ip,
        netmask: toNetmask(prefix),
        network_id: networkId,
        routes:
          gateway === null || !isDefaultRoute(named, id, index)
            ? []
            : [{ network: '0.0.0.0', netmask: '0.0.0.0', gateway }],
      })),
    ]),
    services: [...new Set(named.flatMap(({ addresses }) => addresses.flatMap(({ dns }) => dns)))]
      .filter((address) => isIpv4(address))
      .map((address) => ({ type: 'dns', address })),
  };
}

/** One way out is enough: that of the first port that has one. */
function isDefaultRoute(links: readonly (Link & { id: string })[], id: string, index: number): boolean {
  const first = links.find(({ addresses }) => addresses.some(({ gateway }) => gateway !== null));
  return first?.id === id && first.addresses.findIndex(({ gateway }) => gateway !== null) === index;
}

function toNetmask(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffff_ffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

function isIpv4(address: string): boolean {
  try {
    new BlockList().addAddress(address, 'ipv4');
    return true;
  } catch {
    return false;
  }
}

function toJson(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}
