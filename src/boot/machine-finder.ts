/** Which node is asking: by the MAC address that firmware gives, or by the one behind the source address. */
import { readFile } from 'node:fs/promises';
import type { Node } from '../core/node.ts';
import type { Nodes } from '../core/records.ts';
import { isTelling, toSpellings } from '../core/system-uuid.ts';

export interface MachineFinder {
  /** @param firmware what it tells of itself, tried when nobody has this MAC (a node that was enrolled without) */
  findByMac(mac: string, firmware?: { uuid?: string; serial?: string }): Promise<Node | null>;
  /** @param address IPv4 or IPv4 within IPv6 */
  findByAddress(address: string): Promise<Node | null>;
}

/** Finds the MAC address behind an IPv4 address of the provisioning network; null: unknown. */
export type Neighbours = (address: string) => Promise<string | null>;

export function createMachineFinder(
  nodes: Pick<Nodes, 'findByMac' | 'findBySerial' | 'findBySystemUuid'>,
  neighbours: readonly Neighbours[],
): MachineFinder {
  return {
    async findByMac(mac, { uuid = '', serial = '' } = {}) {
      const node = await nodes.findByMac(mac);
      if (node) return node;
      const spellings = toSpellings(uuid);
      const found = spellings.length > 0 ? await nodes.findBySystemUuid(spellings) : null;
      return found ?? (isTelling(serial) ? nodes.findBySerial(serial) : null);
    },
    async findByAddress(address) {
      const plain = address.replace(/^::ffff:/, '');
      for (const find of neighbours) {
        const mac = await find(plain);
        const node = mac && (await nodes.findByMac(mac));
        if (node) return node;
      }
      return null;
    },
  };
}

/** `52-54-00-AB-CD-EF` as iPXE writes it, or with colons; null when it is none. */
export function parseMac(text: string): string | null {
  const mac = text.toLowerCase().replaceAll('-', ':');
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) ? mac : null;
}

/** The kernel's neighbour table: whoever speaks TCP to us on our own network is in it. */
export async function findInArp(address: string): Promise<string | null> {
  const table = await readFile('/proc/net/arp', 'utf8').catch(() => '');
  for (const line of table.split('\n').slice(1)) {
    const [ip, , flags, mac] = line.split(/\s+/);
    if (ip === address && flags !== '0x0' && mac) return parseMac(mac);
  }
  return null;
}
