/** Which room may import which: section "Rooms" of docs, read from the import statements of src/. */
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFiles, readSource } from './source-files.ts';

interface Import {
  from: string;
  /** As written: `./lifecycle.ts`, `node:fs`, `fastify`. */
  specifier: string;
  /** The imported file of ours, if it is one. */
  file?: string;
}

/** What a room may import besides itself. "packages" are those of npm, "node" is what Node brings. */
const allowedImports: Record<string, string[]> = {
  core: [],
  engine: ['core', 'node'],
  apis: ['core', 'engine', 'node', 'packages'],
  drivers: ['core', 'node', 'packages'],
  boot: ['core', 'node', 'packages'],
  'bmc-simulator': ['core', 'node'],
  keystone: ['core', 'node', 'packages'],
  store: ['core', 'node', 'packages'],
  images: ['core', 'node', 'packages'],
  'config.ts': ['core', 'node', 'packages'],
};
/** These join everything. */
const joiners = ['main.ts', 'main', 'cli.ts', 'cli'];

const files = listFiles('src').filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.test.ts'));
const imports = files.flatMap(readImports);

function readImports(from: string): Import[] {
  const text = readSource(from).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const statements = text.matchAll(
    /(?:^|;)\s*(?:import|export)\s+(?:[\w$*{][^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
  );
  return Array.from(statements, ([, statically, dynamically]) => {
    const specifier = statically ?? dynamically ?? '';
    const file = specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined;
    return { from, specifier, file };
  });
}

/** The first part of the path under src/: a folder, or a file that is a room of its own. */
function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

/** What the rules call the imported thing. */
function kindOf({ specifier, file }: Import): string {
  if (file) return file.startsWith('src/') ? roomOf(file) : 'outside src';
  return specifier.startsWith('node:') ? 'node' : 'packages';
}

/** The folder of one published API, or nothing for the files that all APIs share. */
function apiOf(file: string): string | undefined {
  return /^src\/apis\/([^/]+)\//.exec(file)?.[1];
}

const show = ({ from, specifier }: Import) => `${from} imports ${specifier}`;

describe('imports', () => {
  it('are read at all', () => {
    expect(files).not.toEqual([]);
    expect(imports).not.toEqual([]);
  });

  it('start in a room that has a rule', () => {
    const rooms = [...Object.keys(allowedImports), ...joiners];
    expect(files.filter((file) => !rooms.includes(roomOf(file)))).toEqual([]);
  });

  it('point inwards, and no edge imports another edge', () => {
    const wrong = imports.filter((one) => {
      const room = roomOf(one.from);
      return !joiners.includes(room) && ![room, ...(allowedImports[room] ?? [])].includes(kindOf(one));
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('stay within src even in the files that join everything', () => {
    expect(imports.filter((one) => kindOf(one) === 'outside src').map(show)).toEqual([]);
  });

  it('of one API never lead into another', () => {
    const wrong = imports.filter(({ from, file }) => {
      const target = file && apiOf(file);
      return apiOf(from) && target && target !== apiOf(from);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('lead to files that exist', () => {
    const wrong = imports.filter(({ file }) => file && /\.tsx?$/.test(file) && !files.includes(file));
    expect(wrong.map(show)).toEqual([]);
  });

  it('form no cycles', () => {
    expect(findCycles()).toEqual([]);
  });
});

/** Each cycle as the chain of files that leads back to its first, found by a walk in depth. */
function findCycles(): string[] {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, chain: string[]) => {
    const start = chain.indexOf(file);
    if (start >= 0) cycles.push([...chain.slice(start), file].join(' -> '));
    if (start >= 0 || done.has(file)) return;
    for (const { file: target } of targets.get(file) ?? []) if (target) visit(target, [...chain, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return cycles;
}
