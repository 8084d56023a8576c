/** The BMC's own log: LogServices under the system or its managers (DSP2046, LogService and LogEntry). */
import type { LogEntry } from '../../core/ports.ts';
import type { BmcAddress } from '../../core/node.ts';
import type { Client } from './bmc.ts';
import { readMembers } from './collection.ts';
import { readManagers } from './controllers.ts';
import { toLink, toLinks, toList, toRecord, toText, type Json } from './fields.ts';
import { toHealth } from './health.ts';
import { readSystem } from './system.ts';

/** Logs grow to thousands of entries; more pages than this are not turned. */
const mostPages = 20;
/** Logs of what the hardware did; others tell of logins and of the BMC's own software. */
const hardwareLog = /SEL|IML|Event|Sel|Log1|PlatformLog|StandardLog/;

/** The newest first, at most so many. A machine without a log has no entries. */
export async function readEventLog(
  client: Client,
  named: BmcAddress['system'],
  most: number,
): Promise<LogEntry[]> {
  const { body: system } = await readSystem(client, named);
  const managers = await readManagers(client, system);
  const collections = [system, ...managers].map((owner) => toLink(owner['LogServices']));
  const logs = (await Promise.all(collections.map((path) => readMembers(client, path)))).flat();
  const chosen = logs.filter(isOfHardware);
  const entries: LogEntry[] = [];
  for (const log of chosen.length > 0 ? chosen : logs) {
    const found = await readEntries(client, toLink(log['Entries']), most);
    entries.push(...found.map(toEntry));
  }
  const at = ({ at: moment }: LogEntry) => moment?.getTime() ?? 0;
  return entries.toSorted((a, b) => at(b) - at(a)).slice(0, most);
}

function isOfHardware(log: Json): boolean {
  if (toText(log['LogEntryType']) === 'SEL') return true;
  return hardwareLog.test(`${toText(log['Id']) ?? ''} ${toText(log['Name']) ?? ''}`);
}

/** Entries stand in the collection itself, or behind links; which end is the newest differs, so both are read. */
async function readEntries(client: Client, path: string | null, most: number): Promise<Json[]> {
  const inside: Json[] = [];
  const links: string[] = [];
  let page = path;
  for (let pages = 0; page !== null && pages < mostPages; pages += 1) {
    const collection = await client.find(page);
    for (const member of toList(collection?.['Members']).map(toRecord)) {
      if ('Message' in member || 'Created' in member) inside.push(member);
      else links.push(...toLinks(member));
    }
    page = toText(collection?.['Members@odata.nextLink']);
  }
  const ends = [...new Set([...links.slice(0, most), ...links.slice(-most)])];
  const read = await Promise.all(ends.map((link) => client.find(link)));
  return [...inside, ...read.filter((entry) => entry !== null)];
}

function toEntry(entry: Json): LogEntry {
  const moment = Date.parse(toText(entry['Created']) ?? toText(entry['EventTimestamp']) ?? '');
  return {
    id: toText(entry['Id']) ?? '',
    at: Number.isNaN(moment) ? null : new Date(moment),
    severity: toHealth({ Health: entry['Severity'] }),
    message: (toText(entry['Message']) ?? toText(entry['MessageId']) ?? 'no message').slice(0, 1_000),
  };
}
