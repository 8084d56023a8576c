/** The audit trail: one row for each call that was to change something, also for those that were refused. */

export interface AuditPerson {
  id: string | null;
  name: string | null;
  accountId: string | null;
  accountName: string | null;
}

export interface AuditEntry {
  id: string;
  /** Whose affair it was: the account of the project, else of the user. */
  account: { id: string; name: string } | null;
  projectId: string | null;
  /** Of a refused login, what was claimed. */
  user: AuditPerson;
  accessKey: string | null;
  sourceIp: string;
  requestId: string;
  /** Name of the API. */
  service: string;
  /** Id of the route. */
  route: string;
  method: string;
  /** Of the call, as the published audit trails have it ("stopBareMetalServers"). */
  name: string;
  /** The documented permission. */
  action: string | null;
  resourceType: string | null;
  /** None known but a job: the servers of the job are taken. */
  resourceIds: string[];
  resourceName: string | null;
  jobId: string | null;
  statusCode: number;
  errorCode: string | null;
}

export type AuditRow = AuditEntry & { at: Date };

/** normal: done; warning: refused; incident: failed on our side. */
export const auditRatings = ['normal', 'warning', 'incident'] as const;
export type AuditRating = (typeof auditRatings)[number];

export function toRating(statusCode: number): AuditRating {
  if (statusCode < 400) return 'normal';
  return statusCode < 500 ? 'warning' : 'incident';
}

export interface AuditFilter {
  id?: string;
  accountId?: string;
  /** With rows of the account that belong to no project. */
  projectId?: string;
  userId?: string;
  userName?: string;
  accessKey?: string;
  services?: string[];
  name?: string;
  resourceId?: string;
  resourceName?: string;
  resourceType?: string;
  requestId?: string;
  rating?: AuditRating;
  from?: Date;
  to?: Date;
}

export interface Audit {
  /** Comes back when the row is durable; calls that come together share a statement. */
  record(entry: AuditEntry): Promise<void>;
  /** Newest first; after the row with that id when there is a marker. An unknown marker is an IngotError. */
  list(filter: AuditFilter, page: { limit: number; marker?: string }): Promise<AuditRow[]>;
  /** Removes rows older than this many days, some thousands at a time. */
  purge(days: number): Promise<number>;
}
