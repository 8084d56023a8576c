/**
 * Files that are being written. Their names say which process writes them, so that the next start on this host finds
 * those that a dead one left; other hosts may share the folder.
 */
import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Of the stores that are open in this process. */
const open = new Set<string>();
/** Nobody writes for so long. */
const mostAgeMs = 24 * 3_600_000;

const host = hostname().replaceAll(/[^A-Za-z0-9.-]/g, '-');

export interface Temporaries {
  newPath(): string;
  close(): void;
}

/** Removes what was left in the folder by processes that are gone. */
export async function openTemporaries(folder: string, now: () => number): Promise<Temporaries> {
  for (const name of await readdir(folder)) {
    if (await isAbandoned(join(folder, name), name, now())) await rm(join(folder, name), { force: true });
  }
  const own = randomUUID();
  open.add(own);
  return {
    newPath: () => join(folder, `${host}_${process.pid}_${own}_${randomUUID()}`),
    close: () => void open.delete(own),
  };
}

async function isAbandoned(path: string, name: string, now: number): Promise<boolean> {
  const [itsHost, pid, store] = name.split('_');
  if (itsHost === host && Number(pid) === process.pid) return !open.has(store ?? '');
  if (itsHost === host && !isAlive(Number(pid))) return true;
  const found = await stat(path).catch(() => null);
  return found !== null && now - found.mtimeMs > mostAgeMs;
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
