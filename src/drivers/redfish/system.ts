/** Which system of a BMC is the node, and what it says of its power. */
import { DriverError } from '../../core/ports.ts';
import type { BmcAddress } from '../../core/node.ts';
import type { Answer } from './answer.ts';
import type { Client } from './bmc.ts';
import { toLink, toLinks, toRecord, toText, type Json } from './fields.ts';

/** Reads the node's system. The path is found once per BMC and forgotten when it is gone (firmware updates rename). */
export async function readSystem(client: Client, named: BmcAddress['system']): Promise<Answer> {
  if (named !== null) return client.get(named);
  const { bmc } = client;
  if (bmc.systemPath === null) {
    const found = await findSystem(client);
    bmc.systemPath = found.path;
    return found;
  }
  const answer = await client.send({ method: 'GET', path: bmc.systemPath });
  if (answer.statusCode === 200) return answer;
  if (answer.statusCode === 404) bmc.systemPath = null;
  throw client.toError(answer);
}

/**
 * The first physical system that can be reset: beside the host stand HGX boards, DPUs and composed systems
 * (LP 2141600, NICo#5418). Roots without the Systems link are seen (NICo nv-redfish quirks).
 */
async function findSystem(client: Client): Promise<Answer> {
  const root = await client.root();
  const collection = await client.get(toLink(root['Systems']) ?? '/redfish/v1/Systems');
  for (const path of toLinks(collection.body['Members'])) {
    const answer = await client.send({ method: 'GET', path });
    if (answer.statusCode === 200 && resetAction(answer.body) && isPhysical(answer.body)) return answer;
  }
  throw new DriverError(
    'unsupported',
    'The BMC has no physical system that can be reset; name its path in the node',
  );
}

function isPhysical(system: Json): boolean {
  const kind = toText(system['SystemType']);
  return kind === null || kind === 'Physical';
}

export function resetAction(system: Json): Json | null {
  const action = toRecord(system['Actions'])['#ComputerSystem.Reset'];
  return action === undefined || action === null ? null : toRecord(action);
}

/**
 * ComputerSystem PowerState (DSP2046). A transition counts as the state that it leaves: only an end is an effect.
 * Paused has power.
 */
const powers: Readonly<Record<string, 'on' | 'off'>> = {
  on: 'on',
  off: 'off',
  poweringon: 'off',
  poweringoff: 'on',
  paused: 'on',
};

export interface SystemPower {
  power: 'on' | 'off';
  /** Where a transition leads; null when at rest. */
  leadsTo: 'on' | 'off' | null;
  /** The BMC's word. */
  word: string;
}

/** Throws `busy` when the BMC does not know: it does so while it starts itself. */
export function toPower(system: Json): SystemPower {
  const word = toText(system['PowerState']);
  const power = powers[word?.toLowerCase() ?? ''];
  if (word === null || power === undefined) {
    const said = word === null ? 'no PowerState' : `PowerState ${word.slice(0, 40)}`;
    throw new DriverError('busy', `The BMC reports ${said}`, { retryAfterMs: 5_000 });
  }
  const isMoving = /^powering/i.test(word);
  return { power, leadsTo: isMoving ? (power === 'on' ? 'off' : 'on') : null, word };
}
