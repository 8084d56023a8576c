/** Turns: so many at once, the others wait in the order in which they came, and beyond a number nobody waits. */

export interface Turns {
  /** @throws what `refusal` makes when too many wait already */
  take<T>(work: () => Promise<T> | T): Promise<T>;
}

export function createTurns(atOnce: number, mostWaiting: number, refusal: () => Error): Turns {
  let underWay = 0;
  const waiting: (() => void)[] = [];
  return {
    async take(work) {
      if (underWay >= atOnce) {
        if (waiting.length >= mostWaiting) throw refusal();
        // Whoever ends hands the place over, so that nobody slips in between.
        await new Promise<void>((resolve) => waiting.push(resolve));
      } else underWay++;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else underWay--;
      }
    },
  };
}
