/** Hardware and firmware attributes (C12, C13): what the machine's BMC says, read once and recorded. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { tokenFor } from '../support/callers.ts';
import { refusal, useCloudDc, type CloudDc } from '../support/clouddc.ts';

let cloud: Cloud;
let dc: CloudDc;
beforeAll(async () => {
  cloud = await startCloud();
  dc = await useCloudDc(cloud);
});
afterAll(() => cloud.close());

const hardware = (id: string) => cloud.call('GET', `/v1/{p}/physicalservers/${id}/hardware-attributes`);
const firmware = (id: string) => cloud.call('GET', `/v1/{p}/physicalservers/${id}/firmware-attributes`);
const record = (id: string, inventory: object | null) =>
  cloud.sql.query('update nodes set inventory = $2 where id = $1', [id, inventory]);

describe('hardware attributes', () => {
  it('add up to the machine, and are the same at every look', async () => {
    const id = await dc.takeIdle();
    const { status, body } = await hardware(id);
    expect(status).toBe(200);
    expect(body.summary).toEqual({
      sn: expect.stringMatching(/^SIM/),
      manufacturer: 'Ingot',
      model: 'Simulated Server',
    });
    const sum = (parts: Record<string, number>[], name: string) =>
      parts.reduce((total, part) => total + part[name]!, 0);
    const { rows } = await cloud.sql.query('select inventory from nodes where id = $1', [id]);
    expect(sum(body.processors, 'total_cores')).toBe(rows[0].inventory.cpuCores);
    expect(sum(body.memorys, 'capacity_mib')).toBe(rows[0].inventory.memoryMib);
    const ports = body.network_adapters.flatMap((it: { network_ports: object[] }) => it.network_ports);
    expect(ports.map((port: { permanent_mac_address: string }) => port.permanent_mac_address)).toEqual(
      rows[0].inventory.nics.map(({ mac }: { mac: string }) => mac),
    );
    expect(body.storage_controllers[0].volumes[0].drives).toHaveLength(rows[0].inventory.disks.length);
    expect(body.fans[0]).toEqual({
      name: 'Fan1',
      reading: 6000,
      reading_units: 'RPM',
      status: { state: 'Enabled', health: 'OK' },
    });
    expect(body.powers[0]).toMatchObject({ power_capacity_watts: 900, status: { health: 'OK' } });
    expect((await hardware(id)).body).toEqual(body);
  });

  it('give every part a serial number of its own', async () => {
    const both = await Promise.all([hardware(await dc.takeIdle()), hardware(await dc.takeIdle())]);
    const serials = both.flatMap(({ body }) =>
      Array.from(JSON.stringify(body).matchAll(/"(?:serial_number|sn)":"(\w+)"/g), ([, serial]) => serial),
    );
    expect(serials.length).toBeGreaterThan(20);
    expect(new Set(serials).size).toBe(serials.length);
  });

  it('once read are shown with the machine too', async () => {
    const id = await dc.takeIdle();
    const { sn } = (await hardware(id)).body.summary;
    expect((await dc.machine(id)).hardware_attributes).toMatchObject({ sn, manufacturer: 'Ingot' });
  });

  it('are what was recorded, without what was not read', async () => {
    const id = await dc.takeIdle();
    await record(id, {
      serialNumber: 'REAL1',
      manufacturer: 'Examplar',
      model: 'R7',
      parts: {
        processors: [{ name: 'CPU 1', totalCores: 8, health: null }],
        memory: [],
        networkAdapters: [],
        storageControllers: [],
        fans: [],
        powers: [],
        firmware: [],
      },
    });
    expect((await hardware(id)).body).toEqual({
      summary: { sn: 'REAL1', manufacturer: 'Examplar', model: 'R7' },
      processors: [{ name: 'CPU 1', total_cores: 8 }],
      memorys: [],
      network_adapters: [],
      storage_controllers: [],
      fans: [],
      powers: [],
      metrics: [],
    });
  });

  it('are read again where the record has no parts; a BMC that is away leaves the record', async () => {
    const id = await dc.takeIdle();
    const old = {
      serialNumber: 'OLD1',
      manufacturer: 'Examplar',
      model: 'R1',
      biosVersion: '2.0',
      bmcVersion: null,
    };
    await record(id, old);
    await cloud.sql.query('delete from simulated_machines where node_id = $1', [id]);
    expect((await hardware(id)).body).toMatchObject({ summary: { sn: 'OLD1' }, processors: [] });
    expect((await firmware(id)).body).toEqual([
      { component_name: 'BIOS', model: 'R1', manufacturer: 'Examplar', version: '2.0' },
    ]);
    await record(id, null);
    expect(await hardware(id)).toMatchObject(refusal(500, 'CloudDC.0500'));
    await cloud.sql.query('insert into simulated_machines (node_id) values ($1)', [id]);
    expect((await hardware(id)).body.processors).not.toEqual([]);
  });

  it('of a machine that the project does not see are unknown', async () => {
    const id = await dc.takeIdle();
    const projectId = randomBytes(16).toString('hex');
    await tokenFor(cloud, 'member', projectId);
    await cloud.sql.query('update nodes set project_id = $1 where id = $2', [projectId, id]);
    for (const unknown of [id, randomUUID(), 'rack-1']) {
      expect(await hardware(unknown)).toMatchObject(refusal(404, 'CloudDC.0404'));
      expect(await firmware(unknown)).toMatchObject(refusal(404, 'CloudDC.0404'));
    }
  });
});

describe('firmware attributes', () => {
  it('are a bare list of components with their versions', async () => {
    const { status, body } = await firmware(await dc.takeIdle());
    expect(status).toBe(200);
    expect(body).toContainEqual({ component_name: 'BIOS', manufacturer: 'Ingot', version: '1.0.0' });
  });
});
