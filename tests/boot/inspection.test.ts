/** A machine without a server is looked at by the ramdisk, on its real walk over HTTP. */
import { randomUUID } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { createMachineFinder } from '../../src/boot/machine-finder.ts';
import type { Inspection } from '../../src/core/inspection.ts';
import type { Inventory, Node } from '../../src/core/node.ts';
import { inspectionRounds, type InspectionRoom } from '../../src/engine/inspection.ts';
import { inspections as openInspections } from '../../src/store/inspections.ts';
import { createVault } from '../../src/store/vault.ts';
import { openBootRoom, type BootRoom } from './boot-room.ts';
import { mac, uuid } from './fake-machine.ts';

const rooms: BootRoom[] = [];
afterEach(async () => {
  for (const room of rooms.splice(0)) await room.close();
});

/** What IPMI knows of it; the UUID with its bytes as IPMI 2.0, 20.8 sends them. */
const told: Inventory = {
  manufacturer: 'Fake',
  model: 'One',
  serialNumber: 'other than in SMBIOS',
  systemUuid: 'efcdab89-6745-2381-ef4d-bc9a78563412',
  cpuCores: 0,
  cpuModel: '',
  memoryMib: 0,
  disks: [],
  nics: [],
  biosVersion: null,
  bmcVersion: '2.1',
  health: 'OK',
};

async function open(change: Partial<Node> = {}) {
  const room = await openBootRoom();
  rooms.push(room);
  const { store, installer } = room;
  // The fake machine is another node's than the one that the room comes with.
  await store.nodes.change(room.node.id, { boot: { macs: [] } });
  const { id } = await store.makeNode({
    driver: 'ipmi',
    standing: 'enrolled',
    inventory: told,
    boot: { macs: [], firmware: null, method: null },
    ...change,
  });
  const inspections = openInspections(store.database.sql, createVault([Buffer.alloc(32)]));
  const engine: InspectionRoom = {
    inspections,
    inspectors: { ipmi: installer },
    nodes: store.nodes,
    catalog: store.catalog,
    log: (error) => console.error(error),
  };
  const rounds = inspectionRounds(engine, { places: 4, most: 4 });
  const look = async () => {
    await rounds.run();
    await rounds.settled();
  };
  return {
    ...room,
    inspections,
    look,
    nodeId: id,
    begin: (deadlineMs = 600_000) => inspections.begin(id, 'waits for its turn', deadlineMs),
    node: async () => (await store.nodes.find(id))!,
    async settle(): Promise<Inspection> {
      for (;;) {
        await look();
        const found = (await inspections.find(id))!;
        if (found.status !== 'under-way') return found;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

it('finds a machine by the UUID that its BMC tells, and learns what it is made of and its MAC', async () => {
  const { begin, settle, node, machine, store, nodeId } = await open();
  await store.database.pool.query(`update nodes set flavor_id = null where id = $1`, [nodeId]);
  await store.database.pool.query(
    `insert into flavors (id, name, vcpus, ram_mib, disk_gb, extra_specs)
     select 'tiny', 'tiny', 4, 8192, 4, extra_specs from flavors limit 1`,
  );
  expect(await begin()).toBe(true);
  expect(await settle()).toMatchObject({ status: 'succeeded' });
  expect(machine.told).toEqual(['network', 'on', 'disk']);
  expect(machine.power()).toBe('off');
  expect(await node()).toMatchObject({
    standing: 'ready',
    flavorId: 'tiny',
    boot: { macs: [mac], firmware: 'uefi' },
    inventory: {
      bmcVersion: '2.1',
      cpuCores: 4,
      memoryMib: 8192,
      nics: [{ mac }],
      systemUuid: told.systemUuid,
    },
  });
});

it('is handed to nobody while it is inspected, and is inspected once at a time', async () => {
  const { begin, node, nodeId, store, settle } = await open({ standing: 'ready' });
  expect(await begin()).toBe(true);
  expect(await begin()).toBe(false);
  expect((await node()).standing).toBe('enrolled');
  expect(await store.nodes.stand(nodeId, ['enrolled'], 'ready', '')).toBe(false);
  expect(await store.nodes.remove(nodeId)).toBe(false);
  expect((await settle()).status).toBe('succeeded');
  expect((await node()).standing).toBe('ready');
  expect(await begin()).toBe(true);
});

it('leaves a machine alone that carries a server', async () => {
  const { inspections, store } = await open();
  const [occupied] = await store.nodes.list({ standing: ['in-use'] }, { limit: 1 });
  expect(await inspections.begin(occupied!.id, '', 1_000)).toBe(false);
  expect(await inspections.begin(randomUUID(), '', 1_000)).toBe(false);
});

it('goes on where a process that died had left it', async () => {
  const { begin, look, settle, inspections, node, store, machine } = await open();
  await begin();
  // Claimed, the machine told, and gone before that was written.
  const [lost] = await inspections.claim(1, 0);
  await inspections.postpone({ ...lost!, fence: lost!.fence - 1 }, true, 'from before', 0);
  await look();
  await inspections.postpone(lost!, true, 'of one that lost its claim', 3_600_000);
  expect(
    await inspections.end(lost!, {
      status: 'failed',
      evidence: '',
      standing: 'enrolled',
      note: '',
      flavorId: null,
    }),
  ).toBe(false);
  expect((await settle()).status).toBe('succeeded');
  expect((await node()).standing).toBe('ready');
  expect(machine.did).toEqual(['inspect']);
  const { rows } = await store.database.pool.query(
    `select reason from history where reason like '%in band%'`,
  );
  expect(rows).toEqual([{ reason: 'inspected in band' }]);
});

it('ends with the reason when no ramdisk is heard of, and takes nothing from one that comes later', async () => {
  const { begin, settle, node, nodeId, machine, origin, sessions } = await open();
  machine.habits.hangs = 3;
  await begin();
  const { status, evidence } = await settle();
  expect(status).toBe('failed');
  expect(evidence).toMatch(/^The ramdisk did not come to its end in 3 starts/);
  expect(await node()).toMatchObject({
    standing: 'enrolled',
    note: `Not ready: the inspection in band failed: ${evidence}`,
  });
  expect(machine.power()).toBe('off');
  expect((await sessions.findCurrent(nodeId))!.stage).toBe('failed');
  const script = await (await fetch(`${origin}/ipxe/${mac.replaceAll(':', '-')}?uuid=${uuid}`)).text();
  expect(script).not.toContain('ingot.secret');
});

it('ends at its deadline whatever the machine does', async () => {
  const { begin, look, settle, machine, sessions, nodeId } = await open();
  await begin(0);
  expect(await settle()).toMatchObject({ status: 'failed', evidence: 'it did not come to its end in time' });
  expect(machine.told).toEqual([]);
  await look();
  expect(await sessions.findCurrent(nodeId)).toBeNull();
});

it('takes no machine for another because both have a UUID or a serial number that says nothing', async () => {
  const { store, nodeId, origin } = await open();
  for (const [systemUuid, serialNumber] of [
    ['03000200-0400-0500-0006-000700080009', 'To be filled by O.E.M.'],
    ['00000000-0000-0000-0000-000000000000', '0123456789'],
  ] as const) {
    await store.nodes.change(nodeId, { inventory: { ...told, systemUuid, serialNumber } });
    const finder = createMachineFinder(store.nodes, []);
    expect(
      await finder.findByMac('52:54:00:ff:ff:ff', { uuid: systemUuid, serial: serialNumber }),
    ).toBeNull();
  }
  const script = await (await fetch(`${origin}/ipxe/52-54-00-ff-ff-ff?serial=0123456789`)).text();
  expect(script).toContain('this machine is not known');
});

it('is given up when it is cancelled, and a machine that was not told yet is left alone', async () => {
  const { begin, settle, inspections, nodeId, node, look, machine } = await open();
  expect(await inspections.cancel(nodeId), 'none is under way').toBe(false);
  expect(await begin()).toBe(true);
  expect(await inspections.cancel(nodeId)).toBe(true);
  expect(await settle()).toMatchObject({ status: 'failed', evidence: 'it was cancelled' });
  expect(machine.told).toEqual([]);

  expect(await begin()).toBe(true);
  await look();
  expect(await inspections.cancel(nodeId)).toBe(true);
  expect(await settle()).toMatchObject({ status: 'failed', evidence: 'it was cancelled' });
  expect(machine.power()).toBe('off');
  expect(await node()).toMatchObject({ standing: 'enrolled', note: expect.stringContaining('cancelled') });
});
