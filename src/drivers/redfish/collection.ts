/** Collections of optional resources. */
import type { Client } from './bmc.ts';
import { toLinks, toRecord, toText, type Json } from './fields.ts';

/** Collections longer than this are cut off; one BMC in trouble must not be asked for ever. */
const longest = 512;
const mostPages = 20;

/** Two requests at a time by the governor's rule. $expand is never asked for: it is broken on some (NICo). */
export async function readMembers(
  client: Client,
  collection: string | null,
  most = longest,
): Promise<Json[]> {
  const links = await readLinks(client, collection, most);
  const members = await Promise.all(links.map((link) => client.find(link)));
  return members.filter((member) => member !== null);
}

/** Long collections come in pages (DSP0266 "Partial results"). */
async function readLinks(client: Client, collection: string | null, most: number): Promise<string[]> {
  const links: string[] = [];
  let page = collection;
  for (let pages = 0; page !== null && links.length < most && pages < mostPages; pages += 1) {
    const body: Json | null = await client.find(page);
    links.push(...toLinks(body?.['Members']));
    page = toText(body?.['Members@odata.nextLink']);
  }
  return [...new Set(links)].slice(0, most);
}

/** An empty socket or bay is listed too, as Status.State Absent (DSP2046, Resource Status). */
export function isAbsent(resource: Json): boolean {
  return toRecord(resource['Status'])['State'] === 'Absent';
}
