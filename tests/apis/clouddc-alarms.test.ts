/** Alarms (C20–C22) and events (C23, C24): what was really observed of machines, and by whom it is read. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { tokenFor } from '../support/callers.ts';
import { refusal, useCloudDc, type CloudDc } from '../support/clouddc.ts';

let cloud: Cloud;
let dc: CloudDc;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '24' });
  dc = await useCloudDc(cloud);
});
afterAll(() => cloud.close());

const wrongParameter = refusal(400, 'CloudDC.0001');
const get = (path: string, of: Cloud = cloud) => of.call('GET', `/v1/{p}/physicalservers/${path}`);
const alarmsOf = async (id: string, of: Cloud = cloud): Promise<Reply['body'][]> =>
  (await get(`alarms?resource_id=${id}`, of)).body.alarms;
const hourMs = 3_600_000;
/** Around now, by the clock of whoever asks. */
const span = () => `from=${Date.now() - hourMs}&to=${Date.now() + hourMs}`;
const secondsSpan = () => {
  const now = Math.floor(Date.now() / 1_000);
  return `from=${now - 3_600}&to=${now + 3_600}`;
};
const eventsOf = async (id: string, of: Cloud = cloud): Promise<Reply['body'][]> =>
  (await get(`events?${span()}&resource_id=${id}`, of)).body.events;
/** Newest first. */
const codesOf = async (id: string, of: Cloud = cloud) =>
  (await eventsOf(id, of)).map(({ event_id, status }) => `${event_id} ${status}`);
const setHealth = (id: string, health: string) =>
  cloud.sql.query('update nodes set health = $2 where id = $1', [id, health]);

/** An instance whose machine broke down. */
async function broken() {
  const id = await dc.running();
  const { server_id: serverId } = await dc.instance(id);
  const fault = await cloud.call('POST', '/admin/v1/faults', { target: id, on: 'now', kind: 'fail' });
  expect(fault.status).toBe(201);
  return { id, serverId: serverId as string };
}

describe('an alarm', () => {
  it('begins when hardware fails and ends when the fault is cleared', async () => {
    const { id, serverId } = await broken();
    const [alarm] = await alarmsOf(serverId);
    expect(alarm).toEqual({
      alarm_record_id: expect.stringMatching(/^ah[0-9a-zA-Z]{22}$/),
      alarm_id: 'health-critical',
      alarm_name: 'Hardware failure',
      alarm_status: 'alarm',
      alarm_level: 1,
      begin_time: expect.any(Number),
      last_alarm_time: alarm.begin_time,
      metric: { metric_name: 'health-critical', dimensions: [{ name: 'server_id', value: serverId }] },
    });
    expect(await codesOf(serverId)).toEqual(
      expect.arrayContaining(['health-critical Asserted', 'hardware-fault Asserted']),
    );

    expect((await cloud.call('POST', `/admin/v1/servers/${id}/clear-fault`)).status).toBe(200);
    const [over] = await alarmsOf(serverId);
    expect(over).toMatchObject({ alarm_record_id: alarm.alarm_record_id, alarm_status: 'ok' });
    expect(over.end_time).toBeGreaterThanOrEqual(over.begin_time);
    expect(await codesOf(serverId)).toEqual(
      expect.arrayContaining(['health-critical Deasserted', 'fault-cleared Asserted']),
    );
  });

  it('stands once however often its condition is seen, and anew when it comes back', async () => {
    const id = await dc.takeIdle();
    for (const health of ['Warning', 'Warning', 'OK', 'Warning']) await setHealth(id, health);
    expect((await alarmsOf(id)).map(({ alarm_status }) => alarm_status)).toEqual(['alarm', 'ok']);
  });

  it('begins when a machine goes into quarantine, with the reason', async () => {
    const id = await dc.stopped();
    const { server_id: serverId } = await dc.instance(id);
    await cloud.sql.query(`update nodes set standing = 'quarantined', note = 'wipe failed' where id = $1`, [
      serverId,
    ]);
    expect(await alarmsOf(serverId)).toMatchObject([{ alarm_id: 'quarantined', alarm_level: 3 }]);
    expect(await eventsOf(serverId)).toContainEqual(
      expect.objectContaining({ event_id: 'quarantined', event_message: 'wipe failed' }),
    );
    await cloud.call('POST', `/admin/v1/nodes/${serverId}/clear`);
    expect(await alarmsOf(serverId)).toMatchObject([{ alarm_status: 'ok' }]);
  });

  it('is found by id, status, level, type and time', async () => {
    const { serverId } = await broken();
    const [{ alarm_record_id: id }] = await alarmsOf(serverId);
    const count = async (query: string): Promise<number> =>
      (await get(`alarms?resource_id=${serverId}&${query}`)).body.count;
    for (const found of [
      `alarm_record_id=${id}`,
      'alarm_status=alarm',
      'alarm_level=1',
      'alarm_type=event',
    ]) {
      expect(await count(found), found).toBe(1);
    }
    expect(await count(secondsSpan())).toBe(1);
    const none = ['alarm_record_id=ah0', 'alarm_status=ok', 'alarm_status=invalid', 'alarm_level=2'];
    for (const query of [...none, 'alarm_type=metric', 'to=1']) expect(await count(query), query).toBe(0);
    expect((await get(`alarms?resource_id=${randomUUID()},x`)).body).toEqual({ alarms: [], count: 0 });
    const wrong = ['alarm_status=red', 'alarm_level=5', 'alarm_type=x', 'from=2&to=1', 'from=x', 'offset=-1'];
    for (const query of [...wrong, 'limit=0', 'limit=1000']) {
      expect(await get(`alarms?${query}`), query).toMatchObject(wrongParameter);
    }
  });

  it('comes page by page, newest first', async () => {
    const id = await dc.takeIdle();
    for (let round = 0; round < 3; round++) {
      await setHealth(id, 'Critical');
      await setHealth(id, 'OK');
    }
    const all = await alarmsOf(id);
    expect(all).toHaveLength(3);
    const { body } = await get(`alarms?resource_id=${id}&limit=1&offset=1`);
    expect(body).toEqual({ alarms: [all[1]], count: 3 });
    const begun = all.map(({ begin_time }) => begin_time as number);
    expect(begun).toEqual(begun.toSorted((a, b) => b - a));
  });
});

describe('an event', () => {
  it('tells a failed operation with what was seen', async () => {
    const id = await dc.running();
    const { server_id: serverId } = await dc.instance(id);
    await dc.breakNext(serverId, 'stop');
    await dc.power('power off', [serverId]);
    await dc.rest(id);
    const [event] = await eventsOf(serverId);
    expect(event).toEqual({
      event_id: 'operation-failed',
      message_id: expect.stringMatching(/^\d+$/),
      event_message: expect.stringContaining('simulated fault'),
      event_level: 'major',
      status: 'Asserted',
      resource_id: serverId,
      time: expect.any(Number),
      origin_event: expect.any(String),
    });
    expect(JSON.parse(event.origin_event)).toMatchObject({
      server_id: id,
      operation: 'stop',
      from: 'Stopping',
    });
  });

  it('is found by level and machine within 30 days', async () => {
    const { serverId } = await broken();
    const levels = (await eventsOf(serverId)).map(({ event_level }) => event_level);
    expect(new Set(levels)).toEqual(new Set(['critical']));
    const count = async (query: string): Promise<number> => (await get(`events?${query}`)).body.count;
    expect(await count(`${span()}&resource_id=${serverId}&event_level=critical`)).toBe(2);
    expect(await count(`${span()}&resource_id=${serverId}&event_level=minor`)).toBe(0);
    expect(await count(`${span()}&resource_id=nothing`)).toBe(0);
    expect(await count(`from=1&to=2`)).toBe(0);
    const tooLong = `from=${Date.now() - 31 * 24 * hourMs}&to=${Date.now()}`;
    for (const wrong of ['', 'from=1', 'from=2&to=1', tooLong, `${span()}&event_level=loud`]) {
      expect(await get(`events?${wrong}`), wrong).toMatchObject(wrongParameter);
    }
  });

  it('leads to what it means', async () => {
    const { serverId } = await broken();
    for (const { event_id } of await eventsOf(serverId)) {
      const { status, body } = await get(`events/${event_id}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        code: event_id,
        name_en: expect.any(String),
        suggestion_cn: expect.any(String),
      });
    }
    expect(await get('events/never-heard-of')).toMatchObject(refusal(404, 'CloudDC.0404'));
  });
});

describe('power and the BMC', () => {
  let watched: Cloud;
  beforeAll(async () => {
    watched = await startCloud({ INGOT_POWER_SYNC_SECONDS: '1' });
  });
  afterAll(() => watched.close());

  it('that does not answer is an alarm until it does', async () => {
    const nodes = await watched.sql.query<{ id: string }>('select id from nodes order by id desc limit 1');
    const { id } = nodes.rows[0]!;
    const seen = () =>
      watched.sql.query('select 1 from nodes where id = $1 and power_seen_at is not null', [id]);
    await watched.until(seen, ({ rows }) => rows.length > 0);
    await watched.sql.query('delete from simulated_machines where node_id = $1', [id]);
    const [alarm] = await watched.until(
      () => alarmsOf(id, watched),
      (alarms) => alarms.length > 0,
    );
    expect(alarm).toMatchObject({ alarm_id: 'bmc-unreachable', alarm_status: 'alarm', alarm_level: 2 });
    await watched.sql.query('insert into simulated_machines (node_id) values ($1)', [id]);
    await watched.until(
      () => alarmsOf(id, watched),
      ([it]) => it.alarm_status === 'ok',
    );
    expect(await codesOf(id, watched)).toEqual(['bmc-unreachable Deasserted', 'bmc-unreachable Asserted']);
  });

  it('that is not as recorded is an event, and so is following it', async () => {
    const [id] = await watched.makeServers(1);
    const found = await watched.sql.query<{ node: string }>(
      'select node_id as node from servers where id = $1',
      [id],
    );
    const { node } = found.rows[0]!;
    await watched.sql.query(
      `update simulated_machines set power = 'off', pending_power = null, pending_at = null where node_id = $1`,
      [node],
    );
    const codes = await watched.until(
      () => codesOf(node, watched),
      (them) => them.length >= 2,
    );
    expect(codes).toEqual(['power-followed Asserted', 'power-disagreement Asserted']);
  });
});

describe('summary and trend', () => {
  it('count the alarms that stand, and those that began, by what is wrong', async () => {
    const own = await startCloud({ INGOT_SIM_NODES: '14' });
    const nodes = await own.sql.query<{ id: string; name: string }>('select id, name from nodes order by id');
    const ids = nodes.rows.map(({ id }) => id);
    expect((await get('alarms/summary', own)).body).toEqual({
      alarm_levels: [],
      alarm_devices: [],
      alarm_hosts: [],
      alarm_groups: [],
    });
    await own.sql.query(`update nodes set health = 'Critical' where id = any($1)`, [ids.slice(0, 11)]);
    await own.sql.query(`update nodes set standing = 'quarantined', room = 'hall-2' where id = $1`, [ids[0]]);
    await own.sql.query(`update nodes set health = 'Warning' where id = $1`, [ids[11]]);
    await own.sql.query(`update nodes set health = 'OK' where id = $1`, [ids[11]]);

    const { body } = await get('alarms/summary', own);
    expect(body.alarm_levels).toEqual([
      { alarm_level: 1, alarm_number: 11 },
      { alarm_level: 3, alarm_number: 1 },
    ]);
    expect(body.alarm_devices).toEqual([
      { alarm_device: 'server', alarm_number: 11 },
      { alarm_device: 'storage', alarm_number: 1 },
    ]);
    expect(body.alarm_hosts).toHaveLength(10);
    expect(body.alarm_hosts[0]).toEqual({
      resource_name: nodes.rows[0]!.name,
      resource_id: ids[0],
      alarm_infos: [
        { alarm_device: 'server', alarm_number: 1, alarm_duration: expect.any(Number) },
        { alarm_device: 'storage', alarm_number: 1, alarm_duration: expect.any(Number) },
      ],
    });
    expect(body.alarm_groups).toEqual([
      {
        label: 'eu-de-01',
        alarm_devices: [{ alarm_device: 'server', alarm_number: 10 }],
        sns: expect.any(Array),
      },
      {
        label: 'hall-2',
        alarm_devices: [
          { alarm_device: 'server', alarm_number: 1 },
          { alarm_device: 'storage', alarm_number: 1 },
        ],
        sns: [nodes.rows[0]!.name],
      },
    ]);

    const day = async () =>
      (await own.sql.query(`select to_char(now() at time zone 'utc', 'YYYY-MM-DD') as day`)).rows[0].day;
    const trend = await get(`alarms/trend?${secondsSpan()}`, own);
    const today = trend.body.fault_hosts.find((it: { new_fault_host: number }) => it.new_fault_host > 0);
    expect(today).toMatchObject({ fault_date: `${await day()}T00:00:00Z`, new_fault_host: 12 });
    expect(today.fault_host).toContain(nodes.rows[11]!.name);
    expect(
      trend.body.alarm_daily_new_trends.find(
        (it: { alarm_date: string }) => it.alarm_date === today.fault_date,
      ),
    ).toEqual({
      alarm_date: today.fault_date,
      alarm_devices: [
        { alarm_device: 'server', alarm_number: 12 },
        { alarm_device: 'storage', alarm_number: 1 },
      ],
      alarm_levels: [
        { alarm_level: 1, alarm_number: 11 },
        { alarm_level: 2, alarm_number: 1 },
        { alarm_level: 3, alarm_number: 1 },
      ],
    });
    const long = await get('alarms/trend?from=0&to=1296000', own);
    expect(long.body.fault_hosts).toHaveLength(15);
    expect(long.body.fault_hosts[0]).toEqual({
      fault_date: '1970-01-01T00:00:00Z',
      new_fault_host: 0,
      fault_host: [],
    });
    for (const wrong of ['', 'from=1', 'from=0&to=9999999']) {
      expect(await get(`alarms/trend?${wrong}`, own)).toMatchObject(wrongParameter);
    }
    await own.close();
  });
});

describe('another project', () => {
  it('reads what happened to nobody\u2019s machines, and nothing of a tenant, before or after', async () => {
    const projectId = randomBytes(16).toString('hex');
    const token = await tokenFor(cloud, 'member', projectId);
    const as = async (path: string) =>
      (
        await cloud.call('GET', `/v1/${projectId}/physicalservers/${path}`, undefined, {
          'x-auth-token': token,
        })
      ).body;
    const { id, serverId } = await broken();
    const idle = await dc.takeIdle();
    await setHealth(idle, 'Critical');
    const query = `events?${span()}&resource_id=`;
    expect(await as(query + serverId)).toEqual({ events: [], count: 0 });
    expect((await as(query + idle)).count).toBe(1);
    expect((await as(`alarms?resource_id=${serverId},${idle}`)).alarms).toMatchObject([
      { metric: { dimensions: [{ value: idle }] } },
    ]);
    await cloud.call('DELETE', `/v1/{p}/instances/${id}`);
    await dc.rest(id);
    expect(await as(query + serverId)).toEqual({ events: [], count: 0 });
    expect((await eventsOf(serverId)).length).toBeGreaterThan(0);
  });
});
