/** The managers (DSP2046 Manager) of a system: usually one, the BMC itself. */
import type { Client } from './bmc.ts';
import { toLink, toLinks, toRecord, type Json } from './fields.ts';

/** By the system's own links, else all that the BMC has: Huawei 1288H names none (sushy). The system's come first. */
export async function readManagers(client: Client, system: Json): Promise<Json[]> {
  const named = toLinks(toRecord(system['Links'])['ManagedBy']);
  const links = named.length > 0 ? named : await listManagers(client);
  const managers: Json[] = [];
  for (const link of links) {
    const manager = await client.find(link);
    if (manager) managers.push({ '@odata.id': link, ...manager });
  }
  return managers;
}

async function listManagers(client: Client): Promise<string[]> {
  const root = await client.root();
  const collection = await client.find(toLink(root['Managers']) ?? '/redfish/v1/Managers');
  return toLinks(collection?.['Members']);
}
