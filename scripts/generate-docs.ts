/** Writes the generated pages; `tests/house/docs.test.ts` fails when they are stale. */
import { mkdir, writeFile } from 'node:fs/promises';
import { pages } from './docs-pages.ts';

await mkdir(new URL('../docs/samples', import.meta.url), { recursive: true });
for (const [name, text] of Object.entries(pages())) {
  await writeFile(new URL(`../docs/${name}`, import.meta.url), text);
  console.log(`docs/${name}`);
}
