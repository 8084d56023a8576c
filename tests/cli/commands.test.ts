/** The `ingot` command against a running Ingot, as a process of its own. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../src/bmc-simulator/certificate.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { byToken, runIngot } from '../support/command.ts';

let cloud: Cloud;
let folder: string;
beforeAll(async () => {
  cloud = await startCloud();
  folder = await mkdtemp(join(tmpdir(), 'ingot-cli-'));
});
afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (words: string[], env: Record<string, string>) => runIngot(words, env, folder);
const ingot = (...words: string[]) => run(words, byToken(cloud));

// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function json(...words: string[]): Promise<any> {
  const { code, out, errors } = await ingot(...words, '--json');
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return JSON.parse(out);
}

it('trusts the certificate that OS_CACERT names, and says when it trusts none', async () => {
  const { key, cert } = makeCertificate('localhost');
  const proxy = createServer({ key, cert }, (request, response) => {
    const headers = { 'x-auth-token': String(request.headers['x-auth-token']) };
    void fetch(`${cloud.origin}${request.url}`, { headers })
      .then((answer) => answer.text())
      .then((text) => response.end(text));
  }).listen(0, 'localhost');
  await once(proxy, 'listening');
  const origin = `https://localhost:${(proxy.address() as AddressInfo).port}`;
  const env = { OS_AUTH_URL: `${origin}/v3`, OS_TOKEN: cloud.token };
  const doubtful = await run(['status'], env);
  expect(doubtful.errors).toBe(
    `ingot: The certificate of ${origin} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT); OS_CACERT names the file of one that is.\n`,
  );
  await writeFile(join(folder, 'ca.pem'), cert);
  const trusted = await run(['status'], { ...env, OS_CACERT: 'ca.pem' });
  proxy.close();
  expect(trusted).toMatchObject({ code: 0, errors: '' });
  expect(trusted.out).toContain(origin);
});

describe('ingot node', () => {
  it('lists the machines as a table or as JSON', async () => {
    const { code, out } = await ingot('node', 'list');
    expect(code).toBe(0);
    const [title, first] = out.split('\n');
    expect(title).toMatch(/^NAME +STANDING +POWER/);
    expect(first).toMatch(/^sim-\d+ +ready +off/);
    expect(await json('node', 'list', '--driver', 'simulated')).toHaveLength(8);
    expect(await json('node', 'list', '--standing', 'quarantined')).toEqual([]);
  });

  it('takes a machine from enrolment to retirement', async () => {
    const added = await ingot(
      ...'node add spare --driver simulated --zone eu-de-01 --flavor physical.s2.medium'.split(' '),
      ...'--rack r1 --unit 4'.split(' '),
    );
    expect(added).toMatchObject({ code: 0, errors: '' });
    expect(
      await json(...'node set spare --flavor physical.m2.large --unit 5 --power-policy enforce'.split(' ')),
    ).toMatchObject({
      name: 'spare',
      flavor_id: 'physical.m2.large',
      rack: 'r1',
      unit: 5,
      power_policy: 'enforce',
    });
    expect(await ingot('node', 'set', 'spare')).toMatchObject({
      code: 1,
      errors: 'ingot: Say what to change; --help lists it.\n',
    });
    expect((await ingot('node', 'maintenance', 'spare', 'on', '--note', 'new fan')).out).toContain('new fan');
    expect(await json('node', 'show', 'spare')).toMatchObject({
      standing: 'maintenance',
      rack: 'r1',
      unit: 5,
    });
    expect(await json('node', 'maintenance', 'spare', 'off')).toMatchObject({ standing: 'ready' });
    expect(await ingot('node', 'clear', 'spare')).toMatchObject({
      code: 1,
      errors: 'ingot: The node spare is ready; this needs quarantined.\n',
    });
    expect((await ingot('node', 'retire', 'spare')).out).toBe('spare is retired.\n');
    expect(await ingot('node', 'show', 'spare')).toMatchObject({
      code: 1,
      out: '',
      errors: 'ingot: There is no node named spare.\n',
    });
  });

  it('enrols a fleet from a file, and reads a password from one', async () => {
    const facts = { driver: 'simulated', zone: 'eu-de-01', flavor_id: 'physical.s2.medium' };
    const nodes = ['one', 'two'].map((name) => ({ name, ...facts }));
    await writeFile(join(folder, 'fleet.yaml'), JSON.stringify({ nodes }));
    expect((await json('node', 'add', '--file', 'fleet.yaml')).nodes).toMatchObject(nodes);

    const bare = [{ name: 'rack-u12' }, { name: 'rack-u9', flavor_id: 'physical.m2.large' }];
    await writeFile(join(folder, 'bare.yaml'), JSON.stringify(bare));
    const options = '--driver simulated --zone eu-de-01 --flavor physical.s2.medium'.split(' ');
    const filled = (await json('node', 'add', '--file', 'bare.yaml', ...options)).nodes;
    expect(filled, 'options say what the file leaves out').toMatchObject([
      { ...facts, name: 'rack-u12' },
      { ...facts, name: 'rack-u9', flavor_id: 'physical.m2.large' },
    ]);
    const listed = (await json('node', 'list')).map(({ name }: { name: string }) => name);
    expect(listed.slice(1, 3), 'numbers in names count as numbers').toEqual(['rack-u9', 'rack-u12']);
    expect(await ingot('node', 'add', 'three', '--file', 'bare.yaml')).toMatchObject({ code: 1 });

    await writeFile(join(folder, 'secret'), 'Geh3im\n');
    const real = await json(
      ...'node add real --zone eu-de-01 --flavor physical.m2.large --bmc-username root'.split(' '),
      ...'--bmc-address http://127.0.0.1:9 --bmc-password-file secret'.split(' '),
    );
    expect(real).toMatchObject({ driver: 'redfish', standing: 'enrolled' });
  });
});

describe('ingot server and ingot fault', () => {
  it('show why a server waits, and let it go on', async () => {
    const [id] = await cloud.makeServers(1, 'web');
    const fault = await json('fault', 'add', 'web', '--on', 'stop', '--kind', 'unreachable');
    expect(fault).toMatchObject({ target: id, on: 'stop', kind: 'unreachable', times: 1 });
    expect((await ingot('fault', 'list')).out).toContain('0 of 1');

    const job = await cloud.call('POST', '/v1/{p}/baremetalservers/action', {
      'os-stop': { servers: [{ id }] },
    });
    const why = await cloud.until(
      () => json('server', 'why', 'web'),
      (answer) => answer.status === 'waiting',
    );
    expect(why).toMatchObject({ state: 'Stopping', expected_signal: 'the BMC to answer' });
    expect((await ingot('server', 'why', 'web')).out).toMatch(/^expected signal +the BMC to answer$/m);

    expect((await ingot('server', 'retry', 'web')).out).toBe('web is looked at now.\n');
    expect((await ingot('fault', 'remove', fault.id)).code).toBe(0);
    expect((await cloud.jobEnd(job.body.job_id)).status).toBe('SUCCESS');
    expect(await json('server', 'list', '--state', 'Stopped')).toMatchObject([{ id, name: 'web' }]);
    expect((await ingot('server', 'history', 'web')).out).toMatch(/Stopping +Stopped +stop +done/);
    expect(await ingot('server', 'retry', 'web')).toMatchObject({ code: 1 });
  });

  it('give a server back whose machine was repaired', async () => {
    await cloud.makeServers(1, 'broken');
    await json('fault', 'add', 'broken', '--on', 'now');
    expect((await ingot('server', 'list', '--state', 'Faulty')).out).toContain('broken');
    expect((await ingot('server', 'clear-fault', 'broken')).out).toBe('broken is Running.\n');
  });

  it('remove all faults only when asked to', async () => {
    await json('fault', 'add', 'sim-008', '--on', 'create', '--kind', 'slow');
    expect(await ingot('fault', 'add', 'nobody')).toMatchObject({
      code: 1,
      errors: 'ingot: There is neither a server nor a node named nobody.\n',
    });
    expect(await ingot('fault', 'remove')).toMatchObject({ code: 1 });
    expect((await ingot('fault', 'remove', '--all')).out).toMatch(/^[1-9]\d* removed/);
    expect(await json('fault', 'list')).toEqual([]);
  });
});

describe('ingot', () => {
  it('status says how it stands', async () => {
    expect(await json('status')).toMatchObject({ endpoint: cloud.origin, status: 'ok' });
    expect((await ingot('status')).out).toMatch(/^nodes +.*\d+ ready/m);
  });

  it('finds the credentials that the first start wrote, and the environment goes before them', async () => {
    const INGOT_DATA = dirname(cloud.ingot.first!.files[0]!);
    expect(await run(['status'], { INGOT_DATA })).toMatchObject({ code: 0, errors: '' });
    expect(await run(['status'], { INGOT_DATA, OS_PASSWORD: 'wrong' })).toMatchObject({ code: 1, out: '' });
  });

  it('fails with one line that says what to do', async () => {
    const [homeless, alone, ...others] = await Promise.all([
      run(['status'], {}),
      run(['status'], { OS_AUTH_URL: 'http://127.0.0.1:9/v3', OS_TOKEN: 'x' }),
      run(['status'], { ...byToken(cloud), OS_TOKEN: 'wrong' }),
      run(['nodes'], {}),
      ingot('node', 'maintenance', 'sim-001', 'perhaps'),
      ingot('fault', 'add', 'nobody'),
    ]);
    for (const { code, out, errors } of [homeless, alone, ...others]) {
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(errors).toMatch(/^ingot: .+\n$/);
    }
    expect(homeless.errors).toContain('data/clouds.yaml is not there');
    expect(alone.errors).toContain('start it with `ingot serve`');
  });

  it('lists its commands, and teaches each with an example', async () => {
    const [list, one] = await Promise.all([
      run(['node', '--help'], {}),
      run(['node', 'clear', '--help'], {}),
    ]);
    expect(list.out).toMatch(/^ {2}maintenance .*\[options\]/m);
    expect(one).toMatchObject({ code: 0, out: expect.stringContaining('Example:\n  ingot node clear ') });
  });
});
