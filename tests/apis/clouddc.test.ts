/** The rules of CloudDC v1, one by one; how states follow each other stands in tests/walks/clouddc-diagram.test.ts. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyPassword } from '../../src/engine/password.ts';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { tokenFor } from '../support/callers.ts';
import { password, refusal, useCloudDc, type CloudDc } from '../support/clouddc.ts';

let cloud: Cloud;
let dc: CloudDc;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '60' });
  dc = await useCloudDc(cloud);
});
afterAll(() => cloud.close());

const wrongParameter = refusal(400, 'CloudDC.0001');
const wrongState = refusal(400, 'CloudDC.0002');
const noReadyServer = refusal(400, 'CloudDC.0003');
const unknown = refusal(404, 'CloudDC.0404');
const nobody = '01900000-0000-7000-8000-000000000000';
const many = Array.from({ length: 51 }, () => randomUUID());

const post = (path: string, body: unknown) => cloud.call('POST', `/v1/{p}/${path}`, body);
const put = (path: string, body: unknown) => cloud.call('PUT', `/v1/{p}/${path}`, body);
const get = (path: string) => cloud.call('GET', `/v1/{p}/${path}`);
const remove = (id: string) => cloud.call('DELETE', `/v1/{p}/instances/${id}`);
const subJobs = async (id: string, operation: string): Promise<number> => {
  const found = await cloud.sql.query('select 1 from sub_jobs where server_id = $1 and operation = $2', [
    id,
    operation,
  ]);
  return found.rows.length;
};

describe('CreateInstance (C01)', () => {
  it('answers with an id at once, and the instance is listed with what was asked', async () => {
    const reply = await post(
      'instances',
      dc.createBody({ metadata: { 'a-key: 1.0_b': 'value' }, description: 'for the front' }),
    );
    expect(reply).toMatchObject({
      status: 202,
      body: { instance_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    const id = reply.body.instance_id;
    await dc.rest(id);
    expect(await dc.instance(id)).toEqual({
      id,
      name: 'front.example',
      vpc_id: dc.network.vpc,
      network_interfaces: [
        { subnet_id: dc.network.id, ipv4_address: expect.stringMatching(/^10\.20\.\d+\.\d+$/) },
      ],
      tags: [],
      image: { id: dc.images[0], name: expect.any(String), os_type: 'Linux' },
      description: 'for the front',
      state: 'running',
      operation_state: 'install-succeed',
      metadata: { 'a-key: 1.0_b': 'value' },
      server_id: expect.any(String),
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
      launched_at: expect.stringMatching(/Z$/),
    });
  });

  it('has an empty description unless one is given, and keeps a fixed address', async () => {
    const id = await dc.running({
      network_interfaces: [{ subnet_id: dc.network.id, ipv4_address: '10.20.7.7' }],
    });
    expect(await dc.instance(id)).toMatchObject({
      description: '',
      network_interfaces: [{ ipv4_address: '10.20.7.7' }],
    });
    const taken = dc.createBody({
      network_interfaces: [{ subnet_id: dc.network.id, ipv4_address: '10.20.7.7' }],
    });
    expect(await post('instances', taken)).toMatchObject(wrongParameter);
  });

  it('places on the machine that was asked for, whatever its flavor', async () => {
    const serverId = await dc.takeIdle();
    await cloud.sql.query(`update nodes set flavor_id = 'physical.s2.medium' where id = $1`, [serverId]);
    const id = await dc.running({ placement: { server_id: serverId } });
    expect(await dc.instance(id)).toMatchObject({ server_id: serverId, state: 'running' });
    expect((await dc.machine(serverId)).manage_state).toBe('in-use');
    expect(await post('instances', dc.createBody({ placement: { server_id: serverId } }))).toMatchObject(
      noReadyServer,
    );
  });

  it('knows no machine of that id, and none of another project', async () => {
    for (const server_id of [nobody, 'rack-1']) {
      expect(await post('instances', dc.createBody({ placement: { server_id } }))).toMatchObject(unknown);
    }
    const foreign = await dc.takeIdle();
    const elsewhere = randomBytes(16).toString('hex');
    await tokenFor(cloud, 'member', elsewhere);
    await cloud.sql.query('update nodes set project_id = $1 where id = $2', [elsewhere, foreign]);
    expect(await post('instances', dc.createBody({ placement: { server_id: foreign } }))).toMatchObject(
      unknown,
    );
  });

  it('waits for a machine to end its power operation', async () => {
    const serverId = await dc.takeIdle();
    await cloud.sql.query(
      `insert into faults (id, target, node_id, on_operation, kind, times) values ($1, $2, $2, 'start', 'slow', 1)`,
      [randomUUID(), serverId],
    );
    await dc.power('power on', [serverId]);
    expect(await post('instances', dc.createBody({ placement: { server_id: serverId } }))).toMatchObject(
      wrongState,
    );
    await dc.rest(serverId);
    const id = await dc.running({ placement: { server_id: serverId } });
    expect((await dc.status(id)).state).toBe('running');
  });

  it('is refused when no machine is ready', async () => {
    await cloud.sql.query(`update nodes set standing = 'maintenance' where standing = 'ready'`);
    expect(await post('instances', dc.createBody())).toMatchObject(noReadyServer);
    await cloud.sql.query(`update nodes set standing = 'ready' where standing = 'maintenance'`);
  });

  const pairs = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${at}`, 'value']));
  it.each<[string, object]>([
    ['no name', { name: undefined }],
    ['an empty name', { name: '' }],
    ['a name with a space', { name: 'two words' }],
    ['a name of 64 characters', { name: 'n'.repeat(64) }],
    ['no password', { password: undefined }],
    ['a short password', { password: 'Sh0rt!' }],
    ['a password of two kinds', { password: 'onlylower1234' }],
    ['a password with the user name', { password: 'My-Root-42' }],
    ['a password with the user name backwards', { password: 'My-tooR-42' }],
    ['eleven pairs of metadata', { metadata: pairs(11) }],
    ['a metadata key with a slash', { metadata: { 'a/b': 'value' } }],
    ['a long metadata value', { metadata: { key: 'v'.repeat(256) } }],
    ['metadata that is not text', { metadata: { key: 1 } }],
    ['a long description', { description: 'd'.repeat(256) }],
    ['no network interface', { network_interfaces: [] }],
    ['three network interfaces', { network_interfaces: Array(3).fill({ subnet_id: nobody }) }],
    ['an unknown subnet', { network_interfaces: [{ subnet_id: nobody }] }],
    ['a wrong address', { network_interfaces: [{ subnet_id: nobody, ipv4_address: '10.20' }] }],
    [
      'an address of another network',
      { network_interfaces: [{ subnet_id: 'own', ipv4_address: '10.99.0.1' }] },
    ],
    ['an unknown image', { image_id: nobody }],
    ['another VPC', { vpc_id: nobody }],
  ])('refuses %s', async (_what, change) => {
    const body = JSON.stringify(dc.createBody(change)).replace('"own"', `"${dc.network.id}"`);
    expect(await post('instances', body)).toMatchObject(wrongParameter);
  });

  it('takes what is just allowed', async () => {
    const id = await dc.create({
      name: `${'n'.repeat(60)}_.-`,
      metadata: pairs(10),
      description: 'd'.repeat(255),
    });
    await remove(id);
  });

  it('refuses a body that is not JSON', async () => {
    expect(await post('instances', '{"name":')).toMatchObject(wrongParameter);
    expect(await post('instances', undefined)).toMatchObject(wrongParameter);
  });
});

describe('ListInstances (C03)', () => {
  let ids: string[];
  beforeAll(async () => {
    ids = await cloud.makeServers(12, 'listed');
  });

  it('shows servers of every API in pages of 10 to 1000, each with the marker of the next', async () => {
    const first = await get('instances?limit=3');
    expect(first.body.instances).toHaveLength(10);
    expect(first.body.page_info).toEqual({
      next_marker: first.body.instances[9].id,
      previous_marker: first.body.instances[0].id,
      current_count: 10,
    });
    const all = await get('instances?limit=5000');
    expect(all.body.instances).toHaveLength(all.body.count);
    expect(all.body.page_info.next_marker).toBeNull();

    const seen: string[] = [];
    for (let marker: string | null = ''; marker !== null;) {
      const { body }: Reply = await get(`instances?marker=${marker}`);
      seen.push(...body.instances.map(({ id }: { id: string }) => id));
      marker = body.page_info.next_marker;
    }
    expect(seen).toEqual(all.body.instances.map(({ id }: { id: string }) => id));
    expect(seen).toEqual(expect.arrayContaining(ids));
  });

  it('refuses a limit that is no number, and a marker that is unknown', async () => {
    for (const query of ['limit=ten', 'marker=x', `marker=${nobody}`]) {
      expect(await get(`instances?${query}`)).toMatchObject(wrongParameter);
    }
  });

  it('filters by ids of instances or of machines, and not by both', async () => {
    const [one, two] = ids as [string, string];
    const listed = async (query: string) =>
      (await get(`instances?${query}`)).body.instances.map(({ id }: { id: string }) => id).sort();
    expect(await listed(`instance_id=${one},${two},${nobody},x`)).toEqual([one, two].sort());
    const { server_id: serverId } = await dc.instance(one);
    expect(await listed(`server_id=${serverId}`)).toEqual([one]);
    expect(await listed('instance_id=x')).toEqual([]);
    expect(await get(`instances?instance_id=${one}&server_id=${serverId}`)).toMatchObject(wrongParameter);
    const tooMany = Array(101).fill(one).join(',');
    expect(await get(`instances?instance_id=${tooMany}`)).toMatchObject(wrongParameter);
  });

  it('filters by state, also as the diagram writes it', async () => {
    const [, , gone] = ids as [string, string, string];
    await dc.power('power off', [(await dc.instance(gone)).server_id]);
    await dc.rest(gone);
    await remove(gone);
    await dc.rest(gone);
    const terminated = await get('instances?instance_state=terminated');
    expect(terminated.body.instances).toContainEqual(
      expect.objectContaining({ id: gone, state: 'terminated', server_id: '' }),
    );
    expect(await dc.instance(gone)).toMatchObject({ state: 'terminated' });
    const states = async (asked: string) =>
      new Set((await get(`instances?instance_state=${asked}&limit=1000`)).body.instances.map(stateOf));
    expect(await states('running')).toEqual(new Set(['running']));
    for (const asked of ['shutting_down', 'shutting-down', 'error']) {
      expect(await states(asked)).toEqual(new Set());
    }
    expect(await get('instances?instance_state=ACTIVE')).toMatchObject(wrongParameter);
  });
  const stateOf = ({ state }: { state: string }) => state;
});

describe('ShowInstanceStatus (C04)', () => {
  it('leaves out what has nothing to say', async () => {
    const [id] = await cloud.makeServers(1);
    await cloud.sql.query(
      'update servers set provisioning = null, provisioning_outcome = null where id = $1',
      [id],
    );
    expect(await get(`instances/${id}/status`)).toMatchObject({ status: 200, body: { state: 'running' } });
    expect(Object.keys(await dc.status(id!))).toEqual(['state']);
  });

  it('knows no other project and no other ids', async () => {
    const elsewhere = randomBytes(16).toString('hex');
    const token = await tokenFor(cloud, 'member', elsewhere);
    const [id] = await cloud.makeServers(1);
    const foreign = await cloud.call('GET', `/v1/${elsewhere}/instances/${id}/status`, undefined, {
      'x-auth-token': token,
    });
    expect(foreign).toMatchObject(unknown);
    for (const it of [nobody, 'x']) expect(await get(`instances/${it}/status`)).toMatchObject(unknown);
  });
});

describe('DeleteInstance and DeleteInstances (C05, C06)', () => {
  it('answers 202 without a body, and accepts a repetition without a second run', async () => {
    const id = await dc.stopped();
    const replies = await Promise.all([remove(id), remove(id), remove(id)]);
    for (const reply of replies) expect(reply).toMatchObject({ status: 202, body: null });
    await dc.rest(id);
    expect((await dc.status(id)).state).toBe('terminated');
    expect((await remove(id)).status).toBe(202);
    expect(await post('instances/batch-delete', { instance_id_set: [id, id] })).toMatchObject({
      status: 202,
      body: { instances: [{ id }] },
    });
    expect(await subJobs(id, 'delete')).toBe(1);
    const idle = await cloud.sql.query('select 1 from jobs where id not in (select job_id from sub_jobs)');
    expect(idle.rows).toEqual([]);
  });

  it('is refused on a running instance, by itself and for the whole set', async () => {
    const [running, stopped] = await Promise.all([dc.running(), dc.stopped()]);
    expect(await remove(running)).toMatchObject(wrongState);
    const both = await post('instances/batch-delete', { instance_id_set: [stopped, running] });
    expect(both).toMatchObject(wrongState);
    expect(both.body.error_msg).toContain(running);
    expect((await dc.status(stopped)).state).toBe('stopped');
  });

  it('takes pending instances, whatever is being done to them just now', { timeout: 40_000 }, async () => {
    const slow = await startCloud({ INGOT_SIM_STEP_MS: '300' });
    const slowDc = await useCloudDc(slow);
    // Installs that last, so that none is over before it is deleted.
    await slow.sql.query(`
      insert into faults (id, target, node_id, on_operation, kind, times)
      select gen_random_uuid(), id, id, 'create', 'slow', 1000 from nodes`);
    for (let round = 0; round < 6; round++) {
      const ids = await Promise.all(Array.from({ length: 5 }, () => slowDc.create()));
      const reply = await slow.call('POST', '/v1/{p}/instances/batch-delete', { instance_id_set: ids });
      expect(reply).toMatchObject({ status: 202, body: { instances: ids.map((id) => ({ id })) } });
      for (const id of ids) {
        await slowDc.rest(id);
        expect((await slowDc.status(id)).state).toBe('terminated');
      }
    }
    await slow.close();
  });

  it('knows no other ids, and takes 1 to 50 of them', async () => {
    for (const id of [nobody, 'x']) {
      expect(await remove(id)).toMatchObject(unknown);
      expect(await post('instances/batch-delete', { instance_id_set: [id] })).toMatchObject(unknown);
    }
    for (const instance_id_set of [[], many, 'x', [1], undefined]) {
      expect(await post('instances/batch-delete', { instance_id_set })).toMatchObject(wrongParameter);
    }
  });
});

describe('ReinstallOs (C07)', () => {
  it('starts from running and stopped together, all or none', async () => {
    const [running, stopped, gone] = await Promise.all([dc.running(), dc.stopped(), dc.stopped()]);
    await remove(gone);
    await dc.rest(gone);
    const with3 = { password, instance_id_set: [running, stopped, gone] };
    expect(await put('instances/reinstall', with3)).toMatchObject(wrongState);
    expect((await dc.status(running)).operation_state).toBe('install-succeed');

    const ids = [running, stopped];
    expect(await put('instances/reinstall', { password, instance_id_set: ids })).toMatchObject({
      status: 202,
      body: { instances: ids.map((id) => ({ id })) },
    });
    for (const id of ids) {
      await dc.rest(id);
      expect(await dc.status(id)).toEqual({ state: 'running', operation_state: 'reinstall-succeed' });
    }
  });

  it('is refused on a pending instance', async () => {
    const { id, letGo } = await dc.pending();
    expect(await put('instances/reinstall', { password, instance_id_set: [id] })).toMatchObject(wrongState);
    await letGo();
  });

  it('refuses a missing or weak password, an unknown image, unknown ids and 51 of them', async () => {
    const [id] = await cloud.makeServers(1);
    const instance_id_set = [id];
    for (const body of [
      { instance_id_set },
      { password: 'weak', instance_id_set },
      { password, image_id: nobody, instance_id_set },
      { password, instance_id_set: many },
      { password },
    ]) {
      expect(await put('instances/reinstall', body)).toMatchObject(wrongParameter);
    }
    for (const unheard of [nobody, 'x']) {
      const body = { password, instance_id_set: [id, unheard] };
      expect(await put('instances/reinstall', body)).toMatchObject(unknown);
    }
    expect(await subJobs(id!, 'reinstall-os')).toBe(0);
  });
});

describe('ChangeInstancePassword (C08)', () => {
  const kept = async (id: string): Promise<string> => {
    const found = await cloud.sql.query('select admin_password_hash from servers where id = $1', [id]);
    return found.rows[0].admin_password_hash;
  };

  it('keeps the new password for the next install, simple as it may be, and never in clear', async () => {
    const ids = [await dc.running(), await dc.stopped()];
    const reply = await put('instances/password', { new_password: 'simple', instance_id_set: ids });
    expect(reply).toMatchObject({ status: 200, body: { instances: ids.map((id) => ({ id })) } });
    for (const id of ids) {
      expect(await kept(id)).not.toContain('simple');
      expect(await verifyPassword('simple', await kept(id))).toBe(true);
    }
  });

  it('changes none when one is refused', async () => {
    const running = await dc.running();
    const { id: pending, letGo } = await dc.pending();
    const before = await kept(running);
    const change = (ids: string[]) =>
      put('instances/password', { new_password: 'simple', instance_id_set: ids });
    expect(await change([running, pending])).toMatchObject(wrongState);
    expect(await change([running, nobody])).toMatchObject(unknown);
    expect(await change([running, 'x'])).toMatchObject(unknown);
    expect(await change(many)).toMatchObject(wrongParameter);
    expect(await put('instances/password', { instance_id_set: [running] })).toMatchObject(wrongParameter);
    expect(await kept(running)).toBe(before);
    await letGo();
  });
});

describe('ListServers and ShowServer (C10, C11)', () => {
  it('show a machine in the documented words', async () => {
    const serverId = await dc.takeIdle();
    const reply = await get(`physicalservers/${serverId}`);
    expect(reply).toMatchObject({
      status: 200,
      body: {
        id: serverId,
        name: expect.stringMatching(/^sim-/),
        project_id: cloud.projectId,
        domain_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        manage_state: 'ready',
        frozen_state: '0',
        power_state: 'off',
        health_state: 'OK',
        onboard_time: expect.stringMatching(/Z$/),
        location: { dc: 'eu-de-01', rack: expect.any(String), unit: expect.any(String) },
        hardware_attributes: {
          sn: expect.any(String),
          manufacturer: expect.any(String),
          model: expect.any(String),
        },
        tags: [],
      },
    });
    expect(reply.body).not.toHaveProperty('operation_state');
    expect(reply.body).not.toHaveProperty('error');
  });

  it('tell where a machine stands, and find it by that', async () => {
    const serverId = await dc.takeIdle();
    const standings = {
      enrolled: 'os-ready',
      maintenance: 'maintain',
      quarantined: 'maintain',
      retired: 'offboarding',
      ready: 'ready',
    };
    for (const [standing, manageState] of Object.entries(standings)) {
      await cloud.sql.query('update nodes set standing = $1 where id = $2', [standing, serverId]);
      expect((await dc.machine(serverId)).manage_state).toBe(manageState);
      const found = await get(`physicalservers?manage_state=${manageState}&limit=1000`);
      expect(found.body.servers).toContainEqual(
        expect.objectContaining({ id: serverId, manage_state: manageState }),
      );
    }
    expect((await get('physicalservers?manage_state=onboard')).body).toMatchObject({ servers: [], count: 0 });
    expect(await get('physicalservers?manage_state=broken')).toMatchObject(wrongParameter);
  });

  it('come in pages', async () => {
    const seen: string[] = [];
    let count = 0;
    for (let marker: string | null = ''; marker !== null;) {
      const { body }: Reply = await get(`physicalservers?limit=25&marker=${marker}`);
      expect(body.page_info.current_count).toBe(body.servers.length);
      seen.push(...body.servers.map(({ id }: { id: string }) => id));
      marker = body.page_info.next_marker;
      count = body.count;
    }
    expect(new Set(seen).size).toBe(count);
    for (const query of ['limit=x', 'marker=x']) {
      expect(await get(`physicalservers?${query}`)).toMatchObject(wrongParameter);
    }
  });

  it("leave out what carries somebody else's instance", async () => {
    const elsewhere = randomBytes(16).toString('hex');
    const token = await tokenFor(cloud, 'member', elsewhere);
    const ask = (path: string) =>
      cloud.call('GET', `/v1/${elsewhere}/${path}`, undefined, { 'x-auth-token': token });
    const [id] = await cloud.makeServers(1);
    const { server_id: serverId } = await dc.instance(id!);
    const idle = await dc.takeIdle();
    const theirs = await ask('physicalservers?limit=1000');
    const ids = theirs.body.servers.map((server: { id: string }) => server.id);
    expect(ids).toContain(idle);
    expect(ids).not.toContain(serverId);
    expect(await ask(`physicalservers/${serverId}`)).toMatchObject(unknown);
    const action = { action: 'rebooting', server_id_set: [serverId] };
    const power = await cloud.call('PUT', `/v1/${elsewhere}/physicalservers/power-state`, action, {
      'x-auth-token': token,
    });
    expect(power).toMatchObject(unknown);
  });

  it('know no other ids', async () => {
    for (const id of [nobody, 'x']) expect(await get(`physicalservers/${id}`)).toMatchObject(unknown);
  });
});

describe('ChangeServerPowerState (C14)', () => {
  it('switches idle machines, and says how it goes', async () => {
    const ids = [await dc.takeIdle(), await dc.takeIdle()];
    expect(await dc.power('power on', [...ids, ids[0]!])).toMatchObject({
      status: 200,
      body: { physical_servers: ids.map((id) => ({ id })) },
    });
    const shown = async (id: string) => {
      await dc.rest(id);
      const { power_state, operation_state, manage_state } = await dc.machine(id);
      return { power_state, operation_state, manage_state };
    };
    for (const id of ids) {
      expect(await shown(id)).toEqual({
        power_state: 'on',
        operation_state: 'power-on-succeed',
        manage_state: 'ready',
      });
    }
    await dc.power('rebooting', ids);
    expect(await shown(ids[0]!)).toMatchObject({ power_state: 'on', operation_state: 'reboot-succeed' });
    await dc.power('power off', ids);
    expect(await shown(ids[0]!)).toMatchObject({ power_state: 'off', operation_state: 'power-off-succeed' });
  });

  it('shows while it happens, and why it failed', async () => {
    const id = await dc.takeIdle();
    await dc.breakNext(id, 'start');
    expect((await dc.power('power on', [id])).status).toBe(200);
    expect((await dc.machine(id)).operation_state).toMatch(/^power-on-(processing|failed)$/);
    await dc.rest(id);
    expect(await dc.machine(id)).toMatchObject({
      power_state: 'off',
      operation_state: 'power-on-failed',
      error: {
        error_code: 'CloudDC.0501',
        error_msg: expect.stringContaining('refused'),
        error_type: 'power-on',
      },
    });
  });

  it('does nothing when one of the set is refused', async () => {
    const [id] = await cloud.makeServers(1);
    const { server_id: serverId } = await dc.instance(id!);
    const idle = await dc.takeIdle();
    expect(await dc.power('power on', [idle, serverId])).toMatchObject(wrongState);
    expect(await dc.power('power on', [idle, nobody])).toMatchObject(unknown);
    expect(await dc.power('power on', [idle, 'x'])).toMatchObject(unknown);
    expect(await dc.machine(idle)).not.toHaveProperty('operation_state');

    await cloud.sql.query(`update nodes set standing = 'maintenance' where id = $1`, [idle]);
    expect(await dc.power('power on', [idle])).toMatchObject(wrongState);
    await cloud.sql.query(`update nodes set standing = 'ready' where id = $1`, [idle]);
  });

  it('takes three actions, spelt with spaces, and 1 to 50 ids', async () => {
    const id = await dc.takeIdle();
    for (const action of ['power-on', 'reboot', '', undefined]) {
      expect(await put('physicalservers/power-state', { action, server_id_set: [id] })).toMatchObject(
        wrongParameter,
      );
    }
    for (const set of [[], many]) expect(await dc.power('power on', set)).toMatchObject(wrongParameter);
  });
});
