/** Policies in force: who may do what with the servers of a project, as groups, roles and policies say. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';

const password = 'Wr0ng-Horse_42';
let cloud: Cloud;
let accountId: string;
/** Two servers: one that policies name, and one that they do not. */
let [named, other]: string[] = [];
beforeAll(async () => {
  cloud = await startCloud();
  accountId = (await cloud.call('GET', '/v3/auth/domains')).body.domains[0].id;
  [named, other] = await cloud.makeServers(2);
});
afterAll(() => cloud.close());

interface Person {
  id: string;
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
}

const name = (what: string) => `${what}-${randomBytes(4).toString('hex')}`;
const good = (reply: Reply) => {
  if (reply.status >= 300) throw new Error(`${reply.status} ${JSON.stringify(reply.body)}`);
  return reply;
};
/** By the administrator. */
const make = async (method: string, path: string, body?: unknown) =>
  good(await cloud.call(method, path, body)).body;

async function makeUser(more: object = {}): Promise<string> {
  return (await make('POST', '/v3/users', { user: { name: name('user'), password, ...more } })).user.id;
}

async function login(id: string, scope: object = { project: { id: cloud.projectId } }): Promise<Person> {
  const identity = { methods: ['password'], password: { user: { id, password } } };
  const reply = good(await cloud.call('POST', '/v3/auth/tokens', { auth: { identity, scope } }));
  const token = reply.headers.get('x-subject-token')!;
  return {
    id,
    ask: (method, path, body, headers) =>
      cloud.call(method, path, body, { 'x-auth-token': token, ...headers }),
  };
}

const roleNamed = async (wanted: string): Promise<string> =>
  (await make('GET', `/v3/roles?name=${encodeURIComponent(wanted)}`)).roles[0].id;
const grant = (userId: string, roleId: string) =>
  make('PUT', `/v3/projects/{p}/users/${userId}/roles/${roleId}`);

async function userWith(...roles: string[]): Promise<Person> {
  const id = await makeUser();
  for (const role of roles) await grant(id, await roleNamed(role));
  return login(id);
}

async function customPolicy(...Statement: object[]): Promise<string> {
  const role = {
    display_name: name('custom'),
    type: 'XA',
    description: '',
    policy: { Version: '1.1', Statement },
  };
  return (await make('POST', '/v3.0/OS-ROLE/roles', { role })).role.id;
}

async function userWithPolicy(...Statement: object[]): Promise<Person> {
  const id = await makeUser();
  await grant(id, await customPolicy(...Statement));
  return login(id);
}

async function identityPolicy(...Statement: object[]): Promise<string> {
  const policy_document = JSON.stringify({ Version: '5.0', Statement });
  const { policy } = await make('POST', '/v5/policies', { policy_name: name('identity'), policy_document });
  return policy.policy_id;
}

const switched = (key: string, ...ids: string[]) => ({ [key]: { servers: ids.map((id) => ({ id })) } });
const power = (who: Person, key: string, ...ids: string[]) =>
  who.ask('POST', '/v1/{p}/baremetalservers/action', switched(key, ...ids));
const nova = (who: Person, id: string, body: object) =>
  who.ask('POST', `/v2.1/{p}/servers/${id}/action`, body);
/** Nothing is switched: the server is running already, which the refusal of another kind says. */
const isHeard = ({ status, body }: Reply) =>
  status === 200 || (status === 400 && body.error.code !== 'BMS.0288');

function expectDenied(reply: Reply, action: string): void {
  const message = `Policy doesn't allow ${action} to be performed.`;
  expect([reply.status, reply.body]).toEqual([403, { error: { code: 'BMS.0288', message } }]);
}

describe('an action', () => {
  it('is the one that the body asks for, where several share a path', async () => {
    const starter = await userWithPolicy({ Effect: 'Allow', Action: ['bms:servers:start'] });
    expect(isHeard(await power(starter, 'os-start', named!))).toBe(true);
    expectDenied(await power(starter, 'os-stop', named!), 'bms:servers:stop');
    expectDenied(await power(starter, 'reboot', named!), 'bms:servers:reboot');
    expectDenied(await starter.ask('GET', '/v1/{p}/baremetalservers/detail'), 'bms:servers:list');
  });

  it('of the Nova family is opened by its twin of bms, and named by its own name', async () => {
    const starter = await userWithPolicy({ Effect: 'Allow', Action: ['bms:servers:start'] });
    expect((await nova(starter, named!, { 'os-start': null })).status).toBe(409);
    const refused = await nova(starter, named!, { 'os-stop': null });
    expect([refused.status, refused.body.forbidden.message]).toEqual([
      403,
      "Policy doesn't allow ecs:servers:stop to be performed.",
    ]);
  });

  it('that nobody can read off the body needs all that it could be', async () => {
    const starter = await userWithPolicy({ Effect: 'Allow', Action: ['bms:servers:start'] });
    const both = { ...switched('os-start', named!), ...switched('os-stop', named!) };
    expect((await starter.ask('POST', '/v1/{p}/baremetalservers/action', both)).status).toBe(403);
    const member = await userWith('member');
    expect((await member.ask('POST', '/v1/{p}/baremetalservers/action', both)).status).toBe(400);
  });

  it('may be allowed on one server and not on another', async () => {
    const Resource = [`bms:*:*:instance:${named}`];
    const some = await userWithPolicy({ Effect: 'Allow', Action: ['bms:servers:*'], Resource });
    expect((await some.ask('GET', `/v1/{p}/baremetalservers/${named}`)).status).toBe(200);
    expectDenied(await some.ask('GET', `/v1/{p}/baremetalservers/${other}`), 'bms:servers:get');
    expect(isHeard(await power(some, 'os-start', named!))).toBe(true);
    expectDenied(await power(some, 'os-start', named!, other!), 'bms:servers:start');
  });
});

describe('a denial', () => {
  it('counts before what every other policy allows', async () => {
    const id = await makeUser();
    await grant(id, await roleNamed('member'));
    await grant(id, await customPolicy({ Effect: 'Deny', Action: ['bms:servers:delete'] }));
    const person = await login(id);
    expect((await person.ask('GET', '/v1/{p}/baremetalservers/detail')).status).toBe(200);
    const asked = await person.ask('POST', '/v1/{p}/baremetalservers/delete', { servers: [{ id: named }] });
    expectDenied(asked, 'bms:servers:delete');
    // By its twin also where another API is asked.
    expect((await person.ask('DELETE', `/v2.1/{p}/servers/${named}`)).status).toBe(403);
  });

  it('may depend on where the request comes from', async () => {
    const from = (network: string) => ({
      Effect: 'Deny',
      Action: ['bms:*'],
      Condition: { NotIpAddress: { 'g:SourceIp': [network] } },
    });
    const all = { Effect: 'Allow', Action: ['bms:*'] };
    const inside = await userWithPolicy(all, from('127.0.0.0/8'));
    const outside = await userWithPolicy(all, from('192.0.2.0/24'));
    expect((await inside.ask('GET', '/v1/{p}/baremetalservers/detail')).status).toBe(200);
    expect((await outside.ask('GET', '/v1/{p}/baremetalservers/detail')).status).toBe(403);
  });

  it('keeps one even from what is one’s own', async () => {
    const person = await userWithPolicy({ Effect: 'Deny', Action: ['iam:credentials:createCredential'] });
    const body = { credential: { user_id: person.id } };
    expect((await person.ask('POST', '/v3.0/OS-CREDENTIAL/credentials', body)).status).toBe(403);
    const free = await userWith('reader');
    const own = { credential: { user_id: free.id } };
    expect((await free.ask('POST', '/v3.0/OS-CREDENTIAL/credentials', own)).status).toBe(201);
  });
});

describe('tags', () => {
  const ofOwner = { StringEquals: { 'g:ResourceTag/owner': ['ann'] } };
  beforeAll(async () => {
    const tags = [{ key: 'owner', value: 'ann' }];
    await make('POST', `/v1/{p}/baremetalservers/${named}/tags/action`, { action: 'create', tags });
  });

  const attached = async (...statements: object[]) => {
    const id = await makeUser();
    const policy = await identityPolicy(...statements);
    await make('POST', `/v5/policies/${policy}/attach-user`, { user_id: id });
    return login(id);
  };

  it.each([
    ['1.1', userWithPolicy],
    ['5.0', attached],
  ])('say on which servers a policy of version %s allows something', async (_, userWithStatements) => {
    const person = await userWithStatements({
      Effect: 'Allow',
      Action: ['bms:servers:*', 'ecs:servers:*'],
      Condition: ofOwner,
    });
    expect((await person.ask('GET', `/v1/{p}/baremetalservers/${named}`)).status).toBe(200);
    expectDenied(await person.ask('GET', `/v1/{p}/baremetalservers/${other}`), 'bms:servers:get');
    expect((await person.ask('GET', `/v2.1/{p}/servers/${named}`)).status).toBe(200);
    expect((await person.ask('GET', `/v2.1/{p}/servers/${other}`)).status).toBe(403);
    expect((await nova(person, named!, { 'os-start': null })).status).toBe(409);
    expect((await nova(person, other!, { 'os-start': null })).status).toBe(403);
    // Of several servers all must be allowed.
    expect(isHeard(await power(person, 'os-start', named!))).toBe(true);
    expectDenied(await power(person, 'os-start', named!, other!), 'bms:servers:start');
    // A list is about no server; it is allowed without a condition, or not at all.
    expectDenied(await person.ask('GET', '/v1/{p}/baremetalservers/detail'), 'bms:servers:list');
  });

  it('close what a denial closes, however the id is written, until they change', async () => {
    const person = await userWithPolicy(
      { Effect: 'Allow', Action: ['*'] },
      { Effect: 'Deny', Action: ['bms:servers:get'], Condition: ofOwner },
      { Effect: 'Deny', Action: ['bms:servers:get'], Resource: [`bms:*:*:instance:${other}`] },
    );
    const show = async (id: string) => (await person.ask('GET', `/v1/{p}/baremetalservers/${id}`)).status;
    for (const closed of [named!, other!]) {
      for (const id of [closed, closed.toUpperCase(), closed.replaceAll('-', '')]) {
        expect(await show(id), id).toBe(403);
      }
    }
    const tags = (action: string) =>
      make('POST', `/v1/{p}/baremetalservers/${named}/tags/action`, {
        action,
        tags: [{ key: 'owner', value: 'ann' }],
      });
    await tags('delete');
    expect(await show(named!)).toBe(200);
    await tags('create');
    expect(await show(named!)).toBe(403);
  });

  it.each([
    ['1.1', userWithPolicy],
    ['5.0', attached],
  ])('may be those of the call, by a policy of version %s', async (_, userWithStatements) => {
    const person = await userWithStatements(
      { Effect: 'Allow', Action: ['*'] },
      {
        Effect: 'Deny',
        Action: ['bms:servers:*', 'clouddc::*', 'ims:*'],
        Condition: { 'ForAnyValue:StringEquals': { 'g:TagKeys': ['cost'] } },
      },
      {
        Effect: 'Deny',
        Action: ['bms:servers:*'],
        Condition: { StringEquals: { 'g:RequestTag/env': ['prod'] } },
      },
    );
    const v1 = (key: string, value: string) =>
      person.ask('POST', `/v1/{p}/baremetalservers/${other}/tags/action`, {
        action: 'create',
        tags: [{ key, value }],
      });
    expect((await v1('env', 'test')).status).toBe(204);
    expectDenied(await v1('env', 'prod'), 'bms:servers:put');
    expectDenied(await v1('cost', '1'), 'bms:servers:put');
    const at = `/v2.1/{p}/servers/${other}/tags`;
    const newest = (method: string, path: string, body?: unknown) =>
      person.ask(method, path, body, { 'openstack-api-version': 'compute 2.26' });
    expect((await newest('PUT', `${at}/env=test`)).status).toBe(204);
    expect((await newest('PUT', `${at}/env=prod`)).status).toBe(403);
    expect((await newest('DELETE', `${at}/cost`)).status).toBe(403);
    expect((await newest('PUT', at, { tags: ['a', 'cost=1'] })).status).toBe(403);
    // The tags of a new server are in the same place for policies; a body that has none is looked at further.
    const create = (more: object) =>
      person.ask('POST', '/v1/{p}/baremetalservers', {
        server: {
          name: 'x',
          imageRef: named,
          flavorRef: 'none',
          availability_zone: 'eu-de-01',
          vpcid: named,
          nics: [{ subnet_id: named }],
          extendparam: {},
          ...more,
        },
      });
    expectDenied(await create({ server_tags: [{ key: 'cost', value: '1' }] }), 'bms:servers:create');
    expect((await create({})).status).toBe(400);
    const inNova = (...tags: string[]) =>
      person.ask(
        'POST',
        '/v2.1/{p}/servers',
        { server: { name: 'x', flavorRef: 'none', networks: 'auto', tags } },
        { 'openstack-api-version': 'compute 2.52' },
      );
    for (const tag of ['cost', 'env=prod']) expect((await inNova(tag)).status).toBe(403);
    expect((await inNova('env=test')).status).toBe(400);
    expect((await person.ask('POST', '/image/v2/images', { name: 'x', tags: ['cost'] })).status).toBe(403);
    const { rows } = await cloud.sql.query<{ id: string }>('select id from nodes limit 1');
    const machine = `/v1/{p}/physicalservers/${rows[0]!.id}/tags/create`;
    const denied = await person.ask('POST', machine, { tags: [{ key: 'cost', value: '1' }] });
    expect(denied.status).toBe(403);
  });
});

describe('identity policies', () => {
  it('open projects of the account without any role, and end with their attachment', async () => {
    const id = await makeUser();
    const policy = await identityPolicy({ Effect: 'Allow', Action: ['bms:servers:list'] });
    await make('POST', `/v5/policies/${policy}/attach-user`, { user_id: id });
    const person = await login(id);
    expect((await person.ask('GET', '/v1/{p}/baremetalservers/detail')).status).toBe(200);
    // What the body asks for is not read where it cannot be allowed.
    const each = ['start', 'stop', 'reboot'].map((verb) => `bms:servers:${verb}`);
    expectDenied(await power(person, 'os-stop', named!), each.join(' or '));
    await make('POST', `/v5/policies/${policy}/detach-user`, { user_id: id });
    expect((await person.ask('GET', '/v1/{p}/baremetalservers/detail')).status).toBe(401);
  });

  it('count in their default version, at once', async () => {
    const id = await makeUser();
    await grant(id, await roleNamed('reader'));
    const policy = await identityPolicy({ Effect: 'Allow', Action: ['bms:servers:start'] });
    await make('POST', `/v5/policies/${policy}/attach-user`, { user_id: id });
    const person = await login(id);
    expect(isHeard(await power(person, 'os-start', named!))).toBe(true);
    const policy_document = JSON.stringify({
      Version: '5.0',
      Statement: [{ Effect: 'Deny', Action: ['bms:servers:start'] }],
    });
    await make('POST', `/v5/policies/${policy}/versions`, { policy_document, set_as_default: true });
    expect((await power(person, 'os-start', named!)).status).toBe(403);
    await make('POST', `/v5/policies/${policy}/versions/v1/set-default`);
    expect(isHeard(await power(person, 'os-start', named!))).toBe(true);
  });

  it('that are attached, or are of the installation, are not deleted', async () => {
    const policy = await identityPolicy({ Effect: 'Allow', Action: ['bms:*'] });
    const userId = await makeUser();
    await make('POST', `/v5/policies/${policy}/attach-user`, { user_id: userId });
    const refused = await cloud.call('DELETE', `/v5/policies/${policy}`);
    expect([refused.status, refused.body]).toEqual([
      409,
      {
        error_code: 'IAM.0005',
        error_msg: expect.stringContaining('detach it first'),
        request_id: expect.any(String),
      },
    ]);
    const { policies } = await make('GET', '/v5/policies?policy_type=system');
    expect(policies.map((it: { policy_name: string }) => it.policy_name)).toContain('BMSReadOnlyPolicy');
    expect((await cloud.call('DELETE', `/v5/policies/${policies[0].policy_id}`)).status).toBe(403);
  });

  it('are refused where they say what is not known here', async () => {
    const policy_document = JSON.stringify({
      Version: '5.0',
      Statement: [
        { Effect: 'Deny', Action: ['bms:*'], Condition: { StringEquals: { 'g:PrincipalTag/a': ['b'] } } },
      ],
    });
    const refused = await cloud.call('POST', '/v5/policies', { policy_name: name('p'), policy_document });
    expect([refused.status, refused.body.error_code]).toEqual([400, 'IAM.0011']);
    expect(refused.body.error_msg).toContain('g:PrincipalTag/a: this condition key is not known here');
  });
});

describe('a group', () => {
  it('gives its members what it holds, until they leave it', async () => {
    const { group } = await make('POST', '/v3/groups', { group: { name: name('ops') } });
    const id = await makeUser();
    await make('PUT', `/v3/groups/${group.id}/users/${id}`);
    const role = await roleNamed('BMS CommonOperations');
    await make('PUT', `/v3/projects/{p}/groups/${group.id}/roles/${role}`);
    const person = await login(id);
    expect(isHeard(await power(person, 'os-start', named!))).toBe(true);
    const asked = await person.ask('POST', '/v1/{p}/baremetalservers/delete', { servers: [{ id: named }] });
    expectDenied(asked, 'bms:servers:delete');

    const query = `user.id=${id}&scope.project.id={p}`;
    expect((await make('GET', `/v3/role_assignments?${query}`)).role_assignments).toEqual([]);
    const { role_assignments: held } = await make('GET', `/v3/role_assignments?${query}&effective`);
    expect(held).toEqual([expect.objectContaining({ role: { id: role }, user: { id } })]);

    await make('DELETE', `/v3/groups/${group.id}/users/${id}`);
    expect((await power(person, 'os-start', named!)).status).toBe(401);
  });

  it('may hold a role on all projects of its account', async () => {
    const { group } = await make('POST', '/v3/groups', { group: { name: name('all') } });
    const id = await makeUser();
    await make('PUT', `/v3/groups/${group.id}/users/${id}`);
    const grants = `/v3/OS-INHERIT/domains/${accountId}/groups/${group.id}/roles/${await roleNamed('reader')}`;
    await make('PUT', `${grants}/inherited_to_projects`);
    const { project } = await make('POST', '/v3/projects', { project: { name: name('eu-de_') } });
    const person = await login(id, { project: { id: project.id } });
    expect((await person.ask('GET', `/v1/${project.id}/baremetalservers/detail`)).status).toBe(200);
    const { projects } = good(await person.ask('GET', '/v3/auth/projects')).body;
    expect(projects.map((it: { id: string }) => it.id)).toEqual(
      expect.arrayContaining([project.id, cloud.projectId]),
    );
  });
});

describe('whoever manages an account', () => {
  it('as its root user may do all in it and nothing outside', async () => {
    const { domain } = await make('POST', '/v3/domains', { domain: { name: name('tenant') } });
    const root = await makeUser({ domain_id: domain.id, is_domain_owner: true });
    const second = { name: name('second'), domain_id: domain.id, is_domain_owner: true };
    expect((await cloud.call('POST', '/v3/users', { user: second })).status).toBe(409);
    const { project } = await make('POST', '/v3/projects', {
      project: { name: 'eu-de', domain_id: domain.id },
    });
    const person = await login(root, { project: { id: project.id } });
    expect((await person.ask('GET', `/v1/${project.id}/baremetalservers/detail`)).status).toBe(200);
    const { user } = good(
      await person.ask('POST', '/v3/users', { user: { name: name('u'), password } }),
    ).body;
    expect(user.domain_id).toBe(domain.id);
    const member = await roleNamed('member');
    const on = `/v3/projects/${project.id}/users/${user.id}/roles`;
    good(await person.ask('PUT', `${on}/${member}`));
    expect((await person.ask('PUT', `${on}/${await roleNamed('admin')}`)).status).toBe(403);
    expect((await person.ask('GET', `/v3/users/${cloud.userId}`)).status).toBe(404);
    expect((await person.ask('PUT', `/v3/projects/{p}/users/${user.id}/roles/${member}`)).status).toBe(404);
    expect((await person.ask('GET', '/admin/v1/nodes')).status).toBe(403);
    expect((await person.ask('POST', '/v3/domains', { domain: { name: name('x') } })).status).toBe(403);
  });

  it('gives itself no rights in the project of another account that lets it in', async () => {
    const { domain } = await make('POST', '/v3/domains', { domain: { name: name('guest') } });
    const root = await makeUser({ domain_id: domain.id, is_domain_owner: true });
    const { project } = await make('POST', '/v3/projects', {
      project: { name: 'eu-de', domain_id: domain.id },
    });
    const reader = await roleNamed('reader');
    await grant(root, reader);
    const person = await login(root, { project: { id: project.id } });
    const on = `/v3/projects/{p}/users/${root}/roles`;
    const status = async (method: string, role: string) => (await person.ask(method, `${on}/${role}`)).status;
    expect(await status('HEAD', reader)).toBe(204);
    expect(await status('PUT', await roleNamed('te_admin'))).toBe(404);
    expect(await status('DELETE', reader)).toBe(404);
    const here = await login(root);
    expect((await here.ask('GET', '/v1/{p}/baremetalservers/detail')).status).toBe(200);
    expect((await here.ask('POST', '/v2.1/{p}/os-keypairs', { keypair: { name: name('k') } })).status).toBe(
      403,
    );
  });

  it('as security administrator gets no rights of those who have more', async () => {
    const id = await makeUser();
    await make('PUT', `/v3/domains/${accountId}/users/${id}/roles/${await roleNamed('secu_admin')}`);
    const person = await login(id, { domain: { id: accountId } });
    good(await person.ask('POST', '/v3/users', { user: { name: name('u'), password } }));
    const taken = { user: { password: 'another-1' } };
    expect((await person.ask('PATCH', `/v3/users/${cloud.userId}`, taken)).status).toBe(403);
    const operator = await makeUser();
    await grant(operator, await roleNamed('admin'));
    expect((await person.ask('PATCH', `/v3/users/${operator}`, taken)).status).toBe(403);
    const key = { credential: { user_id: operator } };
    expect((await person.ask('POST', '/v3.0/OS-CREDENTIAL/credentials', key)).status).toBe(403);
    const { group } = await make('POST', '/v3/groups', { group: { name: name('operators') } });
    await make('PUT', `/v3/projects/{p}/groups/${group.id}/roles/${await roleNamed('admin')}`);
    expect((await person.ask('PUT', `/v3/groups/${group.id}/users/${id}`)).status).toBe(403);
    // A policy that allows all does not make an operator either.
    const all = await identityPolicy({ Effect: 'Allow', Action: ['*'] });
    good(await person.ask('POST', `/v5/policies/${all}/attach-user`, { user_id: id }));
    expect((await person.ask('GET', '/admin/v1/nodes')).status).toBe(403);
  });
});
