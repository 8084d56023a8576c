/** Collections of optional resources. */
import type { Client } from './bmc.ts';
import { toLinks, toRecord, type Json } from './fields.ts';

/** Two requests at a time by the governor's rule. $expand is never asked for: it is broken on some (NICo). */
export async function readMembers(client: Client, collection: string | null): Promise<Json[]> {
  const links = toLinks((await client.find(collection))?.['Members']);
  const members = await Promise.all(links.map((link) => client.find(link)));
  return members.filter((member) => member !== null);
}

/** An empty socket or bay is listed too, as Status.State Absent (DSP2046, Resource Status). */
export function isAbsent(resource: Json): boolean {
  return toRecord(resource['Status'])['State'] === 'Absent';
}
