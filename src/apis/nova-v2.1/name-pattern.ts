/**
 * Names are looked for by a regular expression, which the database carries out. What a caller writes must not keep it busy:
 * PostgreSQL tries all ways to share a text among groups that are referred to (`\1`), and writes repetitions out before it
 * begins. Six groups took minutes on a name of 60 letters, five repetitions within each other a gigabyte.
 */
import { invalid } from '../../core/errors.ts';

/** Characters of a pattern with its repetitions written out; no name is longer than 255. */
const mostSize = 1_000;

/** @throws invalid for what costs too much; what is no pattern at all is the database's to say */
export function checkNamePattern(pattern: string): void {
  // Directors and options (`***`, `(?b)`) change how all of it is read; with `(?=` it is read over and over.
  if (pattern.startsWith('***') || /\(\?(?!:)|\\\d/.test(withoutPlainEscapes(pattern))) {
    throw invalid('The name is a regular expression with back references, options or constraints.', 'name');
  }
  if (sizeOf(pattern) > mostSize) throw invalid('The name is too large a regular expression.', 'name');
}

/** Those before a digit refer to a group (`\1`), the others stay what they are (`\.`, `\d`). */
function withoutPlainEscapes(pattern: string): string {
  return pattern.replaceAll(/\\\D/gs, '');
}

const tokens = /\[\^?\]?[^\]]*\]|\\.|\{(\d+)(?:,(\d*))?\}|[()]|[^]/g;

/** How large it is with its repetitions written out, one within the other. */
function sizeOf(pattern: string): number {
  /** Of each open group: what it comes to so far, and its last part, which may be repeated. */
  const groups = [{ sum: 0, last: 0 }];
  const add = (size: number) => {
    const group = groups.at(-1)!;
    group.sum += group.last;
    group.last = size;
  };
  for (const [token, least, most] of pattern.matchAll(tokens)) {
    if (least !== undefined) groups.at(-1)!.last *= Math.max(Number(least), Number(most ?? 0), 1);
    else if (token === '(') groups.push({ sum: 0, last: 0 });
    else if (token === ')' && groups.length > 1) {
      const { sum, last } = groups.pop()!;
      add(sum + last);
    } else add(1);
  }
  return groups.reduce((size, { sum, last }) => size + sum + last, 0);
}
