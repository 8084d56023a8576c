/** What a machine is made of, as its BMC tells. Every part is optional and may be of another type than promised. */
import type { BmcAddress, Inventory } from '../../core/node.ts';
import type { Client } from './bmc.ts';
import { isAbsent, readMembers } from './collection.ts';
import { readManagers } from './controllers.ts';
import { toLink, toNumber, toRecord, toText, type Json } from './fields.ts';
import { toHealth } from './health.ts';
import { readNics } from './inventory-nics.ts';
import { readParts } from './inventory-parts.ts';
import { readStorage } from './inventory-storage.ts';
import { readSystem } from './system.ts';

export async function inspect(client: Client, named: BmcAddress['system']): Promise<Inventory> {
  const { body: system } = await readSystem(client, named);
  const [processors, modules, storage, nics, [manager]] = await Promise.all([
    readMembers(client, toLink(system['Processors'])),
    readMembers(client, toLink(system['Memory'])),
    readStorage(client, system),
    readNics(client, system),
    readManagers(client, system),
  ]);
  const summary = toRecord(system['ProcessorSummary']);
  const cpus = processors.filter(
    (cpu) => (toText(cpu['ProcessorType']) ?? 'CPU') === 'CPU' && !isAbsent(cpu),
  );
  return {
    manufacturer: toText(system['Manufacturer']) ?? 'unknown',
    model: toText(system['Model']) ?? 'unknown',
    serialNumber: toText(system['SerialNumber']) ?? toText(system['UUID']) ?? 'unknown',
    ...toSystemUuid(system['UUID']),
    cpuCores: countCores(cpus, summary),
    cpuModel: toText(summary['Model']) ?? toText(cpus[0]?.['Model']) ?? 'unknown',
    memoryMib: toMemoryMib(system, modules),
    disks: storage.disks,
    nics,
    biosVersion: toText(system['BiosVersion']),
    bmcVersion: toText(manager?.['FirmwareVersion']),
    health: toHealth(toRecord(system['Status'])),
    parts: await readParts(client, system, { cpus, modules, controllers: storage.controllers }),
  };
}

/** Of SMBIOS, DSP2046 says (ComputerSystem.UUID); in which order of bytes, vendors differ. */
function toSystemUuid(value: unknown): Pick<Inventory, 'systemUuid'> {
  const uuid = toText(value);
  return uuid === null ? {} : { systemUuid: uuid };
}

/** Processor by processor, for CoreCount of the summary came late (ComputerSystem 1.14) and is often missing. */
function countCores(cpus: Json[], summary: Json): number {
  const cores = cpus.reduce((sum, cpu) => sum + (toNumber(cpu['TotalCores']) ?? 0), 0);
  return cores || (toNumber(summary['CoreCount']) ?? toNumber(summary['Count']) ?? 0);
}

/** MemorySummary is in GiB; without it the modules are added up, which are in MiB. */
function toMemoryMib(system: Json, modules: Json[]): number {
  const total = toNumber(toRecord(system['MemorySummary'])['TotalSystemMemoryGiB']);
  if (total) return Math.round(total * 1024);
  return modules.reduce((sum, module) => sum + (toNumber(module['CapacityMiB']) ?? 0), 0);
}
