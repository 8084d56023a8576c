/** The second part of `npm run lab -- --test`. */
import { describe, it } from 'vitest';
import { tell, timeout } from './told.ts';

describe('servers on machines with real firmware', { timeout }, () => {
  it('come to a good end past SIGKILL at each stage and a silent BMC, and to a clear one on a wrong image or no boot', (context) =>
    tell('faults', context));
});
