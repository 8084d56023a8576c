/** Which system of a BMC is the node, and what it says of its power. */
import { DriverError } from '../../core/ports.ts';
import type { BmcAddress } from '../../core/node.ts';
import { isSuccess, type Answer } from './answer.ts';
import type { Client } from './bmc.ts';
import { toLink, toLinks, toRecord, toText, type Json } from './fields.ts';

/** Reads the node's system. One that was there is worth waiting for, whatever the BMC says of it meanwhile. */
export async function readSystem(client: Client, named: BmcAddress['system']): Promise<Answer> {
  const { systemsSeen } = client.bmc;
  try {
    const system = named === null ? await readFound(client) : await readNamed(client, named);
    systemsSeen.add(named);
    return system;
  } catch (error) {
    const isGone = error instanceof DriverError && ['rejected', 'unsupported'].includes(error.kind);
    if (!isGone || !systemsSeen.has(named)) throw error;
    // A BMC that starts answers 404 before its services are up (OpenBMC: xcat-core#5461).
    const words = `${error.message}; it was there before, so the BMC may be starting`;
    throw new DriverError('busy', words, { retryAfterMs: client.inTime(10_000) });
  }
}

/** The path is found once per BMC, and anew when it is gone (firmware updates rename). */
async function readFound(client: Client): Promise<Answer> {
  const { bmc } = client;
  const known = bmc.systemPath ?? bmc.habits.winnerOf('system');
  if (known !== null) {
    const answer = await client.send({ method: 'GET', path: known });
    if (answer.statusCode === 200) return answer;
    if (answer.statusCode !== 404) throw client.toError(answer);
  }
  const { system, isChosen } = await findSystem(client, known);
  bmc.systemPath = system.path;
  bmc.habits.learn('system', isChosen ? system.path : null);
  return system;
}

/** Some have no members before their collection was read (NICo#5201), so a 404 is asked about once more. */
async function readNamed(client: Client, path: string): Promise<Answer> {
  const answer = await client.send({ method: 'GET', path });
  if (answer.statusCode !== 404) return isSuccess(answer) ? answer : client.get(path);
  await client.find(path.replace(/\/[^/]*\/?$/, ''));
  return client.get(path);
}

/**
 * The host among the systems: beside it stand HGX boards, DPUs and composed systems (LP 2141600, NICo#5418), and an HGX
 * board answers 503 while its host is off. Roots without the Systems link are seen (NICo nv-redfish quirks).
 */
async function findSystem(
  client: Client,
  known: string | null,
): Promise<{ system: Answer; isChosen: boolean }> {
  const root = await client.root();
  const collection = await client.send({
    method: 'GET',
    path: toLink(root['Systems']) ?? '/redfish/v1/Systems',
  });
  if (collection.statusCode === 404) throw new DriverError('unsupported', 'The BMC has no systems');
  if (!isSuccess(collection)) throw client.toError(collection);
  let best: { answer: Answer; merit: number } | null = null;
  let failure: Error | null = null;
  const members = toLinks(collection.body['Members']);
  const isChosen = members.length > 1;
  // Still listed: it is asked about once more, and no other machine is taken for it.
  if (known !== null && members.includes(known)) return { system: await client.get(known), isChosen };
  for (const path of members.toSorted((a, b) => Number(besideHost.test(a)) - Number(besideHost.test(b)))) {
    const answer = await client.send({ method: 'GET', path }).catch((error: Error) => {
      failure = error;
      return null;
    });
    if (!answer) continue;
    if (answer.statusCode >= 500) failure ??= client.toError(answer);
    const merit = answer.statusCode === 200 ? meritOf(answer.body) : 0;
    if (merit > (best?.merit ?? 0)) best = { answer, merit };
    if (merit >= surelyHost) break;
  }
  if (best && (best.merit >= surelyHost || failure === null)) {
    return { system: best.answer, isChosen };
  }
  if (failure !== null) throw failure;
  throw new DriverError(
    'unsupported',
    'The BMC has no physical system; name the path of the one that is meant in the node',
  );
}

/** Ids of systems that are parts of the host. */
const besideHost = /\/(HGX_|DPU|Bluefield)[^/]*$/i;
/** A system with so many signs is the host although others did not answer. */
const surelyHost = 5;

/** 0: not a host; else how many signs of one it shows. One that cannot be reset can still be read. */
function meritOf(system: Json): number {
  if (!isPhysical(system)) return 0;
  const signs = ['Boot', 'PowerState', 'BiosVersion', 'Processors'].filter((name) => system[name]);
  return (resetAction(system) ? 3 : 0) + signs.length;
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
