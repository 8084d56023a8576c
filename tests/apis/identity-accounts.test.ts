/** Keystone v3 for administrators: domains, projects, users, roles. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemRoles } from '../../src/core/system-policies.ts';
import {
  O,
  byPassword,
  expectUnauthorized,
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

describe('domains', () => {
  it('are made, found by exact name, changed, disabled and only then deleted', async () => {
    const name = `acct-${randomUUID()}`;
    const made = await rig.call('POST', '/v3/domains', rig.admin, { domain: { name, description: 'first' } });
    expect(made.status).toBe(201);
    const { id } = made.body.domain;
    expect(id).toMatch(hex32);
    expect(made.body.domain).toMatchObject({
      name,
      description: 'first',
      enabled: true,
      links: { self: `${O}/v3/domains/${id}` },
    });
    expect((await rig.call('GET', `/v3/domains/${id}`, rig.admin)).body).toEqual(made.body);
    const list = await rig.call('GET', `/v3/domains?name=${name}`, rig.admin);
    expect(list.body.domains).toEqual([made.body.domain]);
    expect((await rig.call('GET', `/v3/domains?name=${name}&enabled=0`, rig.admin)).body.domains).toEqual([]);
    expect((await rig.call('GET', '/v3/domains?name=acct', rig.admin)).body.domains).toEqual([]);

    const refused = await rig.call('DELETE', `/v3/domains/${id}`, rig.admin);
    expect([refused.status, refused.body.error.message]).toEqual([
      403,
      'Cannot delete a domain that is enabled, please disable it first.',
    ]);
    const changed = await rig.call('PATCH', `/v3/domains/${id}`, rig.admin, { domain: { enabled: false } });
    expect([changed.status, changed.body.domain.enabled]).toEqual([200, false]);
    expect((await rig.call('DELETE', `/v3/domains/${id}`, rig.admin)).status).toBe(204);
    expect((await rig.call('GET', `/v3/domains/${id}`, rig.admin)).status).toBe(404);
  });

  it('with projects or users stay: 409', async () => {
    const domain = await rig.makeDomain();
    const project = { name: 'p', domain_id: domain.id };
    const made = await rig.call('POST', '/v3/projects', rig.admin, { project });
    await rig.call('PATCH', `/v3/domains/${domain.id}`, rig.admin, { domain: { enabled: false } });
    const refused = await rig.call('DELETE', `/v3/domains/${domain.id}`, rig.admin);
    expect([refused.status, refused.body.error.title]).toEqual([409, 'Conflict']);
    expect((await rig.call('DELETE', `/v3/projects/${made.body.project.id}`, rig.admin)).status).toBe(204);
    expect((await rig.call('DELETE', `/v3/domains/${domain.id}`, rig.admin)).status).toBe(204);
  });

  it('have names of their own: 409', async () => {
    const { name } = await rig.makeDomain();
    const { status, body } = await rig.call('POST', '/v3/domains', rig.admin, { domain: { name } });
    expect([status, body.error.code, body.error.title]).toEqual([409, 409, 'Conflict']);
    const other = await rig.makeDomain();
    const renamed = await rig.call('PATCH', `/v3/domains/${other.id}`, rig.admin, { domain: { name } });
    expect(renamed.status).toBe(409);
  });
});

describe('projects', () => {
  it('are made in a domain, shown, changed and deleted', async () => {
    const domain = await rig.makeDomain();
    const project = { name: 'eu-de_team1', domain_id: domain.id, description: 'team', tags: [] };
    const made = await rig.call('POST', '/v3/projects', rig.admin, { project });
    expect(made.status).toBe(201);
    const { id } = made.body.project;
    expect(made.body.project).toMatchObject({
      name: 'eu-de_team1',
      domain_id: domain.id,
      parent_id: domain.id,
      is_domain: false,
      enabled: true,
      description: 'team',
      links: { self: `${O}/v3/projects/${id}` },
    });
    expect((await rig.call('GET', `/v3/projects/${id}`, rig.admin)).body).toEqual(made.body);
    const changed = await rig.call('PATCH', `/v3/projects/${id}`, rig.admin, {
      project: { name: 'eu-de_b' },
    });
    expect(changed.body.project).toMatchObject({ name: 'eu-de_b', description: 'team' });
    expect((await rig.call('DELETE', `/v3/projects/${id}`, rig.admin)).status).toBe(204);
    expect((await rig.call('DELETE', `/v3/projects/${id}`, rig.admin)).status).toBe(404);
    expect((await rig.call('GET', `/v3/projects/${id}`, rig.admin)).status).toBe(404);
  });

  it('without a domain stand in that of the token', async () => {
    const { body } = await rig.call('POST', '/v3/projects', rig.admin, {
      project: { name: `p-${randomUUID()}` },
    });
    expect(body.project.domain_id).toBe(rig.ids.account);
  });

  it('are listed by domain, parent, name, state and page', async () => {
    const domain = await rig.makeDomain();
    for (const name of ['a', 'b', 'c']) {
      const project = { name, domain_id: domain.id, enabled: name !== 'c' };
      expect((await rig.call('POST', '/v3/projects', rig.admin, { project })).status).toBe(201);
    }
    const names = async (query: string) => {
      const { body } = await rig.call('GET', `/v3/projects?domain_id=${domain.id}&${query}`, rig.admin);
      return body.projects.map(({ name }: { name: string }) => name);
    };
    expect(await names('')).toEqual(['a', 'b', 'c']);
    expect(await names('name=b')).toEqual(['b']);
    expect(await names('name=B')).toEqual([]);
    expect(await names('enabled=true')).toEqual(['a', 'b']);
    expect(await names('enabled=false')).toEqual(['c']);
    expect(await names(`parent_id=${domain.id}`)).toEqual(['a', 'b', 'c']);
    expect(await names(`parent_id=${rig.ids.account}`)).toEqual([]);
    expect(await names('is_domain=true')).toEqual([]);
    expect(await names('page=2&per_page=2')).toEqual(['c']);
    for (const query of ['per_page=0', 'per_page=5001', 'page=0&per_page=1', 'page=x&per_page=1']) {
      expect((await rig.call('GET', `/v3/projects?${query}`, rig.admin)).status).toBe(400);
    }
  });

  it('of the same name may stand in two domains, not in one: 409', async () => {
    const [one, other] = [await rig.makeDomain(), await rig.makeDomain()];
    const make = (id: string) =>
      rig.call('POST', '/v3/projects', rig.admin, { project: { name: 'same', domain_id: id } });
    expect((await make(one.id)).status).toBe(201);
    expect((await make(other.id)).status).toBe(201);
    expect((await make(one.id)).status).toBe(409);
  });

  it('in use stay: 409', async () => {
    const { body } = await rig.call('POST', '/v3/projects', rig.admin, {
      project: { name: `p-${randomUUID()}` },
    });
    const { id } = body.project;
    await sql`
      insert into jobs (id, project_id, user_id, request_id, operation, door)
      values (${randomUUID()}, ${id}, ${rig.ids.admin}, 'r', 'stop', 'bms')`.execute(rig.database.sql);
    expect((await rig.call('DELETE', `/v3/projects/${id}`, rig.admin)).status).toBe(409);
  });

  it('are refused below another, as domains, in no domain, without a name', async () => {
    const make = async (project: object) =>
      (await rig.call('POST', '/v3/projects', rig.admin, { project })).status;
    expect(await make({ name: 'x', domain_id: rig.ids.account, parent_id: rig.ids.project })).toBe(400);
    expect(await make({ name: 'x', is_domain: true })).toBe(400);
    expect(await make({ name: 'x', domain_id: hexId() })).toBe(404);
    expect(await make({ name: '' })).toBe(400);
    expect(await make({})).toBe(400);
  });
});

describe('users', () => {
  it('are made, log in, are changed and deleted', async () => {
    const name = `u-${randomUUID()}`;
    const user = { name, password, email: 'u@cloud.test', default_project_id: rig.ids.project };
    const made = await rig.call('POST', '/v3/users', rig.admin, { user });
    expect(made.status).toBe(201);
    const { id } = made.body.user;
    expect(id).toMatch(hex32);
    expect(made.body.user).toMatchObject({
      name,
      domain_id: rig.ids.account,
      enabled: true,
      email: 'u@cloud.test',
      default_project_id: rig.ids.project,
      links: { self: `${O}/v3/users/${id}` },
    });
    expect(JSON.stringify(made.body)).not.toContain(password);
    await rig.tokenOf({ name, domain: { name: 'Default' } });
    const list = await rig.call('GET', `/v3/users?name=${name}&domain_id=${rig.ids.account}`, rig.admin);
    expect(list.body.users).toEqual([made.body.user]);
    expect((await rig.call('GET', `/v3/users/${id}`, rig.admin)).body).toEqual(made.body);

    const changed = await rig.call('PATCH', `/v3/users/${id}`, rig.admin, {
      user: { description: 'busy', default_project_id: null, email: null },
    });
    expect(changed.body.user).toMatchObject({ name, description: 'busy' });
    expect(changed.body.user).not.toHaveProperty('default_project_id');
    expect(changed.body.user).not.toHaveProperty('email');
    await rig.tokenOf({ id });

    expect((await rig.call('DELETE', `/v3/users/${id}`, rig.admin)).status).toBe(204);
    expect((await rig.call('GET', `/v3/users/${id}`, rig.admin)).status).toBe(404);
    expectUnauthorized(await rig.login(byPassword({ id })));
  });

  it('are found by name only after the path did not find them: 404', async () => {
    const { name } = await rig.makeUser();
    expect((await rig.call('GET', `/v3/users/${name}`, rig.admin)).status).toBe(404);
    expect((await rig.call('GET', `/v3/users?name=${name}`, rig.admin)).body.users).toHaveLength(1);
  });

  it('of the same name are refused in one domain: 409', async () => {
    const { name } = await rig.makeUser();
    expect((await rig.call('POST', '/v3/users', rig.admin, { user: { name } })).status).toBe(409);
    const domain = await rig.makeDomain();
    const user = { name, domain_id: domain.id };
    expect((await rig.call('POST', '/v3/users', rig.admin, { user })).status).toBe(201);
  });

  it('must stand in a domain and may prefer a project that exist: 404', async () => {
    for (const wrong of [{ domain_id: hexId() }, { default_project_id: hexId() }]) {
      const user = { name: `u-${randomUUID()}`, ...wrong };
      expect((await rig.call('POST', '/v3/users', rig.admin, { user })).status).toBe(404);
    }
    const { id } = await rig.makeUser();
    const user = { default_project_id: hexId() };
    expect((await rig.call('PATCH', `/v3/users/${id}`, rig.admin, { user })).status).toBe(404);
    expect((await rig.call('PATCH', `/v3/users/${hexId()}`, rig.admin, { user: {} })).status).toBe(404);
  });

  it('that are root of their account cannot be deleted', async () => {
    expect((await rig.call('DELETE', `/v3/users/${rig.ids.admin}`, rig.admin)).status).toBe(403);
  });
});

describe('roles', () => {
  it('are made, listed by exact name, changed and deleted', async () => {
    const name = `auditor-${randomUUID()}`;
    const made = await rig.call('POST', '/v3/roles', rig.admin, { role: { name } });
    expect(made.status).toBe(201);
    const { id } = made.body.role;
    expect((await rig.call('GET', `/v3/roles?name=${name}`, rig.admin)).body.roles).toEqual([made.body.role]);
    const changed = await rig.call('PATCH', `/v3/roles/${id}`, rig.admin, { role: { description: 'looks' } });
    expect(changed.body.role).toMatchObject({ id, name, description: 'looks' });
    expect((await rig.call('POST', '/v3/roles', rig.admin, { role: { name } })).status).toBe(409);
    expect((await rig.call('DELETE', `/v3/roles/${id}`, rig.admin)).status).toBe(204);
    expect((await rig.call('GET', `/v3/roles/${id}`, rig.admin)).status).toBe(404);
  });

  it('that are built in stay as they are', async () => {
    for (const { name } of systemRoles) {
      const { body } = await rig.call('GET', `/v3/roles?name=${name}`, rig.admin);
      expect(body.roles).toEqual([expect.objectContaining({ name, options: { immutable: true } })]);
      const path = `/v3/roles/${rig.ids.roles[name]}`;
      expect((await rig.call('DELETE', path, rig.admin)).status).toBe(403);
      expect((await rig.call('PATCH', path, rig.admin, { role: { name: 'x' } })).status).toBe(403);
    }
  });

  it.each(['projects', 'domains'] as const)('are given, checked, listed and taken on %s', async (kind) => {
    const { id } = await rig.makeUser(null);
    const at = `/v3/${kind}/${kind === 'projects' ? rig.ids.project : rig.ids.account}/users/${id}/roles`;
    const one = `${at}/${rig.ids.roles['member']}`;
    expect((await rig.call('HEAD', one, rig.admin)).status).toBe(404);
    expect((await rig.call('PUT', one, rig.admin)).status).toBe(204);
    expect((await rig.call('PUT', one, rig.admin)).status).toBe(204);
    expect((await rig.call('HEAD', one, rig.admin)).status).toBe(204);
    expect((await rig.call('GET', one, rig.admin)).status).toBe(204);
    const { body } = await rig.call('GET', at, rig.admin);
    expect(body.roles).toEqual([expect.objectContaining({ name: 'member' })]);
    expect((await rig.call('DELETE', one, rig.admin)).status).toBe(204);
    expect((await rig.call('DELETE', one, rig.admin)).status).toBe(404);
  });

  it('are given only where user, place and role exist: 404', async () => {
    const { id } = await rig.makeUser(null);
    const member = rig.ids.roles['member'];
    const wrong = [
      `/v3/projects/${hexId()}/users/${id}/roles/${member}`,
      `/v3/projects/${rig.ids.project}/users/${hexId()}/roles/${member}`,
      `/v3/projects/${rig.ids.project}/users/${id}/roles/${hexId()}`,
      `/v3/domains/${hexId()}/users/${id}/roles/${member}`,
    ];
    for (const path of wrong) expect((await rig.call('PUT', path, rig.admin)).status).toBe(404);
  });

  it('held are listed by user, place and role, with names on request', async () => {
    const user = await rig.makeUser('reader');
    await rig.tenancy.assign(user.id, rig.ids.roles['member']!, { accountId: rig.ids.account });
    const list = async (query: string) =>
      (await rig.call('GET', `/v3/role_assignments?user.id=${user.id}&${query}`, rig.admin)).body
        .role_assignments;
    expect(await list('')).toHaveLength(2);
    const onProjectOnly = [
      {
        role: { id: rig.ids.roles['reader'] },
        user: { id: user.id },
        scope: { project: { id: rig.ids.project } },
        links: {
          assignment: `${O}/v3/projects/${rig.ids.project}/users/${user.id}/roles/${rig.ids.roles['reader']}`,
        },
      },
    ];
    expect(await list(`scope.project.id=${rig.ids.project}`)).toEqual(onProjectOnly);
    expect(await list(`role.id=${rig.ids.roles['reader']}`)).toEqual(onProjectOnly);
    const domain = { id: rig.ids.account, name: 'Default' };
    expect(await list(`scope.domain.id=${rig.ids.account}&include_names`)).toEqual([
      expect.objectContaining({
        role: { id: rig.ids.roles['member'], name: 'member' },
        user: { ...user, domain },
        scope: { domain },
      }),
    ]);
    expect(await list(`role.id=${rig.ids.roles['reader']}&include_names=True`)).toEqual([
      expect.objectContaining({ scope: { project: { id: rig.ids.project, name: 'eu-de', domain } } }),
    ]);
    expect(await list('scope.system=all')).toEqual([]);
  });
});
