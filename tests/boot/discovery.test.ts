/** A machine that is no node tells what it is, and gets nothing else. */
import { afterEach, expect, it } from 'vitest';
import { discoveries as openDiscoveries } from '../../src/store/discoveries.ts';
import { openBootRoom, purpose, type BootRoom } from './boot-room.ts';
import { mac, uuid } from './fake-machine.ts';

const rooms: BootRoom[] = [];
afterEach(async () => {
  for (const room of rooms.splice(0)) await room.close();
});

/** Where the fake machine is nobody's. */
async function open(discovers = true) {
  const room = await openBootRoom({ discovers });
  rooms.push(room);
  await room.store.nodes.change(room.node.id, { boot: { macs: [] } });
  const scriptOf = async (address: string) => (await fetch(`${room.origin}/ipxe/${address}`)).text();
  return { ...room, scriptOf, discoveries: openDiscoveries(room.store.database.sql) };
}

it('reports from the ramdisk once, is listed, and boots its own disk from then on', async () => {
  const { machine, node, discoveries, store, scriptOf } = await open();
  await machine.driver.setBootDevice(node, 'network', purpose);
  await machine.driver.setPower(node, 'on', purpose);
  await machine.idle();
  expect(machine.did).toEqual(['reboot']);
  expect(await discoveries.list()).toMatchObject([
    { mac, told: { macs: [mac], firmware: 'uefi', systemUuid: uuid, inventory: { serialNumber: 'FAKE-1' } } },
  ]);
  expect(await scriptOf(mac)).toContain('this machine is not known');

  const facts = await discoveries.findFacts({ bmcHost: '10.0.0.7', spellings: [uuid] });
  expect(facts).toMatchObject({ macs: [mac], inventory: { memoryMib: 8192 } });
  expect(await discoveries.findFacts({ bmcHost: '', spellings: [] })).toBeNull();
  await store.nodes.change(node.id, { boot: { macs: [mac] } });
  expect(await discoveries.list()).toEqual([]);
});

it('opens nothing with the secret that it gets', async () => {
  const { origin, scriptOf, sessions, node, order } = await open();
  const secret = /ingot\.secret=(\S+)/.exec(await scriptOf('52-54-00-ff-ff-ff'))![1]!;
  await sessions.begin({
    nodeId: node.id,
    serverId: node.serverId,
    kind: 'deploy',
    method: 'network',
    order,
    evidence: '',
  });
  for (const path of ['image', 'config-drive', 'alive', 'finished', 'failed', 'signs/wiped']) {
    const method = path === 'image' || path === 'config-drive' ? 'GET' : 'POST';
    const reply = await fetch(`${origin}/agent/${path}`, {
      method,
      headers: { authorization: `Bearer ${secret}` },
    });
    expect([path, reply.status]).toEqual([path, 401]);
  }
});

it('is not taken in where discovery is off, nor when somebody makes up more machines than there can be', async () => {
  const { discoveries, store, scriptOf } = await open();
  await store.database.pool.query(
    `insert into discovered_machines (mac) select 'made-up-' || n from generate_series(1, 1000) n`,
  );
  expect(await scriptOf('52-54-00-ff-ff-ff')).not.toContain('ingot.secret');
  expect(await discoveries.list()).toHaveLength(1_000);
  await store.database.pool.query(`update discovered_machines set last_seen_at = now() - interval '2 days'`);
  expect(await scriptOf('52-54-00-ff-ff-ff')).toContain('ingot.secret');

  const shut = await open(false);
  expect(await shut.scriptOf('52-54-00-ff-ff-ff')).not.toContain('ingot.secret');
  expect(await shut.discoveries.list()).toEqual([]);
});
