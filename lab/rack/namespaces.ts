/**
 * Namespaces of the rack's own: network, so that its DHCP and its BMCs meet nobody else's; processes, so that nothing
 * survives; mounts, for a /proc that shows these processes.
 */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs a Node program as the first process of new namespaces, with an IPC channel to us. The shell around it stays
 * outside and removes the folder in the end, also when we were killed.
 */
export function unshare(program: string, folder: string): ChildProcess {
  const script = 'unshare --net --mount --pid --fork --kill-child --mount-proc -- "$@"; rm -rf -- "$0"';
  return spawn('/bin/sh', ['-c', script, folder, process.execPath, '--no-warnings', program], {
    // A session of its own: Ctrl-C in our terminal must reach us alone.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** The pid, as we see it, of the process that `unshare` started inside: the shell's grandchild. */
export async function findFirstProcess(shell: ChildProcess): Promise<number> {
  for (;;) {
    const [outer] = childrenOf(shell.pid!);
    const [inner] = outer === undefined ? [] : childrenOf(outer);
    if (inner !== undefined) return inner;
    if (shell.exitCode !== null) throw new Error('The namespaces could not be made');
    await sleep(10);
  }
}

export interface Entered {
  process: ChildProcess;
  /** To the program itself; `process` is only the one that waits for it. */
  kill(signal: NodeJS.Signals): void;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** The command line with which a program runs inside. */
export function toEntry(firstProcess: number): string[] {
  return ['nsenter', `--target=${firstProcess}`, '--net', '--mount', '--pid'];
}

/** Runs a program inside. It ends with the rack. */
export function enter(
  firstProcess: number,
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Entered {
  const [nsenter = '', ...flags] = toEntry(firstProcess);
  const all = [...flags, `--wd=${String(options.cwd ?? process.cwd())}`, '--', command, ...args];
  const child = spawn(nsenter, all, { ...options, detached: true });
  const ended = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  ended.catch(() => undefined); // told to those who wait for it
  return {
    process: child,
    kill(signal) {
      for (const pid of childrenOf(child.pid!)) tryKill(pid, signal);
    },
    ended,
  };
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.trim() === '' ? [] : text.trim().split(' ').map(Number);
  } catch {
    return []; // it has ended
  }
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It was faster.
  }
}
