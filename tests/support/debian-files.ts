/** Files of a Debian package that must not be installed, for what it would do to the machine: downloaded and unpacked. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url));

/** The folder with its files, kept for the next run, or why there is none. */
export async function unpackDebian(name: string): Promise<{ folder: string } | { whyNot: string }> {
  const folder = join(cache, `debian-${name}`);
  if (existsSync(folder)) return { folder };
  const unfinished = `${folder}-${process.pid}`;
  try {
    await mkdir(unfinished, { recursive: true });
    const download = () => run('apt-get', ['-qq', 'download', name], { cwd: unfinished });
    // Without lists, or with old ones, the file is not found; only root may renew them.
    await download().catch(async () => {
      await run('apt-get', ['-qq', 'update']);
      await download();
    });
    const [file] = await readdir(unfinished);
    await run('dpkg', ['-x', file!, 'files'], { cwd: unfinished });
    await rename(join(unfinished, 'files'), folder).catch(() => undefined); // another run was quicker
    return { folder };
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    return { whyNot: `Debian's ${name} could not be had: ${(stderr?.trim() || message).split('\n').at(-1)}` };
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
