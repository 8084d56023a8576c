/** A round over the fleet: who waits for whom. */
import { describe, expect, it } from 'vitest';
import { createRounds } from '../../src/engine/rounds.ts';

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
    keyOf: String,
    /** All are due again. */
    nextRound: () => void (next = 0),
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
    const rounds = createRounds(
      {
        claim: (count: number) => machines.claim(count),
        keyOf: String,
        async visit(id: number) {
          machines.begun.push(id);
          most = Math.max(most, ++underWay);
          await new Promise((resolve) => setImmediate(resolve));
          underWay -= 1;
        },
      },
      { places: 4, most: 4 },
    );
    await rounds.run();
    expect(machines.begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(most).toBe(4);
  });

  it('goes on past machines that do not answer, and ends without them', async () => {
    const machines = fleet(6);
    const rounds = createRounds(machines, { places: 2, most: 100 });
    const walked = rounds.run();
    // The first two never answer; all others get their turn all the same.
    await machines.hasBegun(4);
    machines.answer(2);
    machines.answer(3);
    await machines.hasBegun(6);
    machines.answer(4);
    machines.answer(5);
    await walked;
  });

  it('passes over whom an earlier round still waits for, and visits them again when that has ended', async () => {
    const machines = fleet(3);
    const rounds = createRounds(machines, { places: 3, most: 3 });
    const first = rounds.run();
    await machines.hasBegun(3);
    machines.answer(1);
    machines.answer(2);
    await first;

    machines.nextRound();
    const second = rounds.run();
    await machines.hasBegun(5);
    expect(machines.begun.slice(3), 'the first one is visited already').toEqual([1, 2]);
    for (const id of [0, 1, 2]) machines.answer(id);
    await second;
    await rounds.settled();

    machines.nextRound();
    const third = rounds.run();
    await machines.hasBegun(8);
    expect(machines.begun.slice(5)).toEqual([0, 1, 2]);
    for (const id of [0, 1, 2]) machines.answer(id);
    await third;
  });

  it('counts whom an earlier round still waits for among all that are visited', async () => {
    const machines = fleet(4);
    const rounds = createRounds(machines, { places: 2, most: 3 });
    const walked = rounds.run();
    await machines.hasBegun(2);
    await machines.hasBegun(3); // the first two have lost their places; a third visit is all there may be
    machines.answer(2);
    await machines.hasBegun(4);
    machines.answer(3);
    await walked;
    expect(machines.claims).toEqual([2, 1, 1, 1]);
  });

  it('holds the claims of visits under way, and of no others', async () => {
    const machines = fleet(2);
    const held: string[][] = [];
    let prolonged = () => {};
    const hold = {
      everyMs: 1,
      async prolong(keys: string[]) {
        held.push(keys);
        prolonged();
      },
    };
    const next = () => new Promise<void>((resolve) => (prolonged = resolve));
    const rounds = createRounds({ ...machines, hold }, { places: 2, most: 2 });
    const walked = rounds.run();
    await machines.hasBegun(2);
    await next();
    expect(held.at(-1)).toEqual(['0', '1']);
    machines.answer(0);
    await new Promise((resolve) => setImmediate(resolve));
    await next();
    expect(held.at(-1)).toEqual(['1']);
    machines.answer(1);
    await walked;
    await rounds.settled();
  });

  it('has a bound even for machines that do not answer', async () => {
    const machines = fleet(6);
    const walked = createRounds(machines, { places: 2, most: 2 }).run();
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

  it('says so when claiming fails, and lets the visits under way end', async () => {
    const machines = fleet(2);
    let isBroken = false;
    const rounds = createRounds(
      {
        ...machines,
        claim: (most: number) => (isBroken ? Promise.reject(new Error('no database')) : machines.claim(most)),
      },
      { places: 2, most: 4 },
    );
    const walked = rounds.run();
    await machines.hasBegun(2);
    isBroken = true;
    machines.answer(0);
    machines.answer(1);
    await expect(walked).rejects.toThrow('no database');
  });

  it('claims nothing more when it is ended from outside, and tells when the rest has ended', async () => {
    const machines = fleet(100);
    const ending = new AbortController();
    const rounds = createRounds(machines, { places: 2, most: 2 });
    const walked = rounds.run(ending.signal);
    await machines.hasBegun(2);
    ending.abort();
    await walked;
    let isSettled = false;
    const settled = rounds.settled().then(() => (isSettled = true));
    machines.answer(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).toBe(false);
    machines.answer(1);
    await settled;
    expect(machines.begun).toEqual([0, 1]);
  });
});
