/** Where machines stand: rooms (CloudDC: idc) and racks, as a project sees them by the machines it sees. */
import type { Health, NodeStanding } from './node.ts';
import type { Power } from './lifecycle.ts';

export interface Tag {
  key: string;
  value: string;
}

export interface Room {
  id: string;
  name: string;
  zone: string;
  racks: number;
  description: string;
}

export interface Rack {
  id: string;
  name: string;
  room: string;
  zone: string;
  machines: number;
  description: string;
  tags: Tag[];
}

/** Machines that are alike, counted. */
export interface MachineCount {
  room: string;
  health: Health;
  power: Power;
  standing: NodeStanding;
  count: number;
}

export interface SitePage {
  limit: number;
  /** Keyset: the id of the last record of the page before. */
  marker?: string;
  /** By id; ascending unless said otherwise. */
  descending?: boolean;
}

export interface Site {
  listRooms(projectId: string, filter: { ids?: string[] }, page: SitePage): Promise<Room[]>;
  countRooms(projectId: string): Promise<number>;
  listRacks(projectId: string, filter: { ids?: string[] }, page: SitePage): Promise<Rack[]>;
  countRacks(projectId: string): Promise<number>;
  /** What the project says of rooms and racks; nobody else reads it. */
  describe(projectId: string, descriptions: { id: string; description: string }[]): Promise<void>;

  /** The project's tags on nodes or racks, by their ids. */
  listTags(projectId: string, ids: string[]): Promise<Map<string, Tag[]>>;
  /** A key that is there gets the new value. */
  addTags(projectId: string, id: string, tags: Tag[]): Promise<void>;
  removeTags(projectId: string, id: string, keys: string[]): Promise<void>;

  countMachines(projectId: string): Promise<MachineCount[]>;
}

/** A room without a name is the zone's only one, and is called like the zone. */
export function roomOf({ room, zone }: { room: string; zone: string }): string {
  return room === '' ? zone : room;
}
