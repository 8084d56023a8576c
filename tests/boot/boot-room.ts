/** The installer on a real database, with its listener on 127.0.0.1 and a fake machine. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetworkBoot } from '../../src/boot/network-boot.ts';
import type { Paces } from '../../src/boot/boot-walk.ts';
import type { BootSession, BootSessions } from '../../src/core/boot-session.ts';
import type { DeployOrder, Node } from '../../src/core/node.ts';
import type { DeployReading, Inspector, Installer, Purpose } from '../../src/core/ports.ts';
import { discoveries } from '../../src/store/discoveries.ts';
import { bootSessions } from '../../src/store/boot-sessions.ts';
import { openStore, type Store } from '../support/store.ts';
import { mac, makeFakeMachine, type FakeMachine } from './fake-machine.ts';

export const purpose: Purpose = { operation: 'create', subJobId: null };

export interface BootRoom {
  store: Store;
  sessions: BootSessions;
  installer: Installer & Inspector;
  machine: FakeMachine;
  node: Node;
  order: DeployOrder;
  origin: string;
  news: BootSession[];
  /** Reads until the reading is no longer `running`. */
  settle: (read: Installer['readDeploy']) => Promise<DeployReading>;
  signs: () => Promise<string[]>;
  close: () => Promise<void>;
}

/** Longer than a test lasts; a machine that is stuck lets the clock jump beyond. */
const longMs = 3_600_000;
const paces: Paces = {
  lookMs: 10,
  patienceMs: longMs,
  stallMs: longMs / 4,
  silenceMs: longMs,
  offMs: 50,
  reportMs: 20,
};
/** A jump that is a stall for a machine that was heard of, and no reason for impatience with one that was not. */
export const halfAsLongMs = longMs / 2;

export async function openBootRoom({ discovers = false, stuckMs = longMs + 1_000 } = {}): Promise<BootRoom> {
  let jumpedMs = 0;
  const store = await openStore();
  const folder = await mkdtemp(join(tmpdir(), 'ingot-boot-test-'));
  const image = Buffer.from('a raw disk image '.repeat(4_000));
  await writeFile(join(folder, 'image'), image);
  for (const name of ['vmlinuz', 'initrd']) await writeFile(join(folder, name), `the ${name}`);
  const sessions = bootSessions(store.database.sql);
  const news: BootSession[] = [];
  const port = await freePort();
  const boot = createNetworkBoot({
    address: '127.0.0.1',
    port,
    method: 'network',
    metadataInterface: null,
    paces,
    now: () => Date.now() + jumpedMs,
    sessions,
    nodes: store.nodes,
    discoveries: discovers ? discoveries(store.database.sql) : null,
    servers: store.servers,
    catalog: store.catalog,
    images: {
      find: async (imageId) =>
        imageId === store.image.id
          ? {
              imageId,
              sha256: createHash('sha256').update(image).digest('hex'),
              sizeBytes: image.length,
              rawSizeBytes: image.length,
              form: 'raw',
              path: join(folder, 'image'),
            }
          : null,
    },
    ramdisk: async () => ({ vmlinuz: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') }),
    dhcp: null,
    mediaFolder: join(folder, 'media'),
    onNews: (session) => news.push(session),
    log: (error) => console.error(error),
  });
  await boot.start();
  const origin = `http://127.0.0.1:${port}`;
  const machine = makeFakeMachine(() => origin);
  machine.onStuck = (isStuck) => (jumpedMs = isStuck ? stuckMs : 0);
  const { id } = await store.makeNode({ boot: { macs: [mac], firmware: null, method: null } });
  const node = await occupy(store, id);
  const installer = boot.installerFor(machine.driver);

  return {
    store,
    sessions,
    installer,
    machine,
    node,
    order: {
      imageId: store.image.id,
      imageName: store.image.name,
      hostname: 'web-1',
      userData: Buffer.from('#cloud-config\nruncmd: [[id]]\n').toString('base64'),
      publicKeys: ['ssh-ed25519 AAAA test'],
      adminPasswordHash: null,
    },
    origin,
    news,
    async settle(read) {
      for (;;) {
        const reading = await read((await store.nodes.find(node.id))!, purpose);
        if (reading.status !== 'running') return reading;
        await new Promise((resolve) => setTimeout(resolve, reading.lookInMs));
      }
    },
    async signs() {
      const session = await sessions.findCurrent(node.id);
      return (await sessions.listSigns(session!.id)).map(({ sign }) => sign);
    },
    async close() {
      await machine.driver.setPower(node, 'off', purpose);
      await machine.idle();
      await boot.stop();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A server on the node, as far as metadata speaks of it. */
async function occupy(store: Store, nodeId: string): Promise<Node> {
  const { rows } = await store.database.pool.query<{ id: string }>(
    `insert into servers (id, project_id, user_id, door, name, description, state, task_state, flavor_id, image_id, zone,
       reservation_id, node_id)
     values (gen_random_uuid(), $1, $2, 'bms', 'web-1', '', 'Creating', 'spawning', $3, $4, 'eu-de-01', 'r-1', $5)
     returning id`,
    [store.projectId, store.userId, store.flavor.id, store.image.id, nodeId],
  );
  await store.database.pool.query(`update nodes set server_id = $1, standing = 'in-use' where id = $2`, [
    rows[0]!.id,
    nodeId,
  ]);
  return (await store.nodes.find(nodeId))!;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
