/** Of `npm run lab -- --test` as much as every run has time for; the rest of the faults takes minutes more. */
import { describe, it } from 'vitest';
import { findObstacle } from '../../lab/rack/obstacle.ts';
import { tellStory, type Chapter } from '../../lab/story/tell.ts';

const obstacle = findObstacle();
/** One and a half minutes, and one, on an idle machine; here everything else runs beside it. */
const timeout = 900_000;

/** A story that ends badly is told. */
async function tell(chapter: Chapter): Promise<void> {
  const lines: string[] = [];
  await tellStory((line) => lines.push(line), [chapter]).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}\n${lines.join('\n')}`, { cause: error });
  });
}

describe('two servers on machines with real firmware', { timeout }, () => {
  it('are installed, used, reinstalled and deleted, by IPMI and UEFI, and by Redfish and BIOS', async (context) => {
    if (obstacle !== null) return context.skip(obstacle);
    await tell('life');
  });

  it('come to a good end past SIGKILL and a silent BMC, and to a clear one when the image is wrong', async (context) => {
    if (obstacle !== null) return context.skip(obstacle);
    await tell('trouble');
  });
});
