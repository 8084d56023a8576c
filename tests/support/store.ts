/** A store on a database of its own, migrated and at its first start, without engine and APIs. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Node } from '../../src/core/node.ts';
import { catalog as openCatalog } from '../../src/store/catalog.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { makeFirstStart } from '../../src/store/first-start.ts';
import { history as openHistory } from '../../src/store/history.ts';
import { jobs as openJobs } from '../../src/store/jobs.ts';
import { migrate } from '../../src/store/migrate.ts';
import { nodes as openNodes } from '../../src/store/nodes.ts';
import { servers as openServers } from '../../src/store/servers.ts';
import { tenancy as openTenancy } from '../../src/store/tenancy.ts';
import { createVault } from '../../src/store/vault.ts';
import { createWork } from '../../src/store/work.ts';
import { createDatabase, databaseNameOf, emptyTemplate } from './database.ts';

export type Store = Awaited<ReturnType<typeof openStore>>;

/** A database at its first start, to be copied: quicker than to begin anew for each test. */
export async function makeTemplate(server?: string): Promise<{ name: string; drop(): Promise<void> }> {
  const made = await createDatabase(server === undefined ? undefined : emptyTemplate, server);
  const database = await open(made.url);
  await migrate(database.sql);
  const rooms = { ...toRooms(database), sql: database.sql };
  await makeFirstStart(rooms, { region: 'eu-de', hashPassword: async () => '', simNodes: 0 });
  await database.close();
  return { name: databaseNameOf(made.url), drop: made.drop };
}

/**
 * @param template made by makeTemplate on the same server; without one it begins anew
 * @param server URL of a server other than the run's
 */
export async function openStore(template?: string, server?: string) {
  const own = template === undefined ? await makeTemplate(server) : null;
  const made = await createDatabase(template ?? own!.name, server);
  await own?.drop();
  const database = await open(made.url);
  const rooms = toRooms(database);
  const found = await database.pool.query<{ userId: string; projectId: string }>(
    `select id as "userId", default_project_id as "projectId" from users where name = 'admin'`,
  );
  const { userId, projectId } = found.rows[0]!;
  const [flavor] = await rooms.catalog.listFlavors();
  const [image] = await rooms.catalog.listImages(projectId);
  const [network] = await rooms.catalog.listNetworks(projectId, {});

  async function makeNode(change: Partial<Node> = {}): Promise<Node> {
    const id = randomUUID();
    await rooms.nodes.enrol([
      {
        id,
        name: `node-${id}`,
        driver: 'simulated',
        bmc: { address: '', username: '', password: '', system: null, certificateSha256: null },
        standing: 'ready',
        zone: 'eu-de-01',
        flavorId: flavor!.id,
        projectId: null,
        power: 'off',
        health: 'OK',
        inventory: null,
        powerPolicy: 'follow',
        rack: '',
        unit: 0,
        note: '',
        ...change,
      },
    ]);
    return (await rooms.nodes.find(id))!;
  }

  return {
    ...rooms,
    database,
    url: made.url,
    userId,
    projectId,
    flavor: flavor!,
    image: image!,
    network: network!,
    /** A ready simulated node that is off. */
    makeNode,
    async makeProject(): Promise<string> {
      const id = randomBytes(16).toString('hex');
      const [account] = await rooms.tenancy.listAccounts();
      const facts = { name: id, description: '', enabled: true, createdAt: new Date() };
      await rooms.tenancy.createProject({ id, accountId: account!.id, ...facts });
      return id;
    },
    async close() {
      await rooms.work.leave();
      await database.close();
      await made.drop();
    },
  };
}

function open(url: string): Promise<Database> {
  return openDatabase(url, { onError: () => undefined, connections: 6 });
}

function toRooms(database: Database) {
  const vault = createVault([Buffer.alloc(32)]);
  return {
    vault,
    work: createWork(database, vault),
    tenancy: openTenancy(database),
    catalog: openCatalog(database.sql),
    nodes: openNodes(database.sql, vault),
    servers: openServers(database.sql),
    jobs: openJobs(database.sql),
    history: openHistory(database),
  };
}
