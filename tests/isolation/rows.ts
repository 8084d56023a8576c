/** The isolation matrix: what each route answers to whom; a row per route in `matrix.txt`. */
import { readFileSync } from 'node:fs';

/**
 * - `none` without a token, `expired` with one whose time is over
 * - `foreign` the root user of another account; `smuggled` the same by the path of its own project
 * - `reader`, `member`, `admin` of the project
 */
export const columns = ['none', 'expired', 'foreign', 'smuggled', 'reader', 'member', 'admin'] as const;
export type Column = (typeof columns)[number];
/** Status codes, `ok` for any of 200 to 299; `-` where there is nothing of the kind. */
export type Outcomes = Record<Column, string>;

const text = readFileSync(new URL('matrix.txt', import.meta.url), 'utf8');

/**
 * By `API ROUTE`, and by `API ROUTE#VARIANT` where a further sample of the route has other answers; null: open to
 * everybody.
 */
export const matrix: ReadonlyMap<string, Outcomes | null> = new Map(
  text
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => {
      const [api, route, ...cells] = line.trim().split(/\s+/);
      const outcomes = Object.fromEntries(columns.map((column, at) => [column, cells[at]])) as Outcomes;
      return [`${api} ${route}`, cells[0] === 'open' ? null : outcomes];
    }),
);
