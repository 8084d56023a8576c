/** The folder that an Ingot owns: its database, its keys, its images, and the credentials of its first start. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { credentialFiles, writeCredentialFiles } from '../store/credential-files.ts';
import type { FirstCredentials } from '../store/first-start.ts';

/**
 * Makes the folder where it is missing.
 * @returns its absolute path
 * @throws Error with one line, when it cannot be written
 */
export function makeDataFolder(data: string): string {
  return makeOwnFolder('data folder', data, 'INGOT_DATA');
}

/** The same for a folder beside it. @param setting that names it */
export function makeOwnFolder(what: string, path: string, setting: string): string {
  const folder = resolve(path);
  try {
    makeFolders(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (!statSync(folder).isDirectory()) throw new Error('it is a file');
  } catch (error) {
    throw new Error(`The ${what} ${folder} cannot be written: ${(error as Error).message} (${setting})`);
  }
  return folder;
}

/** One by one: `mkdir -p` of Node does not come back where a folder cannot be made although its parent exists (/proc). */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** Writes the credentials of a first start to files for clients. @returns the paths of the files */
export async function tellCredentials(
  folder: string,
  origin: string,
  { region }: Config,
  { password, begun }: { password: string; begun: FirstCredentials },
): Promise<string[]> {
  const { access, secret, projectId } = begun;
  await writeCredentialFiles(folder, { origin, region, password, access, secret, projectId });
  return credentialFiles.map((name) => join(folder, name));
}
