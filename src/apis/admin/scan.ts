/** Looking for BMCs in a block of addresses. Nothing is enrolled, and nobody is logged in to. */
import type { Static } from 'typebox';
import { addressesOf, mostScanned, parseRange, spellingsOf, type FoundBmc } from '../../core/bmc-scan.ts';
import { invalid } from '../../core/errors.ts';
import { ok, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import type { ScanBody } from './wire.ts';

/** Addresses asked at the same time. */
const askedAtOnce = 256;

export async function scan(cloud: Cloud, call: Call): Promise<Answer> {
  const {
    range,
    redfish_ports = [443],
    ipmi_ports = [623],
    timeout_ms = 2_000,
  } = call.body as Static<typeof ScanBody>;
  const block = parseRange(range);
  if (!block) {
    throw invalid(
      'range is an IPv4 block (10.0.0.0/24), a span (10.0.0.10-10.0.0.99) or one address.',
      'range',
    );
  }
  const size = block.last - block.first + 1;
  if (size > mostScanned)
    throw invalid(`range holds ${size} addresses; at most ${mostScanned} are asked.`, 'range');

  const found: FoundBmc[] = [];
  const hosts = addressesOf(block);
  const walk = async () => {
    for (const host of hosts) {
      const asked = [
        ...redfish_ports.map((port) => cloud.findBmc.redfish(host, port, timeout_ms)),
        ...ipmi_ports.map((port) => cloud.findBmc.ipmi(host, port, timeout_ms)),
      ];
      for (const bmc of await Promise.all(asked)) if (bmc) found.push(bmc);
    }
  };
  await Promise.all(Array.from({ length: Math.min(askedAtOnce, size) }, walk));

  const places = found.map(({ driver, address }) => spellingsOf(driver, address));
  const known = new Map((await cloud.nodes.listBmcs(places.flat())).map(({ place, name }) => [place, name]));
  const nameOf = ({ driver, address }: FoundBmc) =>
    spellingsOf(driver, address)
      .map((place) => known.get(place))
      .find((name) => name !== undefined) ?? null;
  const rows = found
    .sort((a, b) => a.address.localeCompare(b.address, 'en', { numeric: true }))
    .map((bmc) => ({ ...bmc, node: nameOf(bmc) }));
  return ok({ asked: size, found: rows });
}
