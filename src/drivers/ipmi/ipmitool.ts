/**
 * One run of `ipmitool`: one session at the BMC, however many commands. Processes start in a group of their own and are
 * killed with all that they started when their time is over, for ipmitool is known to hang for minutes (Ironic, rn
 * ipmi-kill-hung-commands).
 *
 * `-v` makes it say why a session could not be had (without, a wrong password and a dead BMC read the same); the first
 * command of the run takes that back, for it changes what the others print.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { IpmiPrivilege } from '../../core/ipmi-address.ts';

export interface Target {
  host: string;
  port: number;
  username: string;
  password: string;
  privilege: IpmiPrivilege;
  /**
   * Always named: without `-C` ipmitool first asks the BMC for its suites, which some do not answer (10 s lost with
   * ipmi_sim 2.0.33 and ipmitool 1.8.19).
   */
  cipher: number;
}

/** How long a message waits for its answer, in seconds, and how often it is sent. */
export interface Patience {
  answerSeconds: number;
  tries: number;
  /** When the process is killed, in milliseconds. */
  deadlineMs: number;
}

export interface Output {
  stdout: string;
  stderr: string;
  /** Of ipmitool; null when it was killed or could not be started. */
  code: number | null;
  end: 'exited' | 'deadline' | 'no-program';
}

/** The shell's "command not found" and "cannot execute" (POSIX, 2.8.2). */
const notRunnable = [126, 127];
/** More than any BMC has to say; a run that prints for ever must not fill the memory. */
const mostOutput = 4 * 1024 * 1024;

/** ipmitool reads its commands from a pipe, which Node cannot make for a child (its pipes are sockets). */
const script = 'printf "%s\\n" "$INGOT_IPMI_COMMANDS" | exec "$@"';

/** Arguments that are common to every use. The password goes by the environment: arguments are seen by every user. */
export function toArguments(
  { host, port, username, privilege, cipher }: Target,
  patience: Omit<Patience, 'deadlineMs'>,
) {
  return [
    ['-I', 'lanplus', '-H', host, '-p', String(port), '-U', username, '-E'],
    ['-C', String(cipher), '-L', privilege.toUpperCase()],
    ['-N', String(patience.answerSeconds), '-R', String(patience.tries)],
  ].flat();
}

/** Only what the child needs: nothing of our own environment, which may hold other secrets. */
export function toEnvironment({ password }: Target): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin:/usr/sbin:/sbin',
    LC_ALL: 'C',
    TZ: 'UTC',
    IPMI_PASSWORD: password,
  };
}

export class Ipmitool {
  readonly #program: string;
  readonly #running = new Set<ChildProcess>();

  constructor(program: string) {
    this.#program = program;
  }

  get program(): string {
    return this.#program;
  }

  /** Never throws: whatever happens is in the output. */
  run(target: Target, commands: readonly string[], patience: Patience): Promise<Output> {
    const args = [
      '-c',
      script,
      'sh',
      this.#program,
      '-v',
      ...toArguments(target, patience),
      'exec',
      '/dev/stdin',
    ];
    const env = { ...toEnvironment(target), INGOT_IPMI_COMMANDS: ['set verbose 0', ...commands].join('\n') };
    const child = spawn('/bin/sh', args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#running.add(child);
    const { promise, resolve } = Promise.withResolvers<Output>();
    const said = { stdout: '', stderr: '' };
    let end: Output['end'] = 'exited';
    const timer = setTimeout(() => {
      end = 'deadline';
      killGroup(child);
    }, patience.deadlineMs);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
        if (said[name].length > mostOutput) killGroup(child);
      });
    }
    const settle = (code: number | null) => {
      clearTimeout(timer);
      this.#running.delete(child);
      if (end === 'exited' && code !== null && notRunnable.includes(code)) end = 'no-program';
      resolve({ ...said, code, end });
    };
    child.once('error', () => {
      end = 'no-program';
      settle(null);
    });
    child.once('close', settle);
    return promise;
  }

  /** Kills what runs. */
  close(): void {
    for (const child of this.#running) killGroup(child);
  }
}

/** The child leads a group of its own, with the number of the child. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as { code?: string }).code !== 'ESRCH') throw error; // it went by itself just now
  }
}
