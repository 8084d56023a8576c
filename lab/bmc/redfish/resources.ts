/** The resource tree of a BMC with one QEMU machine behind it; shapes after DSP2046, facts of the machine. */
import type { Machine } from '../../machine/machine.ts';
import { criticalCelsius, fatalCelsius, toFanRpm, toHealth, warmCelsius } from '../../machine/climate.ts';
import { manufacturer, model, type BootDevice } from '../../machine/qemu.ts';
import type { EventLog } from './event-log.ts';

export type Json = Record<string, unknown>;
export type Tree = Record<string, Json>;

export const root = '/redfish/v1';
export const system = `${root}/Systems/1`;
export const manager = `${root}/Managers/bmc`;
export const chassis = `${root}/Chassis/1`;
export const sessions = `${root}/SessionService/Sessions`;
export const cd = `${manager}/VirtualMedia/Cd`;
export const log = `${manager}/LogServices/Log`;

export const actions = {
  resetSystem: `${system}/Actions/ComputerSystem.Reset`,
  resetManager: `${manager}/Actions/Manager.Reset`,
  insertMedia: `${cd}/Actions/VirtualMedia.InsertMedia`,
  ejectMedia: `${cd}/Actions/VirtualMedia.EjectMedia`,
  clearLog: `${log}/Actions/LogService.ClearLog`,
};

export const resetTypes = [
  'On',
  'ForceOff',
  'GracefulShutdown',
  'ForceRestart',
  'PowerCycle',
  'PushPowerButton',
] as const;
export type ResetType = (typeof resetTypes)[number];

export const bootTargets: Readonly<Record<string, BootDevice | null>> = {
  None: null,
  Pxe: 'network',
  Cd: 'cd',
  Hdd: 'disk',
  BiosSetup: 'bios',
};

export interface ManagerFacts {
  address: string;
  log: EventLog;
  /** URL of what is in the drive, as it was given. */
  image: string | null;
}

const link = (path: string) => ({ '@odata.id': path });
const links = (...paths: string[]) => paths.map(link);
const healthy = { State: 'Enabled', Health: 'OK' };

export function toTree(machine: Machine, facts: ManagerFacts): Tree {
  const tree: Tree = {
    [root]: toRoot(machine),
    [`${root}/SessionService`]: { ServiceEnabled: true, SessionTimeout: 1800, Sessions: link(sessions) },
    [`${root}/Systems`]: collection('ComputerSystem', system),
    [system]: toSystem(machine),
    ...toParts(machine),
    [`${root}/Chassis`]: collection('Chassis', chassis),
    [chassis]: toChassis(machine),
    [`${chassis}/Thermal`]: toThermal(machine),
    [`${root}/Managers`]: collection('Manager', manager),
    ...toManager(machine, facts),
  };
  for (const [path, resource] of Object.entries(tree)) tree[path] = { ...toIdentity(path), ...resource };
  return tree;
}

function toRoot({ hardware }: Machine): Json {
  return {
    Name: 'Root Service',
    RedfishVersion: '1.15.0',
    UUID: hardware.uuid,
    Vendor: manufacturer,
    Product: model,
    Systems: link(`${root}/Systems`),
    Chassis: link(`${root}/Chassis`),
    Managers: link(`${root}/Managers`),
    SessionService: link(`${root}/SessionService`),
    Links: { Sessions: link(sessions) },
  };
}

function toSystem(machine: Machine): Json {
  const { hardware, power, isLampLit } = machine;
  return {
    Name: hardware.name,
    SystemType: 'Physical',
    Manufacturer: manufacturer,
    Model: model,
    SerialNumber: hardware.serialNumber,
    UUID: hardware.uuid,
    BiosVersion: hardware.firmware === 'uefi' ? 'OVMF' : 'SeaBIOS',
    PowerState: power === 'on' ? 'On' : 'Off',
    LocationIndicatorActive: isLampLit,
    Status: toStatus(machine),
    Boot: toBoot(machine),
    ProcessorSummary: { Count: hardware.cpus, CoreCount: hardware.cpus, Model: 'QEMU', Status: healthy },
    MemorySummary: { TotalSystemMemoryGiB: hardware.memoryMib / 1024, Status: healthy },
    Processors: link(`${system}/Processors`),
    Memory: link(`${system}/Memory`),
    Storage: link(`${system}/Storage`),
    EthernetInterfaces: link(`${system}/EthernetInterfaces`),
    VirtualMedia: link(`${manager}/VirtualMedia`),
    LogServices: link(`${manager}/LogServices`),
    Links: { ManagedBy: links(manager), Chassis: links(chassis) },
    Actions: {
      '#ComputerSystem.Reset': {
        target: actions.resetSystem,
        'ResetType@Redfish.AllowableValues': resetTypes,
      },
    },
  };
}

function toBoot({ override, hardware }: Machine): Json {
  const target = Object.keys(bootTargets).find((word) => bootTargets[word] === (override?.device ?? null));
  return {
    BootSourceOverrideEnabled: override === null ? 'Disabled' : override.once ? 'Once' : 'Continuous',
    BootSourceOverrideTarget: target,
    'BootSourceOverrideTarget@Redfish.AllowableValues': Object.keys(bootTargets),
    BootSourceOverrideMode: hardware.firmware === 'uefi' ? 'UEFI' : 'Legacy',
  };
}

function toParts({ hardware }: Machine): Tree {
  const { cpus, memoryMib, disk, nic } = hardware;
  const [cpu, dimm, storage] = [
    `${system}/Processors/1`,
    `${system}/Memory/1`,
    `${system}/Storage/1`,
  ] as const;
  const [drive, port] = [`${storage}/Drives/1`, `${system}/EthernetInterfaces/1`] as const;
  return {
    [`${system}/Processors`]: collection('Processor', cpu),
    [cpu]: {
      ProcessorType: 'CPU',
      Manufacturer: 'QEMU',
      Model: 'QEMU',
      InstructionSet: 'x86-64',
      TotalCores: cpus,
      TotalThreads: cpus,
      Status: healthy,
    },
    [`${system}/Memory`]: collection('Memory', dimm),
    [dimm]: { MemoryType: 'DRAM', CapacityMiB: memoryMib, Status: healthy },
    [`${system}/Storage`]: collection('Storage', storage),
    [storage]: {
      Drives: links(drive),
      StorageControllers: [
        {
          '@odata.id': `${storage}#/StorageControllers/0`,
          MemberId: '0',
          Name: disk.bus === 'nvme' ? 'NVMe' : 'virtio-blk',
          Status: healthy,
        },
      ],
      Status: healthy,
    },
    [drive]: {
      Name: 'Disk 1',
      CapacityBytes: disk.bytes,
      MediaType: 'SSD',
      Protocol: disk.bus === 'nvme' ? 'NVMe' : 'PCIe',
      Manufacturer: 'QEMU',
      SerialNumber: disk.serialNumber,
      Status: healthy,
    },
    [`${system}/EthernetInterfaces`]: collection('EthernetInterface', port),
    [port]: {
      MACAddress: nic.mac,
      PermanentMACAddress: nic.mac,
      InterfaceEnabled: true,
      LinkStatus: 'LinkUp',
      Status: healthy,
    },
  };
}

function toChassis(machine: Machine): Json {
  const { hardware, power } = machine;
  return {
    Name: hardware.name,
    ChassisType: 'RackMount',
    Manufacturer: manufacturer,
    Model: model,
    SerialNumber: hardware.serialNumber,
    PowerState: power === 'on' ? 'On' : 'Off',
    Status: toStatus(machine),
    Thermal: link(`${chassis}/Thermal`),
    Links: { ComputerSystems: links(system), ManagedBy: links(manager) },
  };
}

function toStatus({ celsius }: Machine): Json {
  return { State: 'Enabled', Health: toHealth(celsius), HealthRollup: toHealth(celsius) };
}

/** Temperatures and fans in the older form, which most BMCs still have. */
function toThermal(machine: Machine): Json {
  const { celsius } = machine;
  return {
    Temperatures: [
      {
        '@odata.id': `${chassis}/Thermal#/Temperatures/0`,
        MemberId: '0',
        Name: 'CPU Temp',
        PhysicalContext: 'CPU',
        ReadingCelsius: celsius,
        UpperThresholdNonCritical: warmCelsius,
        UpperThresholdCritical: criticalCelsius,
        UpperThresholdFatal: fatalCelsius,
        Status: toStatus(machine),
      },
    ],
    Fans: [
      {
        '@odata.id': `${chassis}/Thermal#/Fans/0`,
        MemberId: '0',
        Name: 'FAN 1',
        Reading: toFanRpm(celsius),
        ReadingUnits: 'RPM',
        Status: healthy,
      },
    ],
  };
}

function toManager({ hardware }: Machine, facts: ManagerFacts): Tree {
  const entries = facts.log.entries.map((entry) => ({ ...entry, path: `${log}/Entries/${entry.id}` }));
  return {
    [manager]: {
      Name: `BMC of ${hardware.name}`,
      ManagerType: 'BMC',
      Model: model,
      FirmwareVersion: '1.0',
      PowerState: 'On',
      DateTime: new Date().toISOString().replace(/\.\d+/, ''),
      Status: healthy,
      EthernetInterfaces: link(`${manager}/EthernetInterfaces`),
      VirtualMedia: link(`${manager}/VirtualMedia`),
      LogServices: link(`${manager}/LogServices`),
      Links: { ManagerForServers: links(system), ManagerForChassis: links(chassis) },
      Actions: {
        '#Manager.Reset': {
          target: actions.resetManager,
          'ResetType@Redfish.AllowableValues': ['ForceRestart', 'GracefulRestart'],
        },
      },
    },
    [`${manager}/EthernetInterfaces`]: collection('EthernetInterface', `${manager}/EthernetInterfaces/1`),
    [`${manager}/EthernetInterfaces/1`]: {
      IPv4Addresses: [{ Address: facts.address, AddressOrigin: 'Static' }],
      Status: healthy,
    },
    [`${manager}/VirtualMedia`]: collection('VirtualMedia', cd),
    [cd]: {
      Name: 'Virtual CD',
      MediaTypes: ['CD', 'DVD'],
      Image: facts.image,
      Inserted: facts.image !== null,
      ConnectedVia: facts.image === null ? 'NotConnected' : 'URI',
      WriteProtected: true,
      Actions: {
        '#VirtualMedia.InsertMedia': { target: actions.insertMedia },
        '#VirtualMedia.EjectMedia': { target: actions.ejectMedia },
      },
    },
    [`${manager}/LogServices`]: collection('LogService', log),
    [log]: {
      Name: 'Event log',
      ServiceEnabled: true,
      OverWritePolicy: 'WrapsWhenFull',
      Entries: link(`${log}/Entries`),
      Actions: { '#LogService.ClearLog': { target: actions.clearLog } },
    },
    [`${log}/Entries`]: collection('LogEntry', ...entries.map(({ path }) => path)),
    ...Object.fromEntries(
      entries.map(({ path, id, at, severity, message }) => [
        path,
        { Name: `Entry ${id}`, EntryType: 'Event', Created: at, Severity: severity, Message: message },
      ]),
    ),
  };
}

function collection(of: string, ...members: string[]): Json {
  return {
    '@odata.type': `#${of}Collection.${of}Collection`,
    Members: links(...members),
    'Members@odata.count': members.length,
  };
}

/** Schema by their own name for those that stand alone, else by the name of the collection above. */
const schemas: Readonly<Record<string, string>> = {
  v1: 'ServiceRoot.v1_15_0.ServiceRoot',
  SessionService: 'SessionService.v1_1_8.SessionService',
  Systems: 'ComputerSystem.v1_20_0.ComputerSystem',
  Chassis: 'Chassis.v1_23_0.Chassis',
  Thermal: 'Thermal.v1_7_1.Thermal',
  Managers: 'Manager.v1_18_0.Manager',
  Processors: 'Processor.v1_18_0.Processor',
  Memory: 'Memory.v1_18_0.Memory',
  Storage: 'Storage.v1_15_0.Storage',
  Drives: 'Drive.v1_17_0.Drive',
  EthernetInterfaces: 'EthernetInterface.v1_10_0.EthernetInterface',
  VirtualMedia: 'VirtualMedia.v1_6_0.VirtualMedia',
  LogServices: 'LogService.v1_4_0.LogService',
  Entries: 'LogEntry.v1_15_0.LogEntry',
};

/** DSP0266 "Resource identification": every resource has these; sushy refuses those that have not. */
function toIdentity(path: string): Json {
  const [name = '', parent = ''] = path.split('/').toReversed();
  const isRoot = path === root;
  return {
    '@odata.id': path,
    '@odata.type': `#${schemas[name] ?? schemas[parent]}`,
    Id: isRoot ? 'RootService' : name,
    Name: name,
  };
}
