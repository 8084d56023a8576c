import { spellingsOf } from '../../core/bmc-scan.ts';
import { conflict, invalid } from '../../core/errors.ts';
import { longestIpmiName, longestIpmiPassword, parseIpmiAddress } from '../../core/ipmi-address.ts';
import type { BmcAddress, DriverName } from '../../core/node.ts';
import type { Nodes } from '../../core/records.ts';

/** A machine that is or is to be a node. */
interface Machine {
  /** null: not enrolled yet. */
  id: string | null;
  name: string;
  driver: DriverName;
  address: string;
  /** null: the one that the BMC has, or the host among several. */
  system: string | null;
}

/**
 * One machine under two names would be handed out twice.
 * @throws conflict for a machine whose BMC is that of another one, here or among the nodes
 */
export async function checkApart(nodes: Nodes, machines: Machine[]): Promise<void> {
  const spellings = new Map(machines.map((it) => [it, spellingsOf(it.driver, it.address)]));
  const places = [...spellings.values()].flat();
  const others = places.length === 0 ? [] : await nodes.listBmcs(places);
  const taken = Map.groupBy(others, ({ place }) => place);
  for (const [{ id, name, system }, own] of spellings) {
    const isSame = (other: { nodeId: string; system: string | null }) =>
      (id === null || other.nodeId !== id) &&
      (system === null || other.system === null || other.system === system);
    const other = own.flatMap((place) => taken.get(place) ?? []).find(isSame);
    if (other) throw conflict(`${name}: its BMC is that of ${other.name}.`, 'node', other.nodeId);
    const place = own[0]!;
    taken.set(place, [...(taken.get(place) ?? []), { nodeId: '', name, place, system }]);
  }
}

/**
 * No message repeats anything of a BMC: what was mistyped may be a password.
 * @param bmc as the caller gives it; at enrolment the address must be there
 */
export function checkBmc(
  name: string,
  driver: DriverName,
  bmc: Partial<Pick<BmcAddress, 'address' | 'username' | 'password'>>,
): void {
  if (driver === 'ipmi') return checkIpmi(name, bmc);
  const { address } = bmc;
  const url = address !== undefined && URL.canParse(address) ? new URL(address) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    const message = `${name}: the address of a Redfish BMC is http(s)://host, without a user in it.`;
    throw invalid(message, 'bmc.address');
  }
}

function checkIpmi(name: string, { address, username, password }: Parameters<typeof checkBmc>[2]): void {
  if (address === undefined || !parseIpmiAddress(address)) {
    const message = `${name}: the address of an IPMI BMC is host or host:port, with ?cipher=3 or ?privilege=operator behind it where that is needed.`;
    throw invalid(message, 'bmc.address');
  }
  if (Buffer.byteLength(username ?? '') > longestIpmiName) {
    throw invalid(`${name}: a user name of IPMI has at most ${longestIpmiName} bytes.`, 'bmc.username');
  }
  if (Buffer.byteLength(password ?? '') > longestIpmiPassword) {
    throw invalid(`${name}: a password of IPMI has at most ${longestIpmiPassword} bytes.`, 'bmc.password');
  }
}
