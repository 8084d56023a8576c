/** Keystone v3: what tokens are good for, and how they end. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '../../src/apis/auth.ts';
import { openDatabase } from '../../src/store/database.ts';
import {
  aboutToken,
  byPassword,
  byToken,
  expectUnauthorized,
  forbiddenTo,
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

describe('the scope of a login', () => {
  it('may be a project by id, by name and domain, or by name alone in the own account', async () => {
    const projects = [
      { id: rig.ids.project },
      { name: 'eu-de', domain: { id: rig.ids.account } },
      { name: 'eu-de', domain: { name: 'Default' } },
      { name: 'eu-de' },
    ];
    for (const project of projects) {
      const { status, body } = await rig.login(byPassword({ id: rig.ids.admin }, { project }));
      expect([status, body.token.project.id]).toEqual([201, rig.ids.project]);
    }
  });

  it('by name alone is that of the own account, not of another', async () => {
    const domain = await rig.makeDomain();
    const name = `p-${domain.name}`;
    const made = await rig.call('POST', '/v3/projects', rig.admin, {
      project: { name, domain_id: domain.id },
    });
    const projectId = made.body.project.id;
    const user = { name: 'local', domain_id: domain.id, password };
    const local = (await rig.call('POST', '/v3/users', rig.admin, { user })).body.user;
    for (const id of [local.id, rig.ids.admin]) {
      await rig.tenancy.assign(id, rig.ids.roles['member']!, { projectId });
    }
    const there = { project: { name, domain: { name: domain.name } } };
    const byName = await rig.login(byPassword({ id: local.id }, { project: { name } }));
    expect([byName.status, byName.body.token.project.id]).toEqual([201, projectId]);
    expectUnauthorized(await rig.login(byPassword({ id: rig.ids.admin }, { project: { name } })));
    expect((await rig.login(byPassword({ id: rig.ids.admin }, there))).status).toBe(201);
  });

  it('may be a domain, by id or by name; the token then names the domain and no project', async () => {
    for (const domain of [{ id: rig.ids.account }, { name: 'Default' }]) {
      const { status, body } = await rig.login(byPassword({ id: rig.ids.admin }, { domain }));
      expect(status).toBe(201);
      expect(body.token.domain).toEqual({ id: rig.ids.account, name: 'Default' });
      expect(body.token.roles).toEqual([{ id: rig.ids.roles['admin'], name: 'admin' }]);
      expect(body.token).not.toHaveProperty('project');
      expect(body.token).not.toHaveProperty('is_domain');
    }
  });

  it('may be the own domain without a role, as Terraform needs it, and then grants nothing', async () => {
    const user = await rig.makeUser('member');
    const { status, body, headers } = await rig.login(
      byPassword({ id: user.id }, { domain: { id: rig.ids.account } }),
    );
    expect([status, body.token.roles]).toEqual([201, []]);
    expect(body.token.catalog.map(({ type }: { type: string }) => type)).toContain('identity');
    const token = headers['x-subject-token'] as string;
    expect((await rig.call('POST', '/v3/projects', token, { project: { name: 'x' } })).status).toBe(403);
  });

  it('may be nothing, in each way of saying it', async () => {
    for (const scope of ['unscoped', {}, { unscoped: {} }]) {
      const { status, body } = await rig.login(byPassword({ id: rig.ids.admin }, scope));
      expect(status).toBe(201);
      for (const key of ['project', 'domain', 'roles', 'catalog']) expect(body.token).not.toHaveProperty(key);
    }
  });

  it("is the user's default project when it is not named", async () => {
    const { body } = await rig.login(byPassword({ id: rig.ids.admin }));
    expect(body.token.project.id).toBe(rig.ids.project);
  });

  it('is nothing when the default project may not be used, or there is none', async () => {
    const user = await rig.makeUser(null);
    expect((await rig.login(byPassword({ id: user.id }))).body.token).not.toHaveProperty('project');
    await rig.tenancy.changeUser(user.id, { defaultProjectId: rig.ids.project });
    const { status, body } = await rig.login(byPassword({ id: user.id }));
    expect(status).toBe(201);
    expect(body.token).not.toHaveProperty('project');
  });

  it('is the project when project and domain are given', async () => {
    const both = { project: { id: rig.ids.project }, domain: { id: rig.ids.account } };
    const { body } = await rig.login(byPassword({ id: rig.ids.admin }, both));
    expect(body.token.project.id).toBe(rig.ids.project);
    expect(body.token).not.toHaveProperty('domain');
  });

  it('must exist and hold a role of the user, else 401', async () => {
    const user = await rig.makeUser(null);
    const domain = await rig.makeDomain();
    const scopes = [
      rig.onProject,
      { project: { name: 'eu-de' } },
      { project: { id: hexId() } },
      { project: { name: 'none', domain: { name: 'none' } } },
      { domain: { id: domain.id } },
      { domain: { name: domain.name } },
      { domain: { id: hexId() } },
      { system: { all: true } },
    ];
    for (const scope of scopes) expectUnauthorized(await rig.login(byPassword({ id: user.id }, scope)));
  });

  it('must be enabled, the project and its account', async () => {
    const user = await rig.makeUser(null);
    const domain = await rig.makeDomain();
    const project = { name: 'p', domain_id: domain.id };
    const { body } = await rig.call('POST', '/v3/projects', rig.admin, { project });
    const { id } = body.project;
    await rig.tenancy.assign(user.id, rig.ids.roles['member']!, { projectId: id });
    const token = await rig.tokenOf({ id: user.id }, { project: { id } });
    await rig.call('PATCH', `/v3/projects/${id}`, rig.admin, { project: { enabled: false } });
    expectUnauthorized(await rig.call('GET', '/v3/auth/projects', token));
    expectUnauthorized(await rig.login(byPassword({ id: user.id }, { project: { id } })));
    await rig.call('PATCH', `/v3/projects/${id}`, rig.admin, { project: { enabled: true } });
    await rig.call('PATCH', `/v3/domains/${domain.id}`, rig.admin, { domain: { enabled: false } });
    expectUnauthorized(await rig.login(byPassword({ id: user.id }, { project: { id } })));
  });
});

describe('a login by token', () => {
  it('changes the scope, adds its method, and does not live longer', async () => {
    const unscoped = await rig.login(byPassword({ id: rig.ids.admin }, 'unscoped'));
    rig.around.skewMs = 3_600_000;
    const { status, body } = await rig
      .login(byToken(unscoped.headers['x-subject-token'] as string, rig.onProject))
      .finally(() => (rig.around.skewMs = 0));
    expect([status, body.token.project.id]).toEqual([201, rig.ids.project]);
    expect(body.token.methods).toEqual(['token', 'password']);
    expect(body.token.expires_at).toBe(unscoped.body.token.expires_at);
    expect(body.token.issued_at > unscoped.body.token.issued_at).toBe(true);
  });

  it('needs a role in the new scope', async () => {
    const user = await rig.makeUser(null);
    const unscoped = await rig.tokenOf({ id: user.id });
    expectUnauthorized(await rig.login(byToken(unscoped, rig.onProject)));
  });
});

describe('a token', () => {
  it('is needed for everything but discovery and login', async () => {
    for (const token of [null, 'nonsense']) {
      expectUnauthorized(await rig.call('GET', '/v3/projects', token));
      expectUnauthorized(await rig.call('GET', '/v3/auth/tokens', token, undefined, aboutToken(rig.admin)));
    }
  });

  it('can be looked at, in the words of the login, with itself in the header', async () => {
    const reply = await rig.login(byPassword({ id: rig.ids.admin }, rig.onProject));
    const token = reply.headers['x-subject-token'] as string;
    const seen = await rig.call('GET', '/v3/auth/tokens', token, undefined, aboutToken(token));
    expect([seen.status, seen.headers['x-subject-token']]).toEqual([200, token]);
    expect(seen.body).toEqual(reply.body);
    const short = await rig.call('GET', '/v3/auth/tokens?nocatalog=1', token, undefined, aboutToken(token));
    expect(short.body.token).not.toHaveProperty('catalog');
  });

  it('can be checked: 200 without a body', async () => {
    const { status, body } = await rig.call(
      'HEAD',
      '/v3/auth/tokens',
      rig.admin,
      undefined,
      aboutToken(rig.admin),
    );
    expect([status, body]).toEqual([200, null]);
    expect((await rig.call('HEAD', '/v3/auth/tokens', rig.admin, undefined, aboutToken('none'))).status).toBe(
      404,
    );
  });

  it('that is unknown is not found, and so is none', async () => {
    for (const method of ['GET', 'DELETE'] as const) {
      for (const headers of [aboutToken('unknown'), {}]) {
        const { status, body } = await rig.call(method, '/v3/auth/tokens', rig.admin, undefined, headers);
        expect([status, body.error.code, body.error.title]).toEqual([404, 404, 'Not Found']);
        expect(body.error.message).not.toContain('unknown');
      }
    }
  });

  it('of somebody else is shown to and revoked by administrators only', async () => {
    const [one, other] = [await rig.makeUser(), await rig.makeUser()];
    const own = await rig.tokenOf({ id: one.id }, rig.onProject);
    const foreign = await rig.tokenOf({ id: other.id }, rig.onProject);
    const seen = await rig.call('GET', '/v3/auth/tokens', own, undefined, aboutToken(foreign));
    expect([seen.status, seen.body.error]).toEqual([403, forbiddenTo('validate_token')]);
    expect((await rig.call('DELETE', '/v3/auth/tokens', own, undefined, aboutToken(foreign))).status).toBe(
      403,
    );
    expect((await rig.call('GET', '/v3/auth/tokens', rig.admin, undefined, aboutToken(foreign))).status).toBe(
      200,
    );
    expect(
      (await rig.call('DELETE', '/v3/auth/tokens', rig.admin, undefined, aboutToken(foreign))).status,
    ).toBe(204);
    expectUnauthorized(await rig.call('GET', '/v3/auth/projects', foreign));
  });

  it('is void at once when revoked, in every process', async () => {
    const elsewhere = await openDatabase(rig.url, { connections: 2, onError: () => undefined });
    const second = await rig.startAnother(elsewhere);
    try {
      const token = await rig.tokenOf({ id: (await rig.makeUser()).id }, rig.onProject);
      expect((await rig.call('GET', '/v3/auth/projects', token)).status).toBe(200);
      expect((await second.call('GET', '/v3/auth/projects', token)).status).toBe(200);
      expect((await rig.call('DELETE', '/v3/auth/tokens', token, undefined, aboutToken(token))).status).toBe(
        204,
      );
      expectUnauthorized(await rig.call('GET', '/v3/auth/projects', token));
      expectUnauthorized(await rig.login(byToken(token)));
      // The other process hears of it by NOTIFY; the test's time limit is the end of patience.
      while ((await second.call('GET', '/v3/auth/projects', token)).status !== 401);
    } finally {
      await second.close();
      await elsewhere.close();
    }
  });

  it('is void at once when the password, the user, or the role goes', async () => {
    const ends: ((id: string) => Promise<unknown>)[] = [
      (id) => rig.call('PATCH', `/v3/users/${id}`, rig.admin, { user: { password: 'another one' } }),
      (id) => rig.call('PATCH', `/v3/users/${id}`, rig.admin, { user: { enabled: false } }),
      (id) => rig.call('DELETE', `/v3/users/${id}`, rig.admin),
      (id) =>
        rig.call(
          'DELETE',
          `/v3/projects/${rig.ids.project}/users/${id}/roles/${rig.ids.roles['member']}`,
          rig.admin,
        ),
    ];
    for (const end of ends) {
      const { id } = await rig.makeUser();
      const token = await rig.tokenOf({ id }, rig.onProject);
      expect((await rig.call('GET', '/v3/auth/projects', token)).status).toBe(200);
      await end(id);
      expectUnauthorized(await rig.call('GET', '/v3/auth/projects', token));
    }
  });

  it('has new rights at once when a role is added', async () => {
    const { id } = await rig.makeUser('reader');
    const token = await rig.tokenOf({ id }, rig.onProject);
    expect((await rig.call('GET', '/v3/roles', token)).status).toBe(403);
    const role = `/v3/projects/${rig.ids.project}/users/${id}/roles/${rig.ids.roles['admin']}`;
    expect((await rig.call('PUT', role, rig.admin)).status).toBe(204);
    expect((await rig.call('GET', '/v3/roles', token)).status).toBe(200);
  });

  it('survives a restart', async () => {
    const token = await rig.tokenOf({ id: rig.ids.admin }, rig.onProject);
    const restarted = await rig.startAnother();
    expect((await restarted.call('GET', '/v3/users', token)).status).toBe(200);
    await restarted.close();
  });

  it('is void when its time has come, also where it was remembered', async () => {
    const token = await rig.tokenOf({ id: rig.ids.admin }, rig.onProject);
    expect((await rig.call('GET', '/v3/users', token)).status).toBe(200);
    // The database reads its own clock, so its row is moved as far as the app's clock.
    await sql`update tokens set expires_at = now() where hash = ${hashToken(token)}`.execute(
      rig.database.sql,
    );
    rig.around.skewMs = 24 * 3_600_000;
    try {
      expectUnauthorized(await rig.call('GET', '/v3/users', token));
      rig.around.skewMs = 0;
      expect((await rig.call('GET', '/v3/auth/tokens', rig.admin, undefined, aboutToken(token))).status).toBe(
        404,
      );
      expectUnauthorized(await rig.login(byToken(token)));
    } finally {
      rig.around.skewMs = 0;
    }
  });

  it('lives as long as the setting says', async () => {
    const brief = await rig.startAnother(rig.database, 0.5);
    const { body } = await rig.login(byPassword({ id: rig.ids.admin }), { on: brief });
    expect(Date.parse(body.token.expires_at) - Date.parse(body.token.issued_at)).toBe(1_800_000);
    await brief.close();
  });
});
