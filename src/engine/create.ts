/**
 * From a caller's wish to new servers: looks up what the wish names, checks that it fits together, and submits. The
 * APIs bring their words to this one form.
 */
import { randomBytes } from 'node:crypto';
import { BlockList } from 'node:net';
import type { Catalog, Flavor, Keypair, Network } from '../core/catalog.ts';
import { conflict, IngotError, invalid, notFound } from '../core/errors.ts';
import { checkUsable, type Image } from '../core/image.ts';
import type { Door } from '../core/lifecycle.ts';
import type { RequestKey } from '../core/once.ts';
import { bareMetalTag } from '../core/server-tags.ts';
import type { NewServer, RequestedNic } from '../core/server.ts';
import { systemDevice, toDevice, type OwnVolume } from '../core/volume.ts';
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
  /** Volumes of each server: the system disk first, if it is one. */
  volumes?: WishedVolume[];
  schedulerHints?: Record<string, unknown>;
  /** Ids of groups of the project; without any: its default one. */
  securityGroups?: string[];
  serverGroupId?: string;
  enterpriseProjectId?: string;
  /** Where each server goes, one after the other; instead of `flavorId`, `zone` and `count` (CloudDC). */
  places?: Place[];
  /** Refuse when machines are lacking (BMS v1, CloudDC) instead of failing later (Nova). */
  checkCapacity: boolean;
  /** Take a server that failed to come up away again (BMS v1). */
  rollBack: boolean;
  orderId?: string;
  /** See `create-once.ts`. */
  once?: RequestKey & { toAnswer(created: Created): unknown };
}

/** CreateInstance of CloudDC names no flavor: the machine decides, or the kind of machine that is free. */
export interface Place {
  flavorId: string;
  zone: string;
  /** This node and no other. */
  nodeId?: string;
}

/** What a new volume is to be; its name and device follow from the server. */
export type WishedVolume = Pick<OwnVolume, 'sizeGb' | 'type' | 'shareable' | 'bootable'>;

export interface Created extends Accepted {
  servers: NewServer[];
}

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
    checkUsable(image);
    checkFit(flavor, image);
    await checkPlaces(catalog, wish, image);
    checkKeypair(wish, keypair);
    checkVolumes(flavor, wish.volumes ?? []);
    const zones = capacity.filter(({ flavorId }) => flavorId === flavor.id).sort((a, b) => b.free - a.free);
    const zone = await chooseZone(catalog, wish.zone, zones[0]?.zone);
    const free = zones.find((it) => it.zone === zone)?.free ?? 0;
    const checkCapacity = wish.checkCapacity && !wish.places; // whoever chose the places has seen that they are free
    const count = checkCapacity
      ? Math.min(wish.count, Math.max(free, wish.leastCount ?? wish.count))
      : wish.count;
    if (checkCapacity && free < count) {
      throw new IngotError({
        kind: 'no-capacity',
        message: `Check capacity fail, the number of capacity is: [${free}], and req num is: [${wish.count}].`,
      });
    }
    const { nics, vpcId } = await chooseNics(catalog, wish);
    const publicKey = keypair?.publicKey ?? null;
    const servers = await toServers(wish, { count, zone, nics, vpcId, publicKey });
    const accepted = await submit.create(
      {
        door: wish.door,
        projectId: wish.projectId,
        actor: wish.actor,
        input: {
          imageId: image.id,
          rollBack: wish.rollBack,
        },
      },
      servers,
      wish.orderId ?? null,
      wish.once && {
        ...wish.once,
        toAnswer: (accepted) => wish.once!.toAnswer({ ...accepted, servers }),
      },
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

/** The other flavors among the places; the first one is the wish's. */
async function checkPlaces(catalog: Catalog, { places = [], flavorId }: CreateWish, image: Image) {
  const others = new Set(places.map((place) => place.flavorId).filter((id) => id !== flavorId));
  for (const id of others) {
    const flavor = await catalog.findFlavor(id);
    if (!flavor) throw notFound('flavor', id);
    checkFit(flavor, image);
  }
}

/** A flavor boots from a volume or from its own disk (`baremetal:extBootType`), and may take data volumes or not. */
function checkVolumes({ id, extraSpecs }: Flavor, volumes: WishedVolume[]): void {
  const bootsFromVolume = extraSpecs['baremetal:extBootType'] === 'Volume';
  const hasRoot = volumes.some(({ bootable }) => bootable);
  if (bootsFromVolume !== hasRoot) {
    const reason = bootsFromVolume ? 'boots from a volume' : 'boots from its local disk';
    const message = `Root volume is illegal, reason: the flavor ${id} ${reason}.`;
    throw invalid(message, 'root_volume', 'BMS.0047');
  }
  if (volumes.some(({ bootable }) => !bootable) && extraSpecs['baremetal:__support_evs'] !== 'true') {
    const message = `Disks cannot be attached to a BMS using this flavor[${id}].`;
    throw invalid(message, 'data_volumes', 'BMS.0315');
  }
}

function toVolumes(serverName: string, volumes: WishedVolume[]): OwnVolume[] {
  const data = volumes.filter(({ bootable }) => !bootable);
  return volumes.map((volume) => {
    const number = String(data.indexOf(volume)).padStart(4, '0');
    return {
      ...volume,
      id: newId(),
      name: volume.bootable ? `${serverName}-volume-root` : `${serverName}-volume-${number}`,
      device: volume.bootable ? systemDevice : toDevice(data.indexOf(volume) + 1),
    };
  });
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

/** Looks up the networks, and that asked addresses lie in them and are free. */
export async function chooseNics(
  catalog: Catalog,
  wish: Pick<CreateWish, 'projectId' | 'nics' | 'vpcId' | 'count'>,
): Promise<{ nics: RequestedNic[]; vpcId: string | null }> {
  if (wish.nics === null) return { nics: [], vpcId: wish.vpcId ?? null };
  const named = wish.nics.map(({ networkId }) => networkId);
  const visible = await catalog.listNetworks(wish.projectId, {
    ...(named.length > 0 ? { ids: named } : {}),
    ...(wish.vpcId === undefined ? {} : { vpcId: wish.vpcId }),
  });
  const asked = named.length > 0 ? wish.nics : visible.slice(0, 1).map(({ id }) => toNic(id));
  if (wish.vpcId !== undefined && !visible.some((network) => network.vpcId === wish.vpcId)) {
    throw notFound('vpc', wish.vpcId);
  }
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
    const asking = { networkId: [network.id], ip: [nic.ip] };
    if ((await catalog.listPorts(null, asking, { limit: 1 })).length > 0)
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
  chosen: Pick<NewServer, 'zone' | 'nics' | 'vpcId' | 'publicKey'> & { count: number },
): Promise<NewServer[]> {
  const reservationId = `r-${randomBytes(8).toString('base64url').toLowerCase().replaceAll(/[-_]/g, '0').slice(0, 8)}`;
  const adminPasswordHash = wish.password === undefined ? null : await hashPassword(wish.password);
  return Array.from({ length: chosen.count }, (_, index) => {
    const name = chosen.count > 1 && wish.nameOf ? wish.nameOf(wish.name, index) : wish.name;
    const place = wish.places?.[index];
    return {
      id: newId(),
      projectId: wish.projectId,
      userId: wish.actor.userId,
      door: wish.door,
      name,
      description: wish.description ?? name,
      flavorId: place?.flavorId ?? wish.flavorId,
      imageId: wish.imageId,
      zone: place?.zone ?? chosen.zone,
      ...(place?.nodeId === undefined ? {} : { nodeId: place.nodeId }),
      vpcId: chosen.vpcId,
      nics: chosen.nics,
      keyName: wish.keyName ?? null,
      publicKey: chosen.publicKey,
      userData: wish.userData ?? null,
      adminPasswordHash,
      metadata: wish.metadata ?? {},
      tags: [bareMetalTag, ...(wish.tags ?? [])],
      schedulerHints: wish.schedulerHints ?? {},
      enterpriseProjectId: wish.enterpriseProjectId ?? '0',
      reservationId,
      launchIndex: index,
      volumes: toVolumes(name, wish.volumes ?? []),
      ...(wish.securityGroups ? { securityGroups: wish.securityGroups } : {}),
      ...(wish.serverGroupId === undefined ? {} : { serverGroupId: wish.serverGroupId }),
    };
  });
}
