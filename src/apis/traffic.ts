/**
 * The classes of routes, by how often one caller may come, how many are answered at once, and who goes first when the
 * program is behind. Each class is counted on its own, so that reading never takes a write's turn.
 */
import { actions, type Action } from '../core/actions.ts';

export const trafficClasses = {
  /** Health, figures, and what clients poll: a server, a job, a status. One 429 stops some clients for a minute. */
  polled: { limit: null, atOnce: Infinity, shedsAtLag: Infinity },
  /** The people who mend it must get in, above all when it is slow. */
  operator: { limit: null, atOnce: Infinity, shedsAtLag: Infinity },
  /**
   * Lists and catalogs. Fewer at once than there are connections to the database (`openDatabase`), so that polled reads
   * and writes find one.
   */
  read: { limit: 'reads', atOnce: 6, shedsAtLag: 1 },
  login: { limit: 'logins', atOnce: Infinity, shedsAtLag: 2 },
  write: { limit: 'writes', atOnce: Infinity, shedsAtLag: 2 },
} as const satisfies Record<string, Traffic>;

export type TrafficClass = keyof typeof trafficClasses;

interface Traffic {
  /** Which of the limits counts; null: none. */
  limit: keyof Limits | null;
  /** Calls under way in this process; the others wait for their turn. */
  atOnce: number;
  /** Refused from this many times the tolerated lag of the event loop on. */
  shedsAtLag: number;
}

/**
 * Requests per second, 0: no limit. Reads and writes are counted by project, logins by source address. For orientation,
 * Huawei Cloud has per tenant: lists 1000, other reads 500, changes of facts 100, operations on servers 50.
 */
export interface Limits {
  reads: number;
  writes: number;
  logins: number;
}

/** What of a route decides its class. */
interface Facts {
  traffic?: TrafficClass;
  isPolled?: boolean;
  action?: Action | { among: readonly Action[] };
  method: string;
}

export function trafficOf({ traffic, isPolled, action, method }: Facts): TrafficClass {
  if (traffic) return traffic;
  if (isPolled) return 'polled';
  const first = typeof action === 'object' ? action.among[0] : action;
  if (first && actions[first].isForOperators) return 'operator';
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write';
}
