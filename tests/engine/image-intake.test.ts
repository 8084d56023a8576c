/** Bringing in images: what a beat under way means for a transfer that ends meanwhile. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Image } from '../../src/core/image.ts';
import { createIntake, type IntakeRoom } from '../../src/engine/image-intake.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

const image = { id: 'image', diskFormat: 'raw', containerFormat: 'bare' } as Image;
const who = { userId: 'user', requestId: 'request' };
const disk = { path: '/disk', sizeBytes: 1 };
const theBeat = 2_000;

/** The store, whose answer to a beat and to the end of a transfer come when the test says; all else is done at once. */
function openRoom() {
  const beat = Promise.withResolvers<boolean>();
  const end = Promise.withResolvers<boolean>();
  const received = Promise.withResolvers<object>();
  const discarded = Promise.withResolvers<void>();
  const called = { beat: false, end: false };
  const transfers = {
    open: async () => undefined,
    storedBytes: async () => 0,
    report: () => ((called.beat = true), beat.promise),
    complete: () => ((called.end = true), end.promise),
    fail: async () => undefined,
  };
  const files = {
    receive: () => received.promise,
    prepare: async () => ({ disk, source: null }),
    discard: () => discarded.promise,
  };
  const limits = { mostBytes: 10, mostStoredBytes: 10 };
  const room = { transfers, files, limits, origin: {}, log: () => undefined } as unknown as IntakeRoom;
  const ended = createIntake(room).upload(image, who, (async function* () {})(), null);
  ended.catch(() => undefined);
  return { beat, end, received, discarded, called, ended };
}

it('an upload whose end overtakes a beat is not taken for one that was lost', async () => {
  const { beat, end, received, discarded, called, ended } = openRoom();
  await vi.advanceTimersByTimeAsync(theBeat);
  expect(called.beat).toBe(true);
  received.resolve({ path: '/received' });
  await vi.waitUntil(() => called.end);
  end.resolve(true);
  beat.resolve(false); // the row is no transfer any more
  await beat.promise;
  discarded.resolve();
  await expect(ended).resolves.toBeUndefined();
});

it('an upload whose image is deleted while its bytes come is told so', async () => {
  const { beat, ended } = openRoom();
  await vi.advanceTimersByTimeAsync(theBeat);
  beat.resolve(false);
  await expect(ended).rejects.toMatchObject({ facts: { kind: 'superseded' } });
});

it('an upload whose image is deleted at the last moment is told so', async () => {
  const { end, received, discarded, called, ended } = openRoom();
  received.resolve({ path: '/received' });
  await vi.waitUntil(() => called.end);
  end.resolve(false);
  discarded.resolve();
  await expect(ended).rejects.toMatchObject({ facts: { kind: 'not-found' } });
});
