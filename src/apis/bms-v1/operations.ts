/** What is asked of servers: power, delete, reinstall. All answer with a job at once. */
import type { Static } from 'typebox';
import { invalid, notFound } from '../../core/errors.ts';
import { checkUsable } from '../../core/image.ts';
import type { OperationInput } from '../../core/job.ts';
import type { Operation } from '../../core/operations.ts';
import type { BatchRule, Request } from '../../engine/submit.ts';
import {
  actorOf,
  callerOf,
  isId,
  ok,
  projectOf,
  toHex,
  type ActionChoice,
  type Answer,
  type Call,
} from '../api.ts';
import type { Cloud } from './cloud.ts';
import { checkPassword, checkUserData } from './rules.ts';
import { getServer } from './servers.ts';
import type { ChangeOsBody, DeleteBody, PowerBody, ReinstallBody } from './wire.ts';

const actions = ['os-start', 'os-stop', 'reboot'] as const;

/** V09, V10 and V11 share a path; which it is stands in the body. */
export const powerActions: ActionChoice = {
  among: ['bms:servers:start', 'bms:servers:stop', 'bms:servers:reboot'],
  of(call) {
    const [given, ...more] = actions.filter((key) => (call.body as Static<typeof PowerBody>)[key]);
    if (!given || more.length > 0) return null;
    return `bms:servers:${given === 'os-start' ? 'start' : given === 'os-stop' ? 'stop' : 'reboot'}`;
  },
};

/** The servers of a batch, for policies that speak of single ones. */
export function powerTargets(call: Call): string[] {
  const body = call.body as Static<typeof PowerBody>;
  return actions.flatMap((key) => body[key]?.servers ?? []).map(({ id }) => id);
}

export function deleteTargets(call: Call): string[] {
  return (call.body as Static<typeof DeleteBody>).servers.map(({ id }) => id);
}

export async function power(cloud: Cloud, call: Call): Promise<Answer> {
  const body = call.body as Static<typeof PowerBody>;
  const given = Object.keys(body);
  const action = actions.find((key) => body[key] !== undefined);
  if (given.length !== 1 || action === undefined) {
    throw invalid(`Exactly one of ${actions.join(', ')} must be given.`);
  }
  const { servers, type } = body[action] as { servers: { id: string }[]; type?: string };
  // SOFT is accepted but ineffective (hw0615): power operations are always forced.
  const powerType = type?.toUpperCase() === 'SOFT' ? 'SOFT' : 'HARD';
  return submitBatch(cloud, call, toOperation(action, powerType), { powerType }, servers);
}

function toOperation(action: (typeof actions)[number], powerType: 'SOFT' | 'HARD'): Operation {
  if (action === 'os-start') return 'start';
  if (action === 'os-stop') return 'stop';
  return powerType === 'SOFT' ? 'restart' : 'force-restart';
}

/** Servers of one batch at most; for delete it is not documented and taken to be that of the power actions. */
const mostInOneRequest = 1000;

export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  const body = call.body as Static<typeof DeleteBody>;
  if (body.servers.length < 1 || body.servers.length > mostInOneRequest) {
    throw invalid('The number of baremetal servers is out of range for one request.', 'servers', 'BMS.0205');
  }
  const input = { deletePublicIp: body.delete_publicip ?? false, deleteVolumes: body.delete_volume ?? false };
  return submitBatch(cloud, call, 'delete', input, body.servers);
}

export async function reinstall(cloud: Cloud, call: Call): Promise<Answer> {
  const { 'os-reinstall': wish } = call.body as Static<typeof ReinstallBody>;
  return submitBatch(cloud, call, 'reinstall-os', await toInstall(cloud, call, wish), [
    { id: call.params['server_id']! },
  ]);
}

/** The same with another image; its answer spells `jobId`, as nothing else does (hw0616). */
export async function changeOs(cloud: Cloud, call: Call): Promise<Answer> {
  const { 'os-change': wish } = call.body as Static<typeof ChangeOsBody>;
  const server = await getServer(cloud, call);
  const image = await cloud.catalog.findImage(wish.imageid, projectOf(call));
  if (!image) throw notFound('image', wish.imageid);
  checkUsable(image);
  if (image.minRamMib > server.flavor.ramMib || image.minDiskGb > server.flavor.diskGb) {
    throw invalid(`${image.name} needs more than the flavor ${server.flavorId} has.`, 'imageid', 'BMS.0011');
  }
  const input = { ...(await toInstall(cloud, call, wish)), imageId: image.id };
  const jobId = await submitAll(cloud, call, 'reinstall-os', input, [{ id: server.id }]);
  return ok({ jobId: toHex(jobId) });
}

type InstallWish = Omit<Static<typeof ChangeOsBody>['os-change'], 'imageid'>;

async function toInstall(
  { hashPassword, catalog }: Cloud,
  call: Call,
  wish: InstallWish,
): Promise<OperationInput> {
  const userData = wish.metadata?.['user_data'];
  if (Boolean(wish.adminpass) === Boolean(wish.keyname) && !(userData && !wish.keyname)) {
    throw invalid('none or multiple passwords specified, please specify one.', 'adminpass', 'BMS.0111');
  }
  if (wish.adminpass) checkPassword(wish.adminpass);
  if (userData) checkUserData(userData);
  // Whoever asks brings the key, also to a server of somebody else in the project.
  const keypair = wish.keyname ? await catalog.findKeypair(callerOf(call).user.id, wish.keyname) : null;
  if (wish.keyname && !keypair) throw notFound('keypair', wish.keyname);
  return {
    ...(keypair ? { keyName: keypair.name, publicKey: keypair.publicKey } : {}),
    ...(userData ? { userData } : {}),
    ...(wish.adminpass ? { adminPasswordHash: await hashPassword(wish.adminpass) } : {}),
  };
}

async function submitBatch(
  cloud: Cloud,
  call: Call,
  operation: Operation,
  input: OperationInput,
  servers: { id: string }[],
): Promise<Answer> {
  return ok({ job_id: toHex(await submitAll(cloud, call, operation, input, servers)) });
}

async function submitAll(
  cloud: Cloud,
  call: Call,
  operation: Operation,
  input: OperationInput,
  servers: { id: string }[],
): Promise<string> {
  const ids = servers.map(({ id }) => id);
  const unheard = ids.find((id) => !isId(id));
  if (unheard !== undefined) throw invalid(`${unheard} is not the id of a server.`, 'servers');
  const request: Request = {
    door: 'bms',
    projectId: projectOf(call),
    actor: actorOf(call),
    operation,
    input,
  };
  const rule: BatchRule = cloud.batchRule;
  return (await cloud.submit.forServers(request, ids, rule)).jobId;
}
