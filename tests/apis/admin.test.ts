import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '../../src/apis/auth.ts';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { databaseNameOf } from '../support/database.ts';
import { openEventStream } from '../support/event-stream.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '12' });
});
afterAll(() => cloud.close());

const admin = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  cloud.call(method, `/admin/v1${path}`, body, headers);

let nodesMade = 0;
const newNode = (more: object = {}) => ({
  name: `extra-${++nodesMade}`,
  driver: 'simulated',
  zone: 'eu-de-02',
  flavor_id: 'physical.s2.medium',
  ...more,
});
/** Each another system behind a BMC that is away. */
const redfish = () => ({
  driver: 'redfish',
  bmc: { address: 'http://127.0.0.1:9', system: `/${++nodesMade}`, username: 'root', password: 'Geh3im' },
});

async function enrol(more: object = {}): Promise<Reply['body']> {
  const { status, body } = await admin('POST', '/nodes', newNode(more));
  expect({ status, body }).toMatchObject({ status: 201 });
  return body;
}

async function nodeOf(serverId: string): Promise<Reply['body']> {
  const { body } = await admin('GET', '/servers');
  const { node_id } = body.servers.find((server: { id: string }) => server.id === serverId);
  return (await admin('GET', `/nodes/${node_id}`)).body;
}

const stop = (id: string) =>
  cloud.call('POST', '/v1/{p}/baremetalservers/action', { 'os-stop': { servers: [{ id }] } });
const remove = (id: string) => cloud.call('POST', '/v1/{p}/baremetalservers/delete', { servers: [{ id }] });

/** A token of a member of a project of its own. */
async function makeMember(): Promise<{ token: string; projectId: string }> {
  const hex = () => randomBytes(16).toString('hex');
  const [projectId, userId, token] = [hex(), hex(), hex()];
  await cloud.sql.query(
    `with p as (insert into projects (id, account_id, name) select $1, id, $1 from accounts limit 1 returning account_id),
       u as (insert into users (id, account_id, name) select $2, account_id, $2 from p)
     select 1`,
    [projectId, userId],
  );
  await cloud.sql.query(
    `insert into role_assignments (user_id, role_id, project_id) select $1, id, $2 from roles where name = 'member'`,
    [userId, projectId],
  );
  await cloud.sql.query(
    `insert into tokens (hash, user_id, project_id, methods, audit_id, issued_at, expires_at)
     values ($1, $2, $3, '{password}', 'test', now(), now() + interval '1 hour')`,
    [hashToken(token), userId, projectId],
  );
  return { token, projectId };
}

describe('nodes', () => {
  it('are enrolled one by one and are ready for a server at once when simulated', async () => {
    const node = await enrol({ rack: 'r7', unit: 12, power_policy: 'enforce' });
    expect(node).toMatchObject({
      driver: 'simulated',
      standing: 'ready',
      zone: 'eu-de-02',
      flavor_id: 'physical.s2.medium',
      project_id: null,
      server_id: null,
      power: 'off',
      rack: 'r7',
      unit: 12,
      power_policy: 'enforce',
    });
    const shown = await admin('GET', `/nodes/${node.id}`);
    expect(shown.body).toMatchObject({ id: node.id, under_way: null, history: [] });
  });

  it('are enrolled by the list, all or none', async () => {
    const some = [newNode(), newNode()];
    const made = await admin('POST', '/nodes', { nodes: some });
    expect(made.status).toBe(201);
    expect(made.body.nodes.map((node: Reply['body']) => node.name)).toEqual(some.map(({ name }) => name));

    const again = await admin('POST', '/nodes', { nodes: [newNode({ name: 'not-made' }), some[0]] });
    expect(again).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
    expect((await admin('GET', '/nodes?name=not-made')).body.nodes).toEqual([]);
  });

  it('say which field is wrong', async () => {
    const wrong: [object, string][] = [
      [newNode({ driver: 'abacus' }), 'driver'],
      [newNode({ zone: undefined }), 'zone'],
      [newNode({ colour: 'blue' }), 'colour'],
      [{ nodes: [newNode({ unit: 'top' })] }, 'nodes.0.unit'],
      [newNode({ ...redfish(), bmc: { address: 'ftp://here' } }), 'bmc.address'],
    ];
    for (const [body, field] of wrong) {
      const { status, body: answer } = await admin('POST', '/nodes', body);
      expect({ status, field: answer.error.details?.field }).toEqual({ status: 400, field });
    }
    for (const unknown of [{ flavor_id: 'physical.none' }, { project_id: 'none' }]) {
      expect((await admin('POST', '/nodes', newNode(unknown))).status).toBe(404);
    }
  });

  it('are not enrolled twice: a BMC is that of one node, or of one for each of its systems', async () => {
    const at = (address: string, system?: string, driver = 'redfish') =>
      newNode({ driver, bmc: { address, ...(system === undefined ? {} : { system }) } });
    const chassis = 'http://127.0.0.1:7';
    const one = at(chassis, '/redfish/v1/Systems/1');
    expect((await admin('POST', '/nodes', one)).status).toBe(201);
    const other = await admin('POST', '/nodes', at(chassis, '/redfish/v1/Systems/2'));
    expect(other.status).toBe(201);
    expect((await admin('POST', '/nodes', at('127.0.0.1?cipher=3', undefined, 'ipmi'))).status).toBe(201);

    const refused = { status: 409, body: { error: { code: 'conflict' } } };
    const again = await admin('POST', '/nodes', at(`${chassis}/`, '/redfish/v1/Systems/1'));
    expect(again).toMatchObject(refused);
    expect(again.body.error.message).toMatch(new RegExp(`: its BMC is that of ${one.name}\\.$`));
    for (const body of [
      at(chassis),
      at('127.0.0.1:623', undefined, 'ipmi'),
      { nodes: [at('http://127.0.0.1:11'), at('http://127.0.0.1:11/')] },
    ])
      expect(await admin('POST', '/nodes', body)).toMatchObject(refused);
    const path = `/nodes/${other.body.id}`;
    expect(await admin('PATCH', path, { bmc: { system: '/redfish/v1/Systems/1' } })).toMatchObject(refused);
    expect((await admin('PATCH', path, { bmc: { address: `${chassis}/` } })).status).toBe(200);
  });

  it('stand in enrolled with a note while their BMC is away, and never show how to reach it', async () => {
    const node = await enrol(redfish());
    expect(node).toMatchObject({ standing: 'enrolled', power: 'unknown' });
    expect(node.note).toMatch(/^Not ready: the BMC could not be read: /);

    const again = await admin('POST', `/nodes/${node.id}/inspect`);
    expect(again).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
    const changed = await admin('PATCH', `/nodes/${node.id}`, { bmc: { password: 'n0ch-geh3imer' } });
    const wrong = await admin('PATCH', `/nodes/${node.id}`, { bmc: { address: 'root:Geh3im@bmc' } });
    const broken = await cloud.call('POST', '/admin/v1/nodes', '{"bmc": {"password": Geh3im}}');
    expect([changed.status, wrong.status, broken.status]).toEqual([200, 400, 400]);

    const shown = await admin('GET', `/nodes/${node.id}`);
    const all = JSON.stringify([node, again, changed, wrong, broken, shown].map((it) => it.body ?? it));
    expect(all).not.toMatch(/geh3im|password"|127\.0\.0\.1:9"/i);
  });

  it('are inspected in band only where a ramdisk gets to them', async () => {
    const [simulated, real] = [await enrol(), await enrol(redfish())];
    const inBand = (id: string) => admin('POST', `/nodes/${id}/inspect`, { in_band: true });
    expect(await inBand(simulated.id)).toMatchObject({ status: 400, body: { error: { code: 'invalid' } } });
    const refused = await inBand(real.id);
    expect(refused).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
    expect(refused.body.error.message).toContain('INGOT_BOOT_ADDRESS');
    const wish = newNode({ ...redfish(), inspect_in_band: true });
    expect((await admin('POST', '/nodes', wish)).status).toBe(409);
    expect((await admin('GET', `/nodes/${real.id}`)).body.inspection).toBeNull();
  });

  it('are listed page by page and by standing, driver and name', async () => {
    const whole = await admin('GET', '/nodes');
    const ids: string[] = whole.body.nodes.map((node: Reply['body']) => node.id);
    const paged: string[] = [];
    let marker: string | null = null;
    do {
      const page: Reply = await admin('GET', `/nodes?limit=5${marker ? `&marker=${marker}` : ''}`);
      paged.push(...page.body.nodes.map((node: Reply['body']) => node.id));
      marker = page.body.next_marker;
    } while (marker);
    expect(paged).toEqual(ids);

    const away = await admin('GET', '/nodes?driver=redfish&standing=enrolled,quarantined');
    expect(away.body.nodes.every((node: Reply['body']) => node.driver === 'redfish')).toBe(true);
    expect((await admin('GET', '/nodes?name=sim-003')).body.nodes).toHaveLength(1);
    expect((await admin('GET', '/nodes?standing=sleeping')).status).toBe(400);
    expect((await admin('GET', '/nodes?limit=0')).status).toBe(400);
    expect((await admin('GET', '/nodes?marker=first')).status).toBe(400);
  });

  it('are changed in place', async () => {
    const node = await enrol();
    const edit = {
      name: `${node.name}-b`,
      zone: 'eu-de-03',
      rack: 'r9',
      note: 'fan',
      project_id: cloud.projectId,
    };
    const changed = await admin('PATCH', `/nodes/${node.id}`, edit);
    expect(changed).toMatchObject({ status: 200, body: edit });
    const back = await admin('PATCH', `/nodes/${node.id}`, { project_id: null });
    expect(back.body).toMatchObject({ project_id: null, rack: 'r9' });
    expect((await admin('PATCH', `/nodes/${node.id}`, { name: 'sim-003' })).status).toBe(409);
    expect((await admin('PATCH', `/nodes/${node.id}`, { bmc: { username: 'x' } })).status).toBe(400);
    expect((await admin('PATCH', '/nodes/nobody', { note: '' })).status).toBe(404);
  });

  it('in maintenance keep their server and take no new one', async () => {
    const [id] = await cloud.makeServers(1, 'kept');
    const node = await nodeOf(id!);
    const maintain = (on: boolean, note?: string) =>
      admin('POST', `/nodes/${node.id}/maintenance`, { on, note });
    expect((await maintain(true, 'new fan')).body).toMatchObject({
      standing: 'maintenance',
      note: 'new fan',
      server_id: id,
    });
    expect((await maintain(false)).body).toMatchObject({ standing: 'in-use', note: '' });
    expect((await maintain(false)).status).toBe(409);

    await maintain(true);
    const job = await remove(id!);
    expect((await cloud.jobEnd(job.body.job_id)).status).toBe('SUCCESS');
    expect((await admin('GET', `/nodes/${node.id}`)).body).toMatchObject({
      standing: 'maintenance',
      server_id: null,
    });
    expect((await maintain(false)).body.standing).toBe('ready');
  });

  it('in quarantine are cleared', async () => {
    const node = await enrol();
    expect((await admin('POST', `/nodes/${node.id}/clear`)).status).toBe(409);
    await cloud.sql.query(`update nodes set standing = 'quarantined', note = 'wipe failed' where id = $1`, [
      node.id,
    ]);
    expect((await admin('POST', `/nodes/${node.id}/maintenance`, { on: true })).status).toBe(409);
    const cleared = await admin('POST', `/nodes/${node.id}/clear`);
    expect(cleared).toMatchObject({ status: 200, body: { standing: 'ready', note: '' } });
  });

  it('retire when they carry no server', async () => {
    const [id] = await cloud.makeServers(1, 'carried');
    const node = await nodeOf(id!);
    expect(await admin('DELETE', `/nodes/${node.id}`)).toMatchObject({
      status: 409,
      body: { error: { code: 'conflict' } },
    });
    const spare = await enrol();
    expect((await admin('DELETE', `/nodes/${spare.id}`)).status).toBe(204);
    expect((await admin('GET', `/nodes/${spare.id}`)).status).toBe(404);
    expect((await admin('DELETE', `/nodes/${spare.id}`)).status).toBe(404);
  });

  it.each(['on', 'off'])('that are in use already are adopted as they are found: %s', async (power) => {
    const adopt = { project_id: cloud.projectId, name: `old-${power}` };
    const node = await enrol({ power, adopt });
    expect(node).toMatchObject({ standing: 'in-use', power });
    const server = await cloud.call('GET', `/v1/{p}/baremetalservers/${node.server_id}`);
    expect(server.body.server).toMatchObject({
      name: `old-${power}`,
      status: power === 'on' ? 'ACTIVE' : 'SHUTOFF',
    });
    const machine = await cloud.sql.query(
      'select power, power_commands, deploys from simulated_machines where node_id = $1',
      [node.id],
    );
    expect(machine.rows).toEqual([{ power, power_commands: 0, deploys: 0 }]);
    const { body } = await admin('GET', `/servers/${node.server_id}/history`);
    expect(body.history).toMatchObject([{ reason: 'adopted', from: null, node_id: node.id }]);

    const twice = await admin('POST', `/nodes/${node.id}/adopt`, adopt);
    expect(twice.status).toBe(409);
  });

  it('can be adopted after they were enrolled, and their server is operated like any other', async () => {
    const node = await enrol({ power: 'on' });
    const adopted = await admin('POST', `/nodes/${node.id}/adopt`, {
      project_id: cloud.projectId,
      name: 'old',
    });
    expect(adopted).toMatchObject({ status: 201, body: { state: 'Running', node_id: node.id } });
    const job = await stop(adopted.body.id);
    expect((await cloud.jobEnd(job.body.job_id)).status).toBe('SUCCESS');
  });
});

describe('the door', () => {
  it('is closed to whoever is no administrator, except for what a member may see of its own servers', async () => {
    const { token } = await makeMember();
    const [id] = await cloud.makeServers(1, 'foreign');
    const as = (method: string, path: string) => admin(method, path, undefined, { 'x-auth-token': token });
    expect((await as('GET', '/nodes')).status).toBe(403);
    expect((await as('DELETE', '/faults')).status).toBe(403);
    expect((await as('GET', `/servers/${id}/why`)).status).toBe(404);
    expect((await as('GET', `/servers/${id}/history`)).status).toBe(404);
    expect((await admin('GET', '/nodes', undefined, { 'x-auth-token': 'wrong' })).status).toBe(401);
  });
});

describe('a server', () => {
  it('at rest says that nothing is under way, and what happened to it', async () => {
    const [id] = await cloud.makeServers(1, 'calm');
    const why = await admin('GET', `/servers/${id}/why`);
    expect(why.body).toMatchObject({
      state: 'Running',
      under_way: false,
      operation: 'create',
      status: 'succeeded',
      expected_signal: null,
      next_retry_at: null,
      deadline_at: null,
      remedies_tried: [],
      suggested_remedy: null,
      error: null,
    });
    const { body } = await admin('GET', `/servers/${id}/history`);
    expect(body.history.at(-1)).toMatchObject({ from: null, to: 'Creating', reason: 'asked' });
    expect(body.history[0]).toMatchObject({
      from: 'Creating',
      to: 'Running',
      reason: 'done',
      status: 'succeeded',
    });
    expect(await admin('POST', `/servers/${id}/retry`)).toMatchObject({ status: 409 });
    expect(await admin('POST', `/servers/${id}/clear-fault`)).toMatchObject({
      status: 409,
      body: { error: { code: 'state-refuses', details: { state: 'Running', wanted: ['Faulty'] } } },
    });
  });

  it('is found in the list of all projects, by state', async () => {
    const [id] = await cloud.makeServers(1, 'listed');
    const find = async (query: string) =>
      (await admin('GET', `/servers?${query}`)).body.servers.map((server: Reply['body']) => server.id);
    expect(await find('state=Running&name=listed')).toEqual([id]);
    expect(await find('state=Faulty&name=listed')).toEqual([]);
    expect((await admin('GET', '/servers?state=tired')).status).toBe(400);
  });
});

describe('monitoring', () => {
  it('hears that the process lives and is ready, without a token', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const { status, body } = await cloud.call('GET', path, undefined, { 'x-auth-token': '' });
      expect({ status, body }).toEqual({ status: 200, body: { status: 'ok' } });
    }
  });

  it('reads figures by state, and durations by route pattern', async () => {
    await cloud.makeServers(1, 'counted');
    const { status, headers, body } = await cloud.call('GET', '/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(body).toMatch(/^ingot_servers\{state="Running"\} [1-9]/m);
    expect(body).toMatch(/^ingot_nodes\{power="on",standing="in-use"\} [1-9]/m);
    expect(body).toMatch(/^ingot_outcomes_total\{operation="create",result="succeeded"\} [1-9]/m);
    expect(body).toMatch(/^ingot_deliveries_running \d/m);
    expect(body).toMatch(/route="\/admin\/v1\/nodes\/:id",status="200"/);
    expect(body).toMatch(/^process_cpu_seconds_total/m);
    expect(body).not.toContain(cloud.projectId);
  });

  it('has every figure that an alert of the operations page asks for, and counters that begin at zero', async () => {
    const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const { body } = await cloud.call('GET', '/metrics');
    const missing = page
      .match(/\bingot_[a-z_]+/g)!
      .filter((name) => !body.includes(`# TYPE ${name.replace(/_count$/, '')} `));
    expect(missing).toEqual([]);
    // Of a series that begins with 1, Prometheus' increase() is 0: the first one would be told to nobody.
    expect(body).toMatch(/^ingot_bmc_lockouts_total\{driver="redfish"\} 0$/m);
    expect(body).toMatch(/^ingot_deadlines_passed_total\{operation="rebuild"\} \d/m);
    expect(body).toMatch(/^ingot_outcomes_total\{operation="rebuild",result="hardware"\} \d/m);
  });

  it('finds all of it described', async () => {
    const { body } = await cloud.call('GET', '/openapi.json');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/healthz', '/events', '/admin/v1/nodes', '/admin/v1/servers/{id}/why']),
    );
    // An answer that is no JSON is described as what it is.
    expect(Object.keys(body.paths['/metrics'].get.responses[200].content)).toEqual(['text/plain']);
    expect(Object.keys(body.paths['/healthz'].get.responses[200].content)).toEqual(['application/json']);
  });
});

describe('events', () => {
  const listen = (headers: Record<string, string> = { 'x-auth-token': cloud.token }, query = '') =>
    openEventStream(`${cloud.origin}/events${query}`, headers);

  it('tell each move of a server and the end of its job', async () => {
    const [id] = await cloud.makeServers(1, 'watched');
    const stream = await listen();
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const { body } = await stop(id!);
    const begun = await stream.next(({ data }) => data.server_id === id && data.operation === 'stop');
    expect(begun).toMatchObject({
      event: 'server',
      data: {
        operation: 'stop',
        from: 'Running',
        to: 'Stopping',
        task_state: 'powering-off',
        status: 'queued',
      },
    });
    const ended = await stream.next(({ data }) => data.server_id === id && data.to === 'Stopped');
    expect(ended.data).toMatchObject({ from: 'Stopping', status: 'succeeded', reason: 'done' });
    expect(ended.data.evidence).toContain('power off');
    const job = await stream.next(({ event }) => event === 'job');
    expect(job.data).toMatchObject({ total: 1, ended: 1, failed: 0, status: 'SUCCESS' });
    expect(job.data.job_id.replaceAll('-', '')).toBe(body.job_id);
    await stream.close();
  });

  it('go on where a listener left off, in order and none twice', async () => {
    const stream = await listen();
    const ids = await cloud.makeServers(3, 'resumed');
    const first = await stream.next(({ data }) => data.server_id === ids[0] && data.to === 'Running');
    await stream.close();
    const jobs = await Promise.all(ids.map((id) => stop(id)));
    for (const { body } of jobs) await cloud.jobEnd(body.job_id);

    const resumed = await listen({ 'x-auth-token': cloud.token, 'last-event-id': first.id });
    const seen: string[] = [];
    while (new Set(seen.filter((key) => key.endsWith('Stopped'))).size < 3) {
      const { data } = await resumed.next(
        ({ event, data }) => event === 'server' && ids.includes(data.server_id),
      );
      if (data.operation === 'stop') seen.push(`${data.server_id} ${data.to}`);
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
    for (const id of ids) expect(seen.indexOf(`${id} Stopping`)).toBeLessThan(seen.indexOf(`${id} Stopped`));
    const later = await stop(ids[0]!);
    expect(later.status).toBe(400);
    await resumed.close();
  });

  it('take the token and the id from the query as well, as browsers need it', async () => {
    const [id] = await cloud.makeServers(1, 'browsed');
    const { rows } = await cloud.sql.query(
      `select txid::text || '-' || (id - 1) as before from history where server_id = $1 order by id limit 1`,
      [id],
    );
    const stream = await listen({}, `?token=${cloud.token}&last_event_id=${rows[0].before}`);
    await stream.next(({ data }) => data.server_id === id && data.to === 'Creating');
    await stream.close();
    expect((await listen({}, '')).status).toBe(401);
    expect((await listen({}, '?token=wrong')).status).toBe(401);
    expect((await listen(undefined, '?last_event_id=soon')).status).toBe(400);
  });

  it('of another project are not for a member', async () => {
    const { token, projectId } = await makeMember();
    const stream = await listen({ 'x-auth-token': token });
    await cloud.makeServers(1, 'hidden');
    const adopt = { project_id: projectId, name: 'own' };
    const node = await enrol({ adopt });
    const first = await stream.next(() => true);
    expect(first.data).toMatchObject({ server_id: node.server_id, reason: 'adopted' });
    await stream.close();
  });

  it('begin now when the id given lies beyond', async () => {
    const stream = await listen({ 'x-auth-token': cloud.token, 'last-event-id': '9999999999999-1' });
    const [id] = await cloud.makeServers(1, 'after');
    await stream.next(({ data }) => data.server_id === id && data.to === 'Running');
    await stream.close();
  });
});

it('stops without waiting for those who listen or have not asked anything yet', async () => {
  const other = await startCloud();
  const { hostname, port } = new URL(other.origin);
  const silent = connect(Number(port), hostname);
  await once(silent, 'connect');
  const stream = await openEventStream(`${other.origin}/events`, { 'x-auth-token': other.token });
  expect(stream.status).toBe(200);
  await other.close();
  await stream.ended();
});

it('says what is missing when it is not ready, and is ready again by itself', async () => {
  const other = await startCloud({ INGOT_LOG_LEVEL: 'silent' });
  const server = new pg.Client({ connectionString: process.env['INGOT_TEST_DATABASE_URL'] });
  await server.connect();
  const name = databaseNameOf(other.databaseUrl);
  const readiness = (statusCode: number) =>
    other.until(
      () => other.call('GET', '/readyz'),
      ({ status }) => status === statusCode,
    );
  try {
    await server.query(`alter database ${name} allow_connections false`);
    await server.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    const { body } = await readiness(503);
    expect(body).toEqual({ status: 'not ready', missing: ['the database does not answer'] });
    expect((await other.call('GET', '/healthz')).status).toBe(200);
    expect((await other.call('GET', '/metrics')).body).toContain('process_cpu_seconds_total');

    await server.query(`alter database ${name} allow_connections true`);
    await readiness(200);
  } finally {
    await server.query(`alter database ${name} allow_connections true`);
    await server.end();
    await other.close();
  }
});
