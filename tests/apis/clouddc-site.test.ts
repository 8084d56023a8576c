/** Where machines stand and what a project notes about them: counts (C19), tags (C25–C28), rooms and racks (C29–C32). */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { tokenFor } from '../support/callers.ts';
import { refusal, useCloudDc, type CloudDc } from '../support/clouddc.ts';

let cloud: Cloud;
let dc: CloudDc;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '8' });
  dc = await useCloudDc(cloud);
  await cloud.sql.query(`update nodes set room = 'hall-2', rack = 'r9' where name in ('sim-007', 'sim-008')`);
  await cloud.sql.query(`update nodes set room = 'hall-2', rack = '' where name = 'sim-006'`);
});
afterAll(() => cloud.close());

const wrongParameter = refusal(400, 'CloudDC.0001');
const unknown = refusal(404, 'CloudDC.0404');
const get = (path: string) => cloud.call('GET', `/v1/{p}/${path}`);
const put = (path: string, body: unknown) => cloud.call('PUT', `/v1/{p}/${path}`, body);
const post = (path: string, body: unknown) => cloud.call('POST', `/v1/{p}/${path}`, body);
const rooms = async () => (await get('idcs?region=eu-de')).body.idcs;
const racks = async () => (await get('iracks?region=eu-de')).body.iracks;
const rackNamed = async (name: string) =>
  (await racks()).find((rack: { name: string }) => rack.name === name);

/** Somebody of another project. */
async function stranger() {
  const projectId = randomBytes(16).toString('hex');
  const token = await tokenFor(cloud, 'member', projectId);
  return (method: string, path: string, body?: unknown) =>
    cloud.call(method, `/v1/${projectId}/${path}`, body, { 'x-auth-token': token });
}

describe('rooms (C29, C30)', () => {
  it('are those of the machines, with the number of their racks', async () => {
    const { status, body } = await get('idcs?region=eu-de');
    expect(status).toBe(200);
    expect(body).toMatchObject({ count: 2, page_info: { current_count: 2, next_marker: null } });
    expect(
      body.idcs.toSorted((a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)),
    ).toEqual([
      { id: expect.any(String), name: 'eu-de-01', irack_num: 1, region: 'eu-de', description: '' },
      { id: expect.any(String), name: 'hall-2', irack_num: 1, region: 'eu-de', description: '' },
    ]);
    expect((await rooms()).map(({ id }: { id: string }) => id)).toEqual(
      body.idcs.map(({ id }: { id: string }) => id),
    );
  });

  it('are paged by marker, in both orders, and none are in another region', async () => {
    const all = (await rooms()).map(({ id }: { id: string }) => id);
    const first = (await get('idcs?region=eu-de&limit=1')).body;
    expect(first.idcs.map(({ id }: { id: string }) => id)).toEqual([all[0]]);
    const second = await get(`idcs?region=eu-de&limit=1&marker=${first.page_info.next_marker}`);
    expect(second.body.idcs.map(({ id }: { id: string }) => id)).toEqual([all[1]]);
    const back = (await get('idcs?region=eu-de&order=desc')).body.idcs;
    expect(back.map(({ id }: { id: string }) => id)).toEqual(all.toReversed());
    expect((await get('idcs?region=elsewhere')).body).toMatchObject({ idcs: [], count: 0 });
    for (const wrong of ['idcs', 'idcs?region=eu-de&order=up', 'idcs?region=eu-de&marker=x']) {
      expect(await get(wrong)).toMatchObject(wrongParameter);
    }
  });

  it('are described by a project for itself', async () => {
    const [room] = await rooms();
    const reply = await put('idcs', [{ id: room.id, description: 'behind the lift' }]);
    expect(reply).toMatchObject({ status: 200, body: 'update idc success' });
    expect((await rooms())[0].description).toBe('behind the lift');
    const as = await stranger();
    const seen = (await as('GET', 'idcs?region=eu-de')).body.idcs;
    expect(seen.map(({ description }: { description: string }) => description)).toEqual(['', '']);
    const both = [
      { id: room.id, description: 'never' },
      { id: randomUUID(), description: 'nowhere' },
    ];
    expect(await put('idcs', both)).toMatchObject(unknown);
    expect(await put('idcs', { id: room.id })).toMatchObject(wrongParameter);
    expect((await rooms())[0].description).toBe('behind the lift');
  });
});

describe('racks (C31, C32)', () => {
  it('are those of the machines; a machine without a rack stands in none', async () => {
    const { body } = await get('iracks?region=eu-de');
    expect(body.count).toBe(2);
    expect(await rackNamed('r9')).toEqual({
      id: expect.any(String),
      name: 'r9',
      dc: 'hall-2',
      region: 'eu-de',
      location: 'eu-de-01',
      description: '',
      tags: [],
    });
  });

  it('are described in at most 512 bytes', async () => {
    const { id } = await rackNamed('r9');
    expect(await put(`iracks/${id}`, { description: 'ä'.repeat(256) })).toMatchObject({ status: 200 });
    expect((await rackNamed('r9')).description).toBe('ä'.repeat(256));
    expect(await put(`iracks/${id}`, { description: 'ä'.repeat(257) })).toMatchObject(wrongParameter);
    for (const nowhere of [randomUUID(), 'r9']) {
      expect(await put(`iracks/${nowhere}`, { description: 'x' })).toMatchObject(unknown);
    }
  });

  it('are gone for a project that sees none of their machines', async () => {
    const { id } = await rackNamed('r9');
    await cloud.sql.query(`update nodes set project_id = $1 where rack = 'r9'`, [cloud.projectId]);
    const as = await stranger();
    expect((await as('GET', 'iracks?region=eu-de')).body.count).toBe(1);
    expect(await as('PUT', `iracks/${id}`, { description: 'mine' })).toMatchObject(unknown);
    expect(await as('POST', `iracks/${id}/tags/create`, { tags: [{ key: 'a' }] })).toMatchObject(unknown);
    await cloud.sql.query(`update nodes set project_id = null where rack = 'r9'`);
  });

  it('follow what the operator enters', async () => {
    const node = (await cloud.call('GET', '/admin/v1/nodes?name=sim-001')).body.nodes[0];
    const edited = await cloud.call('PATCH', `/admin/v1/nodes/${node.id}`, { room: 'hall-3', rack: 'r1' });
    expect(edited.body).toMatchObject({ room: 'hall-3', rack: 'r1' });
    expect(await rackNamed('r1')).toMatchObject({ dc: 'hall-3' });
    expect((await dc.machine(node.id)).location).toMatchObject({ dc: 'hall-3', rack: 'r1' });
    await cloud.call('PATCH', `/admin/v1/nodes/${node.id}`, { room: '', rack: node.rack });
    expect(await rackNamed('r1')).toBeUndefined();
    const enrolled = await cloud.call('POST', '/admin/v1/nodes', {
      name: 'new-one',
      driver: 'simulated',
      zone: 'eu-de-01',
      flavor_id: node.flavor_id,
      room: 'hall-4',
      rack: 'r4',
    });
    expect(await rackNamed('r4')).toMatchObject({ dc: 'hall-4' });
    await cloud.call('DELETE', `/admin/v1/nodes/${enrolled.body.id}`);
  });
});

describe('tags (C25 to C28)', () => {
  it('come and go on a machine, and are shown in the list and alone', async () => {
    const id = await dc.takeIdle();
    const tags = [
      { key: 'owner', value: 'blue' },
      { key: 'bare', value: '' },
    ];
    const added = await post(`physicalservers/${id}/tags/create`, {
      tags: [{ key: 'owner', value: 'blue' }, { key: 'bare' }],
    });
    expect(added).toMatchObject({ status: 200, body: null });
    expect(new Set((await dc.machine(id)).tags)).toEqual(new Set(tags));
    const listed = (await get('physicalservers')).body.servers.find((it: { id: string }) => it.id === id);
    expect(new Set(listed.tags)).toEqual(new Set(tags));

    await post(`physicalservers/${id}/tags/create`, { tags: [{ key: 'owner', value: 'green' }] });
    const gone = { tags: [{ key: 'bare' }, { key: 'never there' }] };
    expect((await post(`physicalservers/${id}/tags/delete`, gone)).status).toBe(200);
    expect((await dc.machine(id)).tags).toEqual([{ key: 'owner', value: 'green' }]);
  });

  it('come and go on a rack', async () => {
    const { id } = await rackNamed('r9');
    await post(`iracks/${id}/tags/create`, { tags: [{ key: 'row', value: '7' }] });
    expect((await rackNamed('r9')).tags).toEqual([{ key: 'row', value: '7' }]);
    await post(`iracks/${id}/tags/delete`, { tags: [{ key: 'row' }] });
    expect((await rackNamed('r9')).tags).toEqual([]);
  });

  it('on a machine of the shared pool are seen by the project that set them only', async () => {
    const id = await dc.takeIdle();
    await post(`physicalservers/${id}/tags/create`, { tags: [{ key: 'secret', value: 'plan' }] });
    const as = await stranger();
    expect((await as('GET', `physicalservers/${id}`)).body).toMatchObject({ id, tags: [] });
    await as('POST', `physicalservers/${id}/tags/delete`, { tags: [{ key: 'secret' }] });
    expect((await dc.machine(id)).tags).toEqual([{ key: 'secret', value: 'plan' }]);
  });

  it.each<[string, unknown]>([
    ['no tag', { tags: [] }],
    ['an empty key', { tags: [{ key: '' }] }],
    ['a key of 129 characters', { tags: [{ key: 'k'.repeat(129) }] }],
    ['a value of 256 characters', { tags: [{ key: 'k', value: 'v'.repeat(256) }] }],
    ['a key twice', { tags: [{ key: 'k' }, { key: 'k', value: 'v' }] }],
    ['something else', { key: 'k' }],
  ])('are refused with %s', async (_what, body) => {
    const id = await dc.takeIdle();
    expect(await post(`physicalservers/${id}/tags/create`, body)).toMatchObject(wrongParameter);
    expect((await dc.machine(id)).tags).toEqual([]);
  });

  it('need a machine', async () => {
    for (const id of [randomUUID(), 'rack-1']) {
      expect(await post(`physicalservers/${id}/tags/create`, { tags: [{ key: 'k' }] })).toMatchObject(
        unknown,
      );
    }
  });
});

describe('counts (C19)', () => {
  it('add up over health, power, manage_state and rooms', async () => {
    const own = await startCloud({ INGOT_SIM_NODES: '6' });
    await own.sql.query(`update nodes set room = 'hall-2' where name = 'sim-006'`);
    await own.sql.query(`update nodes set health = 'Critical', power = 'unknown' where name = 'sim-006'`);
    await own.sql.query(
      `update nodes set health = 'Warning', standing = 'quarantined' where name = 'sim-005'`,
    );
    await own.sql.query(`update nodes set health = 'Unknown', power = 'on' where name = 'sim-004'`);
    const { status, body } = await own.call('GET', '/v1/{p}/physicalservers/status');
    expect(status).toBe(200);
    const inZone = (count: number) => ({ count, dc_stats: count === 0 ? {} : { 'eu-de-01': count } });
    expect(body).toEqual({
      server_status: {
        total: { count: 6, dc_stats: { 'eu-de-01': 5, 'hall-2': 1 } },
        ok: inZone(3),
        warning: inZone(1),
        unknown: inZone(1),
        critical: { count: 1, dc_stats: { 'hall-2': 1 } },
        health: inZone(3),
        unHealth: { count: 2, dc_stats: { 'eu-de-01': 1, 'hall-2': 1 } },
        isolation: inZone(1),
      },
      server_power_status: { on: 1, off: 4, unknown: 1 },
      server_manage_state: { ready: 5, maintain: 1 },
    });
    await own.close();
  });
});
