/** What has to be closed, in the order opposite to that in which it was opened. */
export interface Closers {
  add(close: () => Promise<unknown>): void;
  /** To be closed after everything else, also after what was opened before it. */
  addLast(close: () => Promise<unknown>): void;
  /** Closes all, one after the other; a failure of one is told and keeps nothing else open. */
  close(): Promise<void>;
}

export function createClosers(onError: (error: unknown) => void): Closers {
  const closers: (() => Promise<unknown>)[] = [];
  return {
    add: (close) => void closers.push(close),
    addLast: (close) => void closers.unshift(close),
    async close() {
      for (const close of closers.splice(0).reverse()) await close().catch(onError);
    },
  };
}
