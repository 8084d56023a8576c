/** The audit trail: what is in it, what never is, and who may read it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../src/store/audit.ts';
import { openDatabase } from '../../src/store/database.ts';
import { rentEverything } from '../crash/process.ts';
import { tokenFor, tokenWithPolicy } from '../support/callers.ts';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { byToken, runIngot } from '../support/command.ts';

let cloud: Cloud;
let ids: string[];
beforeAll(async () => {
  cloud = await startCloud({ INGOT_LOG_LEVEL: 'silent' });
  ids = await rentEverything(cloud.sql);
});
afterAll(() => cloud.close());

const traces = async (query = '', token = cloud.token, projectId = cloud.projectId): Promise<Reply> =>
  cloud.call('GET', `/v3/${projectId}/traces?trace_type=system${query}`, undefined, {
    'x-auth-token': token,
  });
const rowOf = async (reply: Reply) => {
  const request = reply.headers.get('x-request-id')!.replace(/^req-|-/g, '');
  const { body } = await cloud.call('GET', `/admin/v1/audit?request=${request}`);
  expect(body.audit).toHaveLength(1);
  return body.audit[0];
};

describe('a change', () => {
  it('of a batch of servers leaves who, what, where and how it ended', async () => {
    const asked = ids.slice(0, 3);
    const reply = await cloud.call('POST', '/v1/{p}/baremetalservers/action', {
      'os-stop': { servers: asked.map((id) => ({ id })) },
    });
    expect(await rowOf(reply)).toMatchObject({
      rating: 'normal',
      name: 'stopBareMetalServers',
      service: 'bms-v1',
      route: 'V09-V11',
      method: 'POST',
      action: 'bms:servers:stop',
      status_code: 200,
      error_code: null,
      project_id: cloud.projectId,
      user: { id: cloud.userId, name: 'admin', account: { name: 'Default' } },
      source_ip: '127.0.0.1',
      resource_type: 'servers',
      resource_ids: asked,
      job_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('is written down although a stranger says what no database stores, alone and beside others', async () => {
    const replies = await Promise.all(
      [
        `/v2.1/{p}/servers/%00/action`,
        `/v2.1/{p}/servers/${ids[4]}/action`,
        `/v2.1/{p}/servers/a%00b/action`,
      ].map((path) => cloud.call('POST', path, { lock: null })),
    );
    expect(replies.map(({ status }) => status)).toEqual([404, 202, 404]);
    const [odd, good] = [await rowOf(replies[0]!), await rowOf(replies[1]!)];
    expect(odd).toMatchObject({ resource_ids: ['\ufffd'], status_code: 404 });
    expect(good).toMatchObject({ resource_ids: [ids[4]], status_code: 202 });
  });

  it('has the same name through Nova and CloudDC', async () => {
    await cloud.until(
      async () => (await cloud.call('GET', `/v1/{p}/baremetalservers/${ids[0]}`)).body.server,
      (server) => server.status === 'SHUTOFF' && server['OS-EXT-STS:task_state'] === null,
    );
    const started = await cloud.call('POST', `/v2.1/{p}/servers/${ids[0]}/action`, { 'os-start': null });
    expect(await rowOf(started)).toMatchObject({ name: 'startBareMetalServers', resource_ids: [ids[0]] });
    const rebooted = await cloud.call('PUT', '/v1/{p}/physicalservers/power-state', {
      action: 'rebooting',
      server_id_set: [ids[4]],
    });
    expect(await rowOf(rebooted)).toMatchObject({ name: 'rebootBareMetalServers', resource_ids: [ids[4]] });
  });

  it('of servers that are yet to be has their ids all the same', async () => {
    await cloud.sql.query(`update nodes set server_id = null, standing = 'ready' where server_id = $1`, [
      ids[7],
    ]);
    await cloud.sql.query(`update servers set node_id = null where id = $1`, [ids[7]]);
    const [made] = await cloud.makeServers(1, 'traced');
    const { body } = await traces(`&resource_id=${made}`);
    expect(body.traces).toEqual([
      expect.objectContaining({
        trace_name: 'createBareMetalServers',
        resource_id: made,
        resource_name: 'traced',
      }),
    ]);
  });

  it('that was refused is there too, with the code of the refusal', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    const stop = { 'os-stop': { servers: [{ id: nobody }] } };
    const token = await tokenFor(cloud, 'reader', cloud.projectId);
    const asReader = await cloud.call('POST', '/v1/{p}/baremetalservers/action', stop, {
      'x-auth-token': token,
    });
    expect(asReader.status).toBe(403);
    expect(await rowOf(asReader)).toMatchObject({
      rating: 'warning',
      status_code: 403,
      error_code: 'BMS.0288',
      project_id: cloud.projectId,
    });
    const malformed = await cloud.call('POST', '/v1/{p}/baremetalservers/action', '{"os-');
    expect(await rowOf(malformed)).toMatchObject({
      status_code: 400,
      error_code: 'BMS.0001',
      resource_ids: [],
    });
  });

  it('by nobody leaves what is known: address, call and result', async () => {
    // What a caller says of its address is worth nothing where no proxy is trusted.
    const given = { 'x-auth-token': 'none', 'x-forwarded-for': '192.0.2.1' };
    const reply = await cloud.call('POST', '/v1/{p}/baremetalservers/action', {}, given);
    expect(reply.status).toBe(401);
    expect(await rowOf(reply)).toMatchObject({
      status_code: 401,
      error_code: 'APIGW.0301',
      account: null,
      user: { id: null, name: null },
      source_ip: '127.0.0.1',
      route: 'V09-V11',
    });
  });

  it('by a wrong signature names the access key', async () => {
    const authorization =
      'SDK-HMAC-SHA256 Access=WHOEVER, SignedHeaders=host;x-sdk-date, Signature=' + '0'.repeat(64);
    const response = await fetch(`${cloud.origin}/v1/${cloud.projectId}/baremetalservers/action`, {
      method: 'POST',
      headers: { authorization, 'x-sdk-date': '20260101T000000Z' },
      body: '{}',
    });
    expect(response.status).toBe(401);
    const { body } = await cloud.call('GET', '/admin/v1/audit?access_key=WHOEVER');
    expect(body.audit).toEqual([expect.objectContaining({ status_code: 401, access_key: 'WHOEVER' })]);
  });
});

describe('a login', () => {
  const login = (password: string, name = 'admin') =>
    cloud.call('POST', '/v3/auth/tokens', {
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name, password, domain: { name: 'Default' } } },
        },
        scope: { project: { id: cloud.projectId } },
      },
    });

  it('has a row with who came in', async () => {
    expect(await rowOf(await login('correct horse'))).toMatchObject({
      name: 'login',
      service: 'identity',
      status_code: 201,
      user: { id: cloud.userId, name: 'admin' },
      project_id: cloud.projectId,
    });
  });

  it('that failed says who it claimed to be, and the account learns of it', async () => {
    expect(await rowOf(await login('wrong horse', 'mallory'))).toMatchObject({
      name: 'login',
      status_code: 401,
      user: { id: null, name: 'mallory' },
    });
    const { body } = await traces('&trace_name=login&trace_rating=warning');
    expect(body.traces).toEqual([
      expect.objectContaining({ code: '401', user: expect.objectContaining({ name: 'mallory' }) }),
    ]);
  });

  it('leaves no password, no token and no key anywhere in the trail', async () => {
    const made = await cloud.call('POST', '/v3.0/OS-CREDENTIAL/credentials', {
      credential: { user_id: cloud.userId, description: 'traced' },
    });
    expect(made.status).toBe(201);
    await cloud.call('POST', '/v3/users', { user: { name: 'hidden', password: 'Sesame-0pen!' } });
    const { rows } = await cloud.sql.query<{ all: string }>(
      'select string_agg(to_jsonb(a)::text, chr(10)) as all from audit a',
    );
    const text = rows[0]!.all;
    expect(text).toContain('hidden');
    for (const secret of [
      'correct horse',
      'wrong horse',
      'Wr0ng-Horse_42',
      'Sesame',
      made.body.credential.secret,
      cloud.token,
    ])
      expect(text).not.toContain(secret);
  });
});

describe('reading', () => {
  it('shows a trace in the published shape', async () => {
    const { status, body } = await traces('&trace_name=stopBareMetalServers');
    expect(status).toBe(200);
    expect(body.meta_data).toEqual({ count: 1 });
    expect(body.traces[0]).toEqual({
      trace_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      trace_name: 'stopBareMetalServers',
      trace_type: 'ApiCall',
      trace_rating: 'normal',
      tracker_name: 'system',
      service_type: 'BMS',
      resource_type: 'servers',
      resource_id: ids[0],
      resource_name: '',
      source_ip: '127.0.0.1',
      user: { id: cloud.userId, name: 'admin', domain: { id: expect.any(String), name: 'Default' } },
      code: '200',
      request_id: expect.any(String),
      location_info: '',
      message: `resources: ${ids.slice(0, 3).join(', ')}`,
      api_version: 'v1',
      time: expect.any(Number),
      record_time: expect.any(Number),
    });
  });

  it('goes through all pages, each trace once, newest first', async () => {
    const { rowCount } = await cloud.sql.query(
      'select 1 from audit where (project_id = $1 or project_id is null) and account_id is not null',
      [cloud.projectId],
    );
    const seen: { trace_id: string; time: number }[] = [];
    for (let next: string | undefined = ''; next !== undefined;) {
      const { body } = await traces(`&limit=3${next && `&next=${next}`}`);
      seen.push(...body.traces);
      next = body.meta_data.marker;
    }
    expect(seen).toHaveLength(rowCount!);
    expect(new Set(seen.map(({ trace_id: id }) => id)).size).toBe(rowCount);
    expect(seen.map(({ time }) => time)).toEqual(seen.map(({ time }) => time).toSorted((a, b) => b - a));
  });

  it('takes the last hour where no time is given, and any time that is', async () => {
    await cloud.sql.query(
      `update audit set at = now() - interval '2 days' where name = 'startBareMetalServers'`,
    );
    const count = async (query: string) => (await traces(query)).body.meta_data.count;
    expect(await count('&trace_name=startBareMetalServers')).toBe(0);
    const day = 86_400_000;
    expect(
      await count(`&trace_name=startBareMetalServers&from=${Date.now() - 3 * day}&to=${Date.now()}`),
    ).toBe(1);
    expect(await count(`&trace_name=startBareMetalServers&from=${Date.now() - day}`)).toBe(0);
  });

  it('refuses what it cannot read, in the envelope of the service', async () => {
    for (const query of ['&limit=0', '&limit=201', '&from=yesterday', '&trace_rating=odd', '&next=nowhere']) {
      const { status, body } = await traces(query);
      expect({ query, status, body }).toEqual({
        query,
        status: 400,
        body: { error_code: 'CTS.0003', error_msg: expect.any(String) },
      });
    }
    expect((await traces('', 'none')).body).toMatchObject({ error_code: 'APIGW.0301' });
  });

  it('is for the account: a member sees the own rows, another account none', async () => {
    const member = await tokenFor(cloud, 'member', cloud.projectId);
    const headers = { 'x-auth-token': member };
    await cloud.call('POST', '/v2.1/{p}/os-keypairs', { keypair: { name: 'of-the-member' } }, headers);
    expect((await traces('', member)).body.traces).toEqual([
      expect.objectContaining({ resource_name: 'of-the-member' }),
    ]);
    const elsewhere = 'e'.repeat(32);
    const admin = await tokenFor(cloud, 'admin', elsewhere);
    const { body } = await traces('', admin, elsewhere);
    expect(body.traces.filter((it: { service_type: string }) => it.service_type !== 'IAM')).toEqual([]);
    expect((await traces('', admin)).status).toBe(400); // the project of another
  });

  it('is for whoever a policy shows it to, and for those whom it denies not even their own', async () => {
    const statement = (Effect: string) => ({ Effect, Action: ['cts:trace:list'] });
    const auditor = await tokenWithPolicy(cloud, [statement('Allow')]);
    const own = await tokenFor(cloud, 'member', cloud.projectId);
    await cloud.call('POST', '/v2.1/{p}/os-keypairs', { keypair: { name: 'seen' } }, { 'x-auth-token': own });
    const { body } = await traces('&resource_name=seen', auditor);
    expect(body.traces).toHaveLength(1);
    const kept = await tokenWithPolicy(cloud, [{ Effect: 'Allow', Action: ['*'] }, statement('Deny')]);
    expect((await traces('', kept)).status).toBe(403);
  });

  it('of the whole installation is for its operators', async () => {
    const { body } = await cloud.call('GET', '/admin/v1/audit?name=login&limit=1');
    expect(body.audit).toHaveLength(1);
    expect(body.next_marker).toBe(body.audit[0].id);
    const member = await tokenFor(cloud, 'member', cloud.projectId);
    const refused = await cloud.call('GET', '/admin/v1/audit', undefined, { 'x-auth-token': member });
    expect(refused.status).toBe(403);
    expect((await cloud.call('GET', '/admin/v1/audit?rating=odd')).status).toBe(400);
    expect((await cloud.call('GET', '/admin/v1/audit?since=odd')).status).toBe(400);
  });

  it('works from the command line', async () => {
    const ask = (...more: string[]) =>
      runIngot(['audit', '--name', 'stopBareMetalServers', ...more], byToken(cloud));
    const [title, row] = (await ask()).out.split('\n');
    expect(title).toMatch(/^AT +USER +FROM +WHAT/);
    expect(row).toMatch(/admin +127\.0\.0\.1 +stopBareMetalServers +bms-v1 +200 .* and 2 more/);
    expect(JSON.parse((await ask('--json')).out)).toHaveLength(1);
  });
});

describe('a row', () => {
  it('is there for every change that was answered, also by calls at once', async () => {
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        cloud.call('POST', '/v2.1/{p}/os-keypairs', { keypair: { name: `at-once-${at}` } }),
      ),
    );
    for (const reply of replies) expect((await rowOf(reply)).status_code).toBe(200);
  });

  it('goes when its time is over', async () => {
    const database = await openDatabase(cloud.databaseUrl, { connections: 1, onError: () => undefined });
    try {
      const trail = audit(database.sql);
      expect(await trail.purge(90)).toBe(0);
      await cloud.sql.query(`update audit set at = now() - interval '91 days' where name = 'login'`);
      expect(await trail.purge(90)).toBeGreaterThan(0);
      expect(await trail.list({ name: 'login' }, { limit: 10 })).toEqual([]);
      expect(await trail.list({ name: 'stopBareMetalServers' }, { limit: 10 })).toHaveLength(1);
    } finally {
      await database.close();
    }
  });

  it('that cannot be written makes the call fail, for nothing is done in silence', async () => {
    await cloud.sql.query('alter table audit rename to audit_away');
    try {
      const reply = await cloud.call('POST', '/v2.1/{p}/os-keypairs', { keypair: { name: 'silent' } });
      expect(reply.status).toBe(500);
      expect(reply.body).toEqual({ computeFault: { code: 500, message: expect.any(String) } });
      expect((await cloud.call('GET', '/v2.1/{p}/os-keypairs')).status).toBe(200);
    } finally {
      await cloud.sql.query('alter table audit_away rename to audit');
    }
  });
});
