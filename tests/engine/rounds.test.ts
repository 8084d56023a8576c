/** A round over the fleet: who waits for whom. */
import { describe, expect, it } from 'vitest';
import { walkRound } from '../../src/engine/rounds.ts';

/** A fleet whose machines answer when told to. */
function fleet(size: number) {
  const waiting = new Map<number, () => void>();
  const begun: number[] = [];
  const claims: number[] = [];
  let next = 0;
  let woken = () => {};
  return {
    begun,
    answer: (id: number) => waiting.get(id)!(),
    claims,
    async claim(most: number) {
      claims.push(most);
      const ids = Array.from({ length: Math.min(most, size - next) }, (_, at) => next + at);
      next += ids.length;
      return ids;
    },
    visit(id: number): Promise<void> {
      begun.push(id);
      woken();
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    async hasBegun(count: number) {
      while (begun.length < count) await new Promise<void>((resolve) => (woken = resolve));
    },
  };
}

describe('a round', () => {
  it('visits everybody once, no more at once than there are places', async () => {
    const machines = fleet(10);
    let underWay = 0;
    let most = 0;
    const walked = walkRound(
      {
        claim: (count) => machines.claim(count),
        async visit(id) {
          machines.begun.push(id);
          most = Math.max(most, ++underWay);
          await new Promise((resolve) => setImmediate(resolve));
          underWay -= 1;
        },
      },
      { places: 4, most: 4 },
    );
    await walked;
    expect(machines.begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(most).toBe(4);
  });

  it('goes on past machines that do not answer, and ends when they have', async () => {
    const machines = fleet(6);
    const walked = walkRound(machines, { places: 2, most: 100 });
    // The first two never answer; all others get their turn all the same.
    await machines.hasBegun(4);
    machines.answer(2);
    machines.answer(3);
    await machines.hasBegun(6);
    for (const id of [4, 5, 0, 1]) machines.answer(id);
    await walked;
  });

  it('has a bound even for machines that do not answer', async () => {
    const machines = fleet(6);
    const walked = walkRound(machines, { places: 2, most: 2 });
    await machines.hasBegun(2);
    expect(machines.claims).toEqual([2]);
    machines.answer(0);
    await machines.hasBegun(3);
    for (const id of [1, 2]) machines.answer(id);
    await machines.hasBegun(5);
    for (const id of [3, 4]) machines.answer(id);
    await machines.hasBegun(6);
    machines.answer(5);
    await walked;
  });

  it('claims nothing more when it is ended from outside', async () => {
    const machines = fleet(100);
    const ending = new AbortController();
    const walked = walkRound(machines, { places: 2, most: 2, signal: ending.signal });
    await machines.hasBegun(2);
    ending.abort();
    machines.answer(0);
    machines.answer(1);
    await walked;
    expect(machines.begun).toEqual([0, 1]);
  });
});
