/** cloud-init's own form (data source NoCloud): on the config drive, and over HTTP for `ds=nocloud-net`. */
import { stringify } from 'yaml';
import { toVendorData } from './cloud-config.ts';
import type { SystemData } from './system-data.ts';

export const noCloudNames = ['meta-data', 'user-data', 'vendor-data', 'network-config'] as const;

/** cloud-init wants all of them, if only empty. */
export function toNoCloud(name: (typeof noCloudNames)[number], data: SystemData): Buffer {
  switch (name) {
    case 'meta-data':
      return Buffer.from(
        stringify({
          'instance-id': data.instanceId,
          'local-hostname': data.hostname,
          'public-keys': data.publicKeys.map(({ key }) => key),
        }),
      );
    case 'user-data':
      return data.userData ?? Buffer.from('#cloud-config\n{}\n');
    case 'vendor-data':
      return Buffer.from(toVendorData(data));
    case 'network-config':
      return Buffer.from(stringify(toNetworkConfig(data)));
  }
}

/** Version 2 of cloud-init's network configuration, which is netplan's. */
function toNetworkConfig({ links }: SystemData) {
  const ethernets = links.map((link, index) => {
    const dns = [...new Set(link.addresses.flatMap((address) => address.dns))];
    const gateway = link.addresses.find((address) => address.gateway !== null)?.gateway;
    return [
      `link${index}`,
      {
        match: { macaddress: link.mac },
        dhcp4: link.hasDhcp,
        ...(link.addresses.length > 0
          ? { addresses: link.addresses.map(({ ip, prefix }) => `${ip}/${prefix}`) }
          : {}),
        ...(gateway ? { routes: [{ to: '0.0.0.0/0', via: gateway }] } : {}),
        ...(dns.length > 0 ? { nameservers: { addresses: dns } } : {}),
      },
    ] as const;
  });
  return { version: 2, ethernets: Object.fromEntries(ethernets) };
}
