/** The serial console of a machine behind an IPMI BMC, from the published call to the bytes on the machine's line. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ipmiAccount, startIpmiSim, whyNoIpmi } from '../ipmi/ipmi-sim.ts';
import { makeIpmiDriver, makeIpmiNode } from '../ipmi/node.ts';
import { startSerialLine } from '../ipmi/serial-line.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { openConsole } from '../support/console-client.ts';

const missing = whyNoIpmi();
const closers: (() => Promise<unknown>)[] = [];
beforeEach((context) => {
  if (missing !== null) context.skip(missing);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server on a machine that somebody uses already. */
async function rig() {
  const line = await startSerialLine();
  closers.push(() => line.close());
  const machine = await startIpmiSim({ power: 'on', consolePort: line.port });
  closers.push(() => machine.close());
  const cloud = await startCloud({ INGOT_SIM_NODES: '0', INGOT_IPMI_SPACING_MS: '0' });
  closers.push(() => cloud.close());
  const enrolled = await cloud.call('POST', '/admin/v1/nodes', {
    name: 'rack1-u1',
    driver: 'ipmi',
    bmc: { address: machine.address, ...ipmiAccount },
    zone: 'eu-de-01',
    flavor_id: 'physical.m2.large',
    adopt: { project_id: cloud.projectId, name: 'adopted' },
  });
  expect(enrolled.status, JSON.stringify(enrolled.body)).toBe(201);
  const { rows } = await cloud.sql.query<{ id: string }>('select id from servers');
  return { line, machine, cloud, id: rows[0]!.id };
}

async function link(cloud: Cloud, id: string): Promise<string> {
  const { status, body } = await cloud.call('POST', `/v1/{p}/baremetalservers/${id}/remote_console`, {
    remote_console: { type: 'serial', protocol: 'serial' },
  });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.remote_console.url;
}

async function logOf(cloud: Cloud, id: string): Promise<string> {
  const { body } = await cloud.call('POST', `/v2.1/{p}/servers/${id}/action`, { 'os-getConsoleOutput': {} });
  return body.output;
}

it('carries the machine’s own line, for all who watch, and keeps what it wrote', async () => {
  const { line, cloud, id } = await rig();
  expect(await logOf(cloud, id), 'nobody has looked yet').toBe('');

  const first = await openConsole(await link(cloud, id));
  await line.connected;
  // The first bytes show that the session stands.
  await cloud.until(
    async () => {
      line.say('login: ');
      return first.shown();
    },
    (shown) => shown.includes('login: '),
  );
  const second = await openConsole(await link(cloud, id));
  await second.see('login: ');
  second.type('root\r');
  await Promise.all([first.see('[root'), second.see('[root')]);
  expect(line.typed().toString()).toBe('root\r');
  await first.close();

  line.say('\r\nwelcome\r\n');
  await second.see('welcome');
  await second.close();
  await cloud.until(
    () => logOf(cloud, id),
    (log) => log.includes('login: ') && log.includes('\nwelcome\n'),
  );

  // The BMC has let go of the session: the next one gets it.
  const third = await openConsole(await link(cloud, id));
  await cloud.until(
    async () => {
      line.say('again');
      return third.shown();
    },
    (shown) => shown.includes('again'),
  );
  await third.close();
});

it('says that the console is busy while somebody else has it', async () => {
  const { machine, cloud, id } = await rig();
  await using elsewhere = makeIpmiDriver();
  await elsewhere.openConsole(makeIpmiNode(machine.address));
  const console = await openConsole(await link(cloud, id));
  expect(await console.closed).toEqual({
    code: 1013,
    reason: 'Another session has the serial console of this BMC',
  });
});
