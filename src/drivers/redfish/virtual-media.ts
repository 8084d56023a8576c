/**
 * The virtual CD (DSP2046, VirtualMedia). Where it stands, how it is asked and what it takes differ by vendor, so there
 * is a ladder of requests; each ends in reading back, and the rung that held is tried first the next time. What is in
 * the drive is taken out first, for few BMCs exchange one image for another.
 */
import { DriverError, type Acknowledgement } from '../../core/ports.ts';
import type { BmcAddress } from '../../core/node.ts';
import { bestFirst, toWinner } from '../habits.ts';
import { isSuccess, type Answer } from './answer.ts';
import type { Client } from './bmc.ts';
import { readManagers } from './controllers.ts';
import { patch } from './etag.ts';
import { toLink, toLinks, toRecord, toText, toTexts, type Json } from './fields.ts';
import { readSystem } from './system.ts';

export async function insertMedia(
  client: Client,
  named: BmcAddress['system'],
  url: string,
  firstLookMs: number,
): Promise<Acknowledgement> {
  const drives = await findDrives(client, named);
  if (drives.some((drive) => imageOf(drive) === url)) {
    return { evidence: 'Redfish VirtualMedia shows the image already; nothing was sent', lookInMs: 0 };
  }
  const failures: DriverError[] = [];
  for (const drive of drives) {
    if (imageOf(drive) !== null) await eject(client, drive, failures);
    const inserted = await insert(client, await client.get(drive.path), url, failures);
    if (inserted) return { ...inserted, lookInMs: inserted.isTold ? 0 : firstLookMs };
  }
  throw failures[0] ?? none();
}

export async function ejectMedia(client: Client, named: BmcAddress['system']): Promise<Acknowledgement> {
  const full = (await findDrives(client, named)).filter((drive) => imageOf(drive) !== null);
  if (full.length === 0) return { evidence: 'Redfish VirtualMedia is empty; nothing was sent', lookInMs: 0 };
  const failures: DriverError[] = [];
  for (const drive of full) await eject(client, drive, failures);
  if (failures[0]) throw failures[0];
  return { evidence: 'Redfish VirtualMedia is empty', lookInMs: 0 };
}

/** Under the system since Redfish 2020.4, under a manager before; those that take a CD first. */
async function findDrives(client: Client, named: BmcAddress['system']): Promise<Answer[]> {
  const { body: system } = await readSystem(client, named);
  const ofSystem = await listDrives(client, toLink(system['VirtualMedia']));
  if (ofSystem.length > 0) return ofSystem;
  for (const manager of await readManagers(client, system)) {
    const drives = await listDrives(client, toLink(manager['VirtualMedia']));
    if (drives.length > 0) return drives;
  }
  throw none();
}

async function listDrives(client: Client, collection: string | null): Promise<Answer[]> {
  const drives: Answer[] = [];
  for (const path of toLinks((await client.find(collection))?.['Members'])) {
    const drive = await client.send({ method: 'GET', path });
    if (isSuccess(drive) && takesCd(drive.body)) drives.push(drive);
  }
  return drives;
}

/** Drives that say nothing may take anything. */
function takesCd(drive: Json): boolean {
  const types = toTexts(drive['MediaTypes']);
  return types === null || types.length === 0 || types.some((type) => /cd|dvd/i.test(type));
}

/** What is in the drive; Inserted alone says nothing, for it stays true on some (bmclib virtual_media). */
function imageOf({ body }: Answer): string | null {
  return toText(body['Image']) ?? (body['Inserted'] === true ? toText(body['ImageName']) : null);
}

interface Rung {
  name: string;
  body: Json;
}

/** The full payload first, then ever less (sushy: Supermicro), then what single vendors demand on top. */
function toRungs(url: string): Rung[] {
  const transfer = {
    TransferMethod: 'Stream',
    TransferProtocolType: new URL(url).protocol.slice(0, -1).toUpperCase(),
  };
  const state = { Inserted: true, WriteProtected: true };
  return [
    { name: 'state', body: { Image: url, ...state } },
    { name: 'image', body: { Image: url } },
    { name: 'state and transfer', body: { Image: url, ...state, ...transfer } },
    { name: 'transfer', body: { Image: url, ...transfer } },
    { name: 'account', body: { Image: url, ...state, ...transfer, UserName: 'none', Password: 'none' } },
  ];
}

async function insert(
  client: Client,
  drive: Answer,
  url: string,
  failures: DriverError[],
): Promise<{ evidence: string; isTold: boolean } | null> {
  const { habits } = client.bmc;
  const action = actionOf(drive.body, 'InsertMedia');
  const ways = [
    ...(action === null
      ? []
      : toRungs(url).map(({ name, body }) => ({
          name: `action ${name}`,
          send: () => client.send({ method: 'POST', path: action, body }),
        }))),
    ...toRungs(url)
      .slice(0, 3)
      .map(({ name, body }) => ({ name: `patch ${name}`, send: () => patch(client, drive, body) })),
  ];
  for (const way of bestFirst(ways, habits.winnerOf('media_insert'))) {
    const answer = await way.send();
    if (!isSuccess(answer)) {
      note(client, answer, failures);
      continue;
    }
    const evidence = `The image was answered ${answer.statusCode} by ${way.name}`;
    const isTold = answer.statusCode !== 202;
    const after = isTold ? await client.get(drive.path) : null;
    if (after && imageOf(after) === null && after.body['Inserted'] !== true) {
      failures.unshift(doubt(client, `${evidence}, but Redfish VirtualMedia shows none`));
      continue;
    }
    habits.learn('media_insert', toWinner(ways, way));
    if (!isTold) return { evidence, isTold };
    return { evidence: `${evidence}; Redfish VirtualMedia shows it`, isTold };
  }
  return null;
}

/** With `{}`, which iLO wants (LP 2125571), then with nothing; by PATCH where there is no action (Lenovo). */
async function eject(client: Client, drive: Answer, failures: DriverError[]): Promise<void> {
  const action = actionOf(drive.body, 'EjectMedia');
  const ways = [
    ...(action === null ? [] : [{}, undefined]).map((body) => ({
      name: body ? 'action with {}' : 'action',
      send: () => client.send({ method: 'POST', path: action!, ...(body ? { body } : {}) }),
    })),
    ...[{ Image: null, Inserted: false }, { Image: null }, { Inserted: false }].map((body) => ({
      name: `patch ${Object.keys(body).join(' and ')}`,
      send: () => patch(client, drive, body),
    })),
  ];
  const { habits } = client.bmc;
  const refusals: DriverError[] = [];
  for (const way of bestFirst(ways, habits.winnerOf('media_eject'))) {
    const answer = await way.send();
    if (!isSuccess(answer)) {
      note(client, answer, refusals);
      continue;
    }
    if (answer.statusCode === 202 || imageOf(await client.get(drive.path)) === null) {
      habits.learn('media_eject', toWinner(ways, way));
      return;
    }
    refusals.unshift(doubt(client, 'Redfish VirtualMedia still shows an image after it was ejected'));
  }
  failures.push(...refusals);
}

/** A refusal leads to the next rung, except for those that any rung would meet. */
function note(client: Client, answer: Answer, failures: DriverError[]): void {
  const refusal = client.toError(answer);
  const isFinal = refusal.kind === 'denied' || (refusal.canRepeat && answer.statusCode !== 500);
  if (isFinal) throw refusal;
  failures.push(refusal);
}

function doubt(client: Client, words: string): DriverError {
  return new DriverError('busy', words, { retryAfterMs: client.inTime(5_000) });
}

/** Lenovo and others have no actions here; some spell them without the schema's name. */
function actionOf(drive: Json, name: 'InsertMedia' | 'EjectMedia'): string | null {
  const actions = toRecord(drive['Actions']);
  return toText(toRecord(actions[`#VirtualMedia.${name}`] ?? actions[name])['target']);
}

function none(): DriverError {
  return new DriverError('unsupported', 'The BMC has no virtual drive that takes a CD');
}
