import { expect, it } from 'vitest';
import { createErrorLog } from './error-log.ts';

it('tells an error at once, and the same one again after a minute with how often it came', () => {
  const lines: [facts: Record<string, unknown>, message: string][] = [];
  let at = 0;
  const logger = { error: (...line: (typeof lines)[number]) => void lines.push(line) };
  const log = createErrorLog(logger as unknown as Parameters<typeof createErrorLog>[0], () => at);
  const away = () => new Error('connect ECONNREFUSED');

  log(away(), 'reading power failed');
  for (at = 1; at < 60_000; at += 1_000) log(away(), 'reading power failed');
  log(away(), 'claiming work failed');
  log(new Error('no such column'), 'reading power failed');
  at = 60_000;
  log(away(), 'reading power failed');
  log(away(), 'reading power failed');

  expect(lines.map(([{ left_out: leftOut }, message]) => [message, leftOut])).toEqual([
    ['reading power failed', undefined],
    ['claiming work failed', undefined],
    ['reading power failed', undefined],
    ['reading power failed', 60],
  ]);
});
