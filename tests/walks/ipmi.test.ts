/** Servers on machines behind IPMI BMCs, from enrolment on, through the published API. */
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ipmiAccount, startIpmiSim, whyNoIpmi, type IpmiSim, type IpmiSimOptions } from '../ipmi/ipmi-sim.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';

const missing = whyNoIpmi();
const closers: (() => Promise<unknown>)[] = [];
beforeEach((context) => {
  if (missing !== null) context.skip(missing);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(env: Record<string, string> = {}): Promise<Cloud> {
  const cloud = await startCloud({ INGOT_SIM_NODES: '0', INGOT_IPMI_SPACING_MS: '0', ...env });
  closers.push(() => cloud.close());
  return cloud;
}

async function bmc(options: IpmiSimOptions = {}): Promise<IpmiSim> {
  const sim = await startIpmiSim(options);
  closers.push(() => sim.close());
  return sim;
}

function enrol(cloud: Cloud, name: string, address: string, more: Record<string, unknown> = {}) {
  return cloud.call('POST', '/admin/v1/nodes', {
    name,
    driver: 'ipmi',
    bmc: { address, ...ipmiAccount },
    zone: 'eu-de-01',
    flavor_id: 'physical.m2.large',
    ...more,
  });
}

async function adopt(cloud: Cloud, name: string, sim: IpmiSim): Promise<string> {
  const enrolled = await enrol(cloud, name, sim.address, { adopt: { project_id: cloud.projectId, name } });
  expect(enrolled.status, JSON.stringify(enrolled.body)).toBe(201);
  const { rows } = await cloud.sql.query<{ id: string }>('select id from servers where name = $1', [name]);
  return rows[0]!.id;
}

async function act(cloud: Cloud, action: string, ids: string[]) {
  const body = { servers: ids.map((id) => ({ id })), ...(action === 'reboot' ? { type: 'SOFT' } : {}) };
  const asked = await cloud.call('POST', '/v1/{p}/baremetalservers/action', { [action]: body });
  expect(asked.status, JSON.stringify(asked.body)).toBe(200);
  return cloud.jobEnd(asked.body.job_id);
}

it('enrols a machine by its IPMI address, reads what it is, and never shows the secret', async () => {
  const cloud = await open();
  const sim = await bmc({ power: 'on' });
  const { status, body } = await enrol(cloud, 'rack1-u1', sim.address);
  expect(status).toBe(201);
  expect(body).toMatchObject({
    standing: 'ready',
    driver: 'ipmi',
    power: 'on',
    health: 'OK',
    inventory: { manufacturer: 'Ingot', serial_number: 'SIM-0001', bmc_version: '9.08' },
  });
  expect(JSON.stringify(body)).not.toContain(ipmiAccount.password);
  expect(sim.powerCommands()).toBe(0);
});

it('refuses addresses and secrets that IPMI does not know', async () => {
  const cloud = await open();
  for (const address of ['https://10.0.0.7', '10.0.0.7:0', '10.0.0.7?cipher=99', 'a b', '10.0.0.7?x=y']) {
    const { status, body } = await enrol(cloud, 'wrong', address);
    expect(status, address).toBe(400);
    expect(JSON.stringify(body)).not.toContain('10.0.0.7');
  }
  const tooLong = { address: '10.0.0.7', username: 'root', password: 'x'.repeat(21) };
  expect((await enrol(cloud, 'wrong', '', { bmc: tooLong })).status).toBe(400);
});

it('stops, starts and restarts servers over IPMI, each command once', async () => {
  const cloud = await open();
  const fleet = { plain: await bmc({ power: 'on' }), slow: await bmc({ power: 'on', lagSeconds: 0.5 }) };
  const ids: string[] = [];
  for (const [name, sim] of Object.entries(fleet)) ids.push(await adopt(cloud, name, sim));

  expect(await act(cloud, 'os-stop', ids)).toMatchObject({ status: 'SUCCESS' });
  for (const sim of Object.values(fleet)) expect(sim.power()).toBe('off');
  expect(await act(cloud, 'os-start', ids)).toMatchObject({ status: 'SUCCESS' });
  for (const sim of Object.values(fleet)) expect(sim.power()).toBe('on');
  expect(await act(cloud, 'reboot', ids)).toMatchObject({ status: 'SUCCESS' });
  for (const sim of Object.values(fleet)) {
    expect(sim.commands()).toEqual(['power 0', 'power 1', 'power 0', 'power 1']);
  }
});

it('goes on where it was when the BMC answers again', async () => {
  const cloud = await open();
  const sim = await bmc({ power: 'on' });
  const id = await adopt(cloud, 'frozen', sim);
  sim.freeze();
  const asked = await cloud.call('POST', '/v1/{p}/baremetalservers/action', {
    'os-stop': { servers: [{ id }] },
  });
  await cloud.until(
    () => cloud.call('GET', `/admin/v1/servers/${id}/why`),
    ({ body }) => JSON.stringify(body).includes('does not answer over IPMI'),
  );
  sim.thaw();
  expect(await cloud.jobEnd(asked.body.job_id)).toMatchObject({ status: 'SUCCESS' });
  expect(sim.commands()).toEqual(['power 0']);
});

it('enrols by the command line, with the password from a file, and says why when it is wrong', async () => {
  const cloud = await open();
  const sim = await bmc({ power: 'off' });
  const other = await bmc({ power: 'off' });
  const add = (name: string, { address }: { address: string }, password: string) =>
    ingot(
      cloud,
      ['node', 'add', name, '--driver', 'ipmi', '--zone', 'eu-de-01', '--flavor', 'physical.m2.large'],
      ['--bmc-address', address, '--bmc-username', ipmiAccount.username, '--bmc-password-file', '-'],
      password,
    );
  expect(await add('by-hand', sim, ipmiAccount.password)).toMatch(/by-hand .*ready .*off .*ipmi/);
  expect(await add('mistyped', other, 'wrong-horse')).toMatch(/mistyped .*enrolled .*refused the login/);
  await ingot(cloud, ['node', 'set', 'mistyped'], ['--bmc-password-file', '-'], ipmiAccount.password);
  expect(await ingot(cloud, ['node', 'inspect', 'mistyped'], [], '')).toMatch(/mistyped .*ready/);
});

async function ingot(cloud: Cloud, words: string[], more: string[], input: string): Promise<string> {
  const child = spawn(process.execPath, ['src/cli.ts', ...words, ...more], {
    env: { ...process.env, OS_AUTH_URL: `${cloud.origin}/v3`, OS_TOKEN: cloud.token },
  });
  child.stdin.end(input);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => void (said += bytes.toString()));
  }
  await new Promise((resolve) => child.once('close', resolve));
  return said;
}
