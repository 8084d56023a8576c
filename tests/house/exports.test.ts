/** What a file shows to others is what others use: the rest is free to change, or dead. Types may be there for callers. */
import { expect, it } from 'vitest';
import { listFiles, readSource } from './source-files.ts';

const files = listFiles('src', 'tests', 'bench', 'scripts', 'lab').filter((path) => /\.(ts|mjs)$/.test(path));
const texts = new Map(files.map((path) => [path, readSource(path)]));

/** Which files have a word in them. */
const places = new Map<string, Set<string>>();
for (const [path, text] of texts) {
  for (const [word] of text.matchAll(/[\w$]+/g)) {
    places.set(word, (places.get(word) ?? new Set()).add(path));
  }
}

it('exports no function, constant or class that no other file names', () => {
  const unused = files
    .filter((path) => path.startsWith('src/'))
    .flatMap((path) => {
      const exported = texts.get(path)!.matchAll(/^export (?:async )?(?:function\*?|const|class) ([\w$]+)/gm);
      return Array.from(exported, ([, name]) => name!)
        .filter((name) => places.get(name)!.size === 1)
        .map((name) => `${path}: ${name}`);
    });
  expect(unused).toEqual([]);
});
