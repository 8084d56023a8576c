/** Commands of Python clients, whose loading is done once for all commands of a test process (`loaded-shell.py`). */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

type Environment = Record<string, string | undefined>;
type Shell = (args: string[], env: Environment) => Promise<string>;

const program = fileURLToPath(new URL('loaded-shell.py', import.meta.url));
const shells = new Map<string, Shell>();

/**
 * What a command writes to standard output; a code other than 0 is an error with its words. Of one module, one command runs
 * at a time.
 *
 * @param module with the `main` of the command
 */
export function runLoaded(python: string, module: string, args: string[], env: Environment): Promise<string> {
  const key = `${python} ${module}`;
  const shell = shells.get(key) ?? startShell(python, module);
  shells.set(key, shell);
  return shell(args, env);
}

/** It ends with its standard input, which is with this process. */
function startShell(python: string, module: string): Shell {
  const child = spawn(python, [program, module], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) (pipe as Socket).unref();
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let before: Promise<unknown> = Promise.resolve();

  async function run(args: string[], env: Environment): Promise<string> {
    child.stdin.write(`${JSON.stringify({ args, env })}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error(`${module} ended instead of running ${args.join(' ')}`);
    const { code, stdout, stderr } = JSON.parse(value) as { code: number; stdout: string; stderr: string };
    if (code !== 0) throw new Error(`${module} ${args.join(' ')} ended with ${code}:\n${stderr}`);
    return stdout;
  }

  return (args, env) => {
    const ran = before.then(() => run(args, env));
    before = ran.catch(() => undefined);
    return ran;
  };
}
