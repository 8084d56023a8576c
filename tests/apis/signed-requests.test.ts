/** Requests that are signed with an access key: who they are from, where they act, and when a key is locked. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { doors, expectRefusal } from '../support/doors.ts';
import { sign, type KeyPair, type Unsigned } from '../support/signer.ts';

let cloud: Cloud;
/** The administrator's, made at first start. */
let key: KeyPair;

beforeAll(async () => {
  cloud = await startCloud({
    INGOT_SIM_NODES: '0',
    INGOT_RATE_LIMIT: '0',
    INGOT_TRUSTED_PROXIES: '127.0.0.1',
  });
  key = JSON.parse(await readFile(join(cloud.ingot.folder, 'access-key.json'), 'utf8')) as KeyPair;
});
afterAll(() => cloud.close());

type Wish = Omit<Unsigned, 'method'> & {
  method?: string;
  key?: KeyPair;
  at?: number;
  isOtc?: boolean;
  /** Sent, but not signed. */
  also?: Record<string, string>;
};

async function ask({ key: by = key, at, isOtc, also, ...wish }: Wish): Promise<Reply> {
  const url = wish.url.replace('{p}', cloud.projectId);
  const headers = sign(by, { method: 'GET', ...wish, url }, { at, isOtc });
  return send({ ...wish, url }, { ...headers, ...also });
}

async function send({ method = 'GET', url, body }: Wish, headers: Record<string, string>): Promise<Reply> {
  const response = await fetch(cloud.origin + url, { method, headers, ...(body !== undefined && { body }) });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? null : (JSON.parse(text) as unknown),
  };
}

/** Someone with a key, and with a role on the first project or on none. */
async function makeMember(role: string | null = 'member'): Promise<KeyPair & { id: string }> {
  const name = randomUUID();
  const made = await cloud.call('POST', '/v3/users', { user: { name, password: 'correct horse' } });
  const id: string = made.body.user.id;
  if (role) {
    const roles = await cloud.call('GET', `/v3/roles?name=${role}`);
    const path = `/v3/projects/{p}/users/${id}/roles/${roles.body.roles[0].id}`;
    expect((await cloud.call('PUT', path)).status).toBe(204);
  }
  const body = { credential: { user_id: id } };
  const created = await cloud.call('POST', '/v3.0/OS-CREDENTIAL/credentials', body);
  expect(created.status).toBe(201);
  return { ...(created.body.credential as KeyPair), id };
}

const list = '/v1/{p}/baremetalservers/detail';
const action = '/v1/{p}/baremetalservers/action';
const stop = JSON.stringify({ 'os-stop': { servers: [{ id: randomUUID() }] } });
const denied = (why: string) => ({
  error_code: 'APIGW.0301',
  error_msg: `Incorrect IAM authentication information: ${why}`,
  request_id: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
});
const wrong = denied('verify aksk signature fail, the signature is not that of this request');
const limit = denied('AK access failed to reach the limit,forbidden.');

describe.each(doors)('a request to $name', (door) => {
  it('is accepted for its signature, of either cloud', async () => {
    for (const isOtc of [false, true]) {
      const headers = { 'x-project-id': cloud.projectId, accept: 'application/json' };
      expect((await ask({ url: door.read, headers, isOtc })).status).toBe(200);
    }
  });

  it('is refused when the signature is of another request', async () => {
    const member = await makeMember();
    const url = door.read.replace('{p}', cloud.projectId);
    const headers = sign(member, { method: 'GET', url: `${url}/x` });
    expectRefusal(door, await send({ url }, headers), 401);
  });
});

describe('what is signed', () => {
  it('is the body as it came in, byte for byte', async () => {
    const odd = [stop, `${stop}\n`, ` ${stop.replace('id', '\\u0069d')}`, stop.replace('}', ',"n":"ü"}')];
    for (const body of odd) {
      const { body: refusal } = await ask({ method: 'POST', url: action, body });
      expect(refusal.error.code).toBe('BMS.0040');
    }
    const url = action.replace('{p}', cloud.projectId);
    const headers = sign(key, { method: 'POST', url, body: stop });
    expect((await send({ method: 'POST', url, body: `${stop} ` }, headers)).body).toEqual(wrong);
    await ask({ url: list });
  });

  it('may be the body of a GET, which means nothing', async () => {
    const { hostname, port } = new URL(cloud.origin);
    const get = (headers: Record<string, string>, body: string) =>
      new Promise<number>((resolve, reject) => {
        const path = list.replace('{p}', cloud.projectId);
        const length = { 'content-length': String(body.length) };
        const options = { hostname, port, path, method: 'GET', headers: { ...headers, ...length } };
        const request = http.request(options, (response) => {
          response.resume();
          resolve(response.statusCode!);
        });
        request.on('error', reject);
        request.end(body);
      });
    const url = list.replace('{p}', cloud.projectId);
    const headers = sign(key, { method: 'GET', url, body: '{"a":' });
    expect(await get(headers, '{"a":')).toBe(200);
    expect(await get(headers, '{"b":')).toBe(401);
    expect(await get({ 'x-auth-token': cloud.token, 'content-type': 'application/json' }, '{"a":')).toBe(200);
    await ask({ url: list });
  });

  it('is the path and the query with their escapes', async () => {
    const reply = await ask({ url: `${list}?name=a%20b%2F%E4%B8%80&tags=` });
    expect([reply.status, reply.body.servers]).toEqual([200, []]);
    expect((await ask({ url: '/v1/{p}/baremetalservers/a%20b' })).status).toBe(404);
  });

  it('is the host with its port, as the client wrote it', async () => {
    const host = new URL(cloud.origin).host;
    expect((await ask({ url: list, headers: { host } })).status).toBe(200);
    const url = list.replace('{p}', cloud.projectId);
    const headers = sign(key, { method: 'GET', url, headers: { host: 'elsewhere' } });
    expect((await send({ url }, { ...headers, host })).body).toEqual(wrong);
    await ask({ url: list });
  });

  it('is looked at before the body is understood', async () => {
    const url = action.replace('{p}', cloud.projectId);
    const headers = sign(key, { method: 'POST', url, body: 'other' });
    expect((await send({ method: 'POST', url, body: '{"a":' }, headers)).status).toBe(401);
    expect((await ask({ method: 'POST', url: action, body: '{"a":' })).status).toBe(400);
  });

  it('may be 12 MB long; what is not signed, 1 MiB', async () => {
    const ofMegabytes = (count: number) => JSON.stringify({ note: 'x'.repeat(count * 1_048_576) });
    expect((await ask({ method: 'POST', url: action, body: ofMegabytes(11) })).status).toBe(400);
    const large = await ask({ method: 'POST', url: action, body: ofMegabytes(13) });
    expect([large.status, large.body.error_code]).toEqual([413, 'APIGW.0201']);
    expect((await cloud.call('POST', action, ofMegabytes(2))).status).toBe(413);
    const login = await ask({ method: 'POST', url: '/v3/auth/tokens', body: ofMegabytes(2) });
    expect(login.status).toBe(413);
  });

  it('is good for a quarter of an hour', async () => {
    const minutes = (count: number) => Date.now() + count * 60_000;
    for (const at of [minutes(-14), minutes(14)]) expect((await ask({ url: list, at })).status).toBe(200);
    for (const at of [minutes(-16), minutes(16)]) {
      expect((await ask({ url: list, at })).body).toEqual(
        denied('verify aksk signature fail, X-Sdk-Date is more than 15 minutes away from now'),
      );
    }
  });

  it('does not count where there is a token', async () => {
    const headers = { ...sign(key, { method: 'GET', url: '/other' }), 'x-auth-token': cloud.token };
    expect((await send({ url: list.replace('{p}', cloud.projectId) }, headers)).status).toBe(200);
    const reply = await ask({ url: list, also: { 'x-auth-token': 'garbage' } });
    expect(reply.body).toEqual(denied('decrypt token fail'));
  });
});

describe('a key', () => {
  it('that nobody has opens nothing', async () => {
    const reply = await ask({ url: list, key: { access: 'NOBODY', secret: 'x' } });
    expect(reply.body).toEqual(denied('Get secretKey failed,ak:NOBODY,err:ak not exist'));
    const algorithm = { authorization: 'AWS4-HMAC-SHA256 Credential=a/b/c/s3/aws4_request' };
    expect((await ask({ url: list, also: algorithm })).body).toEqual(
      denied('verify aksk signature fail, the algorithm AWS4-HMAC-SHA256 is not supported'),
    );
  });

  it('opens what its user may do, at once when that changes', async () => {
    const reader = await makeMember('reader');
    expect((await ask({ url: list, key: reader })).status).toBe(200);
    expect((await ask({ method: 'POST', url: action, body: stop, key: reader })).status).toBe(403);
    const roles = await cloud.call('GET', '/v3/roles?name=member');
    const grant = `/v3/projects/{p}/users/${reader.id}/roles/${roles.body.roles[0].id}`;
    await cloud.call('PUT', grant);
    expect((await ask({ method: 'POST', url: action, body: stop, key: reader })).status).toBe(400);
    await cloud.call('PATCH', `/v3/users/${reader.id}`, { user: { enabled: false } });
    expect((await ask({ url: list, key: reader })).status).toBe(401);
  });

  it('is inactive when it is told to be', async () => {
    const member = await makeMember();
    const path = `/v3.0/OS-CREDENTIAL/credentials/${member.access}`;
    await cloud.call('PUT', path, { credential: { status: 'inactive' } });
    expect((await ask({ url: list, key: member })).body).toEqual(
      denied(`Get secretKey failed,ak:${member.access},err:ak is inactive`),
    );
    await cloud.call('PUT', path, { credential: { status: 'active' } });
    expect((await ask({ url: list, key: member })).status).toBe(200);
  });
});

describe('the project', () => {
  let member: KeyPair & { id: string };
  let other: string;
  beforeAll(async () => {
    member = await makeMember();
    const made = await cloud.call('POST', '/v3/projects', { project: { name: 'eu-de_other' } });
    other = made.body.project.id;
  });
  const projectsSeen = async (wish: Partial<Wish>) => {
    const { body } = await ask({ url: '/v3/auth/catalog', key: member, ...wish });
    const compute = body.catalog.find(({ type }: { type: string }) => type === 'compute');
    return compute?.endpoints[0].url.split('/').at(-1) ?? null;
  };

  it('is that of X-Project-Id, signed or not', async () => {
    const named = { 'x-project-id': cloud.projectId };
    expect(await projectsSeen({ headers: named })).toBe(cloud.projectId);
    expect(await projectsSeen({ also: named })).toBe(cloud.projectId);
    expect(await projectsSeen({ also: { ...named, 'x-domain-id': 'none' } })).toBe(cloud.projectId);
  });

  it('is that of the path where no other is asked for', async () => {
    expect((await ask({ url: list, key: member })).status).toBe(200);
    const url = list.replace('{p}', other);
    expect((await ask({ url, key: member })).status).toBe(403);
    const differing = await ask({ url, key: member, also: { 'x-project-id': cloud.projectId } });
    expect(differing.body.error.code).toBe('Common.0018');
  });

  it('is one where the user holds a role', async () => {
    for (const id of [other, randomUUID(), "'; --"]) {
      const reply = await ask({ url: '/v3/auth/catalog', key: member, also: { 'x-project-id': id } });
      expect([reply.status, reply.body.error.message]).toEqual([
        403,
        `The access key ${member.access} may not be used for the project ${id}.`,
      ]);
    }
    // The root user of the account may act in all its projects.
    expect((await ask({ url: list.replace('{p}', other), key })).status).toBe(200);
  });

  it('is none for a domain, or where nothing is asked for', async () => {
    expect(await projectsSeen({})).toBeNull();
    const account = (await ask({ url: '/v3/auth/domains', key: member })).body.domains[0].id;
    expect(await projectsSeen({ also: { 'x-domain-id': account } })).toBeNull();
    const foreign = await ask({ url: '/v3/auth/catalog', key: member, also: { 'x-domain-id': 'none' } });
    expect(foreign.status).toBe(403);
    const isAdmin = async (also: Record<string, string>) =>
      (await ask({ url: '/admin/v1/status', also })).status;
    expect(await isAdmin({})).toBe(403);
    expect(await isAdmin({ 'x-domain-id': account })).toBe(200);
  });
});

describe('wrong signatures', () => {
  let member: KeyPair;
  beforeEach(async () => {
    member = await makeMember();
  });
  const guess = () => ask({ url: list, key: { ...member, secret: 'guessed' } });
  const right = () => ask({ url: list, key: member });

  it('lock the key after more than five in a row, for five minutes', async () => {
    for (let count = 0; count < 5; count++) expect((await guess()).body).toEqual(wrong);
    expect((await right()).status).toBe(200);
    for (let count = 0; count < 6; count++) expect((await guess()).body).toEqual(wrong);
    for (const reply of [await guess(), await right()]) {
      expect([reply.status, reply.body]).toEqual([401, limit]);
    }
    const { rows } = await cloud.sql.query<{ seconds: number }>(
      'select extract(epoch from counts_until - now())::float as seconds from login_attempts where subject = $1',
      [member.access],
    );
    expect(rows[0]!.seconds).toBeGreaterThan(240);
    expect(rows[0]!.seconds).toBeLessThanOrEqual(300);
    await cloud.sql.query('update login_attempts set counts_until = now() where subject = $1', [
      member.access,
    ]);
    expect((await right()).status).toBe(200);
  });

  it('are counted each, however many come at once', async () => {
    await Promise.all(Array.from({ length: 6 }, guess));
    expect((await right()).body).toEqual(limit);
  });

  it('keep out nobody who signs elsewhere', async () => {
    const from = (address: string) => ({ also: { 'x-forwarded-for': address } });
    const stranger = { ...member, secret: 'guessed' };
    for (let count = 0; count < 6; count++) await ask({ url: list, key: stranger, ...from('192.0.2.66') });
    expect((await ask({ url: list, key: member, ...from('192.0.2.66') })).body).toEqual(limit);
    expect((await ask({ url: list, key: member, ...from('192.0.2.7') })).status).toBe(200);
  });

  it('lock nothing else', async () => {
    await Promise.all(Array.from({ length: 7 }, guess));
    expect((await ask({ url: list })).status).toBe(200);
  });
});
