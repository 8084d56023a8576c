/** What was observed of machines: alarms, which stand as long as their condition, and events. */

/** 1 critical, 2 major, 3 minor, 4 notice (CloudDC `alarm_level`). */
export type AlarmLevel = 1 | 2 | 3 | 4;

/** What can be wrong with a machine for a while. `device` is the part that it speaks of. */
export const conditions = {
  'health-critical': { level: 1, device: 'server', name: 'Hardware failure' },
  'health-warning': { level: 2, device: 'server', name: 'Hardware warning' },
  'bmc-unreachable': { level: 2, device: 'bmc', name: 'BMC unreachable' },
  quarantined: { level: 3, device: 'storage', name: 'Machine in quarantine' },
} as const satisfies Record<string, { level: AlarmLevel; device: string; name: string }>;
export type Condition = keyof typeof conditions;

/** Every condition begins and ends with an event; the others happen once. */
export const eventCodes = [
  'health-critical',
  'health-warning',
  'bmc-unreachable',
  'quarantined',
  'power-disagreement',
  'power-followed',
  'hardware-fault',
  'fault-cleared',
  'operation-failed',
] as const;
export type EventCode = (typeof eventCodes)[number];

export interface Alarm {
  id: string;
  nodeId: string;
  condition: Condition;
  message: string;
  beganAt: Date;
  lastAt: Date;
  /** null: it still stands. */
  endedAt: Date | null;
}

export interface NodeEvent {
  id: number;
  nodeId: string;
  at: Date;
  code: EventCode;
  /** The end of a condition. */
  isOver: boolean;
  message: string;
  origin: object;
}

export interface AlarmFilter {
  id?: string;
  isOpen?: boolean;
  nodeIds?: string[];
  conditions?: Condition[];
  /** When it began. */
  from?: Date;
  to?: Date;
}

export interface EventFilter {
  from: Date;
  to: Date;
  codes?: EventCode[];
  nodeId?: string;
}

export interface AlarmSummary {
  byCondition: { condition: Condition; count: number }[];
  /** The machines with the most open alarms, ten at most. */
  worst: {
    nodeId: string;
    name: string;
    alarms: { condition: Condition; count: number; seconds: number }[];
  }[];
  /** By room, with the serial numbers of (at most a hundred of) its machines. */
  byRoom: { room: string; byCondition: { condition: Condition; count: number }[]; serials: string[] }[];
}

export interface AlarmDay {
  /** YYYY-MM-DD, UTC. */
  day: string;
  byCondition: { condition: Condition; count: number }[];
  /** Machines with an alarm that began on that day. */
  machines: number;
  serials: string[];
}

interface Cut {
  offset: number;
  limit: number;
}

/** A project reads what was observed of machines while they were its own, and of those that are nobody's. */
export interface Observations {
  /** Newest first. */
  listAlarms(projectId: string, filter: AlarmFilter, cut: Cut): Promise<Alarm[]>;
  countAlarms(projectId: string, filter: AlarmFilter): Promise<number>;
  /** Of the alarms that stand now. */
  summarize(projectId: string): Promise<AlarmSummary>;
  /** Day by day, of the alarms that began then; days without any are left out. */
  listDays(projectId: string, from: Date, to: Date): Promise<AlarmDay[]>;
  listEvents(projectId: string, filter: EventFilter, cut: Cut): Promise<NodeEvent[]>;
  countEvents(projectId: string, filter: EventFilter): Promise<number>;
}
