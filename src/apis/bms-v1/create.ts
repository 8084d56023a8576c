/** From the words of a create request to a wish (otc0106040941, hw0606). */
import type { Static } from 'typebox';
import { invalid } from '../../core/errors.ts';
import type { SecurityGroups } from '../../core/security-group.ts';
import type { KeyValue } from '../../core/server-tags.ts';
import { mostDisks, volumeTypes } from '../../core/volume.ts';
import type { Created, CreateWish, WishedVolume } from '../../engine/create.ts';
import { actorOf, ok, projectOf, toHex, type Answer, type Call } from '../api.ts';
import { toRequestKey } from '../once.ts';
import type { Cloud } from './cloud.ts';
import { checkPublicIp } from './public-ip.ts';
import { checkName, checkPassword, checkUserData, listTags, toTags } from './rules.ts';
import type { CreateBody } from './wire.ts';

type Wanted = Static<typeof CreateBody>['server'];

export async function create({ create, securityGroups }: Cloud, call: Call): Promise<Answer> {
  const orderId = `CS${toHex(call.requestId).slice(0, 15).toUpperCase()}`;
  const { server } = call.body as Static<typeof CreateBody>;
  const token = server.client_token ?? (server.extendparam as Record<string, unknown>)['client_token'];
  const groups = await chooseGroups(securityGroups, projectOf(call), server);
  const wish = { ...toWish(call), ...groups, orderId };
  const toAnswer = ({ jobId }: Created) => ({ order_id: orderId, job_id: toHex(jobId) });
  return ok(await create(wish, toRequestKey(call, token), toAnswer));
}

export function tagsOfNew({ body }: Call): KeyValue[] {
  return listTags((body as Static<typeof CreateBody>).server.server_tags);
}

/** By id; without any: the default one. Each holds on all NICs. */
async function chooseGroups(
  securityGroups: SecurityGroups,
  projectId: string,
  { security_groups: given }: Wanted,
): Promise<Pick<CreateWish, 'securityGroups'>> {
  const wanted = given ?? [];
  if (wanted.length === 0) return {};
  const ids = [...new Set(wanted.map(({ id }) => id.toLowerCase()))];
  const known = new Set((await securityGroups.list(projectId, { ids })).map(({ id }) => id));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown === undefined) return { securityGroups: ids };
  const message = `Query security group failed: the security group ${unknown} does not exist.`;
  throw invalid(message, 'security_groups', 'BMS.3001');
}

/** Servers of one request at most (otc0106040941). */
const mostInOneRequest = 24;

function toWish(call: Call): CreateWish {
  const { server } = call.body as Static<typeof CreateBody>;
  const count = server.count ?? 1;
  if (count < 1 || count > mostInOneRequest) {
    throw invalid('The number of baremetal servers is out of range for one request.', 'count', 'BMS.0205');
  }
  checkName(server.name, count > 1 ? 58 : 63);
  if (server.user_data) checkUserData(server.user_data);
  const password = server.adminPass ?? server.metadata?.['admin_pass'];
  checkLogin(server.key_name, password, server.user_data);
  const hints = server.schedulerHints ?? server['os:scheduler_hints'];
  const { admin_pass: _, ...metadata } = server.metadata ?? {};
  const tags = toTags(server.server_tags);
  const volumes = toVolumes(server);
  checkPublicIp(server);
  const enterprise = (server.extendparam as Record<string, unknown>)['enterprise_project_id'];
  return {
    door: 'bms',
    projectId: projectOf(call),
    actor: actorOf(call),
    name: server.name,
    flavorId: server.flavorRef,
    imageId: server.imageRef.split('/').at(-1)!,
    zone: server.availability_zone,
    vpcId: server.vpcid,
    nics: server.nics.map((nic) => ({
      networkId: nic.subnet_id ?? '',
      ip: nic.ip_address || null,
      portId: nic.port_id || null,
    })),
    count,
    nameOf: (name, index) => `${name}-${String(index).padStart(4, '0')}`,
    ...(server.key_name ? { keyName: server.key_name } : {}),
    ...(server.user_data ? { userData: server.user_data } : {}),
    ...(password ? { password } : {}),
    metadata,
    tags,
    ...(volumes.length > 0 ? { volumes } : {}),
    schedulerHints: hints?.dec_baremetal === 'dedicate' ? { dec_baremetal: ['dedicate'] } : {},
    ...(typeof enterprise === 'string' ? { enterpriseProjectId: enterprise } : {}),
    checkCapacity: true,
    rollBack: true,
  };
}

/** Exactly one of key pair and password; a password may also come inside the user data. */
function checkLogin(
  keyName: string | undefined,
  password: string | undefined,
  userData: string | undefined,
): void {
  const hasKey = Boolean(keyName);
  const hasPassword = Boolean(password);
  if (hasKey === hasPassword && !(userData && !hasKey)) {
    throw invalid('none or multiple passwords specified, please specify one.', 'adminPass', 'BMS.0111');
  }
  if (password) checkPassword(password);
}

/** Sizes and types that a create may ask for (otc0106040941). */
export function toVolumes({ root_volume: root, data_volumes: data = [] }: Wanted): WishedVolume[] {
  const mostData = mostDisks - 1;
  if (data.length > mostData) {
    const message = `The num of datavolume is illegal, the num is ${data.length}, max num allow is ${mostData}.`;
    throw invalid(message, 'data_volumes', 'BMS.0204');
  }
  if (root && !isVolume(root, 40, 1_024)) {
    const message = `Root volume is illegal, reason: there is no ${root.volumetype} of ${root.size} GB.`;
    throw invalid(message, 'root_volume', 'BMS.0047');
  }
  for (const volume of data) {
    if (isVolume(volume, 10, 32_768)) continue;
    const { volumetype: type, size } = volume;
    throw invalid(`Volume is illegal, there is no ${type} of ${size} GB.`, 'volumes', 'BMS.0203');
  }
  const toOne = (bootable: boolean) => (wish: NonNullable<Wanted['data_volumes']>[number]) => ({
    sizeGb: wish.size,
    type: wish.volumetype,
    shareable: wish.shareable ?? false,
    bootable,
  });
  return [...(root ? [toOne(true)(root)] : []), ...data.map(toOne(false))];
}

function isVolume({ volumetype, size }: { volumetype: string; size: number }, least: number, most: number) {
  return (volumeTypes as readonly string[]).includes(volumetype) && size >= least && size <= most;
}
