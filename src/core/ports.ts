/**
 * What the engine needs of hardware. A driver answers one question or sends one request and returns; it never waits
 * for an effect, never retries a command and never calls back. Waiting, repeating and giving up belong to the engine.
 */
import type { Operation } from './operations.ts';
import type { BootDevice, DeployOrder, Health, Inventory, Node } from './node.ts';

/** Why a driver is called: the simulated fleet chooses faults by it, others put it into their logs. */
export interface Purpose {
  operation: Operation | 'power-sync' | 'inspect' | 'health' | 'password';
  /** The sub-job on whose behalf; null for the engine's own readings. */
  subJobId: string | null;
}

/** What the BMC said just now. */
export interface PowerReading {
  power: 'on' | 'off';
  /** A sentence for history and `why`: "Redfish PowerState Off". */
  evidence: string;
}

/** A command was taken by the BMC. Nothing is known about its effect yet. */
export interface Acknowledgement {
  evidence: string;
  /** When a first look makes sense, in milliseconds from now; 0 when the effect may be there already. */
  lookInMs: number;
}

/** How the machine is, by its own sensors. */
export interface HealthReading {
  health: Health;
  /** What is wrong, or that nothing is: a sentence for history and `why`. */
  evidence: string;
}

/** An entry of the BMC's own log (Redfish LogEntry, IPMI SEL). */
export interface LogEntry {
  id: string;
  at: Date | null;
  severity: Health;
  message: string;
}

/** The serial console of a machine: bytes both ways until either side closes. */
export interface SerialConsole {
  write(bytes: Uint8Array): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Called once, with the reason in words; also after `close`. */
  onClose(listener: (reason: string) => void): void;
  close(): void;
}

/** How the long work of a machine stands: an installation, a wipe, a first boot. */
export interface DeployReading {
  status: 'running' | 'done' | 'failed';
  /** What it is doing, in words for `why`: "writing image, 40 %". */
  evidence: string;
  /** When to look again, in milliseconds. */
  lookInMs: number;
}

export interface Driver {
  readonly name: string;
  /**
   * For how long after a command the old power state may still be reported, in milliseconds. After a crash between
   * intent and result the engine looks for this long before it sends a command a second time.
   */
  readonly powerLagMs: number;
  /** How many equal readings in a row are believed (2 where vendors are known to lie in between). */
  readonly equalReadings: number;
  /** Factor on the lifecycle's deadlines: simulated time runs faster than the real one. */
  readonly timeScale: number;

  readPower(node: Node, purpose: Purpose): Promise<PowerReading>;
  /** Level, not edge: asks for a power state, always forced. Asking for a state that already holds is success. */
  setPower(node: Node, power: 'on' | 'off', purpose: Purpose): Promise<Acknowledgement>;
  /** For the next start only. */
  setBootDevice(node: Node, device: BootDevice, purpose: Purpose): Promise<Acknowledgement>;
  inspect(node: Node, purpose: Purpose): Promise<Inventory>;

  readHealth(node: Node, purpose: Purpose): Promise<HealthReading>;
  /** The newest entries first, at most so many. */
  readEventLog(node: Node, most: number, purpose: Purpose): Promise<LogEntry[]>;
  /** Restarts the BMC, not the machine, whose power stays as it is. The BMC is away for minutes afterwards. */
  resetBmc(node: Node, purpose: Purpose): Promise<Acknowledgement>;
  /** Gives the account that we are at this BMC another password. Sent once; whether it holds is seen by logging in. */
  setPassword(node: Node, password: string, purpose: Purpose): Promise<Acknowledgement>;
  /** Puts the image at an http URL into the virtual drive, in place of what is in it. */
  insertMedia(node: Node, url: string, purpose: Purpose): Promise<Acknowledgement>;
  /** An empty drive is success. */
  ejectMedia(node: Node, purpose: Purpose): Promise<Acknowledgement>;
  /** One at a time per machine; throws `busy` while another is open. */
  openConsole(node: Node): Promise<SerialConsole>;
  /** What the machine wrote to its console lately. Absent where only an open console tells. */
  readConsoleLog?(node: Node): Promise<string>;

  /** Ends sessions and sockets; called once at shutdown. */
  close(): Promise<void>;
}

/**
 * Puts systems on machines and takes off what a tenant left. Like a driver it begins or reads, and never waits; what it
 * begins goes on by itself on the machine. How it does so is its own affair: over the network, by virtual media, or not
 * at all where a machine comes with its system.
 */
export interface Installer {
  /** Puts a system on the machine; safe to repeat from the start. The machine ends powered off, ready to boot it. */
  beginDeploy(node: Node, order: DeployOrder, purpose: Purpose): Promise<Acknowledgement>;
  readDeploy(node: Node, purpose: Purpose): Promise<DeployReading>;
  /** Whether the installed system was seen running since the machine was switched on after the deploy. */
  readFirstBoot(node: Node, purpose: Purpose): Promise<DeployReading>;
  /** Erases what a tenant left; safe to repeat from the start. */
  beginWipe(node: Node, purpose: Purpose): Promise<Acknowledgement>;
  readWipe(node: Node, purpose: Purpose): Promise<DeployReading>;
}

/** Looks at a machine that carries no server by what it boots: the ramdisk tells what it is made of. */
export interface Inspector {
  /** Safe to repeat from the start. */
  beginInspect(node: Node, purpose: Purpose): Promise<Acknowledgement>;
  /** Done: what was found stands in the node, and the machine is off. */
  readInspect(node: Node, purpose: Purpose): Promise<DeployReading>;
  /** Nothing more is taken from its ramdisk; the machine is told to switch off. */
  abandonInspect(node: Node, reason: string, purpose: Purpose): Promise<void>;
}

/**
 * - `unreachable`: no answer; worth repeating until the deadline.
 * - `busy`: the BMC asks for patience (503, 429, POST under way); worth repeating after `retryAfterMs`.
 * - `denied`: wrong credentials; repeating would lock the account.
 * - `rejected`: the BMC understood and says no; repeating is pointless.
 * - `unsupported`: this driver or machine cannot do that.
 */
export type DriverErrorKind = 'unreachable' | 'busy' | 'denied' | 'rejected' | 'unsupported';

export class DriverError extends Error {
  readonly kind: DriverErrorKind;
  readonly retryAfterMs: number | null;

  constructor(
    kind: DriverErrorKind,
    message: string,
    options: { retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DriverError';
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }

  get canRepeat(): boolean {
    return this.kind === 'unreachable' || this.kind === 'busy';
  }
}
