/** Joins the parts of network boot: the listener of the provisioning network, and the installers that rely on it. */
import type { FastifyInstance } from 'fastify';
import type { BootSession, BootSessions } from '../core/boot-session.ts';
import type { Catalog } from '../core/catalog.ts';
import type { Discoveries } from '../core/discovery.ts';
import type { ImageContents } from '../core/image-content.ts';
import type { BootMethod, Node } from '../core/node.ts';
import type { Driver, Inspector, Installer } from '../core/ports.ts';
import type { Nodes } from '../core/records.ts';
import type { Servers } from '../core/server.ts';
import type { Paces } from './boot-walk.ts';
import { createBootMedia } from './boot-media.ts';
import { makeConfigDrive } from './config-drive.ts';
import { noteHeard } from './dhcp/dhcp-signs.ts';
import { createDnsmasq } from './dhcp/dnsmasq.ts';
import { anyMac, type DhcpSettings } from './dhcp/dnsmasq-config.ts';
import type { Heard } from './dhcp/dnsmasq-log.ts';
import { toCommandLine } from './ipxe-script.ts';
import { createMachineFinder, findInArp } from './machine-finder.ts';
import { createLinkLocal, type LinkLocal } from './metadata/link-local.ts';
import type { MetadataRoom } from './metadata/metadata-door.ts';
import { gatherSystemData } from './metadata/system-data.ts';
import { createNetworkInstaller } from './network-installer.ts';
import { createProvisioningHttp } from './provisioning-http.ts';
import type { Ramdisk } from './provisioning-room.ts';
import { makeSecret } from './secret.ts';

export interface NetworkBootRoom {
  /** Of this process on the provisioning network. */
  address: string;
  port: number;
  method: BootMethod;
  paces: Paces;
  sessions: BootSessions;
  nodes: Nodes;
  /** Null: machines that are no nodes are sent on to their disks. */
  discoveries: Discoveries | null;
  servers: Pick<Servers, 'find'>;
  catalog: Pick<Catalog, 'listNetworks'>;
  images: ImageContents;
  ramdisk: () => Promise<Ramdisk>;
  /** Where the discs for virtual media are kept while they are wanted. */
  mediaFolder: string;
  /** Null: somebody else serves DHCP there. */
  dhcp: { settings: DhcpSettings; folder: string } | null;
  /** The interface on which metadata is served at 169.254.169.254, too; null: nowhere. */
  metadataInterface: string | null;
  onNews: (session: BootSession) => void;
  now: () => number;
  log: (error: unknown, message: string) => void;
}

export interface NetworkBoot {
  installerFor(driver: Driver): Installer & Inspector;
  /** @throws Error with one line that names the address */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createNetworkBoot(room: NetworkBootRoom): NetworkBoot {
  const { address, port, sessions, nodes, servers, catalog, images } = room;
  const origin = `http://${address}:${port}`;
  const sources = {
    origin,
    findServer: (id: string) => servers.find(id, null),
    listNetworks: (ids: string[]) => catalog.listNetworks(null, { ids }),
  };
  const media = createBootMedia(room.mediaFolder);
  let http: FastifyInstance | null = null;
  let linkLocal: LinkLocal | null = null;
  const dnsmasq = room.dhcp && createDnsmasq({ ...room.dhcp, origin, listMacs, onHeard, log: room.log });
  const machines = createMachineFinder(nodes, dnsmasq ? [dnsmasq.findNeighbour, findInArp] : [findInArp]);

  async function listMacs(): Promise<string[]> {
    const known = (await nodes.listMacs()).flatMap(({ macs }) => macs);
    return (await awaitsStranger()) ? [...known, anyMac] : known;
  }

  /** A machine is on its way to the ramdisk whose MAC addresses nobody knows yet. */
  async function awaitsStranger(): Promise<boolean> {
    for (const { nodeId } of await sessions.listOpen('inspect')) {
      const node = await nodes.find(nodeId);
      if (node && (node.boot?.macs ?? []).length === 0 && (node.inventory?.nics ?? []).length === 0)
        return true;
    }
    return false;
  }

  function onHeard(heard: Heard): void {
    noteHeard({ sessions, machines, onNews: room.onNews }, heard).catch((error: unknown) =>
      room.log(error, 'a sign of DHCP was not noted'),
    );
  }

  /** The first time tells that the installed system runs; afterwards it is nothing new. */
  function noteRead({ id }: Node, path: string): void {
    const note = async () => {
      const session = await sessions.findCurrent(id);
      if (session?.stage !== 'done' || (await sessions.findSign(session.id, ['metadata']))) return;
      await sessions.note(session.id, { sign: 'metadata', evidence: `the system asked for ${path}` });
      room.onNews(session);
    };
    note().catch((error: unknown) => room.log(error, 'a sign of the metadata service was not noted'));
  }

  /** Like a boot script: with a secret of its own, which nobody but the BMC can fetch. */
  async function prepareMedia(session: BootSession, node: Node): Promise<string> {
    const secret = makeSecret();
    const commandLine = toCommandLine(origin, secret.text, node.boot?.macs[0] ?? null);
    const name = await media.make(session, await room.ramdisk(), commandLine);
    const news = { sign: 'script' as const, evidence: 'a disc with the ramdisk was made' };
    if (!(await sessions.putSecret(session.id, secret.hash, news))) {
      throw new Error('The session has moved on while its disc was made');
    }
    return `${origin}/media/${name}`;
  }

  async function configDrive(session: BootSession, node: Node): Promise<Buffer> {
    const data = await gatherSystemData(sources, node, session);
    if (!data) throw new Error(`There is no server on node ${node.name}`);
    return makeConfigDrive(data);
  }

  const metadata: MetadataRoom = {
    findNode: (source) => machines.findByAddress(source),
    gather: async (node) => gatherSystemData(sources, node, await sessions.findCurrent(node.id)),
    onRead: noteRead,
    now: room.now,
  };

  return {
    installerFor: (driver) =>
      createNetworkInstaller({
        sessions,
        driver,
        images,
        method: room.method,
        paces: room.paces,
        now: room.now,
        announce: async () => dnsmasq?.refresh(),
        prepareMedia,
      }),

    async start() {
      http = createProvisioningHttp({
        origin,
        sessions,
        nodes,
        images,
        machines,
        discoveries: room.discoveries,
        ramdisk: room.ramdisk,
        configDrive,
        findMedia: media.find,
        metadata,
        onNews: room.onNews,
        log: room.log,
      });
      await http.listen({ host: address, port }).catch((error: unknown) => {
        const words = error instanceof Error ? error.message : String(error);
        throw new Error(`The provisioning network cannot be served on ${address}:${port}: ${words}`);
      });
      if (room.metadataInterface !== null) {
        linkLocal = createLinkLocal({ interfaceName: room.metadataInterface, metadata, log: room.log });
        await linkLocal.start();
      }
      await dnsmasq?.start();
      // The first machine need not wait for it.
      room.ramdisk().catch((error: unknown) => room.log(error, 'the ramdisk is not there yet'));
    },

    async stop() {
      await dnsmasq?.stop();
      await linkLocal?.stop();
      await http?.close();
    },
  };
}
