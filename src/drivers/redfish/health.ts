/** How a machine is, as its BMC sums it up, and which part is to blame. */
import type { HealthReading } from '../../core/ports.ts';
import type { BmcAddress, Health } from '../../core/node.ts';
import type { Client } from './bmc.ts';
import { readMembers } from './collection.ts';
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

/** Named in the evidence at most. */
const mostNamed = 8;
/** Of storages that are not well; more drives are not asked about. */
const mostDrives = 64;

/** The parts that are not well, with their word. They are looked for only when something is wrong. */
async function findAiling(client: Client, system: Json): Promise<string[]> {
  const summaries = ['ProcessorSummary', 'MemorySummary'].map((name): Json => ({
    Name: name.replace('Summary', ''),
    ...toRecord(system[name]),
  }));
  const chassis = await client.find(toLinks(toRecord(system['Links'])['Chassis'])[0] ?? null);
  const [environment, disks] = await Promise.all([
    readEnvironment(client, chassis ?? {}),
    readDisks(client, system),
  ]);
  const ailing = [...summaries, ...environment, ...disks].filter(isAiling);
  const named = ailing.slice(0, mostNamed).map((part) => `${nameOf(part) ?? 'a part'} ${healthOf(part)}`);
  return ailing.length > mostNamed ? [...named, `${ailing.length - mostNamed} more`] : named;
}

const healthOf = (part: Json) => toHealth(toRecord(part['Status']));
const isAiling = (part: Json) => ['Warning', 'Critical'].includes(healthOf(part));

/** In Thermal and Power of old, in ThermalSubsystem and PowerSubsystem since Chassis 1.15 (DSP2046). */
async function readEnvironment(client: Client, chassis: Json): Promise<Json[]> {
  const find = (name: string) => client.find(toLink(chassis[name]));
  const [thermal, power] = await Promise.all([find('Thermal'), find('Power')]);
  if (thermal || power) {
    const lists = [
      thermal?.['Temperatures'],
      thermal?.['Fans'],
      power?.['PowerSupplies'],
      power?.['Voltages'],
    ];
    return lists.flatMap((list) => toList(list).map(toRecord));
  }
  const [cooling, supply] = await Promise.all([find('ThermalSubsystem'), find('PowerSubsystem')]);
  const collections = [toLink(cooling?.['Fans']), toLink(supply?.['PowerSupplies'])];
  return (await Promise.all(collections.map((path) => readMembers(client, path)))).flat();
}

/** A storage that is not well is told by its controllers and drives, or itself where these are. */
async function readDisks(client: Client, system: Json): Promise<Json[]> {
  const storages = (await readMembers(client, toLink(system['Storage']))).filter(isAiling);
  const links = storages.flatMap((storage) => toLinks(storage['Drives'])).slice(0, mostDrives);
  const drives = await Promise.all(links.map((link) => client.find(link)));
  const controllers = storages.flatMap((storage) => toList(storage['StorageControllers']).map(toRecord));
  const parts = [...controllers, ...drives.filter((drive) => drive !== null)];
  return parts.some(isAiling) ? parts : storages;
}
