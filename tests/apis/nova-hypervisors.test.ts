/** Machines as Nova shows them to operators: what they have, what of it is taken, and by whom. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { badRequest, fault, useNova, type Nova } from '../support/nova.ts';

interface Hypervisor {
  id: string;
  hypervisor_hostname: string;
}

let cloud: Cloud;
let nova: Nova;
let server: string;
/** The machine that the server is on. */
let taken: Hypervisor;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '5' });
  nova = await useNova(cloud);
  server = await nova.make({ name: 'web' });
  const { rows } = await cloud.sql.query('select id, name from nodes where server_id = $1', [server]);
  taken = { id: rows[0]!.id, hypervisor_hostname: rows[0]!.name };
});
afterAll(() => cloud.close());

const list = async (query = '', minor = 60): Promise<Hypervisor[]> =>
  (await nova.get(`/os-hypervisors${query}`, minor)).body.hypervisors;

describe('hypervisors', () => {
  it('are all machines, called as servers say', async () => {
    expect(await list()).toHaveLength(5);
    expect(await list()).toContainEqual({ ...taken, state: 'up', status: 'enabled' });
    const shown = await nova.show(server);
    expect(shown['OS-EXT-SRV-ATTR:hypervisor_hostname']).toBe(taken.hypervisor_hostname);
  });

  it('say what the flavor says until the inventory was read, then what that says', async () => {
    const { id } = taken;
    const get = async () => (await nova.get(`/os-hypervisors/${id}`, 60)).body.hypervisor;
    expect(await get()).toMatchObject({
      vcpus: 48,
      vcpus_used: 48,
      memory_mb: 393_216,
      memory_mb_used: 393_216,
      free_ram_mb: 0,
      running_vms: 1,
      service: { host: 'bms.eu-de-01', disabled_reason: null },
    });
    const inventory = {
      cpuCores: 96,
      cpuModel: 'EPYC',
      memoryMib: 1_024,
      disks: [{ sizeGb: 480 }, { sizeGb: 960.5 }],
    };
    await cloud.sql.query('update nodes set inventory = $2 where id = $1', [id, inventory]);
    expect(await get()).toMatchObject({
      vcpus: 96,
      memory_mb: 1_024,
      local_gb: 1_441,
      cpu_info: { model: 'EPYC', topology: { cores: 96 } },
    });
    expect((await nova.get('/os-hypervisors/detail', 27)).body.hypervisors).toContainEqual(
      expect.objectContaining({ cpu_info: '{"model":"EPYC","topology":{"cores":96}}' }),
    );
    const { body } = await nova.get('/os-hypervisors/statistics');
    expect(body.hypervisor_statistics).toEqual({
      count: 5,
      vcpus: 4 * 48 + 96,
      vcpus_used: 96,
      memory_mb: 4 * 393_216 + 1_024,
      memory_mb_used: 1_024,
      free_ram_mb: 4 * 393_216,
      local_gb: 4 * 3_600 + 1_441,
      local_gb_used: 1_441,
      free_disk_gb: 4 * 3_600,
      disk_available_least: 4 * 3_600,
      running_vms: 1,
      current_workload: 0,
    });
  });

  it('name their servers when asked', async () => {
    const withServers = await list('?with_servers=True');
    expect(withServers.filter((one) => 'servers' in one)).toEqual([
      expect.objectContaining({ ...taken, servers: [{ name: 'web', uuid: server }] }),
    ]);
    expect((await list()).filter((one) => 'servers' in one)).toEqual([]);
  });

  it('that take nobody are disabled, and those that cannot be asked are down', async () => {
    const [other] = (await list()).filter(({ id }) => id !== taken.id);
    await cloud.sql.query(
      `update nodes set standing = 'maintenance', note = 'new disks', power = 'unknown' where id = $1`,
      [other!.id],
    );
    expect((await nova.get(`/os-hypervisors/${other!.id}`, 60)).body.hypervisor).toMatchObject({
      state: 'down',
      status: 'disabled',
      service: { disabled_reason: 'new disks' },
    });
  });

  it('come in pages from 2.33 on, also where their ids are numbers', async () => {
    for (const minor of [33, 60]) {
      const all = await list('', minor);
      const first = await nova.get('/os-hypervisors?limit=3', minor);
      expect(first.body.hypervisors).toEqual(all.slice(0, 3));
      const { href } = first.body.hypervisors_links[0];
      expect(await list(new URL(href).search, minor)).toEqual(all.slice(3));
    }
    expect(await list('?limit=3', 32)).toHaveLength(5);
    expect(await nova.get('/os-hypervisors?marker=7', 33)).toMatchObject(badRequest());
    expect(await nova.get('/os-hypervisors?marker=none', 60)).toMatchObject(badRequest());
  });

  it('have a number for an id before 2.53, and are found by it', async () => {
    const all = await list('', 1);
    const ids = all.map(({ id }) => id);
    expect(ids.every(Number.isSafeInteger)).toBe(true);
    for (const { id, hypervisor_hostname: name } of all) {
      const { body } = await nova.get(`/os-hypervisors/${id}`, 1);
      expect(body.hypervisor).toMatchObject({ id, hypervisor_hostname: name });
    }
    expect(await nova.get('/os-hypervisors/17', 1)).toMatchObject(
      fault('itemNotFound', 404, "Hypervisor with ID '17' could not be found."),
    );
    expect(await nova.get(`/os-hypervisors/${ids[0]}`, 53)).toMatchObject(badRequest());
  });

  it('are found by a part of the name', async () => {
    const { hypervisor_hostname: name } = taken;
    expect(await list(`?hypervisor_hostname_pattern=${name.slice(1)}`)).toMatchObject([taken]);
    const found = await nova.get(`/os-hypervisors/${name.slice(1)}/search`);
    expect(found.body.hypervisors).toMatchObject([{ hypervisor_hostname: name }]);
    const none = fault('itemNotFound', 404, "No hypervisor matching '%' could be found.");
    expect(await nova.get('/os-hypervisors/%25/search')).toMatchObject(none);
    expect(await nova.get('/os-hypervisors?hypervisor_hostname_pattern=%25', 60)).toMatchObject(none);
    expect(await nova.get(`/os-hypervisors/${name}/search`, 53)).toMatchObject(fault('itemNotFound', 404));
  });

  it('have no uptime and stand in no aggregates', async () => {
    expect(await nova.get(`/os-hypervisors/${taken.id}/uptime`, 60)).toMatchObject(
      fault('notImplemented', 501),
    );
    expect((await nova.get('/os-aggregates')).body).toEqual({ aggregates: [] });
  });

  it('are for operators', async () => {
    const headers = { 'x-auth-token': await nova.tokenFor('member', cloud.projectId) };
    for (const path of ['', '/detail', '/statistics', `/${taken.id}`]) {
      expect(await cloud.call('GET', `/v2.1/{p}/os-hypervisors${path}`, undefined, headers)).toMatchObject(
        fault('forbidden', 403),
      );
    }
  });
});
