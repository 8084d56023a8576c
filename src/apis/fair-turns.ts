/** Turns that go round among those who ask: who asks for many waits behind itself, and others not behind it. */

export interface FairTurns {
  /**
   * @param whose who waits in a queue of its own
   * @throws what `refusal` makes when too many of the same wait already
   */
  take<T>(whose: string, work: () => Promise<T>): Promise<T>;
}

export function createFairTurns(atOnce: number, mostWaitingEach: number, refusal: () => Error): FairTurns {
  let underWay = 0;
  /** Whose turn is next comes first. */
  const queues = new Map<string, (() => void)[]>();

  function wait(whose: string): Promise<void> {
    const queue = queues.get(whose) ?? [];
    if (queue.length >= mostWaitingEach) throw refusal();
    queues.set(whose, queue);
    return new Promise((resolve) => queue.push(resolve));
  }

  /** Hands the place over, so that nobody slips in between. */
  function handOver(): void {
    const next = queues.entries().next();
    if (next.done) {
      underWay--;
      return;
    }
    const [whose, queue] = next.value;
    const begin = queue.shift()!;
    queues.delete(whose);
    if (queue.length > 0) queues.set(whose, queue);
    begin();
  }

  return {
    async take(whose, work) {
      if (underWay >= atOnce) await wait(whose);
      else underWay++;
      try {
        return await work();
      } finally {
        handOver();
      }
    },
  };
}
