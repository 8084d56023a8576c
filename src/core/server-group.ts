/**
 * Groups of servers that are to stand apart. On bare metal no two servers ever share a host, so that anti-affinity is
 * kept by itself; beyond that a server is put into a rack where its group has none yet, if there is such a machine free.
 */

export const serverGroupPolicies = ['anti-affinity', 'soft-anti-affinity'] as const;
export type ServerGroupPolicy = (typeof serverGroupPolicies)[number];

export interface ServerGroup {
  id: string;
  projectId: string;
  userId: string;
  name: string;
  policy: ServerGroupPolicy;
  /** Servers that are not deleted, oldest first. */
  members: string[];
}

export interface ServerGroups {
  find(id: string, projectId: string): Promise<ServerGroup | null>;
  /** Oldest first. `projectId` null: all. */
  list(projectId: string | null, page: { limit: number; offset: number }): Promise<ServerGroup[]>;
  create(group: Omit<ServerGroup, 'members'>): Promise<void>;
  /** Its servers stay. */
  remove(id: string, projectId: string): Promise<boolean>;
}
