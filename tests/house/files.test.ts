/** How files are named and how long they get. */
import { describe, expect, it } from 'vitest';
import { listFiles, readSource } from './source-files.ts';

const files = listFiles('src', 'console', 'tests', 'bench', 'lab', 'scripts', 'bin', 'docs');

/** Names that outside programs look for. */
const givenNames =
  /^(README|CONTRIBUTING|AGENTS|CHANGELOG)\.md$|^(LICENSE|NOTICE|Dockerfile|Makefile)$|^__init__\.py$/;
/** They say that something is in there, not what. */
const emptyNames = /^(utils?|common|helpers?|managers?|services?|base|types?|misc|shared)$/;
const longestFile = 600;

describe('files', () => {
  it('are named in kebab-case', () => {
    const isKebab = (name: string) => /^\.?[a-z0-9]+([.-][a-z0-9]+)*$/.test(name);
    const wrong = files.filter(
      (path) => !path.split('/').every((name) => isKebab(name) || givenNames.test(name)),
    );
    expect(wrong).toEqual([]);
  });

  it('and folders are named after their subject', () => {
    const stem = (name: string) => name.replace(/\..*$/, '');
    // Samples have the names of routes, which the published APIs chose.
    const own = files.filter((path) => !/^tests\/samples\/.*\.json$/.test(path));
    expect(own.filter((path) => path.split('/').some((name) => emptyNames.test(stem(name))))).toEqual([]);
  });

  it(`have at most ${longestFile} lines`, () => {
    // The table types are written by a program, and as long as the database has columns.
    const written = files.filter((path) => path !== 'src/store/tables.ts');
    const sources = written.filter((path) => /\.(ts|tsx|mts|mjs|js|css|sql)$/.test(path));
    const long = sources.filter((path) => readSource(path).split('\n').length > longestFile + 1);
    expect(long).toEqual([]);
  });
});

describe('the lock file', () => {
  it('names no package registry, so that an install works with any mirror', () => {
    expect(readSource('package-lock.json').match(/"resolved": "https?:[^"]*"/g)).toBeNull();
  });

  it('and .npmrc leave the choice of a registry to the user', () => {
    expect(readSource('.npmrc')).not.toMatch(/:\/\/|^registry\s*=/m);
  });
});
