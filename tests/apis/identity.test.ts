/** Keystone v3 for everybody: discovery, catalog, what a plain user sees, errors. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityApi } from '../../src/apis/identity/routes.ts';
import {
  O,
  byPassword,
  forbiddenTo,
  hex32,
  hexId,
  startIdentity,
  type Identity,
} from '../support/identity.ts';

let rig: Identity;
beforeAll(async () => {
  rig = await startIdentity();
});
afterAll(() => rig.close());

describe('discovery', () => {
  it('offers version 3 at the origin, as one of several choices', async () => {
    const { status, headers, body } = await rig.call('GET', '/');
    expect([status, headers['location']]).toEqual([300, `${O}/v3/`]);
    expect(body.versions.values).toEqual([
      expect.objectContaining({
        id: 'v3.14',
        status: 'stable',
        links: [{ rel: 'self', href: `${O}/v3/` }],
      }),
    ]);
  });

  it('describes version 3 with and without a slash at the end', async () => {
    const [one, other] = [await rig.call('GET', '/v3'), await rig.call('GET', '/v3/')];
    expect(one.status).toBe(200);
    expect(one.body.version.id).toBe('v3.14');
    expect(other.body).toEqual(one.body);
  });
});

describe('the catalog', () => {
  interface Entry {
    id: string;
    type: string;
    endpoints: { id: string; interface: string; region: string; region_id: string; url: string }[];
  }
  const urlsOf = (catalog: Entry[]) =>
    Object.fromEntries(catalog.map(({ type, endpoints }) => [type, endpoints[0]!.url]));

  it('has every service where clients expect it', async () => {
    const { body } = await rig.login(byPassword({ id: rig.ids.admin }, rig.onProject));
    expect(urlsOf(body.token.catalog)).toEqual({
      identity: `${O}/v3`,
      compute: `${O}/v2.1/${rig.ids.project}`,
      ecs: `${O}/v1/${rig.ids.project}`,
      bms: `${O}/v1/${rig.ids.project}`,
      image: `${O}/image`,
      network: `${O}/network`,
      volumev2: `${O}/volume/v2/${rig.ids.project}`,
      volumev3: `${O}/volume/v3/${rig.ids.project}`,
      vpc: `${O}/v1/${rig.ids.project}`,
      clouddc: `${O}/v1/${rig.ids.project}`,
    });
  });

  it('has each endpoint as public, internal and admin with one URL, and the region under both names', async () => {
    const { body } = await rig.call('GET', '/v3/auth/catalog', rig.admin);
    expect(body.links.self).toBe(`${O}/v3/auth/catalog`);
    for (const { id, endpoints } of body.catalog as Entry[]) {
      expect(id).toMatch(hex32);
      expect(endpoints.map((it) => it.interface)).toEqual(['public', 'internal', 'admin']);
      expect(new Set(endpoints.map(({ url }) => url)).size).toBe(1);
      expect(endpoints.every((it) => it.region === 'eu-de' && it.region_id === 'eu-de')).toBe(true);
    }
    const all = (body.catalog as Entry[]).flatMap(({ id, endpoints }) => [
      id,
      ...endpoints.map((it) => it.id),
    ]);
    expect(new Set(all).size).toBe(all.length);
  });

  it('has the same ids after a restart', async () => {
    const restarted = await rig.startAnother();
    const [one, other] = [rig.app, restarted].map((it) => it.call('GET', '/v3/auth/catalog', rig.admin));
    expect((await one!).body).toEqual((await other!).body);
    await restarted.close();
  });

  it('names no URL that needs a project when the token has none', async () => {
    for (const scope of [{ domain: { id: rig.ids.account } }, 'unscoped']) {
      const token = await rig.tokenOf({ id: rig.ids.admin }, scope);
      const { body } = await rig.call('GET', '/v3/auth/catalog', token);
      expect(Object.keys(urlsOf(body.catalog))).toEqual(['identity', 'image', 'network']);
    }
  });

  it('speaks of the origin that the caller used', async () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'cloud.example' };
    const { body } = await rig.call('GET', '/v3/auth/catalog', rig.admin, undefined, headers);
    expect(urlsOf(body.catalog)['identity']).toBe('https://cloud.example/v3');
  });

  it('is also told as regions, services and endpoints', async () => {
    const regions = await rig.call('GET', '/v3/regions', rig.admin);
    expect(regions.body.regions.map(({ id }: { id: string }) => id)).toEqual(['eu-de']);
    expect((await rig.call('GET', '/v3/regions/eu-de', rig.admin)).body.region.id).toBe('eu-de');
    const services = await rig.call('GET', '/v3/services?type=compute', rig.admin);
    expect(services.body.services).toEqual([expect.objectContaining({ name: 'nova', enabled: true })]);
    const [{ id }] = services.body.services;
    expect((await rig.call('GET', `/v3/services/${id}`, rig.admin)).body.service.type).toBe('compute');
    const found = await rig.call('GET', `/v3/endpoints?service_id=${id}&interface=public`, rig.admin);
    expect(found.body.endpoints).toEqual([
      expect.objectContaining({ url: `${O}/v2.1/%(project_id)s`, region: 'eu-de', service_id: id }),
    ]);
    const [endpoint] = found.body.endpoints;
    expect((await rig.call('GET', `/v3/endpoints/${endpoint.id}`, rig.admin)).body.endpoint).toEqual(
      endpoint,
    );
    expect((await rig.call('GET', '/v3/regions/nowhere', rig.admin)).status).toBe(404);
  });
});

describe('what is one’s own', () => {
  it('is listed under auth: projects with a role, and the domain; exactly by name', async () => {
    const user = await rig.makeUser();
    const token = await rig.tokenOf({ id: user.id });
    const projects = await rig.call('GET', '/v3/auth/projects', token);
    expect(projects.body).toMatchObject({
      projects: [{ id: rig.ids.project, name: 'eu-de', domain_id: rig.ids.account, enabled: true }],
      links: { self: `${O}/v3/auth/projects`, previous: null, next: null },
    });
    const domains = await rig.call('GET', '/v3/auth/domains', token);
    expect(domains.body.domains).toEqual([
      expect.objectContaining({ id: rig.ids.account, name: 'Default', enabled: true, description: '' }),
    ]);
    for (const [path, key] of [
      ['/v3/auth/projects?name=eu-de', 'projects'],
      ['/v3/auth/domains?name=Default', 'domains'],
    ] as const) {
      expect((await rig.call('GET', path, token)).body[key]).toHaveLength(1);
      expect((await rig.call('GET', `${path}x`, token)).body[key]).toEqual([]);
    }
  });

  it('is all that a plain user sees', async () => {
    const [user, other] = [await rig.makeUser(), await rig.makeUser()];
    const domain = await rig.makeDomain();
    const project = { name: 'hidden', domain_id: domain.id };
    const hidden = (await rig.call('POST', '/v3/projects', rig.admin, { project })).body.project;
    const token = await rig.tokenOf({ id: user.id }, rig.onProject);
    const see = async (path: string) => (await rig.call('GET', path, token)).body;

    expect((await see('/v3/users')).users).toEqual([expect.objectContaining({ id: user.id })]);
    expect((await see(`/v3/users?name=${other.name}`)).users).toEqual([]);
    expect((await see('/v3/projects')).projects).toEqual([expect.objectContaining({ id: rig.ids.project })]);
    expect((await see('/v3/projects?name=hidden')).projects).toEqual([]);
    expect((await see('/v3/domains')).domains).toEqual([expect.objectContaining({ id: rig.ids.account })]);
    expect((await see(`/v3/users/${user.id}`)).user.id).toBe(user.id);
    expect((await see(`/v3/projects/${rig.ids.project}`)).project.id).toBe(rig.ids.project);
    expect((await see(`/v3/domains/${rig.ids.account}`)).domain.id).toBe(rig.ids.account);
    expect((await see(`/v3/users/${user.id}/projects`)).projects).toHaveLength(1);
    expect((await see(`/v3/role_assignments?user.id=${user.id}`)).role_assignments).toHaveLength(1);
    expect((await see(`/v3/projects/${rig.ids.project}/users/${user.id}/roles`)).roles).toHaveLength(1);

    const closed = {
      [`/v3/users/${other.id}`]: 'get_user',
      [`/v3/users/${hexId()}`]: 'get_user',
      [`/v3/projects/${hidden.id}`]: 'get_project',
      [`/v3/domains/${domain.id}`]: 'get_domain',
      [`/v3/users/${other.id}/projects`]: 'list_user_projects',
      '/v3/role_assignments': 'list_role_assignments',
      [`/v3/role_assignments?user.id=${other.id}`]: 'list_role_assignments',
      [`/v3/projects/${rig.ids.project}/users/${other.id}/roles`]: 'list_grants',
      '/v3/roles': 'list_roles',
    };
    for (const [path, action] of Object.entries(closed)) {
      expect([path, (await see(path)).error]).toEqual([path, forbiddenTo(action)]);
    }
  });

  it('cannot be changed by a plain user, except the password', async () => {
    const user = await rig.makeUser();
    const token = await rig.tokenOf({ id: user.id }, rig.onProject);
    const grant = `/v3/projects/${rig.ids.project}/users/${user.id}/roles/${rig.ids.roles['admin']}`;
    const attempts = [
      ['POST', '/v3/domains', { domain: { name: 'x' } }],
      ['POST', '/v3/projects', { project: { name: 'x' } }],
      ['POST', '/v3/users', { user: { name: 'x' } }],
      ['POST', '/v3/roles', { role: { name: 'x' } }],
      ['PATCH', `/v3/users/${user.id}`, { user: { enabled: true } }],
      ['PATCH', `/v3/projects/${rig.ids.project}`, { project: { description: 'x' } }],
      ['DELETE', `/v3/projects/${rig.ids.project}`],
      ['PUT', grant],
      ['DELETE', grant],
      ['PUT', grant.replace(`projects/${rig.ids.project}`, `domains/${rig.ids.account}`)],
    ] as const;
    for (const [method, path, body] of attempts) {
      const reply = await rig.call(method, path, token, body);
      expect([path, reply.status]).toEqual([path, 403]);
    }
  });
});

describe('an error', () => {
  it('has Keystone’s envelope, also on paths that do not exist', async () => {
    const { status, body } = await rig.call('GET', '/v3/none/such', rig.admin);
    expect([status, body]).toEqual([
      404,
      { error: { code: 404, title: 'Not Found', message: 'The resource could not be found.' } },
    ]);
  });

  it('for a body that is too large is 413', async () => {
    const { status, body } = await rig.login(byPassword({ id: 'x'.repeat(1_100_000) }));
    expect([status, body.error.code]).toEqual([413, 413]);
  });

  it('for a NUL in the URL is 400', async () => {
    for (const path of ['/v3/users/%00', '/v3/users?name=a%00']) {
      expect((await rig.call('GET', path, rig.admin)).status).toBe(400);
    }
  });

  it('for too many requests is 429, and inside errors tell nothing', () => {
    const api = identityApi({ ...rig.stores, region: 'eu-de', tokenHours: 1, now: Date.now });
    const call = { origin: O, requestId: '', path: '/v3' };
    const answer = (kind: 'too-many-requests' | 'internal' | 'unavailable') =>
      api.toError(Object.assign(new Error('secret'), { kind, facts: { kind, message: 'secret' } }), call);
    expect(answer('too-many-requests')).toMatchObject({
      statusCode: 429,
      body: { error: { code: 429, title: 'Too Many Requests' } },
    });
    expect(answer('unavailable')).toMatchObject({ statusCode: 503 });
    expect(answer('internal')).toMatchObject({ statusCode: 500 });
    expect(JSON.stringify(answer('internal'))).not.toContain('secret');
  });
});
