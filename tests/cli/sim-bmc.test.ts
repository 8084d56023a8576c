/** `ingot sim-bmc` as a process of its own, spoken to by the driver. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeDriver, makeNode, purpose } from '../redfish/node.ts';

const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const run = promisify(execFile);

async function start(...words: string[]) {
  const args = [program, 'sim-bmc', '--port', '0', '--with-parent', ...words];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const control = /control at (\S+)/.exec(line)![1]!;
  return {
    control,
    line,
    ask: async (path: string) => (await (await fetch(control + path)).json()) as Record<string, unknown>[],
    async end() {
      child.stdin.end();
      return exit;
    },
  };
}

describe('ingot sim-bmc', () => {
  it('serves many BMCs from one process, tells its counters and ends with its parent', async () => {
    const fleet = await start('--http', '--count', '5', '--power', 'on');
    expect(fleet.line).toMatch(/^5 BMCs answer, from http:\/\/127\.0\.0\.1:\d+ to /);
    const fourth = (await fleet.ask('/bmcs'))[3]!;
    await using driver = makeDriver();
    await driver.setPower(makeNode(String(fourth['url'])), 'off', purpose);
    const counters = await fleet.ask('/counters');
    expect(counters).toHaveLength(5);
    expect(counters[2]).toMatchObject({ power: 'on', resets: [], requests: 0 });
    expect(counters[3]).toMatchObject({
      power: 'off',
      resets: [{ resetType: 'ForceOff' }],
      sessionsPeak: 1,
      violations: { sessions: 0, inFlight: 0, rate: 0 },
    });
    expect(await fleet.end()).toEqual([0, null]);
  });

  it('writes a list of its fleet, whose machines answer over HTTPS at addresses of their own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ingot-fleet-'));
    const file = join(folder, 'fleet.yaml');
    const fleet = await start(
      '--personality',
      'lawful,xcc',
      '--count',
      '3',
      '--time-factor',
      '0',
      '--host',
      '127.3.0.254',
      '--spread',
      '--fleet-file',
      file,
    );
    const { nodes } = parse(await readFile(file, 'utf8')) as {
      nodes: { name: string; bmc: { address: string } }[];
    };
    await rm(folder, { recursive: true });
    expect(nodes.map(({ name }) => name)).toEqual(['lawful-t1-00000', 'xcc-t1-00001', 'lawful-t1-00002']);
    const addresses = nodes.map(({ bmc }) => bmc.address);
    expect(addresses.map((it) => new URL(it).hostname)).toEqual(['127.3.0.254', '127.3.0.255', '127.3.1.0']);
    await using driver = makeDriver();
    for (const address of addresses) {
      await expect(driver.readPower(makeNode(address), purpose)).resolves.toMatchObject({ power: 'off' });
    }
    await fleet.end();
  });

  it('names its habits and where they were seen', async () => {
    const { stdout } = await run(process.execPath, [program, 'sim-bmc', '--list']);
    expect(stdout).toMatch(/^ilo +HPE iLO 6 +.*redirect-slash/m);
    expect(stdout).toMatch(/^boot-in-settings +takes boot properties at the settings resource +iDRAC10/m);
  });

  it.each([
    [['--personality', 'ibm'], 'There is no personality "ibm"'],
    [['--quirk', 'polite'], 'There is no habit "polite"'],
    [['--count', 'many'], '--count is "many"; it must be a number from 1 to 100000.'],
  ])('says what is wrong with %j', async (words, message) => {
    const ended = run(process.execPath, [program, 'sim-bmc', ...words]);
    await expect(ended).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  });
});
