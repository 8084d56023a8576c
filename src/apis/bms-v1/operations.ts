/** What is asked of servers: power, delete, reinstall. All answer with a job at once. */
import type { Static } from 'typebox';
import { invalid } from '../../core/errors.ts';
import type { OperationInput } from '../../core/job.ts';
import type { Operation } from '../../core/operations.ts';
import type { BatchRule, Request } from '../../engine/submit.ts';
import { callerOf, isId, ok, projectOf, toHex, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { checkPassword, checkUserData } from './rules.ts';
import type { DeleteBody, PowerBody, ReinstallBody } from './wire.ts';

const actions = ['os-start', 'os-stop', 'reboot'] as const;

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

export async function remove(cloud: Cloud, call: Call): Promise<Answer> {
  const body = call.body as Static<typeof DeleteBody>;
  const input = { deletePublicIp: body.delete_publicip ?? false, deleteVolumes: body.delete_volume ?? false };
  return submitBatch(cloud, call, 'delete', input, body.servers);
}

export async function reinstall(cloud: Cloud, call: Call): Promise<Answer> {
  const { 'os-reinstall': wish } = call.body as Static<typeof ReinstallBody>;
  const userData = wish.metadata?.['user_data'];
  if (Boolean(wish.adminpass) === Boolean(wish.keyname) && !(userData && !wish.keyname)) {
    throw invalid('none or multiple passwords specified, please specify one.', 'adminpass', 'BMS.0111');
  }
  if (wish.adminpass) checkPassword(wish.adminpass);
  if (userData) checkUserData(userData);
  const input: OperationInput = {
    ...(wish.keyname ? { keyName: wish.keyname } : {}),
    ...(userData ? { userData } : {}),
    ...(wish.adminpass ? { adminPasswordHash: await cloud.hashPassword(wish.adminpass) } : {}),
  };
  return submitBatch(cloud, call, 'reinstall-os', input, [{ id: call.params['server_id']! }]);
}

async function submitBatch(
  cloud: Cloud,
  call: Call,
  operation: Operation,
  input: OperationInput,
  servers: { id: string }[],
): Promise<Answer> {
  const ids = servers.map(({ id }) => id);
  const unheard = ids.find((id) => !isId(id));
  if (unheard !== undefined) throw invalid(`${unheard} is not the id of a server.`, 'servers');
  const request: Request = {
    door: 'bms',
    projectId: projectOf(call),
    actor: { userId: callerOf(call).user.id, requestId: call.requestId },
    operation,
    input,
  };
  const rule: BatchRule = cloud.batchRule;
  const { jobId } = await cloud.submit.forServers(request, ids, rule);
  return ok({ job_id: toHex(jobId) });
}
