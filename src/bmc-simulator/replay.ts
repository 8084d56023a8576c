/**
 * A recorded BMC played back: a tree written by `ingot record`, or a mock-up folder in DMTF's layout (a folder per
 * resource with an `index.json`). What was recorded is shown; power, boot override, virtual media, sessions and accounts
 * are alive, at the places where the recording has them.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from './reply.ts';
import type { Resource } from './resources/draft.ts';
import { driveOf } from './resources/bmc-itself.ts';
import { root, sessionService, sessionsPath, type Paths } from './resources/paths.ts';
import { toBoot } from './resources/system.ts';
import type { BmcSettings } from './settings.ts';

export type Tree = Record<string, Json>;

export interface Replay {
  settings: Partial<BmcSettings>;
  overlay: Record<string, Json | Resource>;
  paths: Partial<Paths>;
  isRecorded: true;
}

/** @throws Error when there is neither a recording nor a mock-up at `path` */
export function readTree(path: string): Tree {
  if (statSync(path).isDirectory()) return readMockup(path);
  const { resources } = JSON.parse(readFileSync(path, 'utf8')) as { resources?: Tree };
  if (!resources?.[root]) throw new Error(`${path} is no recording: it has no resource ${root}`);
  return resources;
}

/** Mock-ups begin at the root of the server or at that of the service. */
function readMockup(folder: string): Tree {
  const inner = join(folder, 'redfish', 'v1');
  const start = existsSync(inner) ? inner : folder;
  if (!existsSync(join(start, 'index.json')))
    throw new Error(`${folder} is no mock-up: it has no index.json`);
  const tree: Tree = {};
  const visit = (at: string, path: string) => {
    const index = join(at, 'index.json');
    if (existsSync(index)) tree[path] = JSON.parse(readFileSync(index, 'utf8')) as Json;
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (entry.isDirectory()) visit(join(at, entry.name), `${path}/${entry.name}`);
    }
  };
  visit(start, root);
  return tree;
}

export function toReplay(tree: Tree): Replay {
  const { [sessionsPath]: _ours, ...recorded } = tree;
  const systemPath = findSystem(tree);
  const system = tree[systemPath] ?? {};
  const managerPath = linkOf(at(system, 'Links', 'ManagedBy', '0')) ?? membersOf(tree, `${root}/Managers`)[0];
  const manager = tree[managerPath ?? ''] ?? {};
  const reset = at(system, 'Actions', '#ComputerSystem.Reset');
  const managerReset = at(manager, 'Actions', '#Manager.Reset');
  const settingsPath = linkOf(at(system, '@Redfish.Settings', 'SettingsObject'));
  const bootPath = settingsPath && at(tree[settingsPath] ?? {}, 'Boot') ? settingsPath : systemPath;
  const mediaPath = linkOf(system['VirtualMedia']) ?? linkOf(manager['VirtualMedia']) ?? `${root}/no-media`;
  const drives = membersOf(tree, mediaPath);
  const boot = at(tree[bootPath] ?? {}, 'Boot');
  const slots = drives.map((path) => ({
    id: path.split('/').at(-1)!,
    types: texts(tree[path]?.['MediaTypes']) ?? ['CD'],
  }));
  const mediaSlots = slots.length > 0 ? slots : [{ id: 'none', types: [] }];
  const drive = driveOf(mediaSlots, mediaPath);

  return {
    isRecorded: true,
    settings: {
      mediaSlots,
      mediaBy: drives.some((path) => at(tree[path] ?? {}, 'Actions', '#VirtualMedia.InsertMedia'))
        ? 'action'
        : 'patch',
      bootIn: bootPath === systemPath ? 'system' : 'settings',
      bootMode: boot && 'BootSourceOverrideMode' in boot ? 'shown' : 'absent',
      ...optional('bootTargets', texts(boot?.['BootSourceOverrideTarget@Redfish.AllowableValues'])),
      ...optional('resetTypes', resetTypesOf(tree, reset)),
      ...optional('managerResetTypes', resetTypesOf(tree, managerReset)),
    },
    paths: {
      system: systemPath,
      settings: settingsPath ?? `${systemPath}/Settings`,
      ...optional('reset', text(reset?.['target'])),
      ...optional('manager', managerPath),
      ...optional('managerReset', text(managerReset?.['target'])),
      media: mediaPath,
    },
    overlay: {
      ...recorded,
      [root]: withSessions(tree[root] ?? {}),
      ...(boot ? { [bootPath]: alive(tree[bootPath]!, true, bootPath === systemPath) } : {}),
      ...(bootPath === systemPath && boot ? {} : { [systemPath]: alive(system, false, true) }),
      ...Object.fromEntries(
        drives.map((path) => [path, { ...tree[path], Image: null, ImageName: null, Inserted: false }]),
      ),
      ...(drives.length > 0 ? { [drive]: driveAlive(tree[drive] ?? {}) } : {}),
      [sessionService]: { ...tree[sessionService], Sessions: { '@odata.id': sessionsPath } },
    },
  };
}

/** The machine's power and boot override in place of those of the moment of the recording. */
function alive(recorded: Json, hasBoot: boolean, hasPower: boolean): Resource {
  return (view) => {
    const shown = toBoot(view);
    const before = (recorded['Boot'] ?? {}) as Json;
    const kept = Object.fromEntries(Object.entries(shown).filter(([name]) => name in before));
    return {
      ...recorded,
      ...(hasPower ? { PowerState: view.machine.reported() } : {}),
      ...(hasBoot ? { Boot: { ...before, ...kept } } : {}),
    };
  };
}

function driveAlive(recorded: Json): Resource {
  return ({ machine: { media } }) => ({
    ...recorded,
    Image: media,
    ImageName: media,
    Inserted: media !== null,
  });
}

function withSessions(recorded: Json): Json {
  const links = (recorded['Links'] ?? {}) as Json;
  return { ...recorded, Links: { ...links, Sessions: { '@odata.id': sessionsPath } } };
}

/** The first that can be reset, as a physical one if there is. */
function findSystem(tree: Tree): string {
  const members = membersOf(tree, linkOf(tree[root]?.['Systems']) ?? `${root}/Systems`);
  const resettable = members.filter((path) => at(tree[path] ?? {}, 'Actions', '#ComputerSystem.Reset'));
  const physical = resettable.find((path) => (tree[path]?.['SystemType'] ?? 'Physical') === 'Physical');
  return physical ?? resettable[0] ?? members[0] ?? `${root}/Systems/none`;
}

function resetTypesOf(tree: Tree, action: Json | undefined): string[] | undefined {
  const inline = texts(action?.['ResetType@Redfish.AllowableValues']);
  const info = action?.['@Redfish.ActionInfo'];
  const parameters = tree[text(info) ?? linkOf(info) ?? '']?.['Parameters'];
  const told = (Array.isArray(parameters) ? (parameters as Json[]) : []).find(
    ({ Name }) => Name === 'ResetType',
  );
  return inline ?? texts(told?.['AllowableValues']);
}

function membersOf(tree: Tree, path: string): string[] {
  const members = tree[path]?.['Members'];
  return (Array.isArray(members) ? members : []).flatMap((member) => linkOf(member) ?? []);
}

function linkOf(value: unknown): string | undefined {
  return text((value as Json | null | undefined)?.['@odata.id'])?.replace(/(?<=.)\/$/, '');
}

function at(from: Json, ...names: string[]): Json | undefined {
  const found = names.reduce<unknown>((value, name) => (value as Json | null | undefined)?.[name], from);
  return typeof found === 'object' && found !== null ? (found as Json) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined;
}

function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}
