/** Secrets: given to a BMC, changed there, and told to nobody else. */
import { afterEach, expect, it } from 'vitest';
import { refuse } from '../../src/bmc-simulator/reply.ts';
import {
  startRedfishServer,
  type Asked,
  type RedfishServer,
} from '../../src/bmc-simulator/redfish-server.ts';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const accounts = '/redfish/v1/AccountService/Accounts';
const basic = (password: string) => `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;

/** A BMC with Basic authentication and one account, whose password can be changed. */
async function bmcWithAccounts(first: string) {
  const account = { password: first };
  const hidden: Record<string, object> = {
    '/redfish/v1/AccountService': { Accounts: { '@odata.id': accounts } },
    [accounts]: { Members: [{ '@odata.id': `${accounts}/1` }, { '@odata.id': `${accounts}/2` }] },
    [`${accounts}/1`]: { UserName: '' },
    [`${accounts}/2`]: { UserName: 'admin', Password: null },
  };
  const serve = ({ method, path, headers, body }: Asked) => {
    if (path === '/redfish/v1') return undefined;
    if (headers.authorization !== basic(account.password))
      // As some BMCs do: the answer repeats what was sent.
      return refuse(401, 'NoValidSession', `No access with ${headers.authorization}`);
    headers.authorization = basic(first); // the service behind knows only the first one
    if (method === 'PATCH' && path === `${accounts}/2`) {
      account.password = String(body['Password']);
      return { statusCode: 204 };
    }
    const found = hidden[path];
    return found && { statusCode: 200, body: found };
  };
  const server = await startRedfishServer({
    authentication: 'basic',
    password: first,
    power: 'on',
    fault: serve,
  });
  closers.push(() => server.close());
  return { server, account };
}

function enrol(cloud: Cloud, { url }: RedfishServer, password: string): Promise<Reply> {
  return cloud.call('POST', '/admin/v1/nodes', {
    name: 'rack7-u12',
    driver: 'redfish',
    bmc: { address: url, username: 'admin', password },
    zone: 'eu-de-01',
    flavor_id: 'physical.m2.large',
    adopt: { project_id: cloud.projectId, name: 'keeper' },
  });
}

/** Everything that can be read of an installation by its administrator, and what it logged. */
async function everything(cloud: Cloud, log: string[], nodeId: string, serverId: string): Promise<string> {
  const paths = [
    '/admin/v1/nodes',
    `/admin/v1/nodes/${nodeId}`,
    `/admin/v1/nodes/${nodeId}/history`,
    `/admin/v1/nodes/${nodeId}/bmc-password`,
    '/admin/v1/servers',
    `/admin/v1/servers/${serverId}/why`,
    `/admin/v1/servers/${serverId}/history`,
    `/v1/{p}/baremetalservers/${serverId}`,
    `/v1/{p}/physicalservers/${nodeId}`,
    `/v1/{p}/physicalservers/${nodeId}/hardware-attributes`,
    `/v1/{p}/physicalservers/events?from=0&to=${Date.now()}`,
    '/metrics',
  ];
  const answers = await Promise.all(paths.map((path) => cloud.call('GET', path)));
  const { rows } = await cloud.sql.query(`
    select row_to_json(h)::text as text from history h union all select row_to_json(j)::text from sub_jobs j
    union all select row_to_json(s)::text from servers s union all select row_to_json(e)::text from node_events e
    union all select row_to_json(n)::text from nodes n`);
  return [...log, ...answers.map(({ body }) => JSON.stringify(body)), ...rows.map(({ text }) => text)].join(
    '\n',
  );
}

it('of a BMC, old, new and wrong, stand in no log, answer, event or error', async () => {
  const log: string[] = [];
  const cloud = await startCloud(
    { INGOT_SIM_NODES: '0', INGOT_LOG_LEVEL: 'debug' },
    { write: (line) => void log.push(line) },
  );
  closers.push(() => cloud.close());
  const { server, account } = await bmcWithAccounts('Tr0ub4dor&3');
  const node = (await enrol(cloud, server, 'Tr0ub4dor&3')).body;
  expect(node.standing).toBe('in-use');
  const path = `/admin/v1/nodes/${node.id}/bmc-password`;

  const asked = await cloud.call('PUT', path, {});
  expect(asked).toMatchObject({ status: 202, body: { status: 'under way' } });
  await cloud.until(
    () => cloud.call('GET', path),
    ({ body }) => body.status === 'settled',
  );
  const made = account.password;
  expect(made).toMatch(/^[\w]{16}$/);
  expect((await cloud.call('POST', `/admin/v1/nodes/${node.id}/inspect`, {})).status).toBe(200);

  // Somebody changes it at the BMC, so that every request is refused in words that repeat it.
  account.password = 'changed by hand';
  expect((await cloud.call('POST', `/admin/v1/nodes/${node.id}/inspect`, {})).status).toBe(502);
  expect((await cloud.call('PUT', path, { password: 'Wr0ng-and-known' })).status).toBe(202);
  await cloud.until(
    () => cloud.call('GET', path),
    ({ body }) => body.status === 'stuck',
  );
  const refused = await cloud.call('PUT', path, { password: 'short' });
  expect(refused.status).toBe(400);
  const stop = await cloud.call('POST', '/v1/{p}/baremetalservers/action', {
    'os-stop': { servers: [{ id: node.server_id }] },
  });
  expect((await cloud.jobEnd(stop.body.job_id)).status).toBe('FAIL');

  const text = await everything(cloud, log, node.id, node.server_id);
  expect(text, 'there is something to search').toContain('rack7-u12');
  for (const secret of ['Tr0ub4dor&3', made, 'Wr0ng-and-known', 'correct horse', cloud.token]) {
    for (const spelt of [secret, Buffer.from(`admin:${secret}`).toString('base64')]) {
      expect(text.includes(spelt), 'a secret was told').toBe(false);
    }
  }
});
