/** Everything in which simulated BMCs can differ. `lawful` is a BMC after the book; quirks change single settings. */
import type { EtagRule } from './etags.ts';
import { allResetTypes, machineDefaults, type SimulatedMachineOptions } from './simulated-machine.ts';
import type { TaskRule } from './tasks.ts';

export interface BmcSettings extends Omit<SimulatedMachineOptions, 'facts' | 'power'> {
  // Who it says it is.
  vendor: string;
  product: string;
  systemId: string;
  managerId: string;
  chassisId: string;
  /** Key under Oem of the root; null: none. */
  oem: string | null;
  bmcVersion: string;
  /** Members of Systems that are listed before the host and are not the host. */
  otherSystems: { id: string; systemType: string }[];

  // Who may come in.
  authentication: 'sessions' | 'basic';
  /** Hidden: the root has no link to SessionService, only Links.Sessions. */
  sessionService: 'shown' | 'hidden';
  maxSessions: number;
  sessionIdleMs: number;
  /** How likely it is that all sessions are gone when a request comes; 0 to 1. */
  sessionLoss: number;
  /** So many refused logins lock the account; 0: never. */
  lockAfter: number;
  lockMs: number;
  mustChangePassword: boolean;
  /** A refused login repeats the password in its words. */
  echoesPassword: boolean;

  // How it answers.
  /** Added to every answer, in milliseconds. */
  latencyMs: number;
  /** Up to so much more, by chance, in milliseconds. */
  latencySpreadMs: number;
  /** More requests at once than this are answered 503 and counted as a violation; 0: any number. */
  maxInFlight: number;
  /** Requests per second beyond which it answers 429; 0: any number. */
  rateLimit: number;
  retryAfter: 'seconds' | 'date' | 'absent';
  /** How likely a request is answered 503, a GET is answered 500, or a GET breaks off; 0 to 1. */
  busyShare: number;
  failShare: number;
  dropShare: number;
  /** Every answer closes its connection. */
  closesConnections: boolean;
  /** Gzip: compressed when the client takes it; always: compressed whatever it takes, with weak ETags. */
  encoding: 'identity' | 'gzip' | 'always';
  /** `Accept-Encoding: identity` is answered 406. */
  refusesIdentity: boolean;
  /** Slash: paths without a slash at the end are moved to those with one. Actions: POST is sent elsewhere. */
  redirects: 'none' | 'slash' | 'actions';
  etags: EtagRule;
  /** How `@Message.ExtendedInfo` looks. */
  extendedInfo: 'list' | 'object' | 'bare';
  drift: 'none' | 'nulls' | 'types';
  missing: readonly ('root-links' | 'managed-by' | 'status')[];
  /** A member is not there until its collection was read. */
  lazyMembers: boolean;

  // How it switches.
  /** Where the reset types are told. */
  allowables: 'inline' | 'action-info' | 'absent';
  resetTypes: readonly string[];
  /** What a reset is answered when the state is reached already. */
  alreadyThere: 204 | 400 | 409;
  /** Until a reset is taken again after one that was carried out, in milliseconds; 409 before. */
  coolDownMs: number;
  /** Set: resets are answered 202 with a task monitor. */
  tasks: TaskRule | null;

  // How it takes a boot override.
  bootIn: 'system' | 'settings';
  bootTargets: readonly string[];
  bootMode: 'shown' | 'absent';
  /** Enabled, Target and Mode must all be sent. */
  bootNeedsAll: boolean;
  /** What becomes of Once. */
  bootOnce: 'kept' | 'continuous' | 'refused' | 'ignored';
  /** Continuous is answered 400. */
  bootContinuousRefused: boolean;
  /** Enabled falls back to Disabled when a Target comes without it. */
  bootForgetsEnabled: boolean;
  /** The target None is refused. */
  bootNoneRefused: boolean;
  /** Changes are refused while the machine is in POST. */
  bootRefusedInPost: boolean;

  // How it takes an image.
  mediaIn: 'manager' | 'system';
  mediaSlots: readonly { id: string; types: readonly string[] }[];
  mediaBy: 'action' | 'patch';
  /** Image: Inserted and WriteProtected are refused. Transfer: TransferProtocolType and TransferMethod are demanded. */
  mediaTakes: 'all' | 'image' | 'transfer';
  /** Inserted stays true after an eject. */
  mediaStaysInserted: boolean;
  /** An eject without a JSON body is answered 400. */
  mediaEjectNeedsBody: boolean;
  /** A new image is refused while one is in. */
  mediaNeedsEject: boolean;

  // The BMC itself.
  managerResetTypes: readonly string[];
  /** How long it is away when it restarts, in milliseconds. */
  awayMs: number;
  /** Where fans and temperatures stand. */
  environment: 'thermal' | 'sensors';
}

const { facts: _facts, power: _power, ...machine } = machineDefaults;

export const lawful: BmcSettings = {
  ...machine,
  vendor: 'Ingot tests',
  product: 'Lawful BMC',
  systemId: '1',
  managerId: 'BMC',
  chassisId: '1',
  oem: null,
  bmcVersion: '1.2.3',
  otherSystems: [],

  authentication: 'sessions',
  sessionService: 'shown',
  maxSessions: 8,
  sessionIdleMs: 1_800_000,
  sessionLoss: 0,
  lockAfter: 0,
  lockMs: 0,
  mustChangePassword: false,
  echoesPassword: false,

  latencyMs: 0,
  latencySpreadMs: 0,
  maxInFlight: 0,
  rateLimit: 0,
  retryAfter: 'seconds',
  busyShare: 0,
  failShare: 0,
  dropShare: 0,
  closesConnections: false,
  encoding: 'identity',
  refusesIdentity: false,
  redirects: 'none',
  etags: 'strong',
  extendedInfo: 'list',
  drift: 'none',
  missing: [],
  lazyMembers: false,

  allowables: 'inline',
  resetTypes: allResetTypes,
  alreadyThere: 409,
  coolDownMs: 0,
  tasks: null,

  bootIn: 'system',
  bootTargets: ['None', 'Pxe', 'Cd', 'Hdd', 'BiosSetup'],
  bootMode: 'shown',
  bootNeedsAll: false,
  bootOnce: 'kept',
  bootContinuousRefused: false,
  bootForgetsEnabled: false,
  bootNoneRefused: false,
  bootRefusedInPost: false,

  mediaIn: 'system',
  mediaSlots: [{ id: 'Cd', types: ['CD', 'DVD'] }],
  mediaBy: 'action',
  mediaTakes: 'all',
  mediaStaysInserted: false,
  mediaEjectNeedsBody: false,
  mediaNeedsEject: true,

  managerResetTypes: ['ForceRestart', 'GracefulRestart'],
  awayMs: 0,
  environment: 'sensors',
};

/** The settings that are lengths of time; a simulation runs them faster or slower by one factor. */
const lengths = [
  'lagMs',
  'postMs',
  'latencyMs',
  'latencySpreadMs',
  'coolDownMs',
  'awayMs',
  'lockMs',
] as const satisfies (keyof BmcSettings)[];

/** The same BMC in a world that runs so many times slower; less than 1 is faster. */
export function inTime(settings: BmcSettings, factor: number): BmcSettings {
  const scaled = lengths.map((name) => [name, settings[name] * factor]);
  return { ...settings, ...Object.fromEntries(scaled) };
}
