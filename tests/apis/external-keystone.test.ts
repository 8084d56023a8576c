/** Identity looked after by another Keystone: a second Ingot, which speaks Keystone v3 on the wire. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { startIngot } from '../../src/main.ts';
import { doors } from '../support/doors.ts';
import { processesOfTheRun, startCloud, type Cloud, type Reply } from '../support/cloud.ts';

let keystone: Cloud;
let cloud: Cloud;
let keystoneUrl: string;
beforeAll(async () => {
  keystone = await startCloud({ INGOT_SIM_NODES: '0', INGOT_REGION: 'elsewhere' });
  keystoneUrl = `${keystone.origin}/v3`;
  cloud = await startCloud({
    INGOT_KEYSTONE_URL: `${keystoneUrl}/`,
    INGOT_KEYSTONE_USER: 'admin',
    INGOT_KEYSTONE_PASSWORD: 'correct horse',
    INGOT_KEYSTONE_PROJECT: 'elsewhere',
    INGOT_KEYSTONE_RECHECK_SECONDS: '0.2',
  });
});
afterAll(async () => {
  await cloud.close();
  await keystone.close();
});

/** With a token of the other Keystone. */
const ask = (token: string, path: string, method = 'GET', body?: unknown): Promise<Reply> =>
  cloud.call(method, path.replace('{p}', keystone.projectId), body, { 'x-auth-token': token });

/** A user over there, with a role on the first project there, and a token. */
async function makeGuest(name: string, role: string): Promise<{ id: string; token: string }> {
  const { body } = await keystone.call('POST', '/v3/users', { user: { name, password: 'Open-Sesame1' } });
  const roles = (await keystone.call('GET', `/v3/roles?name=${role}`)).body.roles;
  const grant = `/v3/projects/${keystone.projectId}/users/${body.user.id}/roles/${roles[0].id}`;
  expect((await keystone.call('PUT', grant)).status).toBe(204);
  const login = await keystone.call('POST', '/v3/auth/tokens', {
    auth: {
      identity: { methods: ['password'], password: { user: { id: body.user.id, password: 'Open-Sesame1' } } },
      scope: { project: { id: keystone.projectId } },
    },
  });
  return { id: body.user.id, token: login.headers.get('x-subject-token')! };
}

describe('a token of the other Keystone', () => {
  it('is good here, and its project and user appear with what they own', async () => {
    const { id, token } = await makeGuest('guest', 'member');
    const made = await ask(token, '/v2.1/{p}/os-keypairs', 'POST', { keypair: { name: 'of-the-guest' } });
    expect(made.status).toBe(200);
    expect(made.body.keypair.user_id).toBe(id);
    const { body } = await ask(token, '/v2.1/{p}/os-keypairs');
    expect(body.keypairs).toHaveLength(1);
    const { rows } = await cloud.sql.query(
      `select u.name as "user", p.name as project, a.name as account
       from users u, projects p join accounts a on a.id = p.account_id where u.id = $1 and p.id = $2`,
      [id, keystone.projectId],
    );
    // The account of here has that name already.
    expect(rows).toEqual([
      { user: 'guest', project: 'elsewhere', account: expect.stringMatching(/^Default \([0-9a-f]{32}\)$/) },
    ]);
  });

  it('rents and stops a server', async () => {
    const { token } = await makeGuest('renter', 'member');
    const { rows: images } = await cloud.sql.query<{ id: string }>(
      'select id from images order by name limit 1',
    );
    const { rows: networks } = await cloud.sql.query<{ id: string }>('select id from networks limit 1');
    const flavors = await ask(token, '/v2.1/{p}/flavors');
    const made = await ask(token, '/v2.1/{p}/servers', 'POST', {
      server: {
        name: 'rented-by-a-guest',
        imageRef: images[0]!.id,
        flavorRef: flavors.body.flavors[0].id,
        networks: [{ uuid: networks[0]!.id }],
      },
    });
    expect(made.status).toBe(202);
    const show = () => ask(token, `/v2.1/{p}/servers/${made.body.server.id}`);
    await cloud.until(show, ({ body }) => body.server.status === 'ACTIVE');
    const stopped = await ask(token, `/v2.1/{p}/servers/${made.body.server.id}/action`, 'POST', {
      'os-stop': null,
    });
    expect(stopped.status).toBe(204);
    await cloud.until(show, ({ body }) => body.server.status === 'SHUTOFF');
  });

  it('has the roles of there: a reader may only look', async () => {
    const { token } = await makeGuest('looker', 'reader');
    expect((await ask(token, '/v2.1/{p}/servers')).status).toBe(200);
    const refused = await ask(token, '/v2.1/{p}/os-keypairs', 'POST', { keypair: { name: 'never' } });
    expect(refused.status).toBe(403);
    expect((await ask(token, '/admin/v1/nodes')).status).toBe(403);
    expect((await ask(keystone.token, '/admin/v1/nodes')).status).toBe(200);
  });

  it('that is revoked there is refused here soon after', async () => {
    const { token } = await makeGuest('leaver', 'member');
    expect((await ask(token, '/v2.1/{p}/servers')).status).toBe(200);
    const revoked = await keystone.call('DELETE', '/v3/auth/tokens', undefined, { 'x-subject-token': token });
    expect(revoked.status).toBe(204);
    await cloud.until(
      () => ask(token, '/v2.1/{p}/servers'),
      ({ status }) => status === 401,
    );
  });

  it('for another project than that of the path is refused', async () => {
    const { token } = await makeGuest('stray', 'member');
    expect((await ask(token, `/v2.1/${cloud.projectId}/servers`)).status).toBe(400);
  });

  it('is asked about once, however many calls come with it', async () => {
    const { token } = await makeGuest('busy', 'member');
    const patient = await startCloud({
      INGOT_SIM_NODES: '0',
      INGOT_KEYSTONE_URL: keystoneUrl,
      INGOT_KEYSTONE_USER: 'admin',
      INGOT_KEYSTONE_PASSWORD: 'correct horse',
      INGOT_KEYSTONE_PROJECT: 'elsewhere',
      INGOT_KEYSTONE_RECHECK_SECONDS: '600',
    });
    let asked = 0;
    const count = (request: { method: string; url: string }) => {
      if (request.method === 'GET' && request.url.startsWith('/v3/auth/tokens')) asked++;
    };
    keystone.ingot.http.server.on('request', count);
    try {
      const path = `/v2.1/${keystone.projectId}/servers`;
      const call = () => patient.call('GET', path, undefined, { 'x-auth-token': token });
      const replies = await Promise.all(Array.from({ length: 20 }, call));
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect(asked).toBe(processesOfTheRun);
    } finally {
      keystone.ingot.http.server.off('request', count);
      await patient.close();
    }
  });
});

describe('whoever has no good token', () => {
  it.each(doors.filter(({ name }) => name !== 'identity'))(
    'is sent to the other Keystone by $name',
    async (door) => {
      const { status, headers } = await ask('none', door.read);
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe(`Keystone uri="${keystoneUrl}"`);
    },
  );

  it('gets nowhere with a token or a key of here', async () => {
    expect((await cloud.call('GET', '/v2.1/{p}/servers')).status).toBe(401);
    const authorization = `SDK-HMAC-SHA256 Access=ANY, SignedHeaders=host;x-sdk-date, Signature=${'0'.repeat(64)}`;
    const response = await fetch(`${cloud.origin}/v1/${cloud.projectId}/baremetalservers/detail`, {
      headers: { authorization, 'x-sdk-date': '20260101T000000Z' },
    });
    expect(response.status).toBe(401);
    expect(((await response.json()) as { error_msg: string }).error_msg).toContain('external Keystone');
  });
});

describe('the identity API of here', () => {
  it('names the other Keystone at the root', async () => {
    const { status, body } = await cloud.call('GET', '/');
    expect(status).toBe(300);
    expect(body.versions.values[0].links).toEqual([{ rel: 'self', href: `${keystoneUrl}/` }]);
  });

  it('sends everything on, so that a login here comes back with a token of there', async () => {
    const asked = await fetch(`${cloud.origin}/v3/auth/tokens?nocatalog`, {
      method: 'POST',
      redirect: 'manual',
    });
    expect([asked.status, asked.headers.get('location')]).toEqual([
      307,
      `${keystoneUrl}/auth/tokens?nocatalog`,
    ]);
    const user = { name: 'admin', password: 'correct horse', domain: { name: 'Default' } };
    const followed = await fetch(`${cloud.origin}/v3/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        auth: {
          identity: { methods: ['password'], password: { user } },
          scope: { project: { id: keystone.projectId } },
        },
      }),
    });
    expect(followed.status).toBe(201);
    expect((await ask(followed.headers.get('x-subject-token')!, '/v2.1/{p}/servers')).status).toBe(200);
  });

  it('says that there are no access keys', async () => {
    const reply = await cloud.call('POST', '/v3.0/OS-CREDENTIAL/credentials', {});
    expect(reply.status).toBe(403);
    expect(JSON.stringify(reply.body)).toContain(keystoneUrl);
  });

  it('still has the audit trail beside it', async () => {
    const { status, body } = await ask(keystone.token, '/v3/{p}/traces');
    expect(status).toBe(200);
    expect(body.traces.length).toBeGreaterThan(0);
  });
});

describe('the other Keystone', () => {
  it('that is away makes calls wait with 503, and polls of health go on', async () => {
    const lonely = await startCloud({
      INGOT_SIM_NODES: '0',
      INGOT_KEYSTONE_URL: 'http://127.0.0.1:9/v3',
      INGOT_KEYSTONE_PASSWORD: 'any',
    });
    try {
      const reply = await lonely.call('GET', '/v2.1/{p}/servers');
      expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '5']);
      expect((await lonely.call('GET', '/healthz')).status).toBe(200);
    } finally {
      await lonely.close();
    }
  });

  it('needs a password for the user who validates', async () => {
    const config = readConfig({ INGOT_KEYSTONE_URL: keystoneUrl, DATABASE_URL: cloud.databaseUrl });
    await expect(
      startIngot({ ...config, data: cloud.ingot.folder, port: 0, logLevel: 'silent' }),
    ).rejects.toThrow('INGOT_KEYSTONE_PASSWORD');
  });
});
