import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pages } from '../../scripts/docs-pages.ts';

for (const [name, text] of Object.entries(pages())) {
  it(`docs/${name} is what the code says (npm run docs)`, () => {
    expect(readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')).toBe(text);
  });
}
