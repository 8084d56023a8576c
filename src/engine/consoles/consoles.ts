/**
 * Serial consoles for people: links that work once, and the machines' consoles behind them. A process has one console
 * open per machine, whoever watches. Another process has its own, where the machine allows two; a BMC does not, and says
 * that it is busy.
 */
import { createHash, randomUUID } from 'node:crypto';
import { IngotError, notFound, unauthenticated } from '../../core/errors.ts';
import { lifecycle } from '../../core/lifecycle.ts';
import type { Node } from '../../core/node.ts';
import { DriverError, type Driver } from '../../core/ports.ts';
import type { Nodes } from '../../core/records.ts';
import {
  checkConsole,
  linkLifeMs,
  type ConsoleLink,
  type ConsoleLinks,
  type ConsoleLogs,
} from '../../core/serial-console.ts';
import type { Server, Servers } from '../../core/server.ts';
import type { Drivers } from '../clockwork.ts';
import { Hub, type Viewer } from './hub.ts';

export interface ConsolesRoom {
  links: ConsoleLinks;
  logs: ConsoleLogs;
  servers: Pick<Servers, 'find'>;
  nodes: Pick<Nodes, 'find' | 'list'>;
  drivers: Drivers;
  log: (error: unknown, message: string) => void;
  now: () => number;
}

/** What a link leads to, and a place there. */
export interface Grant {
  serverId: string | null;
  node: Node;
}

export interface Seat {
  type(bytes: Uint8Array): void;
  leave(): void;
}

export interface Offer {
  token: string;
  expiresAt: Date;
}

export interface Consoles {
  /** @throws IngotError where the lifecycle offers no console, and for Windows */
  offerServer(server: Server, userId: string): Promise<Offer>;
  /** @param projectId whose machine it must still be when the link is used; null for operators */
  offerNode(node: Node, projectId: string | null, userId: string): Promise<Offer>;
  /** Uses the link up. @throws IngotError `unauthenticated` for one that does not work (any more), `state-refuses` */
  redeem(token: string): Promise<Grant>;
  /** @throws IngotError `conflict` while another has the console, `unavailable`, `hardware` */
  watch(grant: Grant, viewer: Pick<Viewer, 'show' | 'end'>): Promise<Seat>;
  /** What the machine wrote lately; empty where nobody looked and the BMC keeps nothing. */
  readLog(server: Server): Promise<string>;
  close(): Promise<void>;
}

/** How often it is asked whether those who watch still may, in milliseconds. */
const recheckMs = 1_000;

export function createConsoles(room: ConsolesRoom): Consoles {
  const { links, logs, servers, nodes, now } = room;
  const hubs = new Map<string, Hub>();
  const ending = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function offer(link: ConsoleLink): Promise<Offer> {
    const token = randomUUID();
    const expiresAt = new Date(now() + linkLifeMs);
    await links.add(hashOf(token), link, expiresAt);
    return { token, expiresAt };
  }

  /** The machine of a server whose console may be watched. */
  async function nodeOf(serverId: string): Promise<Node> {
    const server = await servers.find(serverId, null);
    if (!server || lifecycle[server.state].console === 'closed' || server.nodeId === null) throw gone();
    const node = await nodes.find(server.nodeId);
    if (!node) throw gone();
    return node;
  }

  async function machineFor({ nodeId, projectId }: ConsoleLink): Promise<Node> {
    if (projectId === null) return (await nodes.find(nodeId!)) ?? never(gone());
    const [visible] = await nodes.list({ ids: [nodeId!], projectId }, { limit: 1 });
    if (!visible) throw gone();
    if (visible.serverId !== null) return nodeOf(visible.serverId);
    return visible;
  }

  function driverOf(node: Node): Driver {
    const driver = room.drivers[node.driver];
    if (!driver) throw notFound('driver', node.driver);
    return driver;
  }

  function hubOf(node: Node): Hub {
    const known = hubs.get(node.id);
    if (known && known.node.serverId === node.serverId) return known;
    known?.dismiss(() => true, 'The machine changed hands');
    const driver = driverOf(node);
    const hub: Hub = new Hub({
      driver,
      node,
      async keepLog(content) {
        if (node.serverId === null || driver.readConsoleLog) return;
        await logs
          .write(node.serverId, content)
          .catch((error: unknown) => room.log(error, 'a console log could not be kept'));
      },
      onEmpty() {
        if (hubs.get(node.id) === hub) hubs.delete(node.id);
        const settled = hub.settled();
        ending.add(settled);
        void settled.then(() => ending.delete(settled));
      },
    });
    hubs.set(node.id, hub);
    schedule();
    return hub;
  }

  function schedule(): void {
    if (timer || hubs.size === 0 || isClosed) return;
    timer = setTimeout(() => {
      const checks = [...hubs.values()].map((hub) =>
        recheck(hub).catch((error: unknown) =>
          room.log(error, 'the right to a console could not be checked'),
        ),
      );
      void Promise.all(checks).then(() => {
        timer = undefined;
        schedule();
      });
    }, recheckMs);
  }

  async function recheck(hub: Hub): Promise<void> {
    const node = await nodes.find(hub.node.id);
    if (!node || node.serverId !== hub.node.serverId) {
      return hub.dismiss(() => true, 'The machine changed hands');
    }
    if (node.serverId === null) return;
    const server = await servers.find(node.serverId, null);
    if (server && lifecycle[server.state].console !== 'closed') return;
    hub.dismiss(({ serverId }) => serverId !== null, `The server is ${server?.state ?? 'gone'}`);
  }

  return {
    async offerServer(server, userId) {
      checkConsole(server);
      return offer({ serverId: server.id, nodeId: null, projectId: server.projectId, userId });
    },
    async offerNode(node, projectId, userId) {
      if (projectId !== null && node.serverId !== null) {
        const server = await servers.find(node.serverId, null);
        if (server) checkConsole(server);
      }
      return offer({ serverId: null, nodeId: node.id, projectId, userId });
    },
    async redeem(token) {
      const link = await links.take(hashOf(token));
      if (!link)
        throw unauthenticated('This link to a console is unknown, was used already, or has expired.');
      if (link.serverId !== null) return { serverId: link.serverId, node: await nodeOf(link.serverId) };
      const node = await machineFor(link);
      return { serverId: link.projectId === null ? null : node.serverId, node };
    },
    async watch({ serverId, node }, viewer) {
      const hub = hubOf(node);
      const seated: Viewer = { serverId, show: viewer.show, end: viewer.end };
      await hub.join(seated).catch(rethrow);
      return { type: (bytes) => hub.type(bytes), leave: () => hub.leave(seated) };
    },
    async readLog(server) {
      const node = server.nodeId === null ? null : await nodes.find(server.nodeId);
      const driver = node && room.drivers[node.driver];
      if (driver?.readConsoleLog) return driver.readConsoleLog(node!).catch(rethrow);
      return (await logs.find(server.id))?.toString('utf8') ?? '';
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      for (const hub of hubs.values()) hub.dismiss(() => true, 'Ingot is stopping');
      await Promise.all(ending);
    },
  };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function gone(): IngotError {
  return new IngotError({ kind: 'state-refuses', message: 'There is no console behind this link any more.' });
}

function never(error: Error): never {
  throw error;
}

/** In the words of the driver. */
function rethrow(error: unknown): never {
  if (!(error instanceof DriverError)) throw error;
  const kind = error.kind === 'busy' ? 'conflict' : error.canRepeat ? 'unavailable' : 'hardware';
  throw new IngotError({ kind, subject: 'node', message: error.message }, { cause: error });
}
