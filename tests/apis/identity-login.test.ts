/** Keystone v3: logins by password, the lock-out, the own password. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '../../src/apis/auth.ts';
import { secretGuesses } from '../../src/core/login-attempts.ts';
import {
  byPassword,
  expectUnauthorized,
  forbiddenTo,
  hex32,
  hexId,
  password,
  startIdentity,
  type Identity,
} from '../support/identity.ts';

let rig: Identity;
beforeAll(async () => {
  rig = await startIdentity();
});
afterAll(() => rig.close());

describe('a login by password', () => {
  it('answers 201 with the token in the header and who, where and what in the body', async () => {
    const reply = await rig.login(byPassword({ id: rig.ids.admin }, rig.onProject));
    expect(reply.status).toBe(201);
    expect(reply.headers['x-subject-token']).toMatch(/^[\w-]{43}$/);
    expect(reply.headers['x-request-id']).toMatch(hex32);
    const { token } = reply.body;
    const domain = { id: rig.ids.account, name: 'Default' };
    expect(token).toMatchObject({
      methods: ['password'],
      user: { id: rig.ids.admin, name: 'admin', domain, password_expires_at: null },
      project: { id: rig.ids.project, name: 'eu-de', domain },
      is_domain: false,
      roles: [{ id: rig.ids.roles['admin'], name: 'admin' }],
    });
    expect(token.audit_ids).toEqual([expect.stringMatching(/^[\w-]{22}$/)]);
    expect(token.issued_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(Date.parse(token.expires_at) - Date.parse(token.issued_at)).toBe(24 * 3_600_000);
  });

  it('takes a name with the id or the name of its domain', async () => {
    for (const domain of [{ id: rig.ids.account }, { name: 'Default' }]) {
      const { status, body } = await rig.login(byPassword({ name: 'admin', domain }, rig.onProject));
      expect([status, body.token.user.id]).toEqual([201, rig.ids.admin]);
    }
  });

  it('takes the id that the first domain of a Keystone has, of user and scope', async () => {
    const domain = { id: 'default' };
    for (const scope of [{ project: { name: 'eu-de', domain } }, { domain }]) {
      const { status, body } = await rig.login(byPassword({ name: 'admin', domain }, scope));
      expect(status).toBe(201);
      expect(body.token.user.domain).toEqual({ id: rig.ids.account, name: 'Default' });
      expect((body.token.project ?? body.token).domain.id).toBe(rig.ids.account);
    }
  });

  it('leaves out the catalog when asked', async () => {
    const { body } = await rig.login(byPassword({ id: rig.ids.admin }, rig.onProject), {
      query: '?nocatalog',
    });
    expect(body.token.project.id).toBe(rig.ids.project);
    expect(body.token).not.toHaveProperty('catalog');
  });

  it('keeps only the hash of the token', async () => {
    const token = await rig.tokenOf({ id: rig.ids.admin });
    const { rows } = await sql<{ row: string; hash: Buffer }>`
      select tokens::text as row, hash from tokens where hash = ${hashToken(token)}`.execute(
      rig.database.sql,
    );
    expect(rows).toHaveLength(1);
    const dump = await sql<{ row: string }>`select tokens::text as row from tokens`.execute(rig.database.sql);
    const written = dump.rows.map(({ row }) => row).join('\n');
    expect(written).not.toContain(token);
    expect(written).not.toContain(Buffer.from(token).toString('hex'));
  });

  it('never tells wrong user, wrong password, wrong domain, and disabled user apart', async () => {
    const disabled = await rig.makeUser();
    await rig.tenancy.changeUser(disabled.id, { enabled: false });
    const wrong = [
      { id: hexId() },
      { id: rig.ids.admin, password: 'wrong' },
      { id: disabled.id },
      { name: 'nobody', domain: { id: rig.ids.account } },
      { name: 'admin', domain: { name: 'Nowhere' } },
      { name: 'admin', domain: { id: hexId() } },
    ];
    for (const user of wrong) expectUnauthorized(await rig.login(byPassword(user, rig.onProject)));
    expectUnauthorized(await rig.login({ auth: { identity: { methods: ['token'], token: { id: 'x' } } } }));
    await rig.login(byPassword({ id: rig.ids.admin }));
  });

  it('does the same work for a user who does not exist', async () => {
    rig.around.verified.length = 0;
    await rig.login(byPassword({ id: hexId(), password: 'guess' }));
    await rig.login(byPassword({ id: rig.ids.admin, password: 'guess' }));
    await rig.login(byPassword({ id: rig.ids.admin }));
    expect(rig.around.verified.map((it) => it.password)).toEqual(['guess', 'guess', password]);
    const cost = (hash: string) => hash.split('$').slice(0, 5);
    expect(cost(rig.around.verified[0]!.hash)).toEqual(cost(rig.around.verified[1]!.hash));
    expect(rig.around.verified[0]!.hash).not.toBe(rig.around.verified[1]!.hash);
  });

  it('refuses a user without a password, and logs failures without the password', async () => {
    const { body } = await rig.call('POST', '/v3/users', rig.admin, { user: { name: `u-${randomUUID()}` } });
    rig.around.logged.length = 0;
    expectUnauthorized(await rig.login(byPassword({ id: body.user.id, password: '' })));
    expect(rig.around.logged).toEqual([
      {
        facts: expect.objectContaining({ userId: body.user.id, sourceIp: '127.0.0.1' }),
        message: 'a login failed',
      },
    ]);
  });

  const malformed = {
    'no body': undefined,
    'no identity': { auth: {} },
    'no methods': { auth: { identity: {} } },
    'a method without its object': { auth: { identity: { methods: ['password'] } } },
    'a password that is a number': byPassword({ id: 'x', password: 1 }),
    'a user without id and name': byPassword({}),
    'a name without domain': byPassword({ name: 'admin' }),
    'a scope that is a number': byPassword({ id: 'x' }, 5),
    'a name with NUL': byPassword({ id: 'a\0b' }),
  };
  it.each(Object.entries(malformed))('answers 400 to %s', async (_what, body) => {
    const reply = await rig.login(body);
    expect([reply.status, reply.body.error.code, reply.body.error.title]).toEqual([400, 400, 'Bad Request']);
  });

  it('answers 400 to a body that is no JSON', async () => {
    const reply = await rig.call('POST', '/v3/auth/tokens', null, '{', {
      'content-type': 'application/json',
    });
    expect([reply.status, reply.body.error.code]).toEqual([400, 400]);
  });

  it('answers 400 to a project without id and name, and to a domain likewise', async () => {
    for (const scope of [{ project: {} }, { domain: {} }, { project: { name: 'eu-de', domain: {} } }]) {
      expect((await rig.login(byPassword({ id: rig.ids.admin }, scope))).status).toBe(400);
    }
  });

  it('answers 401 to methods that are not supported, also beside a right password', async () => {
    const totp = { totp: { user: { id: rig.ids.admin, passcode: '1' } } };
    expectUnauthorized(await rig.login({ auth: { identity: { methods: ['totp'], ...totp } } }));
    const both = byPassword({ id: rig.ids.admin });
    Object.assign(both.auth.identity, totp, { methods: ['password', 'totp'] });
    expectUnauthorized(await rig.login(both));
    expectUnauthorized(await rig.login({ auth: { identity: { methods: [] } } }));
  });

  it('with two methods wants both proven for the same user', async () => {
    const user = await rig.makeUser();
    const other = await rig.tokenOf({ id: rig.ids.admin });
    const body = byPassword({ id: user.id });
    const identity = { ...body.auth.identity, methods: ['password', 'token'] };
    expectUnauthorized(await rig.login({ auth: { identity: { ...identity, token: { id: other } } } }));
    const own = await rig.tokenOf({ id: user.id });
    const reply = await rig.login({ auth: { identity: { ...identity, token: { id: own } } } });
    expect([reply.status, reply.body.token.methods]).toEqual([201, ['password', 'token']]);
  });
});

describe('after five wrong passwords from one address', () => {
  const wrong = { password: 'guess' };
  const guess = async (id: string, times: number, where: { from?: string; on?: typeof rig.app } = {}) => {
    for (let at = 0; at < times; at++)
      expectUnauthorized(await rig.login(byPassword({ id, ...wrong }), where));
  };
  const enters = async (id: string, from?: string) =>
    (await rig.login(byPassword({ id }), from ? { from } : {})).status === 201;
  const lockOf = async (subject: string) => {
    const { rows } = await sql<{ seconds: number | null }>`
      select extract(epoch from counts_until - now())::float as seconds from login_attempts
      where subject = ${subject} and origin = '127.0.0.1' and failures >= 5`.execute(rig.database.sql);
    return rows[0]?.seconds ?? null;
  };
  const setLock = (id: string, seconds: number) =>
    sql`
      update login_attempts set counts_until = now() + ${seconds} * interval '1 s' where subject = ${id}`.execute(
      rig.database.sql,
    );

  it('the right one gets the same 401 there, for a quarter of an hour and not longer', async () => {
    const { id } = await rig.makeUser();
    await guess(id, 5);
    expectUnauthorized(await rig.login(byPassword({ id })));
    const seconds = await lockOf(id);
    expect(seconds).toBeGreaterThan(880);
    expect(seconds).toBeLessThanOrEqual(900);

    await setLock(id, 100);
    await guess(id, 6);
    expect(await lockOf(id)).toBeLessThanOrEqual(100);

    await setLock(id, -1);
    expect(await enters(id)).toBe(true);
    expect(await lockOf(id)).toBeNull();
  });

  it('the owner comes in from elsewhere', async () => {
    const { id } = await rig.makeUser();
    await guess(id, 6, { from: '192.0.2.66' });
    expect(await enters(id, '192.0.2.66')).toBe(false);
    expect(await enters(id, '192.0.2.7')).toBe(true);
  });

  it('a network of IPv6 has used up its guesses, whichever of its addresses they came from', async () => {
    const { id } = await rig.makeUser();
    for (const end of ['1', '2', 'a:b:c:d', 'ffff::', '5'])
      await guess(id, 1, { from: `2001:db8:0:7:${end.includes(':') ? end : `:${end}`}` });
    expect(await enters(id, '2001:db8:0:7::6')).toBe(false);
    expect(await enters(id, '2001:db8:0:8::6')).toBe(true);
  });

  it('either process refuses the right one', async () => {
    const { id } = await rig.makeUser();
    const other = await rig.startAnother();
    await guess(id, 3);
    await guess(id, 2, { on: other });
    expect(await enters(id)).toBe(false);
    expectUnauthorized(await rig.login(byPassword({ id }), { on: other }));
    await other.close();
  });

  it('and four are forgiven by a right one', async () => {
    const { id } = await rig.makeUser();
    await guess(id, 4);
    await rig.tokenOf({ id });
    await guess(id, 4);
    await rig.tokenOf({ id });
  });

  it('others are not locked', async () => {
    const [one, other] = [await rig.makeUser(), await rig.makeUser()];
    await guess(one.id, 5);
    await rig.tokenOf({ id: other.id });
  });

  it('tokens made before stay good', async () => {
    const { id } = await rig.makeUser();
    const token = await rig.tokenOf({ id }, rig.onProject);
    await guess(id, 5);
    expect((await rig.call('GET', '/v3/auth/projects', token)).status).toBe(200);
  });

  it('a closed door stays closed, also when they came at once', async () => {
    const { id } = await rig.makeUser();
    await Promise.all(Array.from({ length: 5 }, () => guess(id, 1)));
    expect(await enters(id)).toBe(false);
  });

  it('those for nobody are counted with the same statements as those for somebody', async () => {
    const { id } = await rig.makeUser();
    const from = '192.0.2.99';
    const written = async (user: string) => {
      await guess(user, 1, { from });
      const { rows } = await sql`
        select origin from login_attempts where subject = ${user === id ? id : ''}
          and origin in (${from}, '') order by origin`.execute(rig.database.sql);
      return rows;
    };
    expect(await written(hexId())).toEqual([{ origin: '' }, { origin: from }]);
    expect(await written(id)).toEqual([{ origin: '' }, { origin: from }]);
  });
});

describe('a guesser who does not stop', () => {
  it('keeps nobody else waiting', async () => {
    const owner = await rig.makeUser();
    rig.around.verified.length = 0;
    const guesses = Array.from({ length: 40 }, () =>
      rig.login(byPassword({ id: hexId(), password: 'guess' }), { from: '198.51.100.77' }),
    );
    expect((await rig.login(byPassword({ id: owner.id }), { from: '192.0.2.7' })).status).toBe(201);
    // It was in turns with them, and not behind them.
    expect(rig.around.verified.length).toBeLessThan(30);
    for (const reply of await Promise.all(guesses)) expectUnauthorized(reply);
  });
});

describe('a guesser with many addresses', () => {
  const { most, mostOfStrangers } = secretGuesses;
  const attack = async (id: string) => {
    for (let at = 0; at < mostOfStrangers!; at++) {
      const origin = `198.51.100.${Math.floor(at / (most - 1))}`;
      await rig.stores.loginAttempts.count({ subject: id, origin }, secretGuesses);
    }
  };
  const enters = async (id: string, from: string) =>
    (await rig.login(byPassword({ id }), { from })).status === 201;

  it('is stopped, and with him every stranger, but neither who was there before nor the machine itself', async () => {
    const { id } = await rig.makeUser();
    expect(await enters(id, '192.0.2.1')).toBe(true);
    await attack(id);
    expect(await enters(id, '203.0.113.5')).toBe(false);
    expect(await enters(id, '192.0.2.1')).toBe(true);
    expect(await enters(id, '127.0.0.1')).toBe(true);
    expect(await enters(id, '::1')).toBe(true);
  });

  it('is not helped by the mistakes of those who are known, nor they harmed by each other', async () => {
    const { id } = await rig.makeUser();
    const known = Array.from({ length: 12 }, (_, at) => `192.0.2.${at}`);
    for (const origin of known) await rig.stores.loginAttempts.welcome({ subject: id, origin });
    for (const origin of known) {
      for (let at = 0; at < most; at++)
        await rig.stores.loginAttempts.count({ subject: id, origin }, secretGuesses);
    }
    expect(await enters(id, '192.0.2.3')).toBe(false);
    expect(await enters(id, '203.0.113.5')).toBe(true);
  });

  it('leaves nothing behind', async () => {
    const { id } = await rig.makeUser();
    await attack(id);
    await rig.stores.loginAttempts.welcome({ subject: id, origin: '192.0.2.1' });
    await sql`update login_attempts set counts_until = now() - interval '1 s' where subject = ${id}`.execute(
      rig.database.sql,
    );
    await rig.stores.loginAttempts.purge();
    const { rows } = await sql`select origin from login_attempts where subject = ${id}`.execute(
      rig.database.sql,
    );
    expect(rows).toEqual([{ origin: '192.0.2.1' }]);
  });
});

describe('the own password', () => {
  const change = (id: string, token: string, original: string, wanted = 'a new one') =>
    rig.call('POST', `/v3/users/${id}/password`, token, {
      user: { password: wanted, original_password: original },
    });

  it('is changed by naming the old one, which ends all tokens', async () => {
    const { id } = await rig.makeUser();
    const token = await rig.tokenOf({ id }, rig.onProject);
    expect((await change(id, token, password)).status).toBe(204);
    expectUnauthorized(await rig.call('GET', '/v3/auth/projects', token));
    expectUnauthorized(await rig.login(byPassword({ id })));
    await rig.tokenOf({ id, password: 'a new one' });
  });

  it('stays with a wrong old one, and wrong ones count as at a login', async () => {
    const { id } = await rig.makeUser();
    const token = await rig.tokenOf({ id }, rig.onProject);
    for (let at = 0; at < 5; at++) expectUnauthorized(await change(id, token, 'guess'));
    expectUnauthorized(await change(id, token, password));
    expectUnauthorized(await rig.login(byPassword({ id })));
  });

  it('of another user is not to be changed, not even with the old one', async () => {
    const { id } = await rig.makeUser();
    const reply = await change(id, rig.admin, password);
    expect([reply.status, reply.body.error]).toEqual([403, forbiddenTo('change_password')]);
  });
});
