/** The `ingot` command, as a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Cloud } from './cloud.ts';

const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export interface Ended {
  code: number;
  out: string;
  errors: string;
}

/**
 * Runs `ingot …` with nothing of this process's environment that could lead to another Ingot.
 *
 * @param folder the working directory
 */
export function runIngot(words: string[], env: Record<string, string>, folder?: string): Promise<Ended> {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const options = { env: { PATH, NODE_COMPILE_CACHE, ...env }, cwd: folder };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...words], options, (error, out, errors) =>
      resolve({ code: error ? Number(error.code) : 0, out, errors }),
    );
  });
}

/** As the administrator of the first start. */
export function byToken(cloud: Cloud): { OS_AUTH_URL: string; OS_TOKEN: string } {
  return { OS_AUTH_URL: `${cloud.origin}/v3`, OS_TOKEN: cloud.token };
}
