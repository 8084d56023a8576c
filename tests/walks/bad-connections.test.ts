/** Callers that do not keep to HTTP, send without end, or hang up; and work that goes on without its caller. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '../../src/apis/auth.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { doors, expectRefusal, type Door } from '../support/doors.ts';
import { openSocket, sendRaw } from '../support/raw-http.ts';

let cloud: Cloud;
let ids: string[];
beforeAll(async () => {
  cloud = await startCloud();
  ids = await cloud.makeServers(4);
});
afterAll(() => cloud.close());

const jobs = async () => (await cloud.sql.query('select id from jobs')).rowCount;
const isAlive = async () => (await cloud.call('GET', '/healthz')).status === 200;
const stateOf = async (id: string) =>
  (await cloud.sql.query<{ state: string }>('select state from servers where id = $1', [id])).rows[0]!.state;
const stop = (...which: string[]) => JSON.stringify({ 'os-stop': { servers: which.map((id) => ({ id })) } });

/** A request up to its body. */
const head = (method: string, path: string, headers: Record<string, string | number>) =>
  [
    `${method} ${path.replace('{p}', cloud.projectId)} HTTP/1.1`,
    ...Object.entries({ Host: 'ingot', 'X-Auth-Token': cloud.token, ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
    '\r\n',
  ].join('\r\n');
const actionHead = (headers: Record<string, string | number>) =>
  head('POST', '/v1/{p}/baremetalservers/action', headers);

const mebibyte = Buffer.alloc(1_048_576, 'x');

describe('a body of 100 MiB', () => {
  const writable = doors.filter((door) => door.write !== undefined);

  it.each(writable)('is refused by $name before it is sent, when its length is told', async (door) => {
    const { method, path } = door.write!;
    const request = head(method, path, { 'Content-Length': 100 * mebibyte.length });
    const reply = await sendRaw(
      cloud.origin,
      request,
      Array.from({ length: 100 }, () => mebibyte),
    );
    expectRefusal(door, reply, 413);
  });

  it('is refused before its end when it comes in pieces', async () => {
    const door = writable[0]!;
    let sent = 0;
    function* pieces() {
      for (; sent < 100; sent++) {
        yield `${mebibyte.length.toString(16)}\r\n`;
        yield mebibyte;
        yield '\r\n';
      }
    }
    const request = head(door.write!.method, door.write!.path, { 'Transfer-Encoding': 'chunked' });
    expectRefusal(door, await sendRaw(cloud.origin, request, pieces()), 413);
    expect(sent).toBeLessThan(100);
    expect(await isAlive()).toBe(true);
  });
});

describe('what is hardly HTTP', () => {
  const at = (door: Door) => (door.name === 'CloudDC' ? doors[0]! : door);

  it.each(doors)('a header of 100 KB is told from a wrong request by $name', async (door) => {
    const reply = await sendRaw(cloud.origin, head('GET', door.read, { 'X-Long': 'x'.repeat(100_000) }));
    expect(reply.status).toBe(431);
    // Some envelopes repeat the status code, and know no 431.
    expectRefusal(at(door), { ...reply, status: 400 }, 400);
  });

  it.each([
    ['a request line that is none', 'STOP ALL SERVERS\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a version that there is not', 'GET /v1 HTTP/9.9\r\nHost: ingot\r\n\r\n'],
    ['no host', 'GET /v1 HTTP/1.1\r\n\r\n'],
    ['a header with a NUL', 'GET /v1 HTTP/1.1\r\nHost: ingot\r\nX-Auth-Token: a\0b\r\n\r\n'],
    [
      'a length that is no number',
      'POST /v3/projects HTTP/1.1\r\nHost: ingot\r\nContent-Length: many\r\n\r\n',
    ],
    [
      'two lengths',
      'POST /v3/projects HTTP/1.1\r\nHost: ingot\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
    ],
    [
      'a length and pieces',
      'POST /v3/projects HTTP/1.1\r\nHost: ingot\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
    ],
    [
      'a piece without a length',
      'POST /v3/projects HTTP/1.1\r\nHost: ingot\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
  ])('%s gets a 4xx answer and the connection ends', async (_, text) => {
    const reply = await sendRaw(cloud.origin, text);
    expect([400, 401]).toContain(reply.status);
    expect(reply.head).toMatch(/^connection: close$/im);
    expect(await isAlive()).toBe(true);
  });
});

describe('a caller that hangs up', () => {
  it('in the middle of its body has asked nothing', async () => {
    const before = await jobs();
    const body = stop(ids[0]!);
    for (const part of [body.slice(0, 20), body.slice(0, -1)]) {
      const socket = await openSocket(cloud.origin);
      socket.write(actionHead({ 'Content-Length': body.length }) + part);
      socket.end();
      await new Promise((resolve) => socket.once('close', resolve).resume());
    }
    expect(await isAlive()).toBe(true);
    expect(await jobs()).toBe(before);
    expect(await stateOf(ids[0]!)).toBe('Running');
  });

  it('before the answer came has its servers stopped all the same', async () => {
    const body = stop(ids[0]!);
    const socket = await openSocket(cloud.origin);
    socket.write(actionHead({ 'Content-Length': body.length }) + body, () => socket.destroy());
    await cloud.until(
      () => stateOf(ids[0]!),
      (state) => state === 'Stopped',
    );
    const { rows } = await cloud.sql.query('select status, error from sub_jobs where operation = $1', [
      'stop',
    ]);
    expect(rows).toEqual([{ status: 'succeeded', error: null }]);
  });

  it('again and again leaves no connection to the database taken', async () => {
    const sockets = await Promise.all(Array.from({ length: 100 }, () => openSocket(cloud.origin)));
    for (const socket of sockets) {
      socket.write(head('GET', '/v1/{p}/baremetalservers/detail', {}), () => socket.destroy());
    }
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => cloud.call('GET', '/v1/{p}/baremetalservers/detail')),
    );
    for (const { status } of replies) expect(status).toBe(200);
  });
});

describe('a caller that does not come to an end', () => {
  let impatient: Cloud;
  beforeAll(async () => {
    impatient = await startCloud({ INGOT_BODY_SECONDS: '0.2', INGOT_SIM_NODES: '0' });
  });
  afterAll(() => impatient.close());
  const begin = (method: string, path: string, length = 1_000) =>
    [
      `${method} ${path.replace('{p}', impatient.projectId)} HTTP/1.1`,
      'Host: ingot',
      `X-Auth-Token: ${impatient.token}`,
      `Content-Length: ${length}`,
      '',
      '{"a":',
    ].join('\r\n');

  it.each(doors)('is told so by $name, and the connection ends', async (door) => {
    const { method, path } = door.write ?? { method: 'GET', path: door.read };
    const reply = await sendRaw(impatient.origin, begin(method, path));
    expectRefusal(door, reply, 408);
    expect(reply.head).toMatch(/^connection: close$/im);
  });

  it('with its login is told so without a token', async () => {
    const reply = await sendRaw(impatient.origin, begin('POST', '/v3/auth/tokens'));
    expectRefusal(
      doors.find(({ name }) => name === 'identity')!,
      reply,
      408,
    );
  });

  // Node gives up on it before there is a path, and so an API; the words are then those of the first one.
  it('with the head of its request is told so in the words of Keystone', async () => {
    const reply = await sendRaw(impatient.origin, 'POST /v1/some/thing HTTP/1.1\r\nHost: ingot\r\n');
    expectRefusal(
      doors.find(({ name }) => name === 'identity')!,
      reply,
      408,
    );
  });

  it('though it was refused already is not waited for', async () => {
    const socket = await openSocket(impatient.origin);
    const closed = new Promise<void>((resolve) =>
      socket.on('error', () => {}).once('close', () => resolve()),
    );
    const answer = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
    socket.write(begin('POST', '/v1/{p}/baremetalservers/action', 100 * mebibyte.length));
    expect(await answer).toMatch(/^HTTP\/1.1 413 /);
    await closed;
  });

  it('leaves the others alone', async () => {
    expect((await impatient.call('GET', '/v1/{p}/baremetalservers/detail')).status).toBe(200);
  });
});

describe('work that was accepted', () => {
  async function stopWith(id: string, token: string): Promise<string> {
    await cloud.sql.query(
      `insert into tokens (hash, user_id, project_id, methods, audit_id, issued_at, expires_at)
       values ($1, $2, $3, '{password}', 'test', now(), now() + interval '1 hour')`,
      [hashToken(token), cloud.userId, cloud.projectId],
    );
    const asked = await cloud.call('POST', '/v1/{p}/baremetalservers/action', stop(id), {
      'x-auth-token': token,
    });
    expect(asked.status).toBe(200);
    return asked.body.job_id;
  }
  const read = (token: string) =>
    cloud.call('GET', '/v1/{p}/baremetalservers/detail', undefined, { 'x-auth-token': token });

  it('goes on when the token of its caller is revoked', async () => {
    const jobId = await stopWith(ids[1]!, 'to be revoked');
    const revoked = await cloud.call('DELETE', '/v3/auth/tokens', undefined, {
      'x-subject-token': 'to be revoked',
    });
    expect(revoked.status).toBe(204);
    expect((await read('to be revoked')).status).toBe(401);
    expect((await cloud.jobEnd(jobId)).status).toBe('SUCCESS');
    expect(await stateOf(ids[1]!)).toBe('Stopped');
  });

  it('goes on when the token of its caller has expired', async () => {
    const jobId = await stopWith(ids[2]!, 'to expire');
    await cloud.sql.query(`update tokens set expires_at = now() where hash = $1`, [hashToken('to expire')]);
    await cloud.sql.query(`select pg_notify('ingot_tenancy', '')`);
    await cloud.until(
      () => read('to expire'),
      ({ status }) => status === 401,
    );
    expect((await cloud.jobEnd(jobId)).status).toBe('SUCCESS');
    expect(await stateOf(ids[2]!)).toBe('Stopped');
  });
});
