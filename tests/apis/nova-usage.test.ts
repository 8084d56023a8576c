/** What projects have used, as Nova reports it: also of servers whose records are gone. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { badRequest, fault, useNova, type Nova } from '../support/nova.ts';

const hourMs = 3_600_000;
const day = { from: Date.parse('2020-03-01T00:00:00Z'), hours: 24 };

let cloud: Cloud;
let nova: Nova;
let server: string;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '3' });
  nova = await useNova(cloud);
  server = await nova.make({ name: 'web' });
  await cloud.sql.query('update servers set launched_at = $2 where id = $1', [
    server,
    at(day.from + 20 * hourMs),
  ]);
});
afterAll(() => cloud.close());

function at(ms: number): Date {
  return new Date(ms);
}

/** Of a server that is gone, with hours of that day. */
async function bury(projectId: string, began: number, ended: number): Promise<string> {
  const id = randomUUID();
  await cloud.sql.query(
    `insert into past_servers (id, project_id, name, flavor_name, vcpus, ram_mib, disk_gb, launched_at, terminated_at)
     values ($1, $2, 'old', 'small', 2, 1024, 10, $3, $4)`,
    [id, projectId, at(day.from + began * hourMs), at(day.from + ended * hourMs)],
  );
  return id;
}

const root = '/os-simple-tenant-usage';
const wholeDay = 'start=2020-03-01T00:00:00&end=2020-03-02T00:00:00.000000';
const show = async (query = wholeDay, project = cloud.projectId, minor = 1) =>
  (await nova.get(`${root}/${project}?${query}`, minor)).body;

describe('usage', () => {
  it('is the hours of a server within the time, and what it has times those', async () => {
    expect(await show()).toEqual({
      tenant_usage: {
        tenant_id: cloud.projectId,
        start: '2020-03-01T00:00:00.000000',
        stop: '2020-03-02T00:00:00.000000',
        total_hours: 4,
        total_vcpus_usage: 4 * 48,
        total_memory_mb_usage: 4 * 393_216,
        total_local_gb_usage: 4 * 3_600,
        server_usages: [
          {
            instance_id: server,
            tenant_id: cloud.projectId,
            name: 'web',
            flavor: nova.flavorId,
            vcpus: 48,
            memory_mb: 393_216,
            local_gb: 3_600,
            hours: 4,
            started_at: '2020-03-01T20:00:00.000000',
            ended_at: null,
            state: 'active',
            uptime: expect.any(Number),
          },
        ],
      },
    });
    const before = await show('start=2019-01-01 00:00:00.5&end=2020-03-01T20:00:00');
    expect(before).toEqual({
      tenant_usage: {
        tenant_id: cloud.projectId,
        start: '2019-01-01T00:00:00.500000',
        stop: '2020-03-01T20:00:00.000000',
        total_hours: 0,
        total_vcpus_usage: 0,
        total_memory_mb_usage: 0,
        total_local_gb_usage: 0,
        server_usages: [],
      },
    });
  });

  it('ends now, whatever was asked for', async () => {
    const { tenant_usage: usage } = await show('start=2020-03-01T00:00:00&end=2120-01-01T00:00:00');
    const hours = (Date.now() - day.from) / hourMs - 20;
    expect(usage.total_hours).toBeGreaterThan(hours - 1);
    expect(usage.total_hours).toBeLessThanOrEqual(hours + 1);
  });

  it('counts servers whose records are gone', async () => {
    const project = `p-${randomUUID()}`;
    const [early] = [await bury(project, -5, 3), await bury(project, 30, 40), await bury(project, -9, 0)];
    const { tenant_usage: usage } = await show(wholeDay, project);
    expect(usage).toMatchObject({ total_hours: 3, total_vcpus_usage: 6, total_local_gb_usage: 30 });
    expect(usage.server_usages).toMatchObject([
      { instance_id: early, hours: 3, uptime: 8 * 3_600, state: 'terminated', flavor: 'small' },
    ]);
  });

  it('of all projects is for operators, that of another one too', async () => {
    const project = `p-${randomUUID()}`;
    await bury(project, 0, 24);
    const { tenant_usages: all } = (await nova.get(`${root}?${wholeDay}`)).body;
    expect(all).toContainEqual(expect.objectContaining({ tenant_id: project, total_hours: 24 }));
    expect(all.some((one: object) => 'server_usages' in one)).toBe(false);
    const detailed = (await nova.get(`${root}?${wholeDay}&detailed=1`)).body.tenant_usages;
    expect(detailed.every((one: object) => 'server_usages' in one)).toBe(true);

    const headers = { 'x-auth-token': await nova.tokenFor('reader', cloud.projectId) };
    const asked = (path: string) => cloud.call('GET', `/v2.1/{p}${root}${path}`, undefined, headers);
    expect((await asked(`/${cloud.projectId}?${wholeDay}`)).body.tenant_usage.total_hours).toBe(4);
    expect(await asked(`?${wholeDay}`)).toMatchObject(fault('forbidden', 403));
    expect(await asked(`/${project}?${wholeDay}`)).toMatchObject(fault('forbidden', 403));
  });

  it('comes in pages of servers from 2.40 on', async () => {
    const project = `p-${randomUUID()}`;
    const ids = [];
    for (let count = 0; count < 3; count++) ids.push(await bury(project, 0, count + 1));
    const seen: [string, number][] = [];
    let query = `${wholeDay}&limit=2`;
    for (let pages = 0; pages < 2; pages++) {
      const { tenant_usage: usage, tenant_usage_links: links } = await show(query, project, 40);
      for (const one of usage.server_usages) seen.push([one.instance_id, one.hours]);
      query = links ? new URL(links[0].href).search.slice(1) : '';
    }
    expect(query).toBe('');
    expect(new Map(seen)).toEqual(new Map(ids.map((id, at) => [id, at + 1])));
    expect((await show(`${wholeDay}&limit=2`, project, 39)).tenant_usage.server_usages).toHaveLength(3);
    expect(await nova.get(`${root}?${wholeDay}&marker=${randomUUID()}`, 40)).toMatchObject(badRequest());
    const last = seen.at(-1)![0];
    const behind = await show(`${wholeDay}&marker=${last}`, project, 40);
    expect(behind).toEqual({ tenant_usage: expect.objectContaining({ total_hours: 0, server_usages: [] }) });
  });

  it.each([
    'start=yesterday',
    'end=2020-13-01T00:00:00',
    'start=2020-03-02T00:00:00&end=2020-03-01T00:00:00',
  ])('cannot be read for %s', async (query) => {
    expect(await nova.get(`${root}?${query}`)).toMatchObject(badRequest());
  });
});
