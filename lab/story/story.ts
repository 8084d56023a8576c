/** A story is told step by step: each says what it saw and how long it took. */

export interface StepRecord {
  title: string;
  seconds: number;
  facts: string[];
}

/** The first step that failed ends the story. */
export class StoryFailed extends Error {}

export class Story {
  readonly steps: StepRecord[] = [];
  readonly #tell: (line: string) => void;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  chapter(title: string): void {
    this.#tell(`\n${title}`);
  }

  /** @param act gets a function to say what it sees */
  async step<T>(title: string, act: (see: (fact: string) => void) => Promise<T>): Promise<T> {
    const facts: string[] = [];
    const beganAt = performance.now();
    const seconds = () => (performance.now() - beganAt) / 1_000;
    const show = (mark: string) => {
      this.#tell(`  ${mark} ${seconds().toFixed(1).padStart(6)} s  ${title}`);
      for (const fact of facts) this.#tell(`                ${fact}`);
    };
    try {
      const result = await act((fact) => facts.push(fact));
      this.steps.push({ title, seconds: seconds(), facts });
      show('✓');
      return result;
    } catch (error) {
      show('✗');
      throw new StoryFailed(`${title}: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** What a step expects to see. @throws Error with the sentence when it is not so */
export function insist(isSo: boolean, sentence: string): asserts isSo {
  if (!isSo) throw new Error(sentence);
}

/**
 * Asks again and again until the answer is as wanted.
 *
 * @throws Error that says what was waited for, when patience ends
 */
export async function until<T, W extends T = T>(
  what: string,
  patienceSeconds: number,
  ask: () => Promise<T>,
  isWanted: ((answer: T) => answer is W) | ((answer: T) => boolean),
): Promise<W> {
  const endsAt = Date.now() + patienceSeconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer as W;
    if (Date.now() > endsAt)
      throw new Error(
        `waited ${patienceSeconds} s for ${what}; the last answer was ${JSON.stringify(answer)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
