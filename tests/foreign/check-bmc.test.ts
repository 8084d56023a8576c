/** `npm run check-bmc`, at a BMC of ours. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { startRedfishServer } from '../../src/bmc-simulator/redfish-server.ts';

const script = fileURLToPath(new URL('../../scripts/check-bmc.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ingot-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As in a shell of somebody, and not within this run of Vitest. */
async function check(...args: string[]) {
  const env = { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1' };
  return promisify(execFile)(process.execPath, [script, ...args], { env }).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    ({ code, stdout, stderr }) => ({ code: code as number, said: `${stdout}${stderr}` }),
  );
}

it('reads a BMC, and changes nothing unless it is told to', async () => {
  await using server = await startRedfishServer({ power: 'on' });
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, 'correct horse\n');
  const { code, said } = await check(server.url, '--username', 'admin', '--password-file', passwordFile);
  expect(said).toMatch(/✓ .*tells what a machine is made of/);
  expect(said).toContain('power: not asked for (--power)');
  expect(code).toBe(0);
  expect(server.requests.filter((request) => !/^(GET|DELETE|POST .*\/Sessions)\b/.test(request))).toEqual([]);
});

it('says what it needs before it speaks to anybody', async () => {
  await expect(check('https://bmc.invalid')).resolves.toMatchObject({
    code: 2,
    said: expect.stringMatching(/^--username and --password-file are missing.*SWITCHES THE MACHINE OFF/s),
  });
});
