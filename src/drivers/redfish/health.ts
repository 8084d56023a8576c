/** How a machine is, as its BMC sums it up, and which part is to blame. */
import type { HealthReading } from '../../core/ports.ts';
import type { BmcAddress, Health } from '../../core/node.ts';
import type { Client } from './bmc.ts';
import { toLink, toLinks, toList, toRecord, toText, type Json } from './fields.ts';
import { nameOf } from './inventory-facts.ts';
import { readSystem } from './system.ts';

/** HealthRollup counts in what stands below the resource (DSP2046 Status); HPE calls it HealthRollUp. */
export function toHealth(status: Json): Health {
  const words = [status['HealthRollup'], status['HealthRollUp'], status['Health']];
  const word = toList(words)
    .map((one) => toText(one)?.toLowerCase())
    .find((one) => one !== undefined && one in healths);
  return healths[word ?? ''] ?? 'Unknown';
}

const healths: Readonly<Record<string, Health>> = {
  ok: 'OK',
  warning: 'Warning',
  critical: 'Critical',
};

export async function readHealth(client: Client, named: BmcAddress['system']): Promise<HealthReading> {
  const { body: system } = await readSystem(client, named);
  const health = toHealth(toRecord(system['Status']));
  const summary = `Redfish Status of the system is ${health === 'Unknown' ? 'not told' : health}`;
  if (health === 'OK' || health === 'Unknown') return { health, evidence: summary };
  const ailing = await findAiling(client, system);
  return { health, evidence: ailing.length > 0 ? `${summary}: ${ailing.join(', ')}` : summary };
}

/** The parts that are not well, with their word; only those that a look or two can tell. */
async function findAiling(client: Client, system: Json): Promise<string[]> {
  const summaries = ['ProcessorSummary', 'MemorySummary'].map((name): Json => ({
    Name: name.replace('Summary', ''),
    ...toRecord(system[name]),
  }));
  const chassis = await client.find(toLinks(toRecord(system['Links'])['Chassis'])[0] ?? null);
  const [thermal, power] = await Promise.all(
    ['Thermal', 'Power'].map((name) => client.find(toLink(chassis?.[name]))),
  );
  const lists = [thermal?.['Temperatures'], thermal?.['Fans'], power?.['PowerSupplies'], power?.['Voltages']];
  return [...summaries, ...lists.flatMap((list) => toList(list).map(toRecord))].flatMap((part) => {
    const health = toHealth(toRecord(part['Status']));
    return health === 'Warning' || health === 'Critical' ? [`${nameOf(part) ?? 'a part'} ${health}`] : [];
  });
}
