/** Instances: our servers. Nothing here waits for its effect; ShowInstanceStatus (C04) tells how it goes on. */
import type { Static } from 'typebox';
import { conflict, IngotError, invalid, notFound, stateRefuses } from '../../core/errors.ts';
import { checkUsable } from '../../core/image.ts';
import type { OperationInput } from '../../core/job.ts';
import {
  instanceStates,
  statesAccepting,
  statesShowingInstance,
  toInstanceState,
  type InstanceState,
} from '../../core/lifecycle.ts';
import type { Operation } from '../../core/operations.ts';
import type { Node } from '../../core/node.ts';
import type { NewServer, RequestedNic, Server, ServerFilter } from '../../core/server.ts';
import type { Place } from '../../engine/create.ts';
import { actorOf, isId, ok, projectOf, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { parsePage, toPage } from './page.ts';
import { getVisibleNode, getVisibleNodes } from './physical-servers.ts';
import { checkAddress, checkMetadata, checkName, checkPassword } from './rules.ts';
import {
  toInstance,
  toInstanceStatus,
  type CreateBody,
  type CreateManyBody,
  type DeleteBody,
  type PasswordBody,
  type ReinstallBody,
} from './wire.ts';

export async function create(cloud: Cloud, call: Call): Promise<Answer> {
  const body = call.body as Static<typeof CreateBody>;
  checkWish(body);
  const nics = body.network_interfaces.map(({ subnet_id, ipv4_address }) => {
    if (ipv4_address) checkAddress(ipv4_address);
    return { networkId: subnet_id, ip: ipv4_address || null, portId: null };
  });
  const place = await choosePlace(cloud, projectOf(call), body.placement?.server_id);
  const created = await createOn(cloud, call, [place], body, nics);
  return ok({ instance_id: created[0]!.id }, 202);
}

/** Between `min_count` and `max_count` instances, or none at all. All of them get the same name (as documented). */
export async function createMany(cloud: Cloud, call: Call): Promise<Answer> {
  const body = call.body as Static<typeof CreateManyBody>;
  checkWish(body);
  const least = body.min_count ?? 1;
  const most = body.max_count ?? least;
  if (most < least) throw invalid('max_count: is less than min_count.', 'max_count');
  const nics = body.network_interfaces.map(({ subnet_id }) => ({
    networkId: subnet_id,
    ip: null,
    portId: null,
  }));
  const places = await choosePlaces(cloud, projectOf(call), body.placement?.server_id_set, { least, most });
  const created = await createOn(cloud, call, places, body, nics);
  return toInstances(created.map(({ id }) => id));
}

type Wish = Pick<
  Static<typeof CreateBody>,
  'name' | 'image_id' | 'vpc_id' | 'password' | 'metadata' | 'description'
>;

function checkWish({ name, password, metadata = {} }: Wish): void {
  checkName(name);
  checkPassword(password);
  checkMetadata(metadata);
}

async function createOn(
  cloud: Cloud,
  call: Call,
  places: Place[],
  body: Wish,
  nics: RequestedNic[],
): Promise<NewServer[]> {
  const created = await cloud.create({
    door: 'clouddc',
    projectId: projectOf(call),
    actor: actorOf(call),
    name: body.name,
    description: body.description ?? '',
    imageId: body.image_id,
    vpcId: body.vpc_id,
    nics,
    count: places.length,
    places,
    flavorId: places[0]!.flavorId,
    zone: places[0]!.zone,
    password: body.password,
    metadata: body.metadata ?? {},
    checkCapacity: true,
    rollBack: false,
  });
  return created.servers;
}

/** Both kinds of create name no flavor: the machine decides. */
async function choosePlace(cloud: Cloud, projectId: string, nodeId: string | undefined): Promise<Place> {
  if (!nodeId) return (await choosePlaces(cloud, projectId, undefined, { least: 1, most: 1 }))[0]!;
  const node = await getVisibleNode(cloud, projectId, nodeId);
  if (!isReady(node)) throw noReadyServer(`The server ${nodeId} is not`);
  if (isBusy(node)) {
    throw conflict(`The server ${nodeId} is busy: ${node.powerOperation} is processing.`, 'server', nodeId);
  }
  return toPlace(node);
}

type ReadyNode = Node & { flavorId: string };
const isReady = (node: Node): node is ReadyNode =>
  node.standing === 'ready' && node.serverId === null && node.flavorId !== null;
const isBusy = ({ powerOutcome }: Node) => powerOutcome === 'processing';
const toPlace = ({ id, flavorId, zone }: ReadyNode): Place => ({ flavorId, zone, nodeId: id });

/** On the machines named, in that order; else where machines are idle, beginning with the kind of which there are most. */
async function choosePlaces(
  cloud: Cloud,
  projectId: string,
  nodeIds: string[] | undefined,
  { least, most }: { least: number; most: number },
): Promise<Place[]> {
  const places = nodeIds
    ? (await getVisibleNodes(cloud, projectId, nodeIds))
        .filter(isReady)
        .filter((node) => !isBusy(node))
        .map(toPlace)
    : (await cloud.catalog.listCapacity(projectId))
        .sort((a, b) => b.free - a.free)
        .flatMap(({ flavorId, zone, free }) =>
          Array.from({ length: Math.min(free, most) }, () => ({ flavorId, zone })),
        );
  if (places.length < least) {
    throw noReadyServer(
      places.length === 0 ? 'No server is' : `Of ${least} servers only ${places.length} are`,
    );
  }
  return places.slice(0, most);
}

function noReadyServer(subject: string): IngotError {
  return new IngotError({
    kind: 'no-capacity',
    message: `${subject} in the manage_state ready, which CreateInstance needs.`,
  });
}

/** Terminated instances stay in the list until their retention ends. */
export async function list({ servers }: Cloud, call: Call): Promise<Answer> {
  const page = parsePage(call);
  const filter = toFilter(call);
  const [found, count] = await Promise.all([
    servers.list(filter, { ...page, limit: page.limit + 1 }),
    servers.count(filter),
  ]);
  const { records, pageInfo } = toPage(found, page);
  return ok({ instances: records.map(toInstance), page_info: pageInfo, count });
}

function toFilter(call: Call): ServerFilter {
  const filter: ServerFilter = { projectId: projectOf(call), withDeleted: true };
  const instanceId = single(call, 'instance_id');
  const serverId = single(call, 'server_id');
  if (instanceId && serverId) throw invalid('instance_id and server_id exclude each other.', 'server_id');
  if (instanceId) filter.ids = parseIds(instanceId, 'instance_id');
  if (serverId) filter.nodeIds = parseIds(serverId, 'server_id');
  const asked = single(call, 'instance_state');
  if (asked) {
    // The published diagram writes shutting_down, for its language has no hyphen.
    const state = instanceStates.find((it) => it === asked.replaceAll('_', '-'));
    if (!state) throw invalid(`instance_state: one of ${instanceStates.join(', ')}.`, 'instance_state');
    filter.states = statesShowingInstance(state);
  }
  return filter;
}

const mostIdsInFilter = 100;

/** What is no id names nothing, and finds nothing. */
function parseIds(text: string, name: string): string[] {
  const ids = text.split(',');
  if (ids.length > mostIdsInFilter) throw invalid(`${name}: at most ${mostIdsInFilter} ids.`, name);
  return ids.filter(isId);
}

export async function showStatus(cloud: Cloud, call: Call): Promise<Answer> {
  return ok(toInstanceStatus(await getInstance(cloud, call)));
}

/** Throws not-found for what is no id, unknown, or another project's. */
export async function getInstance({ servers }: Cloud, call: Call): Promise<Server> {
  const id = call.params['id']!;
  const server = isId(id) ? await servers.find(id, projectOf(call)) : null;
  if (!server) throw notFound('instance', id);
  return server;
}

/** No body: the SDKs read the answer as a bare string. */
export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  await removeAll(cloud, call, [call.params['id']!]);
  return { statusCode: 202 };
}

export async function removeMany(cloud: Cloud, call: Call): Promise<Answer> {
  const { instance_id_set } = call.body as Static<typeof DeleteBody>;
  const ids = [...new Set(instance_id_set)];
  await removeAll(cloud, call, ids);
  return toInstances(ids);
}

const isGoing = (state: InstanceState) => state === 'shutting-down' || state === 'terminated';

/** What is shutting down or terminated already is accepted again, without a second run. */
async function removeAll(cloud: Cloud, call: Call, ids: string[]): Promise<void> {
  const found = await getAll(cloud, call, ids);
  const live = found.filter((server) => !isGoing(toInstanceState(server))).map(({ id }) => id);
  if (live.length === 0) return;
  try {
    await submitAll(cloud, call, 'delete', {}, live);
  } catch (error) {
    const { state } = error instanceof IngotError ? error.facts : {};
    if (!state || !isGoing(toInstanceState({ state, taskState: null }))) throw error;
    // Somebody else deleted one of them in between; with that one left out, again.
    await removeAll(cloud, call, live);
  }
}

/** Also "Retry Provision", for an instance in error. */
export async function reinstall(cloud: Cloud, call: Call): Promise<Answer> {
  const { image_id, password, instance_id_set } = call.body as Static<typeof ReinstallBody>;
  checkPassword(password);
  if (image_id) {
    const image = await cloud.catalog.findImage(image_id, projectOf(call));
    if (!image) throw notFound('image', image_id);
    checkUsable(image);
  }
  const ids = [...new Set(instance_id_set)];
  const gone = (await getAll(cloud, call, ids)).find(({ state }) => state === 'Deleted');
  if (gone) {
    const wanted = statesAccepting('reinstall-os', 'clouddc');
    throw stateRefuses(gone.id, 'reinstall-os', gone.state, wanted);
  }
  const adminPasswordHash = await cloud.hashPassword(password);
  const input: OperationInput = { adminPasswordHash, ...(image_id ? { imageId: image_id } : {}) };
  await submitAll(cloud, call, 'reinstall-os', input, ids);
  return toInstances(ids, 202);
}

/** From the published diagram (stopped) and the published page (running). */
const passwordStates = ['running', 'stopped'] as const;

/**
 * All or none. A password that breaks the complexity rule raises no error here (as documented); the next install puts
 * it on the machine.
 */
export async function changePassword(cloud: Cloud, call: Call): Promise<Answer> {
  const { new_password, instance_id_set } = call.body as Static<typeof PasswordBody>;
  const ids = [...new Set(instance_id_set)];
  const states = passwordStates.flatMap(statesShowingInstance).map(({ state }) => state);
  const found = await getAll(cloud, call, ids);
  const refused = found.find(({ state }) => !states.includes(state));
  if (refused) throw passwordRefused(`The instance ${refused.id} is ${toInstanceState(refused)}`);
  const hash = await cloud.hashPassword(new_password);
  if (!(await cloud.servers.changePasswords(ids, projectOf(call), hash, states))) {
    throw passwordRefused('An instance has moved on meanwhile');
  }
  return toInstances(ids, 200);
}

function passwordRefused(reason: string): IngotError {
  return conflict(`${reason}; a change of password needs ${passwordStates.join(' or ')}.`, 'instance');
}

/** Throws not-found when one of them is no id, unknown, or another project's. */
async function getAll({ servers }: Cloud, call: Call, ids: string[]): Promise<Server[]> {
  const filter = { projectId: projectOf(call), ids: ids.filter(isId), withDeleted: true };
  const found = await servers.list(filter, { limit: ids.length });
  const missing = ids.find((id) => !found.some((server) => server.id === id));
  if (missing !== undefined) throw notFound('instance', missing);
  return found;
}

async function submitAll(
  cloud: Cloud,
  call: Call,
  operation: Operation,
  input: OperationInput,
  ids: string[],
): Promise<void> {
  const projectId = projectOf(call);
  await cloud.submit.forServers(
    { door: 'clouddc', projectId, actor: actorOf(call), operation, input },
    ids,
    'strict',
  );
}

function toInstances(ids: string[], statusCode = 202): Answer {
  return ok({ instances: ids.map((id) => ({ id })) }, statusCode);
}
