/** More asked than can be answered: what is put off, in which words, and what goes on all the same. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rentEverything, startServer, type ServerProcess } from '../crash/process.ts';
import { connect, startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { doors, expectNothingInside } from '../support/doors.ts';

const text: unknown = expect.any(String);
/** How each door says that it is too much. */
const refusals: Record<string, unknown> = {
  'BMS v1': { error_code: 'APIGW.0308', error_msg: text, request_id: text },
  'Nova v2.1': { overLimit: { code: 429, message: text, retryAfter: '1' } },
  CloudDC: { error_code: 'APIGW.0308', error_msg: text, request_id: text },
  identity: { error: { code: 429, title: 'Too Many Requests', message: text } },
  image: expect.objectContaining({ code: '429 Too Many Requests' }),
  network: { NeutronError: { type: text, message: text, detail: text } },
};

const asking = doors.filter(({ name }) => name in refusals);

function expectPutOff(name: string, { status, headers, body }: Pick<Reply, 'status' | 'headers' | 'body'>) {
  expect({ name, status, body }).toEqual({ name, status: 429, body: refusals[name] });
  expect(headers.get('retry-after')).toBe('1');
  expectNothingInside(body);
}

describe('a program that is behind', () => {
  let database: TestDatabase;
  let sql: pg.Pool;
  let server: ServerProcess;
  let client: Awaited<ReturnType<typeof connect>>;
  let ids: string[];
  beforeAll(async () => {
    database = await createDatabase();
    sql = new pg.Pool({ connectionString: database.url, max: 1 });
    sql.on('error', () => undefined); // sessions end when the database is dropped
    server = await startServer(database.url, {
      INGOT_SIM_NODES: '1000',
      INGOT_RATE_LIMIT: '0',
      INGOT_SHED_LAG_MS: '3',
      INGOT_SIM_STEP_MS: '4000',
    });
    ids = await rentEverything(sql);
    client = await connect(server.origin, sql);
  });
  afterAll(async () => {
    await server.kill();
    await sql.end();
    await database.drop();
  });

  it('puts lists off in every API while jobs, health and the work go on', async () => {
    const askOnce = async (path: string) => {
      const response = await fetch(server.origin + path.replace('{p}', client.projectId), {
        headers: { 'x-auth-token': client.token },
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };
    let isOver = false;
    const seen = new Set<number>();
    /** Lists of 1000 servers, again and again: the load. */
    const flood = async () => {
      while (!isOver) {
        const { status } = await askOnce('/v2.1/{p}/servers/detail?limit=1000');
        seen.add(status);
      }
    };

    const asked = await client.call('POST', '/v1/{p}/baremetalservers/action', {
      'os-stop': { servers: ids.slice(0, 200).map((id) => ({ id })) },
    });
    expect(asked.status).toBe(200);
    const floods = Array.from({ length: 30 }, flood);
    try {
      for (const { name, read } of asking) {
        const reply = await client.until(
          () => askOnce(read),
          ({ status }) => status !== 200,
        );
        expectPutOff(name, reply);
      }
      const before = await askOnce(`/v1/{p}/jobs/${asked.body.job_id}`);
      expect((before.body as { status: string }).status).toMatch(/^(INIT|RUNNING)$/);
      const job = await client.until(
        async () => {
          const [health, poll, detail] = await Promise.all([
            askOnce('/healthz'),
            askOnce(`/v1/{p}/jobs/${asked.body.job_id}`),
            askOnce(`/v1/{p}/baremetalservers/${ids[0]}`),
          ]);
          expect([health.status, poll.status, detail.status]).toEqual([200, 200, 200]);
          expect((await askOnce('/admin/v1/status')).status).toBe(200);
          return poll.body as { status: string };
        },
        ({ status }) => status !== 'RUNNING' && status !== 'INIT',
      );
      expect(job.status).toBe('SUCCESS');
    } finally {
      isOver = true;
      await Promise.all(floods);
    }
    // On a busy machine nothing but 429; never anything else.
    expect([...seen].filter((status) => status !== 200 && status !== 429)).toEqual([]);
  });

  it('answers lists again as soon as it has caught up', async () => {
    const reply = await client.call('GET', '/v2.1/{p}/servers/detail?limit=1000');
    expect(reply.status).toBe(200);
    expect(reply.body.servers).toHaveLength(1000);
  });
});

describe('a caller who comes too often', () => {
  let cloud: Cloud;
  let ids: string[];
  beforeAll(async () => {
    cloud = await startCloud({ INGOT_RATE_LIMIT: '1', INGOT_LOGIN_LIMIT: '1' });
    ids = await rentEverything(cloud.sql);
  });
  afterAll(() => cloud.close());

  const refused = (ask: () => Promise<Reply>) => cloud.until(ask, ({ status }) => status === 429);

  it.each(asking)('is put off by $name', async ({ name, read }) => {
    expectPutOff(name, await refused(() => cloud.call('GET', read)));
  });

  it('has reads and writes counted apart', async () => {
    await refused(() => cloud.call('GET', '/v2.1/{p}/flavors'));
    const stop = () => cloud.call('POST', `/v2.1/{p}/servers/${ids[0]}/action`, { 'os-stop': null });
    expect((await stop()).status).toBe(204);
    expectPutOff('Nova v2.1', await refused(stop));
  });

  it('may ask after a job, a server and the health as often as it likes', async () => {
    const asked = await cloud.until(
      () =>
        cloud.call('POST', '/v1/{p}/baremetalservers/action', { 'os-stop': { servers: [{ id: ids[1] }] } }),
      ({ status }) => status === 200,
    );
    const paths = ['/healthz', `/v1/{p}/jobs/${asked.body.job_id}`, `/v2.1/{p}/servers/${ids[1]}`];
    const replies = await Promise.all(
      Array.from({ length: 60 }, (_, at) => cloud.call('GET', paths[at % paths.length]!)),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('has its logins counted by address, in the words of Keystone', async () => {
    const user = { name: 'admin', password: 'correct horse', domain: { name: 'Default' } };
    const login = () =>
      cloud.call('POST', '/v3/auth/tokens', {
        auth: { identity: { methods: ['password'], password: { user } } },
      });
    expectPutOff(
      'identity',
      await refused(async () => {
        const [first, second] = await Promise.all([login(), login()]);
        return first.status === 429 ? first : second;
      }),
    );
  });
});

describe('writes that are limited on their own', () => {
  it('leave reads alone', async () => {
    const cloud = await startCloud({ INGOT_WRITE_LIMIT: '1', INGOT_SIM_NODES: '0' });
    try {
      const name = () => ({ keypair: { name: 'one' } });
      await cloud.until(
        () => cloud.call('POST', '/v2.1/{p}/os-keypairs', name()),
        ({ status }) => status === 429,
      );
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => cloud.call('GET', '/v2.1/{p}/os-keypairs')),
      );
      for (const { status } of replies) expect(status).toBe(200);
    } finally {
      await cloud.close();
    }
  });
});
