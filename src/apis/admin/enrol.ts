/**
 * New machines. A simulated one is ready at once. Of a real one the BMC is asked first: if it answers, power and
 * inventory are recorded and the node is ready, otherwise it stands in `enrolled` with a note until it was inspected.
 *
 * Adoption makes a server of a machine that somebody uses already: the record is made as the machine is found, Running
 * or Stopped, and the machine itself is left alone.
 */
import { randomBytes } from 'node:crypto';
import type { Static } from 'typebox';
import { conflict, IngotError, invalid, notFound } from '../../core/errors.ts';
import { describeSize, matchFlavor } from '../../core/flavor-match.ts';
import { completeInventory } from '../../core/inventory.ts';
import { toSpellings } from '../../core/system-uuid.ts';
import { notReady, type Inventory, type Node } from '../../core/node.ts';
import type { NewNode } from '../../core/records.ts';
import type { NewServer } from '../../core/server.ts';
import { bareMetalTag } from '../../core/server-tags.ts';
import { newId } from '../../engine/ids.ts';
import { callerOf, isId, ok, type Answer, type Call } from '../api.ts';
import { checkApart, checkBmc } from './bmc-address.ts';
import type { Cloud } from './cloud.ts';
import { beginInBand, checkInBand } from './in-band.ts';
import { measure, type Measurement } from './hardware.ts';
import { getNode, toMacs } from './nodes.ts';
import { toNode, toServer, type AdoptBody, type EnrolBody, type NewNode as NodeWish } from './wire.ts';

type Wish = Static<typeof NodeWish>;
type Adoption = Static<typeof AdoptBody>;

/** BMCs asked at the same time; one that is away holds its place for some seconds. */
const askedAtOnce = 128;

export async function enrol(cloud: Cloud, call: Call): Promise<Answer> {
  const { wishes, isList } = toWishes(call.body as Static<typeof EnrolBody>);
  await check(cloud, wishes);
  const made = wishes.map((wish) => ({ wish, node: toNewNode(wish) }));
  await cloud.nodes.enrol(made.map(({ node }) => node));
  const unsettled = made.filter(({ node }) => node.standing === 'enrolled');
  await forEach(unsettled, async ({ wish, node }) => {
    const failure = await inspectOutOfBand(
      cloud,
      node.id,
      wish.adopt ? { wish: wish.adopt, userId: callerOf(call).user.id } : null,
    );
    // What it is made of may be what is missing; a BMC that does not answer boots nothing.
    if (wish.inspect_in_band && failure?.facts.kind !== 'unavailable') await beginInBand(cloud, node.id);
  });
  const ids = made.map(({ node }) => node.id);
  const found = new Map(
    (await cloud.nodes.list({ ids }, { limit: ids.length })).map((node) => [node.id, node]),
  );
  const nodes = ids.flatMap((id) => found.get(id) ?? []).map(toNode);
  return ok(isList ? { nodes } : nodes[0], 201);
}

function toWishes({ nodes, ...one }: Static<typeof EnrolBody>): { wishes: Wish[]; isList: boolean } {
  if (nodes) {
    if (Object.keys(one).length > 0) throw invalid('Either one node, or nodes.', 'nodes');
    return { wishes: nodes, isList: true };
  }
  for (const field of ['name', 'driver', 'zone'] as const) {
    if (one[field] === undefined) throw invalid(`${field}: is needed`, field);
  }
  return { wishes: [one as Wish], isList: false };
}

/** Before anything is written. */
async function check(cloud: Cloud, wishes: Wish[]): Promise<void> {
  for (const { name, driver, bmc, power, flavor_id, inspect_in_band, adopt } of wishes) {
    if (inspect_in_band) checkInBand(cloud, { name, driver });
    if (inspect_in_band && adopt)
      throw invalid(`${name}: a machine in use is not inspected in band.`, 'adopt');
    if (driver === 'simulated' && flavor_id === undefined)
      throw invalid(`${name}: flavor_id: is needed`, 'flavor_id');
    if (driver === 'simulated' && bmc) throw invalid(`${name}: a simulated node has no BMC.`, 'bmc');
    if (driver === 'simulated') continue;
    if (power) throw invalid(`${name}: the power of a real node is read from its BMC.`, 'power');
    checkBmc(name, driver, bmc ?? {});
  }
  const real = wishes.filter(({ driver }) => driver !== 'simulated');
  await checkApart(
    cloud.nodes,
    real.map(({ name, driver, bmc }) => {
      return { id: null, name, driver, address: bmc?.address ?? '', system: bmc?.system ?? null };
    }),
  );
  for (const id of new Set(wishes.map((wish) => wish.flavor_id))) {
    if (id !== undefined && !(await cloud.catalog.findFlavor(id))) throw notFound('flavor', id);
  }
  const projects = wishes.flatMap((wish) => [wish.project_id, wish.adopt?.project_id]);
  for (const id of new Set(projects)) if (id !== undefined) await checkProject(cloud, id);
  for (const { adopt } of wishes) if (adopt) await chooseImage(cloud, adopt);
}

async function checkProject({ tenancy }: Cloud, id: string): Promise<void> {
  if (!(await tenancy.findProject(id))) throw notFound('project', id);
}

function toNewNode(wish: Wish): NewNode {
  const isSimulated = wish.driver === 'simulated';
  return {
    id: newId(),
    name: wish.name,
    driver: wish.driver,
    bmc: {
      address: wish.bmc?.address ?? '',
      username: wish.bmc?.username ?? '',
      password: wish.bmc?.password ?? '',
      system: wish.bmc?.system ?? null,
      certificateSha256: null,
    },
    standing: isSimulated && !wish.adopt ? 'ready' : 'enrolled',
    zone: wish.zone,
    flavorId: wish.flavor_id ?? null,
    projectId: wish.project_id ?? null,
    power: isSimulated ? (wish.power ?? 'off') : 'unknown',
    health: isSimulated ? 'OK' : 'Unknown',
    inventory: null,
    powerPolicy: wish.power_policy ?? 'follow',
    room: wish.room ?? '',
    rack: wish.rack ?? '',
    unit: wish.unit ?? 0,
    note: wish.note ?? '',
    boot: { macs: toMacs(wish.macs ?? []), firmware: null, method: wish.boot_method ?? null },
  };
}

async function forEach<T>(all: T[], act: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values();
  const walk = async () => {
    for (const one of rest) await act(one);
  };
  await Promise.all(Array.from({ length: Math.min(askedAtOnce, all.length) }, walk));
}

/** Reads and records what the BMC says. A BMC that is away leaves a note behind; anything else is an error. */
export async function inspectOutOfBand(
  cloud: Cloud,
  id: string,
  adoption: { wish: Adoption; userId: string } | null,
): Promise<IngotError | null> {
  const node = await getNode(cloud, id);
  let found: Measurement;
  try {
    found = await measure(cloud.drivers, node);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    await cloud.nodes.change(id, { note: `${notReady}the BMC could not be read: ${error.message}` });
    return error;
  }
  const told = await cloud.discoveries.findFacts(whereabouts(node, found.inventory));
  if (told) found.inventory = completeInventory(found.inventory, told.inventory);
  await record(cloud, node, found);
  if (told)
    await cloud.nodes.change(id, {
      boot: { macs: [...new Set([...(node.boot?.macs ?? []), ...told.macs])], firmware: told.firmware },
    });
  if (node.flavorId === null) {
    const flavor = matchFlavor(found.inventory, await cloud.catalog.listFlavors());
    if (!flavor) return tooSmall(cloud, node, found.inventory);
    await cloud.nodes.change(id, { flavorId: flavor.id });
    node.flavorId = flavor.id;
  }
  if (adoption) await adoptAs(cloud, node, found, adoption);
  else await cloud.nodes.stand(id, ['enrolled'], 'ready', node.note.startsWith(notReady) ? '' : node.note);
  return null;
}

/** By what a machine that was met on the provisioning network is known as this node. */
function whereabouts({ bmc }: Node, { systemUuid = '' }: Inventory) {
  const bmcHost = bmc.address.replace(/^https?:\/\//, '').replace(/[:/?].*$/, '');
  return { bmcHost, spellings: toSpellings(systemUuid) };
}

/** Not an error of the caller's: the node stays, and says what is missing. */
async function tooSmall({ nodes }: Cloud, { id, name }: Node, inventory: Inventory): Promise<IngotError> {
  const note = `${notReady}it fits no flavor: ${describeSize(inventory)}. Name one, or make one of that size (openstack flavor create) and inspect again`;
  await nodes.change(id, { note });
  return conflict(`The node ${name} fits no flavor: ${describeSize(inventory)}.`, 'node', id);
}

function record({ nodes }: Cloud, { id }: Node, { power, inventory }: Measurement) {
  return nodes.change(id, { power, inventory, health: inventory.health });
}

export async function adopt(cloud: Cloud, call: Call): Promise<Answer> {
  const node = await getNode(cloud, call.params['id']!);
  const wish = call.body as Adoption;
  await checkProject(cloud, wish.project_id);
  const found = await measure(cloud.drivers, node);
  await record(cloud, node, found);
  const serverId = await adoptAs(cloud, node, found, { wish, userId: callerOf(call).user.id });
  const server = await cloud.servers.find(serverId, null);
  if (!server) throw notFound('server', serverId);
  return ok(toServer(server), 201);
}

async function adoptAs(
  cloud: Cloud,
  node: Node,
  { power }: Measurement,
  { wish, userId }: { wish: Adoption; userId: string },
): Promise<string> {
  const { flavorId } = node;
  if (flavorId === null) {
    throw conflict(`The node ${node.name} has no flavor yet; inspect it, or name one.`, 'node', node.id);
  }
  const server = toAdopted({ ...node, flavorId }, wish, await chooseImage(cloud, wish), userId);
  if (!(await cloud.work.adopt(node.id, server, power))) {
    const message = `The node ${node.name} is not free: only an enrolled or ready node without a server is adopted.`;
    throw conflict(message, 'node', node.id);
  }
  return server.id;
}

/** What is said to be on the machine, and what a reinstallation would put there; the first one unless named. */
async function chooseImage({ catalog }: Cloud, { image_id, project_id }: Adoption): Promise<string> {
  if (image_id !== undefined) {
    const image = isId(image_id) ? await catalog.findImage(image_id, project_id) : null;
    if (!image) throw notFound('image', image_id);
    return image.id;
  }
  const [first] = await catalog.listImages(project_id);
  if (!first)
    throw invalid('There is no image; name one that stands for what is on the machine.', 'image_id');
  return first.id;
}

function toAdopted(
  node: Node & { flavorId: string },
  wish: Adoption,
  imageId: string,
  userId: string,
): NewServer {
  return {
    id: newId(),
    projectId: wish.project_id,
    userId,
    door: 'bms',
    name: wish.name,
    description: wish.name,
    flavorId: node.flavorId,
    imageId,
    zone: node.zone,
    vpcId: null,
    nics: [],
    keyName: null,
    publicKey: null,
    userData: null,
    adminPasswordHash: null,
    metadata: {},
    tags: [bareMetalTag],
    schedulerHints: {},
    enterpriseProjectId: '0',
    reservationId: `r-${randomBytes(4).toString('hex')}`,
    launchIndex: 0,
  };
}
