/**
 * What was ordered. There are no prices here: an order is a job that has an order id, and stands as its job stands.
 */
import type { Alteration } from './alteration.ts';
import type { JobStatus } from './job.ts';
import type { Operation } from './operations.ts';

/** Who may see it: a project, or a whole account. */
export interface Owner {
  projectId: string | null;
  accountId: string | null;
}

export interface Order {
  id: string;
  projectId: string;
  userId: string;
  operation: Operation | Alteration;
  status: JobStatus;
  createdAt: Date;
  endedAt: Date | null;
}

/** What can be unsubscribed: servers and volumes. */
export interface Resource {
  id: string;
  kind: 'server' | 'volume';
  projectId: string;
  name: string;
  /** With volumes: the servers that have it. */
  serverIds: string[];
}

export interface Orders {
  find(id: string, owner: Owner): Promise<Order | null>;
  /** What came of it: the servers that were made, each with its volumes. */
  listResources(orderId: string, owner: Owner): Promise<Resource[]>;
  /** Those that exist, in no particular order. */
  findResources(ids: string[], owner: Owner): Promise<Resource[]>;
}
