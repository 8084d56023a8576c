import { describe, expect, it } from 'vitest';
import { TrafficLimit } from '../../src/drivers/traffic-limit.ts';

const options = { least: 4, most: 64, start: 8, lendMs: 60_000, windowMs: 60_000 };

/** A limit with more to do than it has places for; `end` ends everything. */
function crowd(given: Partial<typeof options> = {}) {
  const traffic = new TrafficLimit({ ...options, ...given });
  const gate = Promise.withResolvers<void>();
  const runs = Array.from({ length: 200 }, () => traffic.pass(() => gate.promise));
  return { traffic, end: () => (gate.resolve(), Promise.all(runs)) };
}

describe('the limit on all traffic', () => {
  it('lets as many through as it has places, and everybody in the end', async () => {
    const { traffic, end } = crowd();
    expect(traffic.census()).toEqual({ limit: 8, inFlight: 8, waiting: 192 });
    await end();
    expect(traffic.census()).toEqual({ limit: 8, inFlight: 0, waiting: 0 });
  });

  it('grows while it is used and nobody suffers, up to its most', async () => {
    const { traffic, end } = crowd();
    for (let window = 0; window < 20; window += 1) traffic.judge(0);
    expect(traffic.census()).toMatchObject({ limit: 64, inFlight: 64 });
    await end();
  });

  it('stays as it is while it is not used up', () => {
    const traffic = new TrafficLimit(options);
    for (let window = 0; window < 5; window += 1) traffic.judge(0);
    expect(traffic.census().limit).toBe(8);
  });

  it.each<[string, (traffic: TrafficLimit) => void, number]>([
    ['BMCs answer slower than they use to', (traffic) => repeat(20, () => traffic.answered(3)), 0],
    ['many that used to answer fail', (traffic) => repeat(20, () => traffic.failed()), 0],
    ['this process is late', () => {}, 200],
  ])('shrinks when %s, down to its least', async (_, suffer, lateMs) => {
    const { traffic, end } = crowd({ start: 60 });
    suffer(traffic);
    traffic.judge(lateMs);
    expect(traffic.census().limit).toBe(48);
    for (let window = 0; window < 20; window += 1) {
      suffer(traffic);
      traffic.judge(lateMs);
    }
    expect(traffic.census().limit).toBe(4);
    await end();
  });

  it('takes a few slow or dead BMCs for what they are', async () => {
    const { traffic, end } = crowd();
    repeat(20, () => traffic.answered(1));
    repeat(5, () => traffic.answered(40));
    repeat(5, () => traffic.failed());
    traffic.judge(0);
    expect(traffic.census().limit).toBeGreaterThan(8);
    await end();
  });

  it('asks others while an exchange with a dead BMC still waits for its time-out', async () => {
    const traffic = new TrafficLimit({ ...options, start: 1, lendMs: 1 });
    const dead = Promise.withResolvers<void>();
    const waiting = traffic.pass(() => dead.promise);
    await expect(traffic.pass(async () => 'answer')).resolves.toBe('answer');
    dead.resolve();
    await waiting;
    expect(traffic.census()).toMatchObject({ inFlight: 0, waiting: 0 });
  });
});

function repeat(times: number, call: () => void): void {
  for (let time = 0; time < times; time += 1) call();
}
