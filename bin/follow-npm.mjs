/**
 * Ends us when the `npm start` that runs us has ended.
 *
 * npm runs a script through a shell. Killing npm (SIGTERM or SIGKILL, as a process supervisor does) ends
 * npm and perhaps the shell, and leaves the script running with its port taken. npm and the shell are our
 * grandparent and parent: when one of them is not what it was, we send ourselves the SIGTERM that npm did
 * not pass on.
 */
import { readFileSync } from 'node:fs';

const lookEveryMs = 250;

/** Does nothing unless npm runs us. The timer keeps no process alive. */
export function followNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const [shell, npm] = [process.ppid, parentOf(process.ppid)];
  const watch = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npm) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, lookEveryMs);
  watch.unref();
}

/** Known on Linux only; elsewhere nothing, which never changes. */
function parentOf(pid) {
  try {
    // "pid (name) state ppid …", where the name may hold anything.
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) \S /s, '')
      .split(' ')[0];
  } catch {
    return undefined;
  }
}
