/** The BMC itself: its log, its virtual drives, its own restart. */
import type { Json } from '../reply.ts';
import { root } from './paths.ts';
import { fine, link, type Draft, type View } from './draft.ts';

export function addBmc(draft: Draft): void {
  const { settings, paths } = draft;
  const { manager } = paths;
  draft.addCollection(`${root}/Managers`, 'Manager', [manager]);
  draft.add(manager, 'Manager.v1_18_0.Manager', ({ machine }) => ({
    Name: 'BMC',
    ManagerType: 'BMC',
    UUID: machine.facts.uuid,
    Model: settings.product,
    FirmwareVersion: settings.bmcVersion,
    Status: fine,
    LogServices: link(`${manager}/LogServices`),
    ...(settings.mediaIn === 'manager' ? { VirtualMedia: link(paths.media) } : {}),
    Links: { ManagerForServers: [link(paths.system)], ManagerForChassis: [link(paths.chassis)] },
    Actions: {
      '#Manager.Reset': {
        target: paths.managerReset,
        'ResetType@Redfish.AllowableValues': settings.managerResetTypes,
      },
    },
  }));
  addLog(draft);
  addMedia(draft);
}

function addLog({ paths, add, addCollection }: Draft): void {
  const { log, manager } = paths;
  addCollection(`${manager}/LogServices`, 'LogService', [log]);
  add(log, 'LogService.v1_5_0.LogService', {
    Name: 'System Event Log',
    OverWritePolicy: 'WrapsWhenFull',
    ServiceEnabled: true,
    LogEntryType: 'SEL',
    Status: fine,
    Entries: link(`${log}/Entries`),
  });
  // The collection holds the entries themselves (DSP2046 LogEntryCollection).
  const members = facts.map((fact, index) => toEntry(`${log}/Entries/${index + 1}`, fact));
  add(`${log}/Entries`, 'LogEntryCollection.LogEntryCollection', {
    Id: undefined,
    Name: 'Log Entries',
    Members: members,
    'Members@odata.count': members.length,
  });
  for (const entry of members) add(String(entry['@odata.id']), entryType, entry);
}

const entryType = 'LogEntry.v1_15_1.LogEntry';
const facts: Json[] = [
  { Created: '2026-01-05T08:00:00Z', Severity: 'OK', Message: 'The log was cleared.' },
  { Created: '2026-01-06T09:30:00Z', Severity: 'Warning', Message: 'Power supply 2 lost its input.' },
];

function toEntry(path: string, fact: Json): Json {
  const id = path.split('/').at(-1);
  return {
    '@odata.id': path,
    '@odata.type': `#${entryType}`,
    Id: id,
    Name: `Entry ${id}`,
    EntryType: 'SEL',
    ...fact,
  };
}

function addMedia({ settings, paths, add, addCollection }: Draft): void {
  const slots = settings.mediaSlots.map(({ id }) => `${paths.media}/${id}`);
  addCollection(paths.media, 'VirtualMedia', slots);
  for (const [index, path] of slots.entries()) {
    const { types } = settings.mediaSlots[index]!;
    const isDrive = path === driveOf(settings.mediaSlots, paths.media);
    add(path, 'VirtualMedia.v1_6_3.VirtualMedia', (view) => ({
      MediaTypes: types,
      ...toMedia(view, isDrive),
      ...(settings.mediaBy === 'action'
        ? {
            Actions: {
              '#VirtualMedia.InsertMedia': { target: `${path}/Actions/VirtualMedia.InsertMedia` },
              '#VirtualMedia.EjectMedia': { target: `${path}/Actions/VirtualMedia.EjectMedia` },
            },
          }
        : {}),
    }));
  }
}

/** The drive that takes an image of a CD: the first that can. */
export function driveOf(
  slots: readonly { id: string; types: readonly string[] }[],
  collection: string,
): string {
  return `${collection}/${(slots.find(({ types }) => types.includes('CD')) ?? slots[0]!).id}`;
}

function toMedia({ machine, settings }: View, isDrive: boolean): Json {
  const image = isDrive ? machine.media : null;
  const isIn = image !== null;
  return {
    Image: image,
    ImageName: image === null ? null : (image.split('/').at(-1) ?? null),
    Inserted: isIn || (isDrive && settings.mediaStaysInserted && machine.revision > 1),
    WriteProtected: true,
    ConnectedVia: isIn ? 'URI' : 'NotConnected',
  };
}
