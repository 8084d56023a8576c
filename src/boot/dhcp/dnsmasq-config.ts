/** What dnsmasq is told: DHCP and TFTP for the machines that we know, on the provisioning network and nowhere else. */
import { join } from 'node:path';
import { metadataAddress } from '../metadata/link-local.ts';

export interface DhcpSettings {
  interfaceName: string;
  /** First and last IPv4 address that may be leased. */
  range: { first: string; last: string };
  gateway: string | null;
  dns: string[];
  /** Machines are told the way to the metadata service at its usual address. */
  hasMetadata: boolean;
  /** Leases for machines that are no nodes, too. */
  isOpen: boolean;
}

export interface DnsmasqFiles {
  folder: string;
  config: string;
  hosts: string;
  leases: string;
  pid: string;
  tftp: string;
}

export function toFiles(folder: string): DnsmasqFiles {
  const file = (name: string) => join(folder, name);
  return {
    folder,
    config: file('dnsmasq.conf'),
    hosts: file('hosts'),
    leases: file('leases'),
    pid: file('pid'),
    tftp: file('tftp'),
  };
}

/** iPXE for each kind of firmware, by the files of Debian's package ipxe. */
export const bootFiles = { bios: 'undionly.kpxe', uefi: 'snponly.efi' } as const;

/**
 * The tags: `ipxe` asks from within iPXE (option 175, or its user class), `pxe` and `http` are firmware that boots by PXE
 * or by UEFI HTTP boot; architecture 0 is BIOS, 7 and 9 are UEFI x64, 16 is UEFI x64 by HTTP (RFC 4578, IANA's list).
 *
 * PXE clients get options 60 and 43 (discovery off): without, iPXE and firmware wait 3 s for a proxy. HTTP clients ignore
 * answers that do not name them in option 60. Router advertisements go out because QEMU's iPXE waits 13 s for them.
 */
export function toConfig(settings: DhcpSettings, files: DnsmasqFiles, origin: string, user: string): string {
  const { interfaceName, range, gateway, dns, isOpen, hasMetadata } = settings;
  const metadata = hasMetadata ? toMetadataRoute(new URL(origin).hostname, gateway) : '';
  return `# Written by Ingot at each start; changes are lost.
interface=${interfaceName}
except-interface=lo
bind-interfaces
port=0
user=${user}
pid-file=${files.pid}
log-facility=-
log-dhcp

dhcp-range=${range.first},${range.last},1h
dhcp-authoritative
no-ping
dhcp-leasefile=${files.leases}
dhcp-hostsfile=${files.hosts}
${isOpen ? '' : 'dhcp-ignore=tag:!known\n'}dhcp-option=option:router${gateway === null ? '' : `,${gateway}`}
${metadata}${dns.length > 0 ? `dhcp-option=option:dns-server,${dns.join(',')}\n` : ''}enable-ra
dhcp-range=::,constructor:${interfaceName},ra-only

dhcp-match=set:ipxe,175
dhcp-userclass=set:ipxe,iPXE
dhcp-match=set:bios,option:client-arch,0
dhcp-match=set:uefi,option:client-arch,7
dhcp-match=set:uefi,option:client-arch,9
dhcp-vendorclass=set:pxe,PXEClient
dhcp-vendorclass=set:http,HTTPClient
dhcp-boot=tag:ipxe,${origin}/boot.ipxe
dhcp-boot=tag:!ipxe,tag:http,${origin}/tftp/${bootFiles.uefi}
dhcp-boot=tag:!ipxe,tag:pxe,tag:bios,${bootFiles.bios}
dhcp-boot=tag:!ipxe,tag:pxe,tag:uefi,${bootFiles.uefi}
dhcp-option-force=tag:http,60,HTTPClient
dhcp-option-force=tag:pxe,60,PXEClient
dhcp-option-force=tag:pxe,43,06:01:08:ff

enable-tftp
tftp-root=${files.tftp}
`;
}

/** Matches every machine (dnsmasq(8), dhcp-host: bytes may be `*`). */
export const anyMac = '*:*:*:*:*:*';

/** Who gets option 121 ignores the router of option 3 (RFC 3442), so that it must name that as well. */
function toMetadataRoute(address: string, gateway: string | null): string {
  const routes = [`${metadataAddress}/32,${address}`, ...(gateway === null ? [] : [`0.0.0.0/0,${gateway}`])];
  return `dhcp-option=option:classless-static-route,${routes.join(',')}\n`;
}

/** One line per MAC address; being in this file makes it known. */
export function toHosts(macs: readonly string[]): string {
  return [...new Set(macs)]
    .sort()
    .map((mac) => `${mac},set:node\n`)
    .join('');
}
