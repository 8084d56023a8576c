/**
 * The server program, which kills itself by SIGKILL at a checkpoint that the parent names: the n-th statement by which
 * the worker claims or writes, before it is sent or after it is committed. Nothing in the program knows of it.
 */
import { flushCompileCache } from 'node:module';
import pg from 'pg';

interface Doom {
  at: number;
  when: 'before' | 'after';
}

let doom: Doom | null = null;
let passed = 0;
process.on('message', (message: Doom | 'are you alive') => {
  if (message !== 'are you alive') {
    flushCompileCache(); // which is otherwise done at an orderly exit, and there is none
    doom = message;
    passed = 0;
  }
  process.send!('yes');
});

type Query = (...args: unknown[]) => unknown;
const query = pg.Client.prototype.query as unknown as Query;

pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
  const text = textOf(args[0]);
  if (isWrite(text) && comes('before')) return die();
  const sent = query.apply(this, args);
  if (!(sent instanceof Promise)) return sent;
  return sent.then((result: pg.QueryResult) => {
    const isCheckpoint = isWrite(text) || (isClaim(text) && result.rows.length > 0);
    if (isCheckpoint && comes('after')) die();
    return result;
  });
} as typeof pg.Client.prototype.query;

function comes(when: Doom['when']): boolean {
  if (doom?.when !== when) return false;
  passed += 1;
  return passed === doom.at;
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;); // until the signal arrives
}

function textOf(asked: unknown): string {
  return typeof asked === 'string' ? asked : ((asked as { text?: string } | null)?.text ?? '');
}

const isWrite = (text: string) => text.includes('jsonb_to_recordset') && text.includes('held as');
const isClaim = (text: string) => text.includes('claimed as');

await import('../../src/cli.ts');
