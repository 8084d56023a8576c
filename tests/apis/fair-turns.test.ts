/** Turns that go round among those who ask. */
import { expect, it } from 'vitest';
import { createFairTurns } from '../../src/apis/fair-turns.ts';

/** Work that ends when it is told to, and the order in which it began. */
function makeDesk(atOnce: number, mostWaitingEach = 100) {
  const turns = createFairTurns(atOnce, mostWaitingEach, () => new Error('too many'));
  const began: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (whose: string, name: string) =>
    turns.take(whose, () => {
      began.push(name);
      return new Promise<string>((resolve) => ends.push(() => resolve(name)));
    });
  /** Ends the oldest piece of work, and lets the next begin. */
  const end = async () => {
    ends.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { ask, end, began };
}

it('who asks once does not wait behind who asks for many', async () => {
  const { ask, end, began } = makeDesk(1);
  const all = ['a1', 'a2', 'a3', 'a4'].map((name) => ask('a', name));
  all.push(ask('b', 'b1'), ask('c', 'c1'), ask('b', 'b2'));
  for (let at = 0; at < all.length; at++) await end();
  expect(began).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2']);
});

it('as many as there are places work at once, and all of them again after a rest', async () => {
  const { ask, end, began } = makeDesk(2);
  for (const name of ['1', '2', '3']) void ask('a', name);
  expect(began).toEqual(['1', '2']);
  for (let at = 0; at < 3; at++) await end();
  for (const name of ['4', '5', '6']) void ask('a', name);
  expect(began).toEqual(['1', '2', '3', '4', '5']);
});

it('who has too many waiting is refused, and nobody else', async () => {
  const { ask, end, began } = makeDesk(1, 2);
  const all = ['a1', 'a2', 'a3'].map((name) => ask('a', name));
  await expect(ask('a', 'a4')).rejects.toThrow('too many');
  all.push(ask('b', 'b1'));
  for (let at = 0; at < all.length; at++) await end();
  expect(began).toEqual(['a1', 'a2', 'b1', 'a3']);
});

it('work that fails gives its place to the next', async () => {
  const turns = createFairTurns(1, 10, () => new Error('too many'));
  const failing = turns.take('a', () => Promise.reject(new Error('broken')));
  const next = turns.take('a', () => Promise.resolve('done'));
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe('done');
});
