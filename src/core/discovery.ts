/** Machines on the provisioning network that nobody enrolled. What they tell of themselves is not proven by anything. */
import type { Inventory, NodeBoot } from './node.ts';

export interface Discovered {
  /** Of the card that it booted from, in lower case. */
  mac: string;
  firstSeenAt: Date;
  lastSeenAt: Date;
  /** null: it has asked what to boot, and told nothing yet. */
  told: DiscoveredFacts | null;
}

export interface DiscoveredFacts {
  macs: string[];
  firmware: NonNullable<NodeBoot['firmware']>;
  systemUuid: string;
  /** Asked in band; empty where it cannot be asked. */
  bmcAddress: string;
  inventory: Inventory;
}

export interface Discoveries {
  /**
   * The machine asks what to boot. True: it gets the ramdisk, whose secret this is; false: it had it lately, or so many
   * are known that nothing more is taken in.
   */
  offer(mac: string, secretHash: Buffer): Promise<boolean>;
  /** What the ramdisk with this secret tells; false when nobody was given it. */
  report(secretHash: Buffer, facts: DiscoveredFacts): Promise<boolean>;
  /** Those that are no nodes, a thousand at most, by MAC address. */
  list(): Promise<Discovered[]>;
  /**
   * The one with a BMC at this address, or else with this UUID in any of its spellings; null as well when several are.
   */
  findFacts(of: { bmcHost: string; spellings: string[] }): Promise<DiscoveredFacts | null>;
}
