/** For `npm run check-bmc`: no database, and the patience that hardware needs. */
import { defineConfig } from 'vitest/config';

const longestMs = 20 * 60_000;

export default defineConfig({
  test: {
    include: ['tests/foreign/given.ts'],
    reporters: ['tree'],
    testTimeout: longestMs,
    hookTimeout: longestMs,
    maxWorkers: 1,
  },
});
