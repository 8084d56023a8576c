/**
 * The parts of a machine beyond what the engine needs. Fans and power supplies stand in the chassis: in Thermal and
 * Power of old, in ThermalSubsystem and PowerSubsystem since Chassis 1.15 (DSP2046).
 */
import type {
  Fan,
  Firmware,
  MemoryModule,
  NetworkAdapter,
  NetworkPort,
  Parts,
  PowerSupply,
  Processor,
  StorageController,
} from '../../core/hardware.ts';
import type { Client } from './bmc.ts';
import { isAbsent, readMembers } from './collection.ts';
import { toLink, toLinks, toList, toNumber, toRecord, toText, type Json } from './fields.ts';
import { nameOf, pick, toStatus } from './inventory-facts.ts';
import { readSensors } from './inventory-sensors.ts';

interface Read {
  cpus: Json[];
  modules: Json[];
  controllers: StorageController[];
}

export async function readParts(
  client: Client,
  system: Json,
  { cpus, modules, controllers }: Read,
): Promise<Parts> {
  const links = toLinks(toRecord(system['Links'])['Chassis']);
  const chassis = (await Promise.all(links.map((link) => client.find(link)))).filter((it) => it !== null);
  const ofAll = async <T>(read: (client: Client, one: Json) => Promise<T[]>): Promise<T[]> =>
    (await Promise.all(chassis.map((one) => read(client, one)))).flat();
  return {
    processors: cpus.map(toProcessor),
    memory: modules.filter(isThere).map(toModule),
    networkAdapters: await ofAll(readAdapters),
    storageControllers: controllers,
    fans: await ofAll(readFans),
    powers: await ofAll(readPowers),
    firmware: await readFirmware(client),
    sensors: await ofAll(readSensors),
  };
}

const isThere = (part: Json) => !isAbsent(part);

function toProcessor(cpu: Json): Processor {
  return {
    name: nameOf(cpu),
    ...pick(
      cpu,
      {
        manufacturer: 'Manufacturer',
        model: 'Model',
        serialNumber: 'SerialNumber',
        partNumber: 'PartNumber',
        health: 'Status.Health',
        state: 'Status.State',
      },
      {
        totalCores: 'TotalCores',
        totalEnabledCores: 'TotalEnabledCores',
        totalThreads: 'TotalThreads',
        maxSpeedMhz: 'MaxSpeedMHz',
      },
    ),
  };
}

function toModule(module: Json): MemoryModule {
  const speeds = toList(module['AllowedSpeedsMHz']).flatMap((speed) => toNumber(speed) ?? []);
  return {
    name: nameOf(module),
    ...pick(
      module,
      {
        manufacturer: 'Manufacturer',
        memoryDeviceType: 'MemoryDeviceType',
        serialNumber: 'SerialNumber',
        partNumber: 'PartNumber',
        position: 'DeviceLocator',
        health: 'Status.Health',
        state: 'Status.State',
      },
      {
        capacityMib: 'CapacityMiB',
        operatingSpeedMhz: 'OperatingSpeedMhz',
        rankCount: 'RankCount',
        dataWidthBits: 'DataWidthBits',
      },
    ),
    ...(speeds.length > 0 ? { allowedSpeedMhz: Math.max(...speeds) } : {}),
  };
}

async function readAdapters(client: Client, chassis: Json): Promise<NetworkAdapter[]> {
  const adapters = await readMembers(client, toLink(chassis['NetworkAdapters']));
  return Promise.all(
    adapters.filter(isThere).map(async (adapter) => {
      // NetworkPorts became Ports with NetworkAdapter 1.5.
      const ports = await readMembers(client, toLink(adapter['Ports']) ?? toLink(adapter['NetworkPorts']));
      const [controller] = toList(adapter['Controllers']).map(toRecord);
      return {
        name: nameOf(adapter),
        ...pick(adapter, {
          model: 'Model',
          manufacturer: 'Manufacturer',
          position: 'Location.PartLocation.ServiceLabel',
          health: 'Status.Health',
        }),
        ...pick(controller ?? {}, { firmwareVersion: 'FirmwarePackageVersion' }),
        networkPorts: ports.map(toPort),
      };
    }),
  );
}

function toPort(port: Json): NetworkPort {
  const speedGbps = toNumber(port['MaxSpeedGbps']);
  const [address] = [
    ...toList(toRecord(port['Ethernet'])['AssociatedMACAddresses']),
    ...toList(port['AssociatedNetworkAddresses']),
  ].flatMap((it) => toText(it) ?? []);
  return {
    ...pick(port, {
      physicalPortNumber: 'PhysicalPortNumber',
      linkStatus: 'LinkStatus',
      activeLinkTechnology: 'ActiveLinkTechnology',
    }),
    ...pick(port, { physicalPortNumber: 'PortId', activeLinkTechnology: 'LinkNetworkTechnology' }),
    ...(speedGbps ? { portMaxSpeed: `${speedGbps} Gbps` } : {}),
    ...(address ? { permanentMacAddress: address.toLowerCase().replaceAll('-', ':') } : {}),
  };
}

async function readFans(client: Client, chassis: Json): Promise<Fan[]> {
  const cooling = await client.find(toLink(chassis['ThermalSubsystem']));
  const fans = cooling ? await readMembers(client, toLink(cooling['Fans'])) : [];
  const thermal = fans.length > 0 ? null : await client.find(toLink(chassis['Thermal']));
  return [...fans, ...toList(thermal?.['Fans']).map(toRecord)].filter(isThere).map((fan) => ({
    // FanName was the name before Thermal 1.1.
    name: nameOf(fan) ?? toText(fan['FanName']),
    ...pick(
      fan,
      { model: 'Model', partNumber: 'PartNumber', readingUnits: 'ReadingUnits' },
      { reading: 'Reading' },
    ),
    status: toStatus(toRecord(fan['Status'])),
  }));
}

async function readPowers(client: Client, chassis: Json): Promise<PowerSupply[]> {
  const subsystem = await client.find(toLink(chassis['PowerSubsystem']));
  const supplies = subsystem ? await readMembers(client, toLink(subsystem['PowerSupplies'])) : [];
  const power = supplies.length > 0 ? null : await client.find(toLink(chassis['Power']));
  return [...supplies, ...toList(power?.['PowerSupplies']).map(toRecord)].filter(isThere).map((supply) => ({
    name: nameOf(supply),
    ...pick(
      supply,
      {
        model: 'Model',
        manufacturer: 'Manufacturer',
        powerSupplyType: 'PowerSupplyType',
        partNumber: 'PartNumber',
        serialNumber: 'SerialNumber',
        firmwareVersion: 'FirmwareVersion',
        status: 'Status.Health',
      },
      { powerCapacityWatts: 'PowerCapacityWatts', lineInputVoltage: 'LineInputVoltage' },
    ),
  }));
}

async function readFirmware(client: Client): Promise<Firmware[]> {
  const root = await client.root();
  const service = await client.find(toLink(root['UpdateService']));
  const members = service ? await readMembers(client, toLink(service['FirmwareInventory'])) : [];
  return members.filter(isThere).map((firmware) => ({
    componentName: nameOf(firmware),
    ...pick(firmware, { manufacturer: 'Manufacturer', version: 'Version' }),
  }));
}
