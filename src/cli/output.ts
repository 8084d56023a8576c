/** What a command prints: JSON for programs, a table or a list of fields for people. */
import type { Answer } from './client.ts';

export type Columns = Record<string, (row: Answer) => unknown>;

export function toTable(rows: Answer[], columns: Columns): string {
  const titles = Object.keys(columns);
  const cells = rows.map((row) => Object.values(columns).map((cell) => toText(cell(row))));
  const widths = titles.map((title, at) => Math.max(title.length, ...cells.map((line) => line[at]!.length)));
  return [titles, ...cells]
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One field per line; lists of records one per line below their name. */
export function toFields(answer: Answer): string {
  const width = Math.max(...Object.keys(answer).map((name) => name.length));
  return Object.entries(answer)
    .map(([name, value]) => `${name.replaceAll('_', ' ').padEnd(width)}  ${toText(value)}`.trimEnd())
    .join('\n');
}

function toText(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(toText).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
