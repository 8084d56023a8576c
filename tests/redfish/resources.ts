/** The resource tree of a test BMC; shapes after DSP2046, values our own. */
import { resetTypes, type Machine } from './machine.ts';

export type Json = Record<string, unknown>;
export type Tree = Record<string, Json>;

export interface TreeOptions {
  authentication: 'sessions' | 'basic';
  /** Where the reset types are told. */
  allowables: 'inline' | 'action-info' | 'absent';
  /** Which reset types the machine offers. */
  resetTypes: readonly string[];
  /** Where boot properties can be written. */
  bootIn: 'system' | 'settings';
  vendor: string;
}

export const root = '/redfish/v1';
export const system = `${root}/Systems/1`;
export const settings = `${system}/Settings`;
export const resetPath = `${system}/Actions/ComputerSystem.Reset`;
export const sessionsPath = `${root}/SessionService/Sessions`;
export const bootTargets = ['None', 'Pxe', 'Cd', 'Hdd', 'BiosSetup'];
export const allResetTypes = resetTypes;

const link = (path: string) => ({ '@odata.id': path });
const collection = (...paths: string[]) => ({
  Members: paths.map(link),
  'Members@odata.count': paths.length,
});

/** The tree as it is now; `serial` makes machines tell apart. */
export function toTree(machine: Machine, serial: string, options: TreeOptions): Tree {
  const tree: Tree = {
    [root]: toRoot(options),
    [`${root}/Systems`]: collection(system),
    [system]: toSystem(machine, serial, options),
    [`${system}/ResetActionInfo`]: {
      Parameters: [
        { Name: 'ResetType', Required: true, DataType: 'String', AllowableValues: options.resetTypes },
      ],
    },
    [`${system}/Processors`]: collection(`${system}/Processors/CPU1`, `${system}/Processors/CPU2`),
    [`${system}/Processors/CPU1`]: { Id: 'CPU1', ProcessorType: 'CPU', Model: 'Test CPU', TotalCores: 16 },
    [`${system}/Processors/CPU2`]: { Id: 'CPU2', ProcessorType: 'CPU', Model: 'Test CPU', TotalCores: 16 },
    [`${system}/Storage`]: collection(`${system}/Storage/1`),
    [`${system}/Storage/1`]: { Id: '1', Drives: [link(`${system}/Storage/1/Drives/1`)] },
    [`${system}/Storage/1/Drives/1`]: {
      Name: 'Disk 1',
      CapacityBytes: 960e9,
      MediaType: 'SSD',
      Protocol: 'NVMe',
    },
    [`${system}/EthernetInterfaces`]: collection(`${system}/EthernetInterfaces/NIC1`),
    [`${system}/EthernetInterfaces/NIC1`]: { Id: 'NIC1', MACAddress: '02:00:5E:10:00:01', SpeedMbps: 25000 },
    [`${root}/Managers`]: collection(`${root}/Managers/BMC`),
    [`${root}/Managers/BMC`]: { Id: 'BMC', FirmwareVersion: '1.2.3' },
  };
  if (options.authentication === 'sessions') tree[sessionsPath] = collection();
  if (options.bootIn === 'settings') tree[settings] = { Id: 'Settings', Boot: toBoot(machine) };
  for (const [path, resource] of Object.entries(tree)) Object.assign(resource, toIdentity(path, resource));
  return tree;
}

/** DSP0266 "Resource identification": every resource has these; sushy refuses those that have not. */
function toIdentity(path: string, resource: Json): Json {
  const [name = '', parent = ''] = path.split('/').toReversed();
  if ('Members' in resource) {
    const kind = `${types[name]?.split('.').at(-1)}Collection`;
    return { '@odata.id': path, '@odata.type': `#${kind}.${kind}`, Name: name, ...resource };
  }
  const type = types[parent] ?? types[name];
  return { '@odata.id': path, '@odata.type': `#${type}`, Id: name, Name: name, ...resource };
}

/** Schema by the last segment of the collection or, for those outside one, by their own. */
const types: Readonly<Record<string, string>> = {
  redfish: 'ServiceRoot.v1_15_0.ServiceRoot',
  Systems: 'ComputerSystem.v1_20_0.ComputerSystem',
  Settings: 'ComputerSystem.v1_20_0.ComputerSystem',
  ResetActionInfo: 'ActionInfo.v1_4_0.ActionInfo',
  Processors: 'Processor.v1_18_0.Processor',
  Storage: 'Storage.v1_15_0.Storage',
  Drives: 'Drive.v1_17_0.Drive',
  EthernetInterfaces: 'EthernetInterface.v1_10_0.EthernetInterface',
  Managers: 'Manager.v1_18_0.Manager',
  Sessions: 'Session.v1_6_0.Session',
};

function toRoot({ authentication, vendor }: TreeOptions): Json {
  return {
    Id: 'RootService',
    Name: 'Root Service',
    RedfishVersion: '1.15.0',
    Vendor: vendor,
    Systems: link(`${root}/Systems`),
    Managers: link(`${root}/Managers`),
    ...(authentication === 'sessions' ? { Links: { Sessions: link(sessionsPath) } } : {}),
  };
}

function toSystem(machine: Machine, serial: string, options: TreeOptions): Json {
  const reset: Json = { target: resetPath };
  if (options.allowables === 'inline') reset['ResetType@Redfish.AllowableValues'] = options.resetTypes;
  if (options.allowables === 'action-info') reset['@Redfish.ActionInfo'] = `${system}/ResetActionInfo`;
  return {
    Id: '1',
    SystemType: 'Physical',
    Manufacturer: 'Ingot tests',
    Model: 'T1',
    SerialNumber: serial,
    BiosVersion: '0.9',
    PowerState: machine.reported(),
    Status: { State: 'Enabled', Health: 'OK' },
    Boot: toBoot(machine),
    ProcessorSummary: { Count: 2, Model: 'Test CPU' },
    MemorySummary: { TotalSystemMemoryGiB: 64 },
    Processors: link(`${system}/Processors`),
    Storage: link(`${system}/Storage`),
    EthernetInterfaces: link(`${system}/EthernetInterfaces`),
    Links: { ManagedBy: [link(`${root}/Managers/BMC`)] },
    Actions: { '#ComputerSystem.Reset': reset },
    ...(options.bootIn === 'settings' ? { '@Redfish.Settings': { SettingsObject: link(settings) } } : {}),
  };
}

function toBoot(machine: Machine): Json {
  return { ...machine.boot, 'BootSourceOverrideTarget@Redfish.AllowableValues': bootTargets };
}
