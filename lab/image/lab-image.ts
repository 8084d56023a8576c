/**
 * Images for the machines of the rack, built from Debian's kernel and busybox. A build takes some seconds and is kept
 * under `data/lab`, by the content of everything that went into it.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const inRoom = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** What was built for the lab, kept from run to run. */
export const cache = inRoom('../../data/lab');
const buildScript = inRoom('build-image.sh');

export interface LabImage {
  name: string;
  /** A raw disk, packed by zstd: an emulated machine unpacks it in half a second, where gzip takes it three and a half. */
  file: string;
  /** Of the packed bytes, hex. */
  sha256: string;
}

/** @param name what the system calls itself on its console; images of different names differ in nothing else */
export async function makeLabImage(name: string): Promise<LabImage> {
  const kernel = await fetchKernel();
  const key = createHash('sha256').update(`${name}\n${kernel}\n`);
  const parts = await readdir(inRoom('files'));
  for (const part of [buildScript, ...parts.sort().map((part) => inRoom(`files/${part}`))])
    key.update(await readFile(part));
  const file = join(cache, `image-${key.digest('hex').slice(0, 16)}.raw.zst`);
  await makeOnce(file, async (folder) => {
    const raw = join(folder, 'disk.raw');
    await run(buildScript, [kernel, name, raw]);
    await run('zstd', ['-q', raw]);
    return `${raw}.zst`;
  });
  return { name, file, sha256: await hashFile(file) };
}

/**
 * Debian's kernel for virtual machines, unpacked and not installed: installing takes half a minute and makes an initrd
 * that nobody needs.
 *
 * @returns the folder that has `boot` and `lib/modules`
 */
export async function fetchKernel(): Promise<string> {
  const { stdout } = await run('apt-cache', ['depends', 'linux-image-cloud-amd64']);
  const name = /Depends: (linux-image-\d\S+)/.exec(stdout)?.[1];
  if (name === undefined) throw new Error('apt knows no kernel linux-image-cloud-amd64; run apt-get update');
  const folder = join(cache, name);
  await makeOnce(folder, async (work) => {
    // As root apt would change to another user, who may not write here.
    await run('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', name], { cwd: work });
    const [archive] = await readdir(work);
    const tree = join(work, 'tree');
    await run('dpkg-deb', ['--extract', join(work, archive!), tree]);
    return tree;
  });
  return folder;
}

/** Runs `make` in a folder of its own, unless the result is there. */
function makeOnce(path: string, make: (folder: string) => Promise<string>): Promise<void> {
  return oneAtATime(async () => {
    if (await exists(path)) return;
    const work = await mkdtemp(join(cache, 'work-'));
    try {
      await rename(await make(work), path);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

/**
 * For what goes to the cache: several processes want the same at the same time, and building it once is faster. The lock is
 * held by a child that ends when we do, whatever we die of.
 */
export async function oneAtATime<T>(act: () => Promise<T>): Promise<T> {
  await mkdir(cache, { recursive: true });
  const holder = spawn('flock', [join(cache, 'lock'), 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'exit');
  try {
    holder.stdin.write('held\n'); // comes back as soon as cat runs
    await once(holder.stdout, 'data');
    return await act();
  } finally {
    holder.stdin.end();
    await ended;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest('hex');
}
