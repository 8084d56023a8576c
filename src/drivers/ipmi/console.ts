/**
 * The serial console as IPMI carries it: Serial over LAN (IPMI 2.0, 15 and 26), by `ipmitool sol activate` in a session
 * of its own beside those of the visits. ipmitool works over plain pipes (it says once that they are no terminal); when
 * its standard input ends it closes the session, so that a console does not outlive this process.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { DriverError, type SerialConsole } from '../../core/ports.ts';
import { killGroup, toArguments, toEnvironment, type Target } from './ipmitool.ts';

/** What it prints when bytes begin to flow; from there on everything is the machine's. */
const operational = /\[SOL Session operational\.[^\n]*\]\r?\n/;
/** In the face of its escape character, ipmitool looks at what follows a line end; doubled it stands for itself. */
const escape = '~'.charCodeAt(0);
const lineEnds = new Set([0x0a, 0x0d]);

const patience = { answerSeconds: 2, tries: 4 };
/** From the start to the first bytes, in milliseconds. */
const openingMs = 20_000;
/** From the end of its input to its own, in milliseconds; then it is killed. */
const goodbyeMs = 3_000;
/** More than this of its complaints is not kept. */
const mostComplaint = 2_000;

export interface SolOptions {
  program: string;
  target: Target;
  /** Called once when the session has ended; `isClean` false: the BMC may still hold it. */
  onEnd(isClean: boolean): void;
}

/** @throws DriverError `busy` while another has the console, `unsupported` where the BMC has none */
export function openSol({ program, target, onEnd }: SolOptions): Promise<Sol> {
  const args = [...toArguments(target, patience), '-e', String.fromCharCode(escape), 'sol', 'activate'];
  // Line by line: into a pipe the words that it has begun would else come with the machine's first bytes only.
  const child = spawn('stdbuf', ['-oL', program, ...args], { detached: true, env: toEnvironment(target) });
  const session = new Sol(child);
  const { promise, resolve, reject } = Promise.withResolvers<Sol>();
  const timer = setTimeout(() => session.kill(), openingMs);
  session.onOperational(() => {
    clearTimeout(timer);
    resolve(session);
  });
  child.once('error', () => undefined); // no such program: `close` follows
  child.once('close', () => {
    clearTimeout(timer);
    reject(toOpeningError(session.complaint)); // of no effect once it was open
    onEnd(!session.wasKilled);
    session.ended();
  });
  return promise;
}

export class Sol implements SerialConsole {
  wasKilled = false;
  complaint = '';
  readonly #child: ChildProcessWithoutNullStreams;
  #isOperational = false;
  #isClosing = false;
  #endedBecause: string | null = null;
  #banner = Buffer.alloc(0);
  #hasLineEnded = true;
  /** What came before somebody listened. */
  #early: Uint8Array[] = [];
  #onOperational = () => {};
  #onData: ((bytes: Uint8Array) => void) | null = null;
  #onClose: ((reason: string) => void) | null = null;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdout.on('data', (bytes: Buffer) => this.#receive(bytes));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.complaint = (this.complaint + text).slice(-mostComplaint);
    });
    child.stdin.on('error', () => undefined); // it has ended; `close` tells
  }

  onOperational(listener: () => void): void {
    this.#onOperational = listener;
  }

  /** It was asked to end; that takes a moment. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  write(bytes: Uint8Array): void {
    if (this.#isClosing || !this.#child.stdin.writable) return;
    this.#child.stdin.write(this.#escaped(bytes));
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.#onData = listener;
    for (const bytes of this.#early.splice(0)) listener(bytes);
  }

  onClose(listener: (reason: string) => void): void {
    this.#onClose = listener;
    if (this.#endedBecause !== null) listener(this.#endedBecause);
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#child.stdin.end();
    setTimeout(() => this.kill(), goodbyeMs).unref();
  }

  kill(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.wasKilled = true;
    killGroup(this.#child);
  }

  ended(): void {
    this.#endedBecause = this.#isClosing ? 'The console was closed' : 'The BMC ended the console session';
    this.#onClose?.(this.#endedBecause);
  }

  #receive(bytes: Buffer): void {
    if (this.#isOperational) return this.#deliver(bytes);
    this.#banner = Buffer.concat([this.#banner, bytes]);
    const text = this.#banner.toString('latin1');
    const found = operational.exec(text);
    if (!found) return;
    this.#isOperational = true;
    const rest = this.#banner.subarray(found.index + found[0].length);
    this.#onOperational();
    if (rest.length > 0) this.#deliver(rest);
  }

  #deliver(bytes: Uint8Array): void {
    if (this.#onData) this.#onData(bytes);
    else this.#early.push(bytes);
  }

  #escaped(bytes: Uint8Array): Uint8Array {
    const all: number[] = [];
    for (const byte of bytes) {
      if (this.#hasLineEnded && byte === escape) all.push(escape);
      all.push(byte);
      this.#hasLineEnded = lineEnds.has(byte);
    }
    return Uint8Array.from(all);
  }
}

function toOpeningError(complaint: string): DriverError {
  if (/already active/i.test(complaint)) {
    const words = 'Another session has the serial console of this BMC';
    return new DriverError('busy', words, { retryAfterMs: 60_000 });
  }
  if (/payload disabled|not supported|Invalid command|SOL is not enabled/i.test(complaint)) {
    return new DriverError('unsupported', 'The BMC has no Serial over LAN, or it is switched off there');
  }
  if (/cannot be activated.*instance limit|instance limit exceeded/i.test(complaint)) {
    return new DriverError('busy', 'The BMC has no room for another console', { retryAfterMs: 60_000 });
  }
  return new DriverError('unreachable', 'The serial console did not open over IPMI');
}
