/** What the parts of a resource tree are written with. */
import type { Machine } from '../machine.ts';
import type { Json } from '../reply.ts';
import type { Sessions } from '../sessions.ts';
import type { BmcSettings } from '../settings.ts';
import type { Paths } from './paths.ts';

/** What a resource is made from. */
export interface View {
  settings: BmcSettings;
  machine: Machine;
  sessions: Sessions;
  username: string;
  /** The session of whoever asks is good. */
  isKnown: boolean;
}

export type Resource = (view: View) => Json;
export type Tree = Map<string, Resource>;

/** What the parts of a tree need while it is built. */
export interface Draft {
  settings: BmcSettings;
  machine: Machine;
  paths: Paths;
  /** `type` is the schema with its version: `Drive.v1_17_0.Drive`. */
  add(path: string, type: string, resource: Resource | Json): void;
  /** A collection of members at `path`; `kind` is `Drive`. */
  addCollection(path: string, kind: string, members: readonly string[] | ((view: View) => string[])): void;
}

export function link(path: string): { '@odata.id': string } {
  return { '@odata.id': path };
}

export const fine = { State: 'Enabled', Health: 'OK' };
