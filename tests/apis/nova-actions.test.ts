/** What is asked of servers by Nova. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { states } from '../../src/core/lifecycle.ts';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { badRequest, fault, nobody, notFound, useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '60' });
  nova = await useNova(cloud);
});
afterAll(() => cloud.close());

describe('os-stop', () => {
  const stop = (body: unknown, userAgent?: string) => async (id: string) => {
    const { status, body: answer } = await nova.act(id, body, userAgent);
    expect(answer).toBeNull();
    expect((await nova.rest(id)).status).toBe('SHUTOFF');
    return status;
  };

  it.each([{}, null, { type: 'SOFT' }, { type: 'HARD' }])('with %j stops and says no word', async (value) => {
    expect(await stop({ 'os-stop': value })(await nova.make())).toBe(204);
  });

  it.each([
    ['curl/8.5.0', 204],
    ['openstacksdk/0.101.0 keystoneauth1/5.0.0 python-requests/2.28.1 CPython/3.11.2', 204],
    ['golangsdk/2.0.0', 202],
    ['gophercloud/v1.8.0', 202],
    ['libcloud/3.9.1 (OpenStack)', 202],
    ['HashiCorp Terraform/1.9.5 terraform-provider-opentelekomcloud/1.36.0', 202],
  ])('asked by %s answers %i', async (userAgent, status) => {
    expect(await stop({ 'os-stop': null }, userAgent)(await nova.make())).toBe(status);
  });

  it.each(['204', '202'])('answers %s to everybody where that is set', async (setting) => {
    const other = await startCloud({ INGOT_NOVA_ACTION_STATUS: setting });
    try {
      const [id] = await other.makeServers(1);
      for (const [action, agent] of [
        ['os-stop', 'curl'],
        ['os-start', 'golangsdk/2.0.0'],
      ] as const) {
        const asked = await other.until(
          () =>
            other.call('POST', `/v2.1/{p}/servers/${id}/action`, { [action]: null }, { 'user-agent': agent }),
          ({ status }) => status !== 409,
        );
        expect(asked.status).toBe(Number(setting));
      }
      await other.until(
        () => other.call('GET', `/v2.1/{p}/servers/${id}`),
        ({ body }) => body.server.status === 'ACTIVE',
      );
    } finally {
      await other.close();
    }
  });

  it('is refused in every state but Running and Faulty, and the refusal says what stands in the way', async () => {
    const id = await nova.make();
    const standing: Record<string, string> = {
      Creating: 'task_state scheduling',
      Starting: 'task_state powering-on',
      Stopping: 'task_state powering-off',
      Stopped: 'vm_state stopped',
      Restarting: 'task_state rebooting',
      'Forcibly restarting': 'task_state rebooting_hard',
      Deleting: 'task_state deleting',
      Rebuilding: 'task_state rebuilding',
      'Reinstalling OS': 'task_state rebuilding',
      'Reinstalling OS failed': 'vm_state stopped',
    };
    const accepting = ['Running', 'Faulty', 'Deleted'];
    expect(Object.keys(standing).concat(accepting).toSorted()).toEqual(states.toSorted());
    for (const [state, words] of Object.entries(standing)) {
      await nova.force(id, state as (typeof states)[number]);
      const message = `Cannot 'stop' instance ${id} while it is in ${words}`;
      expect(await nova.act(id, { 'os-stop': null })).toMatchObject(
        fault('conflictingRequest', 409, message),
      );
    }
    await nova.force(id, 'Faulty');
    expect((await nova.act(id, { 'os-stop': null })).status).toBe(204);
    expect((await nova.rest(id)).status).toBe('SHUTOFF');
  });

  it('of a locked server is refused', async () => {
    const id = await nova.make();
    await cloud.sql.query('update servers set locked = true where id = $1', [id]);
    for (const action of [{ 'os-stop': null }, { reboot: { type: 'HARD' } }]) {
      expect(await nova.act(id, action)).toMatchObject(
        fault('conflictingRequest', 409, `Instance ${id} is locked`),
      );
    }
    expect(await nova.call('DELETE', `/servers/${id}`)).toMatchObject(fault('conflictingRequest', 409));
    expect((await nova.show(id)).status).toBe('ACTIVE');
  });
});

it('is on its way out for Terraform, not failed, while a server that failed is being deleted', async () => {
  const id = await nova.make();
  await cloud.sql.query(
    `update servers set state = 'Deleting', task_state = 'deleting', deleting_from = 'Faulty' where id = $1`,
    [id],
  );
  const read = async (agent: string, path = `/v2.1/{p}/servers/${id}`) =>
    (await cloud.call('GET', path, undefined, { 'user-agent': agent })).body.server.status;
  expect(await read('python-novaclient')).toBe('ERROR');
  const terraform = 'terraform-provider-iac golangsdk/2.0.0';
  for (const agent of ['gophercloud/v2.8.0', 'golangsdk/2.0.0', terraform])
    expect(await read(agent)).toBe('SHUTOFF');
  expect(await read(terraform, `/v1/{p}/baremetalservers/${id}`)).toBe('SHUTOFF');
  expect(await read('curl', `/v1/{p}/baremetalservers/${id}`)).toBe('ERROR');
  await cloud.sql.query(`update servers set deleting_from = 'Running' where id = $1`, [id]);
  expect(await read(terraform)).toBe('ACTIVE');
});

it('is told as REBUILD to gophercloud alone while a system is being laid on it', async () => {
  const id = await nova.make();
  const terraform =
    'HashiCorp Terraform/1.11.4 (+https://www.terraform.io) Terraform Plugin SDK/v2.38.1 gophercloud/v2.8.0';
  const read = async (agent: string) => {
    const shown = await cloud.call('GET', `/v2.1/{p}/servers/${id}`, undefined, { 'user-agent': agent });
    return shown.body.server.status;
  };
  for (const state of ['Rebuilding', 'Reinstalling OS'] as const) {
    await nova.force(id, state);
    expect(await read(terraform)).toBe('REBUILD');
    expect(await read('terraform-provider-opentelekomcloud/1.36.0 golangsdk/2.0.0')).toBe('SHUTOFF');
    expect(await read('python-novaclient')).toBe('SHUTOFF');
  }
  await nova.force(id, 'Reinstalling OS failed');
  expect(await read(terraform)).toBe('SHUTOFF');
  await nova.force(id, 'Running');
  expect(await read(terraform)).toBe('ACTIVE');
});

describe('an action', () => {
  it('starts, and reboots softly or hard, each in the states of the table', async () => {
    const id = await nova.make();
    for (const [action, status] of [
      [{ reboot: { type: 'SOFT' } }, 'REBOOT'],
      [{ reboot: { type: 'hard' } }, 'HARD_REBOOT'],
    ] as const) {
      expect((await nova.act(id, action)).status).toBe(204);
      const { status: shown } = await nova.show(id);
      expect([status, 'ACTIVE']).toContain(shown);
      expect((await nova.rest(id)).status).toBe('ACTIVE');
    }
    expect(await nova.act(id, { 'os-start': null })).toMatchObject(
      fault('conflictingRequest', 409, `Cannot 'start' instance ${id} while it is in vm_state active`),
    );
    await nova.act(id, { 'os-stop': {} });
    await nova.rest(id);
    expect(await nova.act(id, { reboot: { type: 'SOFT' } })).toMatchObject(
      fault('conflictingRequest', 409, `Cannot 'reboot' instance ${id} while it is in vm_state stopped`),
    );
    expect((await nova.act(id, { 'os-start': {} }, 'golangsdk/2.0.0')).status).toBe(202);
    expect((await nova.rest(id)).status).toBe('ACTIVE');
    await nova.act(id, { 'os-stop': {} });
    await nova.rest(id);
    expect((await nova.act(id, { reboot: { type: 'HARD' } })).status).toBe(204);
    expect((await nova.rest(id)).status).toBe('ACTIVE');
  });

  it.each<[string, unknown, unknown]>([
    ['two keys', { 'os-stop': null, 'os-start': null }, expect.any(String)],
    ['no key', {}, expect.any(String)],
    ['a list', [], expect.any(String)],
    ['null', 'null', expect.any(String)],
    ['an unknown key', { explode: null }, 'There is no such action: explode'],
    ['a key of the language', { constructor: null }, 'There is no such action: constructor'],
    ['a reboot without type', { reboot: {} }, expect.any(String)],
    ['a reboot of null', { reboot: null }, expect.any(String)],
    ['a reboot of another type', { reboot: { type: 'WARM' } }, expect.any(String)],
    ['a rebuild without image', { rebuild: {} }, expect.any(String)],
    ['a rebuild with an unknown image', { rebuild: { imageRef: nobody } }, 'Cannot find image for rebuild'],
  ])('with %s is a bad request', async (_what, body, message) => {
    expect(await nova.act(await nova.make(), body)).toMatchObject(badRequest(message));
  });

  it('rebuilds with another image, name and metadata', async () => {
    const id = await nova.make({ metadata: { before: 'yes' } });
    const images = await cloud.sql.query<{ id: string }>('select id from images where id <> $1 limit 1', [
      nova.imageId,
    ]);
    const imageRef = images.rows[0]!.id;
    const rebuild = { imageRef, name: 'rebuilt', metadata: { after: 'yes' } };
    const { status, body } = await nova.act(id, { rebuild });
    expect(status).toBe(202);
    expect(body.server).toMatchObject({ id, name: 'rebuilt', metadata: { after: 'yes' } });
    expect(await nova.rest(id)).toMatchObject({ status: 'ACTIVE', image: { id: imageRef }, name: 'rebuilt' });
  });

  it('that deletes answers 204, pre-empts what is under way, and leaves nothing', async () => {
    const id = await nova.make();
    await nova.act(id, { reboot: { type: 'HARD' } });
    const { status, body } = await nova.call('DELETE', `/servers/${id}`);
    expect([status, body]).toEqual([204, null]);
    await nova.rest(id);
    expect(await nova.get(`/servers/${id}`)).toMatchObject(notFound(id));
  });
});

describe('instance actions', () => {
  it('tell what was done to a server, by whom and how it went, the newest first', async () => {
    const id = await nova.make();
    const stopped = await nova.act(id, { 'os-stop': null });
    await nova.rest(id);
    const { body } = await nova.get(`/servers/${id}/os-instance-actions`);
    const requestId = stopped.headers.get('x-openstack-request-id');
    expect(body.instanceActions).toMatchObject([
      {
        action: 'stop',
        request_id: requestId,
        instance_uuid: id,
        user_id: cloud.userId,
        project_id: cloud.projectId,
        message: null,
      },
      { action: 'create' },
    ]);
    const one = await nova.get(`/servers/${id}/os-instance-actions/${requestId}`);
    expect(one.body.instanceAction).toMatchObject({
      action: 'stop',
      events: [{ event: 'compute_stop_instance', result: 'Success', traceback: null }],
    });
    expect(await nova.get(`/servers/${id}/os-instance-actions/req-${nobody}`)).toMatchObject(
      fault('itemNotFound', 404),
    );
  });

  it('of a deleted server are told from 2.21 on', async () => {
    const id = await nova.make();
    await nova.call('DELETE', `/servers/${id}`);
    await nova.rest(id);
    expect(await nova.get(`/servers/${id}/os-instance-actions`, 20)).toMatchObject(notFound(id));
    const { body } = await nova.get(`/servers/${id}/os-instance-actions`, 21);
    expect(body.instanceActions).toMatchObject([{ action: 'delete' }, { action: 'create' }]);
  });
});
