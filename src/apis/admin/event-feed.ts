/**
 * One reader of history for all listeners of this process. It reads in commit order behind the last row read, when the
 * database tells of news and, because a row can become readable later than that, a few times afterwards; with nobody
 * listening it rests. A listener that resumes further back first catches up by itself and then joins.
 */
import type { History, HistoryEvent } from '../../core/records.ts';

/** A row as it goes to the listeners. */
export interface Frame {
  cursor: string;
  projectId: string | null;
  text: string;
}

export interface Listener {
  /** What was given to it last; events up to here are not for it. */
  cursor: string;
  /** Frames in order. Awaited while catching up, so that a reader of old rows sets the pace. */
  take(frames: Frame[]): Promise<void> | void;
  readonly isGone: boolean;
}

export interface Feed {
  /** The cursor of now, for a listener that begins here. */
  now(): Promise<string>;
  join(listener: Listener): Promise<void>;
  leave(listener: Listener): void;
  close(): void;
}

const mostAtOnce = 500;
/** After news the next readings follow at growing distances; the last one is the backstop for lost news. */
const firstPauseMs = 20;
const lastPauseMs = 1_000;

/** @param toFrames is asked once per batch, whatever the number of listeners */
export function createFeed(
  history: Pick<History, 'listAfter' | 'latestCursor' | 'onNews'>,
  toFrames: (events: HistoryEvent[]) => Promise<Frame[]>,
  log: (error: unknown, message: string) => void,
): Feed {
  const live = new Set<Listener>();
  /** What was read last for the listeners that are live; null while there are none. */
  let tail: string | null = null;
  let isReading = false;
  let isAskedAgain = false;
  let isClosed = false;
  let pauseMs = lastPauseMs;
  let timer: NodeJS.Timeout | undefined;
  let listening: Promise<() => Promise<void>> | undefined;

  async function read(): Promise<void> {
    clearTimeout(timer);
    if (isReading) {
      isAskedAgain = true;
      return;
    }
    isReading = true;
    try {
      do {
        isAskedAgain = false;
        const events = tail === null ? [] : await history.listAfter(tail, mostAtOnce);
        if (events.length === 0) continue;
        const frames = await toFrames(events);
        tail = events.at(-1)!.cursor;
        for (const listener of live) void give(listener, frames);
        isAskedAgain ||= events.length === mostAtOnce;
        pauseMs = firstPauseMs;
      } while (isAskedAgain && !isClosed);
    } catch (error) {
      log(error, 'reading events failed; it is tried again');
    } finally {
      isReading = false;
    }
    if (live.size === 0) tail = null;
    if (tail === null || isClosed) return;
    timer = setTimeout(() => void read(), pauseMs);
    pauseMs = Math.min(pauseMs * 2, lastPauseMs);
  }

  function onNews(): void {
    pauseMs = firstPauseMs;
    if (tail !== null) void read();
  }

  async function catchUp(listener: Listener): Promise<void> {
    while (!listener.isGone && !isClosed) {
      const tailBefore = tail;
      const events = await history.listAfter(listener.cursor, mostAtOnce);
      if (events.length > 0) await give(listener, await toFrames(events));
      // Without a pause from here on: a row is either behind the listener or comes with the next reading.
      const isThere =
        tail === null || compare(listener.cursor, tail) >= 0 || (events.length === 0 && tail === tailBefore);
      if (isThere && events.length < mostAtOnce && !listener.isGone) {
        tail ??= listener.cursor;
        live.add(listener);
        return;
      }
    }
  }

  return {
    now: () => history.latestCursor(),
    async join(listener) {
      await (listening ??= history.onNews(onNews));
      await catchUp(listener);
      void read();
    },
    leave(listener) {
      live.delete(listener);
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      listening?.then(
        (stop) => stop(),
        () => undefined,
      );
    },
  };
}

/** Gives what is new to this listener. */
function give(listener: Listener, frames: Frame[]): Promise<void> | void {
  const fresh = frames.filter(({ cursor }) => compare(cursor, listener.cursor) > 0);
  if (fresh.length === 0) return undefined;
  listener.cursor = fresh.at(-1)!.cursor;
  return listener.take(fresh);
}

/** Cursors are two numbers, `transaction-row`; the first may go beyond 2^53. */
export function compare(a: string, b: string): number {
  const [transaction, row] = toNumbers(a);
  const [otherTransaction, otherRow] = toNumbers(b);
  const difference = transaction === otherTransaction ? row - otherRow : transaction - otherTransaction;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function toNumbers(cursor: string): [bigint, bigint] {
  const [transaction, row] = cursor.split('-');
  return [BigInt(transaction!), BigInt(row!)];
}
