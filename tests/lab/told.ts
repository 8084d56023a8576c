/** Parts of `npm run lab -- --test` as tests. */
import type { TestContext } from 'vitest';
import { findObstacle } from '../../lab/rack/obstacle.ts';
import { tellStory, type Part } from '../../lab/story/tell.ts';

const obstacle = findObstacle();

/** Two to five minutes on an idle machine, and everything else runs beside it. In milliseconds. */
export const timeout = 900_000;

/** A story that ends badly is told. */
export async function tell(part: Part, context: TestContext): Promise<void> {
  if (obstacle !== null) return context.skip(obstacle);
  const lines: string[] = [];
  await tellStory((line) => lines.push(line), [part]).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}\n${lines.join('\n')}`, { cause: error });
  });
}
