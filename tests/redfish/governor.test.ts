import { describe, expect, it } from 'vitest';
import { DriverError } from '../../src/core/ports.ts';
import { Governor, governorDefaults } from '../../src/drivers/governor.ts';
import { TrafficLimit } from '../../src/drivers/traffic-limit.ts';
import { failureOf, makeDriver, makeNode, nobody, purpose } from './node.ts';
import { startRedfishServer } from '../../src/bmc-simulator/redfish-server.ts';

const dead = () => Promise.reject(new DriverError('unreachable', 'The BMC gave no answer'));

/** A governor whose clock is a number and whose dice always fall highest. */
function makeGovernor(options: Partial<typeof governorDefaults> = {}) {
  const clock = { now: 0, waited: [] as number[] };
  const wait = async (ms: number) => void clock.waited.push(ms);
  const governor = new Governor({
    ...governorDefaults,
    driver: 'test',
    traffic: new TrafficLimit(),
    firstPauseMs: 1_000,
    now: () => clock.now,
    random: () => 1,
    wait,
    ...options,
  });
  return { governor, clock };
}

describe('the governor of a BMC', () => {
  it('lets two exchanges run at once and hands the places on in order', async () => {
    const { governor } = makeGovernor();
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const started: number[] = [];
    const runs = gates.map((gate, index) =>
      governor.run(() => {
        started.push(index);
        return gate.promise;
      }),
    );
    await Promise.resolve();
    expect(governor.underWay).toBe(2);
    for (const [index, gate] of gates.entries()) {
      gate.resolve();
      await runs[index];
    }
    expect(started).toEqual([0, 1, 2, 3, 4]);
    expect(governor.underWay).toBe(0);
  });

  it('keeps exchanges apart where spacing is asked for', async () => {
    const { governor, clock } = makeGovernor({ spacingMs: 500 });
    await governor.run(async () => {});
    await governor.run(async () => {});
    await governor.run(async () => {});
    expect(clock.waited).toEqual([500, 1_000]);
  });

  it('speaks to a BMC that labours one exchange at a time, with a pause as long as its answer took', async () => {
    const { governor, clock } = makeGovernor();
    const take = (ms: number) => async () => void (clock.now += ms);
    for (let times = 0; times < 5; times += 1) await governor.run(take(100));
    expect(governor.isLabouring).toBe(false);
    await governor.run(take(4_000));
    expect(governor.isLabouring).toBe(true);
    const gate = Promise.withResolvers<void>();
    const runs = [governor.run(() => gate.promise), governor.run(() => gate.promise)];
    await Promise.resolve();
    expect(governor.underWay).toBe(1);
    gate.resolve();
    await Promise.all(runs);
    expect(clock.waited[0]).toBeGreaterThan(1_000);
    for (let times = 0; times < 10; times += 1) await governor.run(take(100));
    expect(governor.isLabouring).toBe(false);
  });

  it('tries a dead BMC more often while an operation waits for it', async () => {
    const { governor, clock } = makeGovernor({ longestAwaitedPauseMs: 5_000 });
    for (let times = 0; times < 10; times += 1) {
      clock.now += 1_000_000; // every try is a probe
      await failureOf(governor.run(dead));
    }
    clock.now += 4_999;
    governor.hurry();
    expect(await failureOf(governor.run(dead))).toMatchObject({ retryAfterMs: 250 });
    expect(governor.state).toBe('open');
    clock.now += 1;
    expect(governor.state).toBe('half-open');
    expect(await failureOf(governor.run(dead))).toMatchObject({ retryAfterMs: 5_000 });
    clock.now += 1_000_000;
    expect(await failureOf(governor.run(dead)), 'nobody waits any more').toMatchObject({
      retryAfterMs: 300_000,
    });
  });

  it('leaves a dead BMC alone after three failures, then sends one probe', async () => {
    const { governor, clock } = makeGovernor();
    for (let times = 0; times < 3; times += 1) await failureOf(governor.run(dead));
    expect(governor.state).toBe('open');

    let isAsked = false;
    const ask = async () => void (isAsked = true);
    const refusal = await failureOf(governor.run(ask));
    expect(refusal).toMatchObject({ kind: 'unreachable', canRepeat: true, retryAfterMs: 4_000 });
    expect(isAsked).toBe(false);

    clock.now += 4_000;
    expect(governor.state).toBe('half-open');
    const probe = Promise.withResolvers<void>();
    const probing = governor.run(() => probe.promise);
    expect(await failureOf(governor.run(ask))).toMatchObject({ kind: 'unreachable' });
    expect(isAsked).toBe(false);

    probe.resolve();
    await probing;
    expect(governor.state).toBe('closed');
    await governor.run(ask);
    expect(isAsked).toBe(true);
  });

  it('pauses twice as long when the probe fails, up to the longest pause', async () => {
    const { governor, clock } = makeGovernor({ longestPauseMs: 10_000 });
    const pauses: (number | null)[] = [];
    for (let times = 0; times < 6; times += 1) {
      const { retryAfterMs } = await failureOf(governor.run(dead));
      pauses.push(retryAfterMs);
      clock.now += retryAfterMs ?? 0;
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('does not let those that waited for a place speak to a BMC found dead meanwhile', async () => {
    const { governor } = makeGovernor();
    let asked = 0;
    const runs = Array.from({ length: 10 }, () => {
      const ask = async () => {
        asked += 1;
        await dead();
      };
      return failureOf(governor.run(ask));
    });
    await Promise.all(runs);
    expect(asked).toBeLessThanOrEqual(4);
  });

  it('keeps quiet for as long as the BMC asked', async () => {
    const { governor, clock } = makeGovernor();
    governor.keepQuiet(7_000);
    clock.now += 3_000;
    expect(await failureOf(governor.run(async () => {}))).toMatchObject({
      kind: 'busy',
      retryAfterMs: 4_000,
    });
    clock.now += 4_000;
    await expect(governor.run(async () => 'answer')).resolves.toBe('answer');
  });
});

describe('the driver under its governor', () => {
  it('never has more than two requests under way at one BMC, and one session', async () => {
    await using server = await startRedfishServer({ latencyMs: 2 });
    await using driver = makeDriver();
    const node = makeNode(server.url);
    await Promise.all([
      ...Array.from({ length: 20 }, () => driver.readPower(node, purpose)),
      driver.inspect(node, purpose),
      driver.setPower(node, 'on', purpose),
    ]);
    expect(server.peakInFlight).toBe(2);
    expect(server.counters()).toMatchObject({ sessions: 1, sessionsPeak: 1 });
  });

  it('does not touch a BMC again that did not answer three times', async () => {
    let now = Date.now();
    await using driver = makeDriver({ now: () => now, firstPauseMs: 60_000 });
    const node = makeNode(nobody);
    for (let times = 0; times < 3; times += 1) await failureOf(driver.readPower(node, purpose));
    expect(driver.governorOf(nobody)?.state).toBe('open');
    const { message } = await failureOf(driver.readPower(node, purpose));
    expect(message).toContain('left alone');
    now += 300_000;
    expect(driver.governorOf(nobody)?.state).toBe('half-open');
  });

  it('is not slowed at one BMC by another that hangs', async () => {
    const hung = Promise.withResolvers<void>();
    await using healthy = await startRedfishServer();
    await using dying = await startRedfishServer({ fault: () => (hung.resolve(), 'drop') });
    await using driver = makeDriver();
    const waiting = failureOf(driver.readPower(makeNode(dying.url), purpose));
    await hung.promise;
    await expect(driver.readPower(makeNode(healthy.url), purpose)).resolves.toMatchObject({ power: 'off' });
    expect(await waiting).toMatchObject({ kind: 'unreachable' });
  });
});

it('a BMC is hurried by operations, and not by readings of the engine', async () => {
  const clock = { now: 0 };
  await using driver = makeDriver({ now: () => clock.now, random: () => 1, firstPauseMs: 1_000 });
  const node = makeNode(nobody);
  const ask = async (subJobId: string | null) =>
    (await failureOf(driver.readPower(node, { ...purpose, subJobId }))).message;
  for (let times = 0; times < 8; times += 1) {
    clock.now += 1_000_000; // every try is a probe
    expect(await ask(null)).toContain('gave no answer');
  }
  clock.now += 15_000;
  expect(await ask(null)).toContain('left alone');
  expect(await ask('a sub-job')).toContain('gave no answer');
});
