/** Serial consoles: links that every door gives, and what is behind them on simulated machines. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lifecycle, states } from '../../src/core/lifecycle.ts';
import { tokenFor } from '../support/callers.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { openConsole } from '../support/console-client.ts';
import { useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '24' });
  nova = await useNova(cloud);
});
afterAll(() => cloud.close());

const serial = { remote_console: { type: 'serial', protocol: 'serial' } };
const v14 = (id: string, headers?: Record<string, string>) =>
  cloud.call('POST', `/v1/{p}/baremetalservers/${id}/remote_console`, serial, headers);
const x15 = (id: string, body: unknown = serial, minor = 26) =>
  nova.call('POST', `/servers/${id}/remote-consoles`, body, minor);
const n12 = (id: string, minor?: number) =>
  nova.call('POST', `/servers/${id}/action`, { 'os-getSerialConsole': { type: 'serial' } }, minor);

async function linkTo(id: string): Promise<string> {
  const { status, body } = await v14(id);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.remote_console.url;
}

async function nodeOf(id: string): Promise<string> {
  const { rows } = await cloud.sql.query('select node_id from servers where id = $1', [id]);
  return rows[0].node_id;
}

describe('a link', () => {
  it('is given by every door, and leads to the machine of the server', async () => {
    const id = await nova.make({ name: 'doors' });
    const nodeId = await nodeOf(id);
    const links = [
      await linkTo(id),
      (await n12(id)).body.console.url,
      (await x15(id)).body.remote_console.url,
      (await cloud.call('GET', `/v1/{p}/physicalservers/${nodeId}/remote-console-address`)).body.url,
      (await cloud.call('POST', `/admin/v1/servers/${id}/console`)).body.websocket_url,
      (await cloud.call('POST', `/admin/v1/nodes/${nodeId}/console`)).body.url,
    ];
    expect(links.map((link) => link.split('//')[0])).toEqual([
      'http:',
      'ws:',
      'ws:',
      'http:',
      'ws:',
      'http:',
    ]);
    for (const link of links) {
      expect(link).toContain(`${new URL(cloud.origin).host}/serial/?token=`);
      const console = await openConsole(link);
      await console.see('doors login: ');
      await console.close();
    }
  });

  it('works once', async () => {
    const link = await linkTo(await nova.make());
    const console = await openConsole(link);
    await expect(openConsole(link)).rejects.toThrow('403');
    await console.see('login: ');
    await console.close();
    await expect(openConsole(link)).rejects.toThrow('403');
  });

  it('works for ten minutes', async () => {
    const link = await linkTo(await nova.make());
    const left = await cloud.sql.query(
      `select extract(epoch from expires_at - now()) as seconds from console_links order by expires_at desc limit 1`,
    );
    expect(Number(left.rows[0].seconds)).toBeGreaterThan(590);
    expect(Number(left.rows[0].seconds)).toBeLessThanOrEqual(600);
    await cloud.sql.query(`update console_links set expires_at = now() - interval '1 second'`);
    await expect(openConsole(link)).rejects.toThrow('403');
  });

  it('does not work when its user may not log in any more', async () => {
    const id = await nova.make();
    const token = await tokenFor(cloud, 'member', cloud.projectId);
    const { body } = await v14(id, { 'x-auth-token': token });
    await cloud.sql.query(
      `update users set enabled = false where id = (
        select user_id from console_links order by expires_at desc limit 1)`,
    );
    await expect(openConsole(body.remote_console.url)).rejects.toThrow('403');
  });

  it('is kept as a hash only', async () => {
    const link = await linkTo(await nova.make());
    const token = new URL(link).searchParams.get('token')!;
    const { rows } = await cloud.sql.query('select l::text as row from console_links l');
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(token).toString('hex'));
  });

  it('is not given to others: no other project, no reader, nobody without a token', async () => {
    const id = await nova.make();
    const stranger = await tokenFor(cloud, 'member', 'console-strangers');
    const reader = await tokenFor(cloud, 'reader', cloud.projectId);
    const nodeId = await nodeOf(id);
    const foreign = await cloud.call(
      'POST',
      `/v1/console-strangers/baremetalservers/${id}/remote_console`,
      serial,
      {
        'x-auth-token': stranger,
      },
    );
    expect(foreign).toMatchObject({ status: 400, body: { error: { code: 'BMS.0040' } } });
    const foreignMachine = await cloud.call(
      'GET',
      `/v1/console-strangers/physicalservers/${nodeId}/remote-console-address`,
      undefined,
      { 'x-auth-token': stranger },
    );
    expect(foreignMachine.status).toBe(404);
    expect((await v14(id, { 'x-auth-token': reader })).status).toBe(403);
    const read = await cloud.call(
      'GET',
      `/v1/{p}/physicalservers/${nodeId}/remote-console-address`,
      undefined,
      {
        'x-auth-token': reader,
      },
    );
    expect(read.status).toBe(403);
    expect((await v14(id, { 'x-auth-token': '' })).status).toBe(401);
    const member = await tokenFor(cloud, 'member', cloud.projectId);
    const operator = await cloud.call('POST', `/admin/v1/nodes/${nodeId}/console`, undefined, {
      'x-auth-token': member,
    });
    expect(operator.status).toBe(403);
  });

  it('is not given for an idle machine of the shared pool', async () => {
    const { rows } = await cloud.sql.query(
      'select id from nodes where server_id is null order by id limit 1',
    );
    const { status, body } = await cloud.call(
      'GET',
      `/v1/{p}/physicalservers/${rows[0].id}/remote-console-address`,
    );
    expect(status, JSON.stringify(body)).toBe(400);
  });

  it('is refused where the lifecycle offers none, in the words of each door', async () => {
    const id = await nova.make();
    for (const state of states) {
      await nova.force(id, state);
      const isOffered = lifecycle[state].console === 'offered';
      const bms = await v14(id);
      const upstream = await x15(id);
      if (isOffered) {
        expect([bms.status, upstream.status], state).toEqual([200, 200]);
      } else if (state === 'Deleted') {
        expect([bms.status, upstream.status], state).toEqual([400, 404]);
      } else {
        expect([bms.status, upstream.status], state).toEqual([400, 409]);
        const guard = lifecycle[state].refusal;
        expect(bms.body.error.code).toBe(guard && !guard.only ? guard.code : 'BMS.0006');
        expect(upstream.body.conflictingRequest.message).toContain('get_serial_console');
        const machine = `/v1/{p}/physicalservers/${await nodeOf(id)}/remote-console-address`;
        expect((await cloud.call('GET', machine)).body.error_msg).toContain(
          '; get console needs running or error.',
        );
      }
    }
  });

  it('is refused for Windows, as documented', async () => {
    const id = await nova.make();
    await cloud.sql.query(
      `update images set os_type = 'Windows' where id = (select image_id from servers where id = $1)`,
      [id],
    );
    expect(await v14(id)).toMatchObject({ status: 400, body: { error: { code: 'BMS.0395' } } });
    await cloud.sql.query(`update images set os_type = 'Linux' where os_type = 'Windows'`);
  });

  it('is of one kind only', async () => {
    const id = await nova.make();
    const novnc = await x15(id, { remote_console: { type: 'novnc', protocol: 'vnc' } });
    expect(novnc).toMatchObject({
      status: 400,
      body: { badRequest: { message: 'Unavailable console type novnc.' } },
    });
    const wrong = await cloud.call('POST', `/v1/{p}/baremetalservers/${id}/remote_console`, {
      remote_console: { type: 'vnc', protocol: 'vnc' },
    });
    expect(wrong.status).toBe(400);
  });

  it('comes by the action until microversion 2.5 and by remote-consoles from 2.6 on', async () => {
    const id = await nova.make();
    expect([(await n12(id, 5)).status, (await n12(id, 6)).status]).toEqual([200, 404]);
    expect([(await x15(id, serial, 5)).status, (await x15(id, serial, 6)).status]).toEqual([404, 200]);
  });

  it('shows a page to a browser, which does not use it up', async () => {
    const link = await linkTo(await nova.make());
    const response = await fetch(link);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    const console = await openConsole(link, ['binary', 'base64']);
    expect(console.protocol).toBe('binary');
    await console.close();
  });
});

describe('the console of a simulated machine', () => {
  it('boots, lets people in, and echoes what they type', async () => {
    const id = await nova.make({ name: 'talkative' });
    const console = await openConsole(await linkTo(id));
    await console.see('Linux version');
    await console.see('talkative login: ');
    console.type('root\r');
    await console.see('Password: ');
    console.type('secret word\r');
    await console.see('root@talkative:~# ');
    expect(console.shown()).not.toContain('secret word');
    console.type('echo hello there\r');
    await console.see('echo hello there\r\nhello there\r\n');
    console.type('frobnicate\r');
    await console.see('frobnicate: command not found');
    await console.close();
  });

  it('is seen by all who watch, and typed into by any of them', async () => {
    const id = await nova.make({ name: 'shared' });
    const first = await openConsole(await linkTo(id));
    await first.see('login: ');
    const second = await openConsole((await x15(id)).body.remote_console.url);
    await second.see('login: ');
    second.type('eve\r');
    await Promise.all([first.see('eve\r\nPassword: '), second.see('eve\r\nPassword: ')]);
    await second.close();
    first.type('\r');
    await first.see('eve@shared:~$ ');
    await first.close();
  });

  it('follows the machine off and on again', async () => {
    const id = await nova.make({ name: 'cycled' });
    const console = await openConsole(await linkTo(id));
    await console.see('login: ');
    await nova.act(id, { 'os-stop': null });
    await console.see('reboot: Power down');
    await nova.rest(id);
    await nova.act(id, { 'os-start': null });
    await console.see('cycled login: ');
    await console.close();
  });

  it('switches the machine off when somebody types so', async () => {
    const id = await nova.make({ name: 'self-willed' });
    const console = await openConsole(await linkTo(id));
    await console.see('login: ');
    console.type('root\r\r');
    await console.see('~# ');
    console.type('reboot\r');
    await console.see('self-willed login: ');
    console.type('root\r\rpoweroff\r');
    await console.see('reboot: Power down');
    await console.close();
    const { rows } = await cloud.sql.query(
      `select case when pending_at <= now() then pending_power else power end as power
       from simulated_machines where node_id = $1`,
      [await nodeOf(id)],
    );
    expect(rows[0].power).toBe('off');
  });

  it('shows a server as stopped whose system switched the machine off', async () => {
    const other = await startCloud({ INGOT_SIM_NODES: '1', INGOT_POWER_SYNC_SECONDS: '1' });
    try {
      const [id] = await other.makeServers(1, 'guest');
      const console = await openConsole(
        (await other.call('POST', `/admin/v1/servers/${id}/console`)).body.websocket_url,
      );
      await console.see('login: ');
      console.type('root\r\rpoweroff\r');
      await console.see('reboot: Power down');
      await other.until(
        () => other.call('GET', `/v1/{p}/baremetalservers/${id}`),
        ({ body }) => body.server.status === 'SHUTOFF',
      );
      await console.close();
    } finally {
      await other.close();
    }
  });

  it('closes when the server is deleted', async () => {
    const id = await nova.make({ name: 'doomed' });
    const nodeId = await nodeOf(id);
    const tenant = await openConsole(await linkTo(id));
    const operator = await openConsole(
      (await cloud.call('POST', `/admin/v1/nodes/${nodeId}/console`)).body.url,
    );
    const unused = await linkTo(id);
    await tenant.see('login: ');
    await nova.call('DELETE', `/servers/${id}`);
    expect((await tenant.closed).code).toBe(1000);
    expect((await operator.closed).reason).toContain('changed hands');
    await expect(openConsole(unused)).rejects.toThrow(/403|409/);
  });
});

describe('the console log', () => {
  const output = (id: string, value: unknown) =>
    nova.call('POST', `/servers/${id}/action`, { 'os-getConsoleOutput': value });

  it('has what the machine wrote, all of it or its last lines', async () => {
    const id = await nova.make({ name: 'logged' });
    const { status, body } = await output(id, null);
    expect(status).toBe(200);
    expect(body.output).toContain('Linux version');
    expect(body.output).not.toContain('\r');
    expect((await output(id, { length: -1 })).body.output).toBe(body.output);
    const last = (await output(id, { length: 2 })).body.output;
    expect(last.split('\n')).toHaveLength(2);
    expect(last).toContain('logged login: ');
    expect((await output(id, { length: '2' })).body.output).toBe(last);
    expect((await output(id, { length: 0 })).body.output).toBe('');
    expect((await output(id, { length: 'many' })).status).toBe(400);
  });

  it('is nobody’s while something of ours runs on the machine', async () => {
    const id = await nova.make();
    await nova.force(id, 'Rebuilding');
    expect((await output(id, {})).status).toBe(409);
  });
});

describe('an upgrade', () => {
  const ask = (path: string, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const asked = request(`${cloud.origin}${path}`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      asked.on('upgrade', () => resolve(101)).on('error', reject);
      asked.end();
    });
  const webSocket = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };

  it('to HTTP/2, as Java asks for it, is passed over', async () => {
    const h2c = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABk',
    };
    expect(await ask('/healthz', h2c)).toBe(200);
  });

  it('is done at the path of consoles only', async () => {
    expect(await ask('/healthz', webSocket)).toBe(200);
    expect(await ask('/serial/?token=guessed', webSocket)).toBe(403);
    expect(await ask('/serial', webSocket)).toBe(403);
  });
});
