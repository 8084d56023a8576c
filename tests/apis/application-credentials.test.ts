/** Application credentials: how they are made, what a login with one is good for, and how they end. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  O,
  byToken,
  expectUnauthorized,
  forbiddenTo,
  hex32,
  hexId,
  startIdentity,
  type Identity,
  type Reply,
} from '../support/identity.ts';

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

const pathOf = (userId = user.id) => `/v3/users/${userId}/application_credentials`;
const make = (wish: object = {}, by = token, userId = user.id) =>
  rig.call('POST', pathOf(userId), by, { application_credential: { name: 'ci', ...wish } });

interface Made {
  id: string;
  name: string;
  secret: string;
}
async function made(wish: object = {}, by = token): Promise<Made> {
  const { status, body } = await make(wish, by);
  expect(status).toBe(201);
  return body.application_credential as Made;
}

const byProgram = (given: object, scope?: unknown) => ({
  auth: {
    identity: { methods: ['application_credential'], application_credential: given },
    ...(scope === undefined ? {} : { scope }),
  },
});
const login = ({ id, secret }: Made): Promise<Reply> => rig.login(byProgram({ id, secret }));
async function tokenOf(credential: Made): Promise<string> {
  const reply = await login(credential);
  expect(reply.status).toBe(201);
  return reply.headers['x-subject-token'] as string;
}

describe('an application credential', () => {
  it('is told whole once, when it is made', async () => {
    const { status, body } = await make({ description: 'for CI', expires_at: '2999-01-02T03:04:05.678901' });
    const member = { id: rig.ids.roles['member'], name: 'member', domain_id: null };
    const { secret, ...rest } = body.application_credential;
    expect([status, rest]).toEqual([
      201,
      {
        id: expect.stringMatching(hex32),
        name: 'ci',
        description: 'for CI',
        project_id: rig.ids.project,
        roles: [member],
        expires_at: '2999-01-02T03:04:05.678000Z',
        unrestricted: false,
        system: null,
        links: { self: `${O}${pathOf()}/${rest.id}` },
      },
    ]);
    expect(secret).toMatch(/^[\w-]{64}$/);
    const list = await rig.call('GET', `${pathOf()}?name=ci`, token);
    expect(list.body.application_credentials).toEqual([rest]);
    expect((await rig.call('GET', `${pathOf()}?name=c`, token)).body.application_credentials).toEqual([]);
    const one = await rig.call('GET', `${pathOf()}/${rest.id}`, token);
    expect(one.body).toEqual({ application_credential: rest });
  });

  it('is kept as a hash', async () => {
    const { secret } = await made({ secret: 'of my own choice' });
    expect(secret).toBe('of my own choice');
    const { rows } = await rig.database.pool.query('select c::text as text from application_credentials c');
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it('has a name that its user has given once', async () => {
    await made();
    expect((await make()).status).toBe(409);
    const other = await rig.makeUser();
    const own = await rig.tokenOf({ id: other.id }, rig.onProject);
    expect((await make({}, own, other.id)).status).toBe(201);
  });

  it.each([
    ['without a name', { name: '' }],
    ['for a time that is over', { expires_at: '2001-01-01T00:00:00Z' }],
    ['for a time that is none', { expires_at: 'tomorrow' }],
    ['with a role that is not held', { roles: [{ name: 'admin' }] }],
    ['with rules that nobody would follow', { access_rules: [{ path: '/x' }] }],
  ])('is not made %s', async (_, wish) => {
    expect((await make(wish)).status).toBe(400);
  });

  it('is made with a token for a project', async () => {
    expect((await make({}, await rig.tokenOf({ id: user.id }, 'unscoped'))).status).toBe(400);
  });

  it('is its user’s own affair; administrators look and delete', async () => {
    const { id } = await made();
    const one = `${pathOf()}/${id}`;
    const other = await rig.tokenOf({ id: (await rig.makeUser()).id }, rig.onProject);
    const attempts = [
      ['GET', pathOf(), 'list_application_credentials'],
      ['GET', one, 'get_application_credential'],
      ['DELETE', one, 'delete_application_credential'],
    ] as const;
    for (const [method, url, action] of attempts) {
      expect((await rig.call(method, url, other)).body.error).toEqual(forbiddenTo(action));
    }
    for (const by of [other, rig.admin]) {
      expect((await make({}, by)).body.error).toEqual(forbiddenTo('create_application_credential'));
    }
    expect((await rig.call('GET', one, rig.admin)).status).toBe(200);
    expect((await rig.call('GET', `${pathOf(rig.ids.admin)}/${id}`, rig.admin)).status).toBe(404);
    expect((await rig.call('DELETE', one, rig.admin)).status).toBe(204);
    expect((await rig.call('DELETE', one, token)).status).toBe(404);
  });
});

describe('a login with one', () => {
  it('is a login as its user to its project, and says so', async () => {
    const credential = await made({ roles: [{ id: rig.ids.roles['member'] }] });
    const reply = await login(credential);
    expect([reply.status, reply.body.token]).toMatchObject([
      201,
      {
        methods: ['application_credential'],
        user: { id: user.id },
        project: { id: rig.ids.project },
        roles: [{ name: 'member' }],
        application_credential: { id: credential.id, name: 'ci', restricted: true },
      },
    ]);
    const catalog = reply.body.token.catalog as { type: string }[];
    expect(catalog.map(({ type }) => type)).toContain('compute');
    const own = reply.headers['x-subject-token'] as string;
    const shown = await rig.call('GET', '/v3/auth/tokens', own, undefined, { 'x-subject-token': own });
    expect(shown.body.token.application_credential.id).toBe(credential.id);
  });

  it('names it by id, or by name and user', async () => {
    const { name, secret } = await made();
    const domain = { id: rig.ids.account };
    for (const owner of [{ id: user.id }, { name: user.name, domain }]) {
      expect((await rig.login(byProgram({ name, secret, user: owner }))).status).toBe(201);
    }
    expect((await rig.login(byProgram({ name, secret }))).status).toBe(400);
    for (const wrong of [
      { name: 'other', secret, user: { id: user.id } },
      { name, secret, user: { id: rig.ids.admin } },
      { name, secret, user: { id: hexId() } },
    ]) {
      expectUnauthorized(await rig.login(byProgram(wrong)));
    }
  });

  it('needs the secret, and after five wrong ones waits', async () => {
    const credential = await made();
    for (let count = 0; count < 5; count++) expectUnauthorized(await login({ ...credential, secret: 'x' }));
    expectUnauthorized(await login(credential));
    expectUnauthorized(await login({ ...credential, id: hexId() }));
    // Guesses at a program's secret are not guesses at its owner's password, nor at another program's.
    await rig.tokenOf({ id: user.id });
    expect((await login(await made({ name: 'another' }))).status).toBe(201);
  });

  it('asks for no scope', async () => {
    const { id, secret } = await made();
    for (const scope of [rig.onProject, 'unscoped', { domain: { id: rig.ids.account } }]) {
      expectUnauthorized(await rig.login(byProgram({ id, secret }, scope)));
    }
  });

  it('has only the roles that it was given, and those only while the user holds them', async () => {
    const { roles, project } = rig.ids;
    await rig.tenancy.assign(user.id, roles['reader']!, { projectId: project });
    const both = await rig.tokenOf({ id: user.id }, rig.onProject);
    const credential = await made({ roles: [{ name: 'reader' }] }, both);
    const reply = await login(credential);
    expect(reply.body.token.roles).toEqual([{ id: roles['reader'], name: 'reader' }]);
    const own = reply.headers['x-subject-token'] as string;
    expect((await rig.call('GET', '/v3/auth/projects', own)).status).toBe(200);
    const grant = `/v3/projects/${project}/users/${user.id}/roles/${roles['reader']}`;
    expect((await rig.call('DELETE', grant, rig.admin)).status).toBe(204);
    expect((await rig.call('GET', '/v3/auth/projects', own)).status).toBe(401);
    expectUnauthorized(await login(credential));
    expect((await rig.call('GET', '/v3/auth/projects', both)).status).toBe(200);
  });

  it('leads to no token for elsewhere', async () => {
    const own = await tokenOf(await made({ unrestricted: true }));
    expectUnauthorized(await rig.login(byToken(own)));
    expectUnauthorized(await rig.login(byToken(own, { domain: { id: rig.ids.account } })));
  });

  it('makes further keys and credentials only when it is unrestricted', async () => {
    const attempts = (by: string) => [
      make({ name: `${hexId()}` }, by),
      rig.call('POST', '/v3.0/OS-CREDENTIAL/credentials', by, { credential: { user_id: user.id } }),
      rig.call('POST', '/v3.0/OS-CREDENTIAL/securitytokens', by, {
        auth: { identity: { methods: ['token'] } },
      }),
    ];
    const statuses = async (by: string) => (await Promise.all(attempts(by))).map(({ status }) => status);
    const restricted = await made();
    const bound = await tokenOf(restricted);
    expect(await statuses(bound)).toEqual([403, 403, 403]);
    expect((await rig.call('DELETE', `${pathOf()}/${restricted.id}`, bound)).status).toBe(403);
    expect(await statuses(await tokenOf(await made({ name: 'free', unrestricted: true })))).toEqual([
      201, 201, 201,
    ]);
  });
});

describe('the end of one', () => {
  const isGood = async (own: string) => (await rig.call('GET', '/v3/auth/projects', own)).status === 200;

  it('is the end of its tokens, everywhere', async () => {
    const credential = await made();
    const own = await tokenOf(credential);
    expect(await isGood(own)).toBe(true);
    expect((await rig.call('DELETE', `${pathOf()}/${credential.id}`, token)).status).toBe(204);
    expect(await isGood(own)).toBe(false);
    expectUnauthorized(await login(credential));
    expect(await isGood(token)).toBe(true);
  });

  it('comes with its time, and no token lasts longer', async () => {
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    const credential = await made({ expires_at });
    const reply = await login(credential);
    expect(Date.parse(reply.body.token.expires_at as string)).toBe(Date.parse(expires_at));
    rig.around.skewMs = 61_000;
    const late = await login(credential);
    const isStillGood = await isGood(reply.headers['x-subject-token'] as string);
    rig.around.skewMs = 0;
    expectUnauthorized(late);
    expect(isStillGood).toBe(false);
  });

  it('comes with its user’s', async () => {
    const own = await tokenOf(await made());
    await rig.call('PATCH', `/v3/users/${user.id}`, rig.admin, { user: { enabled: false } });
    expect(await isGood(own)).toBe(false);
  });
});
