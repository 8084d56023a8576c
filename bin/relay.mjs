/**
 * Runs a program in the place of this one: same terminal, same signals, same exit.
 *
 * The child leads a process group of its own, so that it never gets a signal twice: Ctrl-C reaches the
 * whole foreground group of a terminal, which would be once from the terminal and once from us. This way
 * every signal comes through us. npm passes on the Ctrl-C that the terminal has already delivered to us,
 * so two equal signals in quick succession are one.
 *
 * An IPC channel tells the child when we are gone, even by SIGKILL: it gets the event `disconnect`.
 *
 * Plain JavaScript for any Node from 18 on.
 */
import { spawn } from 'node:child_process';

const relayedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const sameSignalWithinMs = 250;

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{ code: number | null, signal: string | null }>}
 */
export function relay(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...options,
      detached: process.platform !== 'win32',
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
    const lastSeen = new Map();
    const pass = (signal) => {
      const now = performance.now();
      if (now - (lastSeen.get(signal) ?? -Infinity) > sameSignalWithinMs) child.kill(signal);
      lastSeen.set(signal, now);
    };
    const settle = (finish) => (value, signal) => {
      for (const name of relayedSignals) process.off(name, pass);
      finish(value, signal);
    };
    for (const name of relayedSignals) process.on(name, pass);
    child.once('error', settle(reject));
    child.once(
      'exit',
      settle((code, signal) => resolve({ code, signal })),
    );
  });
}

/** Ends this process the way the relayed one ended; a shell sees no difference. */
export function exitLike({ code, signal }) {
  if (signal) {
    process.kill(process.pid, signal);
    // Signals that do not end a process at once (or are ignored here) must not leave us running.
    setTimeout(() => process.exit(1), 1000);
  } else {
    process.exit(code ?? 1);
  }
}
