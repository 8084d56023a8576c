/** Packages of PyPI for the unmodified Python clients, in an environment that all runs of a checkout share. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url));

/**
 * The Python of an environment with these packages, or why there is none. Making one takes half a minute, so that it is
 * made once: pip compiles nothing here, and the versions are in the name of the folder.
 */
export async function pythonWith(packages: string[]): Promise<{ python: string } | { whyNot: string }> {
  const name = `python-${createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12)}`;
  const folder = join(cache, name);
  const python = join(folder, 'bin/python');
  if (existsSync(python)) return { python };
  const unfinished = `${folder}-${process.pid}`;
  try {
    await run('python3', ['-m', 'venv', unfinished]);
    const quietly = ['--quiet', '--disable-pip-version-check', '--no-compile'];
    await run(join(unfinished, 'bin/python'), ['-m', 'pip', 'install', ...quietly, ...packages]);
    await rename(unfinished, folder);
    return { python };
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (existsSync(python)) return { python }; // another run was quicker
    const { stderr, message } = error as { stderr?: string; message: string };
    const reason = (stderr?.trim() || message).split('\n').at(-1);
    return { whyNot: `${packages.join(', ')} could not be installed from PyPI: ${reason}` };
  }
}
