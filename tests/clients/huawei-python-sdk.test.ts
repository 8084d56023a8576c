/** The unmodified Python SDKs of Huawei Cloud for BMS and CloudDC: every call that they have, in the lives of servers. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { pythonWith } from '../support/python-packages.ts';

const packages = ['huaweicloudsdkbms==3.1.219', 'huaweicloudsdkclouddc==3.1.219'];
const script = fileURLToPath(new URL('huawei-sdk.py', import.meta.url));

let cloud: Cloud;
let python: Awaited<ReturnType<typeof pythonWith>>;
beforeAll(async () => {
  [cloud, python] = await Promise.all([startCloud({ INGOT_SIM_NODES: '24' }), pythonWith(packages)]);
}, 180_000);
afterAll(() => cloud.close());

it('rents, changes and gives back servers through both services', { timeout: 120_000 }, async (context) => {
  if ('whyNot' in python) return context.skip(python.whyNot);
  const { answers, failed } = await live(python.python);
  expect(failed).toEqual({});
  // 35 calls of BMS and 32 of CloudDC; two answers besides are no calls.
  expect(Object.keys(answers).length).toBeGreaterThanOrEqual(67);
  expect(answers['show_job_infos']).toMatchObject({ job_type: 'baremetalBatchCreate' });
  expect(answers['at last']).toMatchObject({ server: { status: 'DELETED', name: 'renamed' } });
  expect(answers['states at last']).toEqual(['terminated', 'terminated', 'terminated']);
});

async function live(program: string): Promise<{ answers: Record<string, unknown>; failed: object }> {
  const one = async (statement: string) =>
    Object.values((await cloud.sql.query<Record<string, string>>(statement)).rows[0]!)[0];
  const key = JSON.parse(await readFile(join(cloud.ingot.folder, 'access-key.json'), 'utf8'));
  const about = {
    origin: cloud.origin,
    access: key.access,
    secret: key.secret,
    project: cloud.projectId,
    user: cloud.userId,
    region: 'eu-de',
    zone: 'eu-de-01',
    password: 'Wr0ng-Horse_42',
    image: await one(`select id from images where name like 'Debian%'`),
    otherImage: await one(`select id from images where name like 'Rocky%'`),
    network: await one('select id from networks'),
    vpc: await one('select vpc_id from networks'),
    flavor: await one('select flavor_id from nodes'),
    consoles: true,
  };
  return new Promise((resolve, reject) => {
    const child = execFile(program, [script], { maxBuffer: 16_000_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.slice(-2_000) || error.message));
      else resolve(JSON.parse(stdout));
    });
    child.stdin!.end(JSON.stringify(about));
  });
}
