/** Access keys by API: permanent ones, two per user, and temporary ones that go with a security token. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hexId, startIdentity, type Identity, type Reply } from '../support/identity.ts';
import { sign, type KeyPair } from '../support/signer.ts';

let rig: Identity;
let user: { id: string; name: string };
let token: string;

beforeAll(async () => {
  rig = await startIdentity();
});
afterAll(() => rig.close());
beforeEach(async () => {
  user = await rig.makeUser();
  token = await rig.tokenOf({ id: user.id }, rig.onProject);
});

const path = '/v3.0/OS-CREDENTIAL/credentials';
const forbidden = {
  error_msg: 'You are not authorized to perform the requested action.',
  error_code: 'IAM.0002',
};
const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

const make = (by = token, userId = user.id, description = 'for tests') =>
  rig.call('POST', path, by, { credential: { user_id: userId, description } });
const outcome = ({ status, body }: Reply) => [status, body];

async function makeKey(): Promise<KeyPair> {
  const { status, body } = await make();
  expect(status).toBe(201);
  return body.credential as KeyPair;
}

function signed(key: KeyPair, url: string, also: Record<string, string> = {}): Promise<Reply> {
  const project = { 'x-project-id': rig.ids.project };
  return rig.call('GET', url, null, undefined, { ...project, ...sign(key, { method: 'GET', url }), ...also });
}

describe('a permanent access key', () => {
  it('is told whole once, when it is made', async () => {
    const { status, body } = await make();
    expect([status, body]).toEqual([
      201,
      {
        credential: {
          access: expect.stringMatching(/^[A-Z2-7]{20}$/),
          secret: expect.stringMatching(/^[\w-]{40}$/),
          user_id: user.id,
          status: 'active',
          create_time: expect.stringMatching(timeForm),
          description: 'for tests',
        },
      },
    ]);
    const { secret: _, ...rest } = body.credential;
    expect(outcome(await rig.call('GET', path, token))).toEqual([200, { credentials: [rest] }]);
    const one = `${path}/${rest.access}`;
    expect(outcome(await rig.call('GET', one, token))).toEqual([200, { credential: rest }]);
    expect((await signed(body.credential as KeyPair, '/v3/auth/projects')).status).toBe(200);
  });

  it('comes at most twice for a user, however many are asked for at once', async () => {
    const replies = await Promise.all(Array.from({ length: 5 }, () => make()));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(2);
    expect(outcome(await make())).toEqual([
      400,
      { error_msg: 'A user has at most 2 permanent access keys.', error_code: 'IAM.0011' },
    ]);
    expect((await rig.call('GET', path, token)).body.credentials).toHaveLength(2);
  });

  it('may be switched off and on, described anew, and removed', async () => {
    const { access } = await makeKey();
    const one = `${path}/${access}`;
    const change = async (credential: object) => (await rig.call('PUT', one, token, { credential })).body;
    expect((await change({ status: 'inactive' })).credential).toMatchObject({
      status: 'inactive',
      description: 'for tests',
    });
    expect((await change({ status: 'active', description: '' })).credential).toMatchObject({
      status: 'active',
      description: '',
    });
    expect((await change({ status: 'asleep' })).error_code).toBe('IAM.0011');
    expect(outcome(await rig.call('DELETE', one, token))).toEqual([204, null]);
    expect((await rig.call('GET', path, token)).body.credentials).toEqual([]);
  });

  it('is kept sealed', async () => {
    const { access, secret } = await makeKey();
    const { rows } = await rig.database.pool.query<{ text: string }>(
      `select encode(secret_sealed, 'escape') as text from access_keys where access = $1`,
      [access],
    );
    expect(rows[0]!.text).not.toContain(secret);
  });

  it('is its user’s own affair, and the administrator’s', async () => {
    const { access } = await makeKey();
    const other = await rig.tokenOf({ id: (await rig.makeUser('reader')).id }, rig.onProject);
    const attempts = [
      ['POST', path, { credential: { user_id: user.id } }],
      ['GET', `${path}?user_id=${user.id}`],
      ['GET', `${path}/${access}`],
      ['PUT', `${path}/${access}`, { credential: { status: 'inactive' } }],
      ['DELETE', `${path}/${access}`],
      ['DELETE', `${path}/NOBODY`],
    ] as const;
    for (const [method, url, body] of attempts) {
      expect(outcome(await rig.call(method, url, other, body))).toEqual([403, forbidden]);
    }
    const seen = await rig.call('GET', `${path}?user_id=${user.id}`, rig.admin);
    expect(seen.body.credentials).toHaveLength(1);
    expect((await make(rig.admin)).status).toBe(201);
    expect((await rig.call('DELETE', `${path}/${access}`, rig.admin)).status).toBe(204);
    expect((await rig.call('DELETE', `${path}/${access}`, rig.admin)).body.error_code).toBe('IAM.0004');
    expect(outcome(await make(rig.admin, hexId()))).toEqual([
      404,
      { error_msg: expect.stringMatching(/^The user \w+ does not exist\.$/), error_code: 'IAM.0004' },
    ]);
  });

  it('is refused in the words of this API to who is nobody', async () => {
    expect(outcome(await rig.call('GET', path))).toEqual([
      401,
      {
        error_msg: 'Incorrect IAM authentication information: x-auth-token not found',
        error_code: 'IAM.0001',
      },
    ]);
  });
});

describe('a temporary access key', () => {
  const securityTokens = '/v3.0/OS-CREDENTIAL/securitytokens';
  const ask = (given: object, by: string | null = token) =>
    rig.call('POST', securityTokens, by, { auth: { identity: { methods: ['token'], ...given } } });

  type Temporary = KeyPair & { securitytoken: string; expires_at: string };
  async function makeTemporary(by = token): Promise<Temporary> {
    const { status, body } = await ask({}, by);
    expect(status).toBe(201);
    return body.credential as Temporary;
  }
  const use = (key: Temporary, url = '/v3/auth/projects', also = {}) =>
    signed(key, url, { 'x-security-token': key.securitytoken, ...also });

  it('lasts as long as was asked for, and a quarter of an hour by default', async () => {
    for (const [given, seconds] of [
      [{}, 900],
      [{ token: { duration_seconds: 86_400 } }, 86_400],
    ] as const) {
      const { status, body } = await ask(given);
      expect([status, Object.keys(body.credential)]).toEqual([
        201,
        ['access', 'secret', 'securitytoken', 'expires_at'],
      ]);
      expect(body.credential.expires_at).toMatch(timeForm);
      const left = (Date.parse(body.credential.expires_at) - Date.now()) / 1_000;
      expect(left).toBeGreaterThan(seconds - 60);
      expect(left).toBeLessThanOrEqual(seconds + 1);
    }
    for (const seconds of [899, 86_401]) {
      expect((await ask({ token: { duration_seconds: seconds } })).status).toBe(400);
    }
  });

  it('is made for the token in the body or in the header, and for nobody else', async () => {
    expect((await ask({ token: { id: token } }, null)).status).toBe(201);
    for (const reply of [await ask({}, null), await ask({ token: { id: 'x' } }), await ask({}, 'x')]) {
      expect([reply.status, reply.body.error_code]).toEqual([401, 'IAM.0001']);
    }
    expect((await ask({ methods: ['assume_role'] })).status).toBe(400);
    expect((await ask({ policy: { Version: '1.1' } })).status).toBe(400);
  });

  it('opens what its user may do, together with its security token', async () => {
    const key = await makeTemporary();
    expect((await use(key)).status).toBe(200);
    const other = await makeTemporary();
    const permanent = { ...(await makeKey()), securitytoken: key.securitytoken, expires_at: '' };
    for (const reply of [
      await signed(key, '/v3/auth/projects'),
      await use(key, undefined, { 'x-security-token': other.securitytoken }),
      await use(permanent),
    ]) {
      expect(reply.status).toBe(401);
    }
  });

  it('ends at its time, and is swept away then', async () => {
    const key = await makeTemporary();
    rig.around.skewMs = 901_000;
    const at = Date.now() + rig.around.skewMs;
    const url = '/v3.0/OS-CREDENTIAL/credentials';
    const headers = { ...sign(key, { method: 'GET', url }, { at }), 'x-security-token': key.securitytoken };
    const late = await rig.call('GET', url, null, undefined, headers);
    rig.around.skewMs = 0;
    expect(late.body.error_msg).toMatch(/^Incorrect IAM authentication information: token expires, /);
    const { pool } = rig.database;
    await pool.query('update access_keys set expires_at = now() where access = $1', [key.access]);
    await rig.tenancy.purgeExpiredTokens();
    const { rows } = await pool.query('select 1 from access_keys where access = $1', [key.access]);
    expect(rows).toEqual([]);
  });

  it('is good for the project of its token only', async () => {
    const key = await makeTemporary();
    expect((await use(key, '/v3/auth/catalog', { 'x-project-id': '' })).body.catalog.length).toBeGreaterThan(
      5,
    );
    expect((await use(key, '/v3/auth/catalog', { 'x-project-id': hexId() })).status).toBe(403);
    const free = await makeTemporary(await rig.tokenOf({ id: user.id }, 'unscoped'));
    expect((await use(free)).status).toBe(200);
  });

  it('makes no further keys', async () => {
    const key = await makeTemporary(rig.admin);
    const url = path;
    const body = { credential: { user_id: rig.ids.admin } };
    const headers = sign(key, { method: 'POST', url, body: JSON.stringify(body) });
    const security = { 'x-security-token': key.securitytoken };
    const reply = await rig.call('POST', url, null, body, { ...headers, ...security });
    expect(outcome(reply)).toEqual([403, forbidden]);
  });

  it('is in no list, and goes when the password changes', async () => {
    const key = await makeTemporary();
    expect((await rig.call('GET', path, token)).body.credentials).toEqual([]);
    expect((await rig.call('GET', `${path}/${key.access}`, rig.admin)).status).toBe(404);
    const permanent = await makeKey();
    await rig.tenancy.changeUser(user.id, { passwordHash: 'new' });
    expect((await use(key)).status).toBe(401);
    expect((await signed(permanent, '/v3/auth/projects')).status).toBe(200);
  });
});
