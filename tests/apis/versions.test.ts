/** What clients find at the root of an endpoint, before anybody has a token. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { sendRaw } from '../support/raw-http.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '0' });
});
afterAll(() => cloud.close());

const ask = (host: string, words = 'GET /') =>
  sendRaw(cloud.origin, `${words} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`);

describe('the document at the root', () => {
  it('is the version list of Bare Metal Server where the host is its endpoint', async () => {
    const { status, body } = await ask('bms.localhost:8774');
    expect(status).toBe(200);
    expect(body).toEqual({
      versions: [
        {
          id: 'v1',
          links: [{ href: 'http://bms.localhost:8774/v1/', rel: 'self' }],
          min_version: '',
          version: '',
          status: 'CURRENT',
          updated: '2018-09-30T00:00:00Z',
        },
      ],
    });
  });

  it.each(['ecs.eu-de.example.com', 'Nova.localhost:8774', 'compute.localhost'])(
    'is the version list of Nova at %s',
    async (host) => {
      const { status, body } = await ask(host);
      expect(status).toBe(200);
      expect(body.versions).toEqual([
        expect.objectContaining({
          id: 'v2.0',
          status: 'SUPPORTED',
          version: '',
          links: [{ rel: 'self', href: `http://${host}/v2/` }],
        }),
        expect.objectContaining({
          id: 'v2.1',
          status: 'CURRENT',
          version: '2.60',
          min_version: '2.1',
          links: [{ rel: 'self', href: `http://${host}/v2.1/` }],
        }),
      ]);
    },
  );

  it.each(['127.0.0.1:8774', 'localhost', 'iam.localhost', 'bms', 'bmsx.localhost', 'my-ecs.example.com'])(
    'is that of Keystone at %s',
    async (host) => {
      const { status, body } = await ask(host);
      expect(status).toBe(300);
      expect(body.versions.values).toEqual([expect.objectContaining({ id: 'v3.14' })]);
    },
  );

  it('can only be read, whatever the host', async () => {
    expect((await ask('bms.localhost', 'POST /')).status).toBe(405);
  });

  it('is followed by the document of each version', async () => {
    const { body } = await ask('bms.localhost', 'GET /v1/');
    expect(body.version.id).toBe('v1');
  });
});
