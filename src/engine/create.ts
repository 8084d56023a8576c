/**
 * From a caller's wish to new servers: looks up what the wish names, checks that it fits together, and submits. The
 * APIs bring their words to this one form.
 */
import { randomBytes } from 'node:crypto';
import { BlockList } from 'node:net';
import type { Catalog, Flavor, Image, Keypair, Network } from '../core/catalog.ts';
import { conflict, IngotError, invalid, notFound } from '../core/errors.ts';
import type { Door } from '../core/lifecycle.ts';
import type { NewServer, RequestedNic } from '../core/server.ts';
import type { Actor } from '../core/work.ts';
import { newId } from './ids.ts';
import { hashPassword } from './password.ts';
import type { Accepted, Submit } from './submit.ts';

export interface CreateWish {
  door: Door;
  projectId: string;
  actor: Actor;
  name: string;
  description?: string;
  flavorId: string;
  imageId: string;
  /** Without one: the zone with the most free machines. */
  zone?: string;
  /** Empty: the first network that the project sees; null: none at all. */
  nics: RequestedNic[] | null;
  vpcId?: string;
  /** How many; at least `leastCount` of them must find a machine (default: all). */
  count: number;
  leastCount?: number;
  /** Name of server number `index` of several. */
  nameOf?: (name: string, index: number) => string;
  keyName?: string;
  userData?: string;
  password?: string;
  metadata?: Record<string, string>;
  tags?: string[];
  schedulerHints?: Record<string, unknown>;
  enterpriseProjectId?: string;
  /** This node and no other (CloudDC placement). */
  nodeId?: string;
  /** Refuse when machines are lacking (BMS v1, CloudDC) instead of failing later (Nova). */
  checkCapacity: boolean;
  /** Take a server that failed to come up away again (BMS v1). */
  rollBack: boolean;
  orderId?: string;
}

export interface Created extends Accepted {
  servers: NewServer[];
}

/** BMS tags every bare-metal server with it, and clients look for it. */
export const bareMetalTag = '__type_baremetal';

export type Create = (wish: CreateWish) => Promise<Created>;

export function createCreate(catalog: Catalog, submit: Submit): Create {
  return async (wish) => {
    const [flavor, image, keypair, capacity] = await Promise.all([
      catalog.findFlavor(wish.flavorId),
      catalog.findImage(wish.imageId, wish.projectId),
      wish.keyName === undefined ? null : catalog.findKeypair(wish.actor.userId, wish.keyName),
      catalog.listCapacity(wish.projectId),
    ]);
    if (!flavor || !flavor.enabled) throw notFound('flavor', wish.flavorId);
    if (!image) throw notFound('image', wish.imageId);
    checkFit(flavor, image);
    checkKeypair(wish, keypair);
    const zones = capacity.filter(({ flavorId }) => flavorId === flavor.id).sort((a, b) => b.free - a.free);
    const zone = await chooseZone(catalog, wish.zone, zones[0]?.zone);
    const free = zones.find((it) => it.zone === zone)?.free ?? 0;
    const count = wish.checkCapacity
      ? Math.min(wish.count, Math.max(free, wish.leastCount ?? wish.count))
      : wish.count;
    if (wish.checkCapacity && free < count) {
      throw new IngotError({
        kind: 'no-capacity',
        message: `Check capacity fail, the number of capacity is: [${free}], and req num is: [${wish.count}].`,
      });
    }
    const { nics, vpcId } = await chooseNics(catalog, wish);
    const servers = await toServers(wish, { count, zone, nics, vpcId });
    const accepted = await submit.create(
      {
        door: wish.door,
        projectId: wish.projectId,
        actor: wish.actor,
        input: {
          imageId: image.id,
          rollBack: wish.rollBack,
          ...(wish.nodeId === undefined ? {} : { nodeId: wish.nodeId }),
        },
      },
      servers,
      wish.orderId ?? null,
    );
    return { ...accepted, servers };
  };
}

function checkFit(flavor: Flavor, image: Image): void {
  if (image.minRamMib > flavor.ramMib || image.minDiskGb > flavor.diskGb) {
    throw invalid(
      `The image ${image.name} needs more memory or disk than the flavor ${flavor.id} has.`,
      'imageRef',
    );
  }
}

function checkKeypair(wish: CreateWish, keypair: Keypair | null): void {
  if (wish.keyName !== undefined && !keypair) throw notFound('keypair', wish.keyName);
}

async function chooseZone(
  catalog: Catalog,
  asked: string | undefined,
  roomiest: string | undefined,
): Promise<string> {
  const zones = await catalog.listZones();
  if (asked === undefined) return roomiest ?? zones[0] ?? 'none';
  if (!zones.includes(asked)) throw notFound('availability zone', asked);
  return asked;
}

async function chooseNics(
  catalog: Catalog,
  wish: CreateWish,
): Promise<{ nics: RequestedNic[]; vpcId: string | null }> {
  if (wish.nics === null) return { nics: [], vpcId: wish.vpcId ?? null };
  const visible = await catalog.listNetworks(wish.projectId);
  const asked = wish.nics.length > 0 ? wish.nics : visible.slice(0, 1).map(({ id }) => toNic(id));
  let vpcId: string | null = null;
  for (const nic of asked) {
    const network = visible.find(({ id }) => id === nic.networkId);
    if (!network) throw notFound('network', nic.networkId);
    if (wish.vpcId !== undefined && network.vpcId !== wish.vpcId) {
      throw invalid(`The network ${network.id} is not in the VPC ${wish.vpcId}.`, 'nics');
    }
    vpcId ??= network.vpcId;
    if (nic.ip === null) continue;
    if (wish.count > 1)
      throw invalid('A fixed address cannot be given to several servers.', 'nics', 'BMS.0207');
    if (!isWithin(network, nic.ip)) {
      throw invalid(`The address ${nic.ip} is not in the network ${network.id}.`, 'nics');
    }
    const ports = await catalog.listPorts(null, { networkId: network.id });
    if (ports.some(({ ip }) => ip === nic.ip))
      throw conflict(`The address ${nic.ip} is in use.`, 'address', nic.ip);
  }
  return { nics: asked, vpcId };
}

function isWithin({ subnets }: Network, ip: string): boolean {
  const addresses = new BlockList();
  for (const { cidr } of subnets) {
    const [address, prefix] = cidr.split('/');
    addresses.addSubnet(address!, Number(prefix));
  }
  return addresses.check(ip);
}

function toNic(networkId: string): RequestedNic {
  return { networkId, ip: null, portId: null };
}

async function toServers(
  wish: CreateWish,
  chosen: { count: number; zone: string; nics: RequestedNic[]; vpcId: string | null },
): Promise<NewServer[]> {
  const reservationId = `r-${randomBytes(8).toString('base64url').toLowerCase().replaceAll(/[-_]/g, '0').slice(0, 8)}`;
  const adminPasswordHash = wish.password === undefined ? null : await hashPassword(wish.password);
  return Array.from({ length: chosen.count }, (_, index) => {
    const name = chosen.count > 1 && wish.nameOf ? wish.nameOf(wish.name, index) : wish.name;
    return {
      id: newId(),
      projectId: wish.projectId,
      userId: wish.actor.userId,
      door: wish.door,
      name,
      description: wish.description ?? name,
      flavorId: wish.flavorId,
      imageId: wish.imageId,
      zone: chosen.zone,
      vpcId: chosen.vpcId,
      nics: chosen.nics,
      keyName: wish.keyName ?? null,
      userData: wish.userData ?? null,
      adminPasswordHash,
      metadata: wish.metadata ?? {},
      tags: [bareMetalTag, ...(wish.tags ?? [])],
      schedulerHints: wish.schedulerHints ?? {},
      enterpriseProjectId: wish.enterpriseProjectId ?? '0',
      reservationId,
      launchIndex: index,
    };
  });
}
