/** What is asked wrongly is refused in the words of the API that was asked, and leaves everything as it was. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { allApis } from '../../scripts/all-apis.ts';
import { hashToken } from '../../src/apis/auth.ts';
import { tokenFor } from '../support/callers.ts';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { doors, expectNothingInside, expectRefusal, type Door } from '../support/doors.ts';

let cloud: Cloud;
/** Running, and the project's. */
let id: string;
let otherProject: string;
let foreignToken: string;
let expiredToken: string;

beforeAll(async () => {
  cloud = await startCloud({ INGOT_RATE_LIMIT: '0' });
  [id] = (await cloud.makeServers(1)) as [string];
  otherProject = randomUUID().replaceAll('-', '');
  foreignToken = await tokenFor(cloud, 'member', otherProject);
  expiredToken = 'expired';
  await cloud.sql.query(
    `insert into tokens (hash, user_id, project_id, methods, audit_id, issued_at, expires_at)
     values ($1, $2, $3, '{password}', 'test', now() - interval '2 hours', now() - interval '1 hour')`,
    [hashToken(expiredToken), cloud.userId, cloud.projectId],
  );
});
afterAll(() => cloud.close());

let before: string;
beforeEach(async () => {
  before = await digest();
});
afterEach(async () => {
  assert.equal(await digest(), before);
  assert.equal((await cloud.call('GET', '/healthz')).status, 200);
});

/** Of all rows of all tables, except tokens, which are purged when they are old, and the trail, which has refusals. */
async function digest(): Promise<string> {
  const { rows: tables } = await cloud.sql.query<{ name: string }>(
    `select table_name as name from information_schema.tables 
     where table_schema = 'public' and table_name not in ('tokens', 'audit')`,
  );
  const each = tables.map(
    ({ name }) => `select '${name}' as name, md5(string_agg(t::text, '' order by t::text)) from ${name} t`,
  );
  const { rows } = await cloud.sql.query<object>(`${each.join(' union all ')} order by name`);
  return JSON.stringify(rows);
}

const writable = doors.filter((door) => door.write !== undefined);
const send = (door: Door, body: unknown, headers?: Record<string, string>) =>
  cloud.call(door.write!.method, door.write!.path, body, headers);

describe.each(doors)('$name', (door) => {
  it('asks who is calling', async () => {
    for (const token of ['', 'garbage', expiredToken, 'x'.repeat(4_096)]) {
      const reply = await cloud.call('GET', door.read, undefined, { 'x-auth-token': token });
      expectRefusal(door, reply, 401);
    }
    const response = await fetch(cloud.origin + door.read.replace('{p}', cloud.projectId));
    expectRefusal(door, { status: response.status, body: await response.json() }, 401);
    expect((await cloud.call('GET', door.read)).status).toBe(200);
  });

  it('does not know every path', async () => {
    expectRefusal(door.name === 'CloudDC' ? doors[0]! : door, await cloud.call('GET', door.nowhere), 404);
  });

  it('names the methods of a path that has others', async () => {
    const reply = await cloud.call('PATCH', door.read);
    expectRefusal(door, reply, 405);
    expect(reply.headers.get('allow')).toMatch(/\bGET\b/);
  });

  it('refuses a path that cannot be decoded, and one that is too long', async () => {
    for (const part of ['%zz', '%', '%ED%A0%80', 'x'.repeat(600)]) {
      const reply = await cloud.call('GET', `${door.read.replace('detail', '')}/${part}`);
      expect([400, 404]).toContain(reply.status);
      expectNothingInside(reply.body);
      if (part === '%zz') expectRefusal(below(door), reply, 400);
    }
  });
});

/** A path that cannot be read belongs to the first API below its first part. */
const below = (door: Door) => (door.name === 'CloudDC' ? doors[0]! : door);

describe.each(writable)('$name', (door) => {
  it.each([
    ['broken off', '{"a":'],
    ['no JSON', 'stop all servers'],
    ['a list', []],
    ['a text', '"os-stop"'],
    ['a number', '5'],
    ['null', 'null'],
    ['empty', ''],
    ['an object with nothing in it', {}],
    ['an object with a key that nobody knows', { 'os-explode': {} }],
    ['a prototype', '{"__proto__":{"os-stop":{"servers":[]}}}'],
    ['an object whose parent is named', '{"constructor":{"prototype":{"isAdmin":true}}}'],
    ['nested 100,000 levels deep', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['nested deep, with escapes in it', `{"a":${'['.repeat(100_000)}"\\ud83d\\ude00"${']'.repeat(100_000)}}`],
    ['a number without end', `{"a":1e400,"b":${'9'.repeat(1_000)}}`],
    ['bytes that are no UTF-8', '\xff\xfe{}'],
  ])('refuses a body that is %s', async (_, body) => {
    expectRefusal(door, await send(door, body), 400);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  it.each(['\\u0000', '\\ud83d', '\\ude00', 'a\\ud800b'])('refuses the text %s', async (bad) => {
    const body = JSON.stringify({ ...door.write!.body, note: 'BAD' });
    expectRefusal(door, await send(door, body.replace('BAD', bad)), 400);
    expectRefusal(door, await send(door, body.replace('note', bad)), 400);
  });

  it('refuses a body of 2 MB', async () => {
    expectRefusal(door, await send(door, { note: 'x'.repeat(2_000_000) }), 413);
  });

  it('lets nobody write without a token, however wrong the body', async () => {
    expectRefusal(door, await send(door, '{"a":', { 'x-auth-token': 'garbage' }), 401);
  });
});

describe('every route', () => {
  interface Operation {
    method: string;
    path: string;
    takesBody: boolean;
  }
  let routes: Operation[];
  beforeAll(async () => {
    const { body } = await cloud.call('GET', '/openapi.json');
    routes = Object.entries<Record<string, { requestBody?: { content: object } }>>(body.paths).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, { requestBody }]) => ({
          method: method.toUpperCase(),
          path,
          // Images are uploaded as bytes of any kind.
          takesBody: requestBody !== undefined && !('application/octet-stream' in requestBody.content),
        })),
    );
    // An event stream does not end by itself.
    routes = routes.filter(({ path }) => path !== '/events');
  });

  const odd = [
    '%00',
    '%0D%0AX-Evil:%201',
    'x'.repeat(500),
    '..%2F..%2Fetc',
    '%F0%9F%98%80',
    '00000000-0000-4000-8000-00000000000A',
    '0000000000004000800000000000000a',
    '-1',
    '1e999',
    '99999999999999999999',
    '%27%3B--',
    '[',
    '__proto__',
    'constructor',
  ];
  const fill = (path: string, value: string) =>
    path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (name === 'project_id' ? cloud.projectId : value));

  async function expectNoFailure(method: string, path: string, body?: unknown): Promise<Reply> {
    const reply = await cloud.call(method, path, body);
    assert.ok(reply.status < 500, `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    expectNothingInside(reply.body);
    return reply;
  }

  it('is listed', () => {
    expect(routes.length).toBeGreaterThan(80);
  });

  it('stands odd names in its path', async () => {
    for (const { method, path, takesBody } of routes) {
      if (fill(path, 'x') === fill(path, 'y')) continue;
      await Promise.all(
        odd.map((value) => expectNoFailure(method, fill(path, value), takesBody ? {} : undefined)),
      );
    }
  });

  // A test for each API, so that none has all of them to do within its time.
  it.each(allApis().map(({ name, routes: own }) => [name, own] as const))(
    'of %s stands odd words in its query',
    async (_, own) => {
      const names =
        'limit marker offset name id status sort sort_key sort_dir changes-since tags flavor image uuid ip zone' +
        ' instance_id server_id instance_state standing driver user_id domain_id scope.project.id fields';
      const paths = own
        .filter(({ method, path, hosts }) => method === 'GET' && path !== '/events' && !hosts)
        .map(({ path }) => path.replaceAll(/:(\w+)/g, '{$1}'));
      for (const path of paths) {
        await Promise.all(
          odd.flatMap((value) => {
            const every = names.split(' ').map((name) => `${name}=${value}`);
            // One wrong parameter may hide the next; so each alone, and all at once and twice.
            const queries = value === '%00' || value === '[' ? every : [];
            return [...queries, `${every.join('&')}&${every.join('&')}`].map((query) =>
              expectNoFailure('GET', `${fill(path, id)}?${query}`),
            );
          }),
        );
      }
    },
  );

  it('that takes a body refuses one that is none', async () => {
    for (const { method, path } of routes.filter(({ takesBody }) => takesBody)) {
      for (const body of ['{"a":', '[]', 'null', '"\\u0000"', '7']) {
        const reply = await expectNoFailure(method, fill(path, id), body);
        // A patch of an image is a document of a kind of its own; other JSON is the wrong kind (RFC 5789 §2.2).
        // An inspection needs no body, so that null is none: then it is the node that is not found.
        const mayBeNone = path === '/admin/v1/nodes/{id}/inspect' && body === 'null';
        const wanted = path === '/image/v2/images/{image_id}' ? [400, 415] : mayBeNone ? [404] : [400];
        expect(wanted, `${method} ${path} with ${body}`).toContain(reply.status);
      }
    }
  });
});

describe('half a character', () => {
  it.each(['\\ud800', '\\u0000'])(
    '(%s) is refused wherever a server may have words of its own',
    async (half) => {
      const [image, network] = await Promise.all([
        cloud.sql.query<{ id: string }>('select id from images limit 1'),
        cloud.sql.query<{ id: string; vpc: string }>('select id, vpc_id as vpc from networks limit 1'),
      ]);
      const imageId = image.rows[0]!.id;
      const { id: networkId, vpc } = network.rows[0]!;
      const metadata = { word: 'HALF' };
      const asked: [path: string, body: object][] = [
        [
          '/v1/{p}/baremetalservers',
          {
            server: {
              name: 'half',
              imageRef: imageId,
              flavorRef: 'physical.m2.large',
              availability_zone: 'eu-de-01',
              vpcid: vpc,
              nics: [{ subnet_id: networkId }],
              adminPass: 'Wr0ng-Horse_42',
              extendparam: {},
              metadata,
            },
          },
        ],
        [
          '/v2.1/{p}/servers',
          { server: { name: 'half', imageRef: imageId, flavorRef: 'physical.m2.large', metadata } },
        ],
        [
          '/v1/{p}/instances',
          {
            name: 'half',
            image_id: imageId,
            vpc_id: vpc,
            network_interfaces: [{ subnet_id: networkId }],
            password: 'Wr0ng-Horse_42',
            description: 'HALF',
          },
        ],
        ['/v2.1/{p}/os-keypairs', { keypair: { name: 'half', public_key: 'ssh-ed25519 HALF' } }],
        ['/v3/projects', { project: { name: 'half', description: 'HALF' } }],
      ];
      for (const [path, body] of asked) {
        const reply = await cloud.call('POST', path, JSON.stringify(body).replace('HALF', half));
        expect({ path, ...reply }).toMatchObject({ path, status: 400 });
        expectNothingInside(reply.body);
      }
    },
  );
});

describe('a batch of BMS v1', () => {
  const ask = (servers: unknown[], token?: string) =>
    cloud.call(
      'POST',
      '/v1/{p}/baremetalservers/action',
      { 'os-start': { servers } },
      token === undefined ? {} : { 'x-auth-token': token },
    );

  it('has 1 to 1000 servers', async () => {
    const many = (count: number) => Array.from({ length: count }, () => ({ id: randomUUID() }));
    expect(await ask([])).toMatchObject({ status: 400, body: { error: { code: 'BMS.0018' } } });
    expect(await ask(many(1_001))).toMatchObject({ status: 400, body: { error: { code: 'BMS.0018' } } });
    expect(await ask(many(1_000))).toMatchObject({ status: 400, body: { error: { code: 'BMS.0040' } } });
  });

  it('refuses servers that nobody has, and names that are no ids', async () => {
    expect(await ask([{ id: randomUUID() }])).toMatchObject({ body: { error: { code: 'BMS.0040' } } });
    for (const wrong of ['', 'web', '%', '../..', 5, null, {}, 'x'.repeat(65)]) {
      expect(await ask([{ id: wrong }])).toMatchObject({
        status: 400,
        body: { error: { code: 'BMS.0018' } },
      });
    }
  });

  it('knows a server in capitals, without hyphens, and several times as the same one', async () => {
    const spellings = [id, id.toUpperCase(), id.replaceAll('-', ''), id];
    for (const spelling of spellings) {
      expect(await ask([{ id: spelling }])).toMatchObject({
        status: 400,
        body: { error: { code: 'BMS.0038' } },
      });
    }
    const all = spellings.map((spelling) => ({ id: spelling }));
    expect(await ask(all)).toMatchObject({ status: 400, body: { error: { code: 'BMS.0038' } } });
  });

  it('needs exactly one action', async () => {
    const servers = { servers: [{ id }] };
    for (const body of [
      { 'os-start': servers, 'os-stop': servers },
      { 'os-stop': { ...servers, type: 'GENTLE' } },
      { 'os-stop': { servers: { id } } },
      { 'os-stop': { servers: [id] } },
      { 'os-stop': null },
      { reboot: [] },
      JSON.stringify({ 'os-start': servers }).replace('{', '{"__proto__":{},'),
    ]) {
      const reply = await cloud.call('POST', '/v1/{p}/baremetalservers/action', body);
      expect(reply).toMatchObject({ status: 400, body: { error: { code: 'BMS.0018' } } });
    }
  });
});

describe('another project', () => {
  const foreign = { 'x-auth-token': '' };
  beforeAll(() => {
    foreign['x-auth-token'] = foreignToken;
  });

  it('is not entered with a token of this one', async () => {
    const refusals: [path: string, status: number, body: object][] = [
      [`/v1/${otherProject}/baremetalservers/detail`, 400, { error: { code: 'Common.0018' } }],
      [`/v2.1/${otherProject}/servers`, 400, { badRequest: { code: 400 } }],
      [`/v1/${otherProject}/instances`, 403, { error_code: 'CloudDC.0403' }],
    ];
    for (const [path, status, body] of refusals) {
      expect(await cloud.call('GET', path)).toMatchObject({ status, body });
    }
    const nova = await cloud.call('GET', `/v2.1/${otherProject}/servers`);
    expect(nova.body.badRequest.message).toMatch(new RegExp(`${cloud.projectId}.*${otherProject}`));
  });

  it('does not see or touch the servers of this one', async () => {
    const v1 = `/v1/${otherProject}/baremetalservers`;
    const v2 = `/v2.1/${otherProject}/servers/${id}`;
    const servers = [{ id }];
    const machine = await cloud.sql.query<{ id: string }>('select id from nodes where server_id = $1', [id]);
    const refusals: [method: string, path: string, body: unknown, status: number, code?: string][] = [
      ['GET', `${v1}/${id}`, undefined, 404],
      ['PUT', `${v1}/${id}`, { server: { name: 'mine' } }, 400, 'BMS.0040'],
      ['POST', `${v1}/action`, { 'os-stop': { servers } }, 400, 'BMS.0040'],
      ['POST', `${v1}/delete`, { servers }, 400, 'BMS.0040'],
      [
        'POST',
        `${v1}/${id}/reinstallos`,
        { 'os-reinstall': { adminpass: 'An0ther-Horse' } },
        400,
        'BMS.0040',
      ],
      ['GET', v2, undefined, 404],
      ['PUT', v2, { server: { name: 'mine' } }, 404],
      ['DELETE', v2, undefined, 404],
      ['POST', `${v2}/action`, { 'os-stop': null }, 404],
      ['GET', `/v1/${otherProject}/instances/${id}/status`, undefined, 404],
      ['DELETE', `/v1/${otherProject}/instances/${id}`, undefined, 404],
      ['GET', `/v1/${otherProject}/physicalservers/${machine.rows[0]!.id}`, undefined, 404],
      [
        'PUT',
        `/v1/${otherProject}/physicalservers/power-state`,
        { action: 'power off', server_id_set: [machine.rows[0]!.id] },
        404,
      ],
      ['GET', `/admin/v1/servers/${id}/why`, undefined, 404],
      ['POST', `/admin/v1/servers/${id}/retry`, undefined, 404],
      ['GET', '/admin/v1/nodes', undefined, 403],
    ];
    for (const [method, path, body, status, code] of refusals) {
      const reply = await cloud.call(method, path, body, foreign);
      expect({ method, path, ...reply }).toMatchObject({
        method,
        path,
        status,
        ...(code ? { body: { error: { code } } } : {}),
      });
      expectNothingInside(reply.body);
    }
  });

  it('does not see the jobs of this one', async () => {
    const { rows } = await cloud.sql.query<{ id: string }>('select id from jobs limit 1');
    const job = await cloud.call('GET', `/v1/${otherProject}/jobs/${rows[0]!.id}`, undefined, foreign);
    expect(job.status).toBe(404);
    expect((await cloud.call('GET', `/v1/{p}/jobs/${rows[0]!.id}`)).status).toBe(200);
  });
});

it('an operation that the state does not allow is refused at every door', async () => {
  const node = await cloud.sql.query<{ id: string }>('select id from nodes where server_id = $1', [id]);
  expect(
    await cloud.call('POST', '/v1/{p}/baremetalservers/action', { 'os-start': { servers: [{ id }] } }),
  ).toMatchObject({ status: 400, body: { error: { code: 'BMS.0038' } } });
  expect(await cloud.call('POST', `/v2.1/{p}/servers/${id}/action`, { 'os-start': null })).toMatchObject({
    status: 409,
    body: {
      conflictingRequest: { message: `Cannot 'start' instance ${id} while it is in vm_state active` },
    },
  });
  expect(
    await cloud.call('PUT', '/v1/{p}/physicalservers/power-state', {
      action: 'power on',
      server_id_set: [node.rows[0]!.id],
    }),
  ).toMatchObject({ status: 400, body: { error_code: 'CloudDC.0002' } });
});
