/** The rules of Nova v2.1, one by one: versions, and what holds for every call. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { badRequest, fault, useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '30' });
  nova = await useNova(cloud);
});
afterAll(() => cloud.close());

describe('versions', () => {
  it('are told without a token, with the range of microversions', async () => {
    const { status, body } = await cloud.call('GET', '/v2.1', undefined, { 'x-auth-token': '' });
    expect(status).toBe(200);
    expect(body.version).toMatchObject({
      id: 'v2.1',
      status: 'CURRENT',
      min_version: '2.1',
      version: '2.60',
      links: [{ rel: 'self', href: `${cloud.origin}/v2.1/` }],
    });
    expect((await cloud.call('GET', '/v2.1/')).body).toEqual(body);
    expect((await cloud.call('GET', '/v2.1/{p}/')).body).toEqual(body);
  });

  it('of the legacy API name no microversions', async () => {
    const { body } = await cloud.call('GET', '/v2/');
    expect(body.version).toMatchObject({ id: 'v2.0', status: 'SUPPORTED', version: '', min_version: '' });
  });
});

describe('a microversion', () => {
  const spoken = async (headers: Record<string, string>) => {
    const reply = await cloud.call('GET', '/v2.1/{p}/flavors', undefined, headers);
    return [
      reply.status,
      reply.headers.get('x-openstack-nova-api-version'),
      reply.headers.get('openstack-api-version'),
    ];
  };

  it('is 2.1 by default, and named on the answer', async () => {
    expect(await spoken({})).toEqual([200, '2.1', 'compute 2.1']);
  });

  it('is taken from either header, the general one first, and may be the latest', async () => {
    const own = 'x-openstack-nova-api-version';
    const general = 'openstack-api-version';
    expect(await spoken({ [own]: '2.7' })).toEqual([200, '2.7', 'compute 2.7']);
    expect(await spoken({ [general]: 'compute 2.9' })).toEqual([200, '2.9', 'compute 2.9']);
    expect(await spoken({ [general]: 'identity 3.0, compute 2.9', [own]: '2.7' })).toEqual([
      200,
      '2.9',
      'compute 2.9',
    ]);
    expect(await spoken({ [general]: 'volume 3.5', [own]: '2.7' })).toEqual([200, '2.7', 'compute 2.7']);
    expect(await spoken({ [own]: 'latest' })).toEqual([200, '2.60', 'compute 2.60']);
  });

  it.each(['2.0', '2.61', '3.1'])('%s is out of range: 406, and the text names the range', async (asked) => {
    const message = `Version ${asked} is not supported by the API. Minimum is 2.1 and maximum is 2.60.`;
    expect(await nova.get('/flavors', asked)).toMatchObject(fault('computeFault', 406, message));
  });

  it.each(['two', '2', '2.1.1', '2.01'])('%s is no microversion: 400', async (asked) => {
    expect(await nova.get('/flavors', asked)).toMatchObject(badRequest());
  });

  it('changes answers, so that caches must know', async () => {
    const { headers } = await nova.get('/flavors');
    expect(headers.get('vary')).toContain('X-OpenStack-Nova-API-Version');
  });
});

it('names each request, on errors too', async () => {
  for (const path of ['/flavors', '/servers/nothing']) {
    const { headers } = await nova.get(path);
    expect(headers.get('x-openstack-request-id')).toMatch(/^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(headers.get('x-compute-request-id')).toBe(headers.get('x-openstack-request-id'));
  }
});

describe('the legacy /v2', () => {
  it.each(['2.26', '2.99'])('knows no microversions: asked for %s it names none', async (version) => {
    const id = await nova.make();
    const { status, headers, body } = await cloud.call('GET', `/v2/{p}/servers/${id}`, undefined, {
      'x-openstack-nova-api-version': version,
    });
    expect(status).toBe(200);
    expect(headers.get('openstack-api-version')).toBeNull();
    expect(headers.get('x-openstack-request-id')).toMatch(/^req-/);
    expect(body.server.links[0].href).toBe(`${cloud.origin}/v2/${cloud.projectId}/servers/${id}`);
    expect(body.server).not.toHaveProperty('tags');
  });
});

describe('a call', () => {
  it('without a good token is answered by the middleware of Keystone', async () => {
    for (const token of ['', 'wrong']) {
      const reply = await cloud.call('GET', '/v2.1/{p}/servers', undefined, { 'x-auth-token': token });
      const message = 'The request you have made requires authentication.';
      expect(reply).toMatchObject({
        status: 401,
        body: { error: { code: 401, title: 'Unauthorized', message } },
      });
      expect(reply.headers.get('www-authenticate')).toBe(`Keystone uri="${cloud.origin}/v3"`);
    }
  });

  it('with the token of another project is refused with the names of both', async () => {
    const message = expect.stringMatching(`${cloud.projectId}.*another`);
    expect(await cloud.call('GET', '/v2.1/another/servers')).toMatchObject(badRequest(message));
  });

  it('that changes something is not for readers', async () => {
    const reader = await nova.tokenFor('reader', cloud.projectId);
    const headers = { 'x-auth-token': reader };
    expect((await cloud.call('GET', '/v2.1/{p}/servers', undefined, headers)).status).toBe(200);
    const message = "Policy doesn't allow ecs:servers:create to be performed.";
    expect(await cloud.call('POST', '/v2.1/{p}/servers', nova.createBody(), headers)).toMatchObject(
      fault('forbidden', 403, message),
    );
  });

  it('to nowhere is not found, with broken JSON a bad request, with too much of it over the limit', async () => {
    expect(await nova.get('/nothing')).toMatchObject(fault('itemNotFound', 404));
    expect(await nova.call('POST', '/servers', '{"server":')).toMatchObject(badRequest());
    const much = JSON.stringify({ server: { name: 'x'.repeat(1_100_000) } });
    expect(await nova.call('POST', '/servers', much)).toMatchObject(fault('overLimit', 413));
  });

  it('with a NUL character in it is a bad request', async () => {
    for (const query of ['name=a%00b', 'flavor=%00', 'marker=%00', 'reservation_id=%00']) {
      expect(await nova.get(`/servers?${query}`)).toMatchObject(badRequest());
    }
    for (const change of [{ name: 'a\0b' }, { metadata: { key: '\0' } }]) {
      expect(await nova.call('POST', '/servers', nova.createBody(change))).toMatchObject(badRequest());
    }
  });

  it('too many is told to come back', async () => {
    const limited = await startCloud({ INGOT_RATE_LIMIT: '1', INGOT_SIM_NODES: '0' });
    try {
      const { headers, body } = await limited.until(
        () => limited.call('GET', '/v2.1/{p}/flavors'),
        ({ status }) => status === 429,
      );
      expect(headers.get('retry-after')).toBe('1');
      expect(body).toEqual({ overLimit: { code: 429, message: expect.any(String), retryAfter: '1' } });
    } finally {
      await limited.close();
    }
  });
});
