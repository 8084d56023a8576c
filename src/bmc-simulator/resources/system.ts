/** Systems: the host with its parts, and what some BMCs list beside it. */
import type { Json } from '../reply.ts';
import type { BmcSettings } from '../settings.ts';
import { root } from './paths.ts';
import { fine, link, type Draft, type View } from './draft.ts';

const systemType = 'ComputerSystem.v1_20_0.ComputerSystem';

export function addSystem(draft: Draft): void {
  const { settings, paths } = draft;
  const others = settings.otherSystems.map(({ id }) => `${root}/Systems/${id}`);
  draft.addCollection(`${root}/Systems`, 'ComputerSystem', [...others, paths.system]);
  for (const { id, systemType: kind } of settings.otherSystems) {
    draft.add(`${root}/Systems/${id}`, systemType, { SystemType: kind, Status: fine });
  }
  draft.add(paths.system, systemType, (view) => toSystem(view, draft));
  if (settings.bootIn === 'settings') {
    draft.add(paths.settings, systemType, (view) => ({ Boot: toBoot(view) }));
  }
  if (settings.allowables === 'action-info') {
    draft.add(`${paths.system}/ResetActionInfo`, 'ActionInfo.v1_4_0.ActionInfo', {
      Name: 'Reset Action Info',
      Parameters: [
        {
          Name: 'ResetType',
          Required: true,
          DataType: 'String',
          AllowableValues: settings.resetTypes,
        },
      ],
    });
  }
  addProcessors(draft);
  addMemory(draft);
  addStorage(draft);
  addNics(draft);
}

function toSystem(view: View, { settings, paths, machine: { facts } }: Draft): Json {
  const { machine } = view;
  const { system } = paths;
  const reset: Json = { target: paths.reset };
  if (settings.allowables === 'inline') reset['ResetType@Redfish.AllowableValues'] = settings.resetTypes;
  if (settings.allowables === 'action-info') reset['@Redfish.ActionInfo'] = `${system}/ResetActionInfo`;
  const hasMedia = settings.mediaIn === 'system';
  const { processors, memoryModulesMib } = machine.facts;
  return {
    Name: 'System',
    SystemType: 'Physical',
    Manufacturer: machine.facts.manufacturer,
    Model: machine.facts.model,
    SerialNumber: machine.facts.serial,
    UUID: machine.facts.uuid,
    BiosVersion: machine.facts.biosVersion,
    PowerState: machine.reported(),
    Status: fine,
    ...(settings.bootIn === 'system' ? { Boot: toBoot(view) } : {}),
    ProcessorSummary: { Count: processors.length, Model: processors[0]?.model ?? null },
    MemorySummary: { TotalSystemMemoryGiB: sum(memoryModulesMib) / 1024 },
    Processors: link(`${system}/Processors`),
    Memory: link(`${system}/Memory`),
    ...(facts.disks.length > 0 ? { Storage: link(`${system}/Storage`) } : {}),
    EthernetInterfaces: link(`${system}/EthernetInterfaces`),
    ...(hasMedia ? { VirtualMedia: link(paths.media) } : {}),
    Links: {
      Chassis: [link(paths.chassis)],
      ...(settings.missing.includes('managed-by') ? {} : { ManagedBy: [link(paths.manager)] }),
    },
    Actions: { '#ComputerSystem.Reset': reset },
    ...(settings.bootIn === 'settings'
      ? {
          '@Redfish.Settings': {
            '@odata.type': '#Settings.v1_3_5.Settings',
            SettingsObject: link(paths.settings),
          },
        }
      : {}),
  };
}

export function toBoot({ settings, machine }: View): Json {
  return {
    BootSourceOverrideEnabled: machine.boot.BootSourceOverrideEnabled,
    'BootSourceOverrideEnabled@Redfish.AllowableValues': enabledWords(settings),
    BootSourceOverrideTarget: machine.boot.BootSourceOverrideTarget,
    'BootSourceOverrideTarget@Redfish.AllowableValues': settings.bootTargets,
    ...(settings.bootMode === 'shown'
      ? {
          BootSourceOverrideMode: machine.boot.BootSourceOverrideMode,
          'BootSourceOverrideMode@Redfish.AllowableValues': ['UEFI', 'Legacy'],
        }
      : {}),
  };
}

export function enabledWords({ bootOnce, bootContinuousRefused }: BmcSettings): string[] {
  return [
    'Disabled',
    ...(bootOnce === 'refused' ? [] : ['Once']),
    ...(bootContinuousRefused ? [] : ['Continuous']),
  ];
}

function addProcessors({ paths, machine, add, addCollection }: Draft): void {
  const at = `${paths.system}/Processors`;
  const members = machine.facts.processors.map((_, index) => `${at}/CPU${index + 1}`);
  addCollection(at, 'Processor', members);
  for (const [index, path] of members.entries()) {
    add(path, 'Processor.v1_18_0.Processor', (view) => {
      const { model, cores, threads } = view.machine.facts.processors[index]!;
      return {
        Socket: `CPU${index + 1}`,
        ProcessorType: 'CPU',
        ProcessorArchitecture: 'x86',
        InstructionSet: 'x86-64',
        Manufacturer: 'Ingot tests',
        Model: model,
        TotalCores: cores,
        TotalThreads: threads,
        Status: fine,
      };
    });
  }
}

function addMemory({ paths, machine, add, addCollection }: Draft): void {
  const at = `${paths.system}/Memory`;
  const members = machine.facts.memoryModulesMib.map((_, index) => `${at}/DIMM${index + 1}`);
  addCollection(at, 'Memory', members);
  for (const [index, path] of members.entries()) {
    add(path, 'Memory.v1_17_0.Memory', (view) => ({
      MemoryType: 'DRAM',
      MemoryDeviceType: 'DDR4',
      CapacityMiB: view.machine.facts.memoryModulesMib[index]!,
      Location: { PartLocation: { ServiceLabel: `DIMM${index + 1}`, LocationType: 'Slot' } },
      Status: fine,
    }));
  }
}

function addStorage({ paths, machine, add, addCollection }: Draft): void {
  const at = `${paths.system}/Storage`;
  if (machine.facts.disks.length === 0) return;
  addCollection(at, 'Storage', [`${at}/1`]);
  const drives = machine.facts.disks.map((_, index) => `${at}/1/Drives/${index + 1}`);
  add(`${at}/1`, 'Storage.v1_15_0.Storage', {
    Drives: drives.map(link),
    'Drives@odata.count': drives.length,
    Status: fine,
  });
  for (const [index, path] of drives.entries()) {
    add(path, 'Drive.v1_17_0.Drive', (view) => {
      const { name, bytes, media, protocol } = view.machine.facts.disks[index]!;
      return { Name: name, CapacityBytes: bytes, MediaType: media, Protocol: protocol, Status: fine };
    });
  }
}

function addNics({ paths, machine, add, addCollection }: Draft): void {
  const at = `${paths.system}/EthernetInterfaces`;
  // Ids by place, for all machines of a kind share the tree; the name is the machine's.
  const members = machine.facts.nics.map((_, index) => `${at}/NIC${index + 1}`);
  addCollection(at, 'EthernetInterface', members);
  for (const [index, path] of members.entries()) {
    add(path, 'EthernetInterface.v1_10_0.EthernetInterface', (view) => {
      const { name, mac, speedMbps } = view.machine.facts.nics[index]!;
      return { Name: name, MACAddress: mac, PermanentMACAddress: mac, SpeedMbps: speedMbps, Status: fine };
    });
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
