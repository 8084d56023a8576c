/** What servers have taken over a time, those that are gone as well. */
import type { State } from './lifecycle.ts';
import type { Page } from './page.ts';

export interface ServerUsage {
  id: string;
  projectId: string;
  name: string;
  flavorName: string;
  vcpus: number;
  ramMib: number;
  diskGb: number;
  launchedAt: Date;
  terminatedAt: Date | null;
  /** Null: its record is gone. */
  state: State | null;
  deletingFrom: State | null;
  /** Within the time that was asked for, and not after now. */
  hours: number;
}

export interface ProjectUsage {
  projectId: string;
  hours: number;
  /** Each times the hours. */
  vcpus: number;
  ramMib: number;
  diskGb: number;
  /** By id; none unless asked for. */
  servers: ServerUsage[];
}

export interface UsageQuery {
  /** Null: of all. */
  projectId: string | null;
  from: Date;
  to: Date;
  /** Servers are named one by one. */
  isDetailed: boolean;
  /** Of servers, by id; without it all are counted. */
  page?: Page;
}

export interface Usages {
  /** By project; those without any server in that time are not among them. Throws invalid for an unknown marker. */
  list(query: UsageQuery): Promise<ProjectUsage[]>;
}
