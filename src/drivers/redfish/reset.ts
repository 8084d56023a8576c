/**
 * Power through the action ComputerSystem.Reset (DSP2046). One POST, never repeated: a lost answer leaves the question
 * open, and the next call begins by reading, which also makes sure that the POST does not meet a dead connection.
 */
import { DriverError, type Acknowledgement } from '../../core/ports.ts';
import type { BmcAddress } from '../../core/node.ts';
import { describe, hasMessage, isSuccess, type Answer } from './answer.ts';
import { bestFirst, toWinner } from '../habits.ts';
import type { Client } from './bmc.ts';
import { toLink, toList, toRecord, toText, toTexts, type Json } from './fields.ts';
import { readSystem, resetAction, toPower, type SystemPower } from './system.ts';

/**
 * What is asked for, best first; ForceOn is missing on some, On on others. The button toggles, so it may only be
 * pressed to switch on: by then the machine is known to be off and at rest.
 */
const ladders = {
  on: ['On', 'ForceOn', 'PushPowerButton'],
  off: ['ForceOff', 'GracefulShutdown'],
} as const;

export async function setPower(
  client: Client,
  named: BmcAddress['system'],
  wanted: 'on' | 'off',
  firstLookMs: number,
): Promise<Acknowledgement> {
  const { body: system } = await readSystem(client, named);
  const now = toPower(system);
  const settled = whatHolds(now, wanted, firstLookMs);
  if (settled) return settled;

  const action = resetAction(system);
  const path = toText(action?.['target']);
  if (!action || path === null)
    throw new DriverError('unsupported', 'The system cannot be reset over Redfish');
  const { resetType, answer } = await post(client, path, wanted, await allowableValues(client, action));
  if (isSuccess(answer)) {
    client.bmc.resetAt = client.now();
    return acknowledge(client, answer, resetType, firstLookMs);
  }

  // Refused although, or because, the state is reached: some answer 400 or 409 then (Ironic rn catch-redfish-409).
  const after = toPower((await readSystem(client, named)).body);
  const refusal = `ResetType ${resetType} was answered ${answer.statusCode}`;
  if (after.power === wanted && after.leadsTo === null) {
    return { evidence: `${refusal}, but Redfish PowerState is ${after.word}`, lookInMs: 0 };
  }
  throw client.toError(answer);
}

/** What makes a command needless; null when one is to be sent. Off is sent even into a slow shutdown: it is forced. */
function whatHolds(now: SystemPower, wanted: 'on' | 'off', firstLookMs: number): Acknowledgement | null {
  if (now.leadsTo === null && now.power === wanted) {
    return { evidence: `Redfish PowerState is ${now.word} already; nothing was sent`, lookInMs: 0 };
  }
  if (wanted === 'off' || now.leadsTo === null) return null;
  if (now.leadsTo === 'on') {
    return { evidence: `Redfish PowerState is ${now.word} already; nothing was sent`, lookInMs: firstLookMs };
  }
  throw new DriverError('busy', `The system is still ${now.word}`, { retryAfterMs: 5_000 });
}

/** The reset types that the machine offers, inline or behind @Redfish.ActionInfo; null when it does not say. */
export async function allowableValues(client: Client, action: Json): Promise<string[] | null> {
  const inline = toTexts(action['ResetType@Redfish.AllowableValues']);
  if (inline && inline.length > 0) return inline;
  const link = action['@Redfish.ActionInfo'];
  const info = await client.find(toText(link) ?? toLink(link));
  const parameters = toList(info?.['Parameters']).map(toRecord);
  return toTexts(parameters.find(({ Name }) => Name === 'ResetType')?.['AllowableValues']);
}

/**
 * Where the machine does not tell its reset types, one that it calls unknown was not carried out, so the next may be
 * sent; the one that it took is remembered.
 */
async function post(
  client: Client,
  path: string,
  wanted: 'on' | 'off',
  allowed: string[] | null,
): Promise<{ resetType: string; answer: Answer }> {
  const send = (resetType: string) => client.send({ method: 'POST', path, body: { ResetType: resetType } });
  if (allowed !== null) {
    const resetType = choose(wanted, allowed);
    return { resetType, answer: await send(resetType) };
  }
  const { habits } = client.bmc;
  const rungs = ladders[wanted].map((name) => ({ name }));
  const order = bestFirst(rungs, habits.winnerOf(`reset_${wanted}`));
  for (;;) {
    const rung = order.shift()!;
    const answer = await send(rung.name);
    if (isSuccess(answer)) habits.learn(`reset_${wanted}`, toWinner(rungs, rung));
    const isUnknown = answer.statusCode === 400 && hasMessage(answer, unknownType);
    if (!isUnknown || order.length === 0) return { resetType: rung.name, answer };
  }
}

const unknownType = /ActionParameter(ValueNotInList|NotSupported|ValueFormatError|ValueTypeError|Unknown)/;

function choose(wanted: 'on' | 'off', allowed: string[]): string {
  const ladder: readonly string[] = ladders[wanted];
  const choice = ladder.find((type) => allowed.includes(type));
  if (choice !== undefined) return choice;
  const words = `The system offers ${allowed.join(', ') || 'nothing'}; power ${wanted} needs ${ladder.join(' or ')}`;
  throw new DriverError('unsupported', words);
}

/** A 202 names a monitor, which is looked at once: a command that failed at once must not be waited for. */
async function acknowledge(
  client: Client,
  answer: Answer,
  resetType: string,
  firstLookMs: number,
): Promise<Acknowledgement> {
  const evidence = `ResetType ${resetType} was answered ${answer.statusCode}`;
  const location = answer.headers['location'] ?? toText(answer.body['@odata.id']);
  let lookInMs = client.retryAfterMs(answer) ?? firstLookMs;
  const path = location ? client.bmc.connection.toPath(location) : null;
  if (answer.statusCode === 202 && path) {
    const monitor = await client.send({ method: 'GET', path }).catch(() => null); // the command is taken; whatever ails the look is no answer to it
    if (monitor) {
      refuseFailure(monitor, resetType);
      lookInMs = client.retryAfterMs(monitor) ?? lookInMs;
    }
  }
  return { evidence, lookInMs };
}

/**
 * The monitor answers 202 while the task runs and then with the answer of the operation itself (DSP0266 "Asynchronous
 * operations"). 404 says nothing: Dell's is late, and iDRAC below 5.00 forgets tasks after a minute.
 */
function refuseFailure(monitor: Answer, resetType: string): void {
  const state = toText(monitor.body['TaskState']) ?? '';
  const isFailed =
    ['Exception', 'Killed', 'Cancelled'].includes(state) || monitor.body['TaskStatus'] === 'Critical';
  const isRefused =
    monitor.statusCode >= 400 &&
    monitor.statusCode < 500 &&
    ![401, 404, 410, 429].includes(monitor.statusCode);
  if (!isFailed && !isRefused) return;
  const how = isFailed ? `its task ended as ${state || 'Critical'}` : describe(monitor);
  const kind =
    isRefused && hasMessage(monitor, /InvalidOperationForSystemState|SYS518/) ? 'busy' : 'rejected';
  throw new DriverError(kind, `ResetType ${resetType} failed: ${how}`);
}
