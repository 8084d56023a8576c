/** From the words of a create request to a wish (otc0000002374101005, upstream). */
import { randomInt } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { Static } from 'typebox';
import type { Catalog } from '../../core/catalog.ts';
import { IngotError, invalid, type ErrorFacts } from '../../core/errors.ts';
import { pickGroup, type SecurityGroup } from '../../core/security-group.ts';
import { bareMetalTag } from '../../core/server-tags.ts';
import type { RequestedNic } from '../../core/server.ts';
import type { Created, CreateWish } from '../../engine/create.ts';
import { actorOf, isId, projectOf, type Answer } from '../api.ts';
import { toRequestKey } from '../once.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { checkDeviceTag, checkMetadata, checkTags, checkUserData, toId } from './rules.ts';
import { toLinks, type CreateBody } from './wire.ts';

type Wanted = Static<typeof CreateBody>['server'];
type Disk = NonNullable<Wanted['block_device_mapping_v2']>[number];

/** 202 with an id at once; whether a machine is found shows in the server's status. */
export async function create(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const body = call.body as Static<typeof CreateBody>;
  const { server: wanted } = body;
  checkSupported(wanted);
  const password = wanted.adminPass ?? newPassword();
  const groups = await chooseGroups(cloud, projectOf(call), wanted);
  const wish = {
    ...(await toWish(cloud.catalog, call, wanted)),
    ...(await toServerGroup(cloud, call, body)),
    securityGroups: groups.map(({ id }) => id),
    password,
  };
  const toAnswer = ({ servers }: Created): Answer => {
    const first = servers[0]!;
    if (wanted.return_reservation_id) {
      return { statusCode: 202, body: { reservation_id: first.reservationId } };
    }
    const links = toLinks(call, `/servers/${first.id}`);
    return {
      statusCode: 202,
      headers: { Location: links[0]!.href },
      body: {
        server: {
          id: first.id,
          links,
          'OS-DCF:diskConfig': 'MANUAL',
          security_groups: groups.map(({ name }) => ({ name })),
          adminPass: password,
        },
      },
    };
  };
  return cloud.create(wish, toRequestKey(call), toAnswer).catch(rethrowInWords);
}

/** What we could only pretend to do is refused. */
function checkSupported(wanted: Wanted): void {
  const isAsked = (list: unknown[] | undefined) => list !== undefined && list.length > 0;
  const [disk, ...others] = wanted.block_device_mapping_v2 ?? [];
  if (isAsked(wanted.block_device_mapping) || others.length > 0 || (disk && !isOwnDisk(disk, wanted))) {
    throw invalid('Block device mapping is not supported: servers boot from their local disks.', 'server');
  }
  if (isAsked(wanted.personality)) {
    throw invalid('File injection (personality) is not supported; use user_data.', 'server');
  }
  if (!wanted.imageRef) throw invalid('Invalid imageRef provided.', 'imageRef');
  if (Array.isArray(wanted.networks)) for (const { tag } of wanted.networks) checkDeviceTag(tag);
}

/** The local disk with the image of the request, which newer clients spell out (seen of python-openstackclient 10.5). */
function isOwnDisk(disk: Disk, { imageRef }: Wanted): boolean {
  const { source_type, destination_type = 'local', uuid, boot_index = 0 } = disk;
  const isLocal = source_type === 'image' && destination_type === 'local' && Number(boot_index) === 0;
  return isLocal && typeof uuid === 'string' && uuid === toId(imageRef ?? '');
}

/** By name or id; without any: the default one. */
async function chooseGroups(
  { securityGroups }: Cloud,
  projectId: string,
  wanted: Wanted,
): Promise<SecurityGroup[]> {
  const known = await securityGroups.list(projectId);
  const words = wanted.security_groups?.length ? wanted.security_groups : [{ name: 'default' }];
  return words.map(({ name }) => {
    const group = pickGroup(known, name);
    if (!group)
      throw invalid(`Security group ${name} not found for project ${projectId}.`, 'security_groups');
    return group;
  });
}

/** Hints stand beside the server, under either of two names. */
async function toServerGroup(
  { serverGroups }: Cloud,
  call: NovaCall,
  body: Static<typeof CreateBody>,
): Promise<Pick<CreateWish, 'serverGroupId'>> {
  const hints = body['os:scheduler_hints'] ?? body['OS-SCH-HNT:scheduler_hints'];
  if (hints?.group === undefined) return {};
  const group = await serverGroups.find(hints.group, projectOf(call));
  if (!group) throw invalid(`Instance group ${hints.group} could not be found.`, 'group');
  return { serverGroupId: group.id };
}

async function toWish(catalog: Catalog, call: NovaCall, wanted: Wanted): Promise<CreateWish> {
  const least = Number(wanted.min_count ?? 1);
  const most = Number(wanted.max_count ?? least);
  if (least > most) throw invalid('min_count must be <= max_count', 'min_count');
  if (wanted.user_data) checkUserData(wanted.user_data);
  checkMetadata(wanted.metadata);
  if (wanted.networks === undefined && call.minor >= 37) {
    throw invalid("'networks' is a required property", 'networks');
  }
  return {
    door: 'nova',
    projectId: projectOf(call),
    actor: actorOf(call),
    name: wanted.name,
    ...(call.minor >= 19 && wanted.description ? { description: wanted.description } : {}),
    flavorId: toId(String(wanted.flavorRef)),
    imageId: toId(wanted.imageRef!),
    ...(wanted.availability_zone ? { zone: wanted.availability_zone } : {}),
    nics: await toNics(catalog, projectOf(call), wanted.networks),
    count: most,
    leastCount: least,
    nameOf: (name, index) => `${name}-${index + 1}`,
    ...(wanted.key_name ? { keyName: wanted.key_name } : {}),
    ...(wanted.user_data ? { userData: wanted.user_data } : {}),
    metadata: wanted.metadata ?? {},
    ...(call.minor >= 52 && wanted.tags ? { tags: toTags(wanted.tags) } : {}),
    checkCapacity: false,
    rollBack: false,
  };
}

/** Together with the one that every server gets; given again it is not there twice. */
function toTags(asked: string[]): string[] {
  const [, ...own] = checkTags([bareMetalTag, ...asked]);
  return own;
}

/** A port wins over a network; `auto`, nothing and an empty list leave the choice to us; `none` is none. */
async function toNics(
  catalog: Catalog,
  projectId: string,
  networks: Wanted['networks'],
): Promise<RequestedNic[] | null> {
  if (networks === 'none') return null;
  if (networks === undefined || networks === 'auto') return [];
  return Promise.all(
    networks.map(async ({ uuid, port, fixed_ip: ip }) => {
      if (port) {
        const [known] = await catalog.listPorts(projectId, { id: [port] }, { limit: 1 });
        if (!known) throw invalid(`Port ${port} could not be found.`, 'networks');
        if (known.serverId) throw invalid(`Port ${port} is still in use.`, 'networks');
        return { networkId: known.networkId, ip: null, portId: known.id };
      }
      if (uuid === undefined || !isId(uuid)) {
        throw invalid(`Bad networks format: network uuid is not in proper format (${uuid})`, 'networks');
      }
      if (ip && !isIPv4(ip)) throw invalid(`Invalid fixed IP address (${ip})`, 'networks');
      return { networkId: uuid, ip: ip ?? null, portId: null };
    }),
  );
}

/** Twelve letters and digits without look-alikes. */
function newPassword(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
  return Array.from({ length: 12 }, () => letters[randomInt(letters.length)]).join('');
}

/** What a body names and nobody knows is the body's mistake (400), not a missing page (404). */
const missing: Record<string, (facts: ErrorFacts) => string> = {
  flavor: ({ id }) => `Flavor ${id} could not be found.`,
  image: ({ id }) => `Can not find requested image ${id}.`,
  keypair: () => 'Invalid key_name provided.',
  network: ({ id }) => `Network ${id} could not be found.`,
  'availability zone': () => 'The requested availability zone is not available',
};

function rethrowInWords(error: unknown): never {
  const facts = error instanceof IngotError ? error.facts : undefined;
  const say = facts?.kind === 'not-found' ? missing[facts.subject ?? ''] : undefined;
  throw say ? invalid(say(facts!)) : error;
}
