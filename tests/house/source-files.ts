/** Reads the checkout for the house rules. Paths are relative to its top, with forward slashes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('../..', import.meta.url));
const made = new Set(['node_modules', 'dist', 'data', 'coverage']);

/** All files under these folders, those that tools make excepted. */
export function listFiles(...folders: string[]): string[] {
  return folders.flatMap((folder) => (existsSync(join(top, folder)) ? walk(folder) : []));
}

function walk(folder: string): string[] {
  return readdirSync(join(top, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name).replaceAll(sep, '/');
    if (entry.isDirectory()) return made.has(entry.name) ? [] : walk(path);
    return [path];
  });
}

export function readSource(path: string): string {
  return readFileSync(join(top, path), 'utf8');
}
