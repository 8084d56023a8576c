/** What is asked of one server: power, rebuild, delete, lock. The lifecycle table decides; nothing waits for the machine. */
import type { Static } from 'typebox';
import type { Action } from '../../core/actions.ts';
import { IngotError, invalid, notFound } from '../../core/errors.ts';
import { checkUsable } from '../../core/image.ts';
import type { OperationInput } from '../../core/job.ts';
import type { Operation } from '../../core/operations.ts';
import { actorOf, callerOf, isId, projectOf, type ActionChoice, type Answer } from '../api.ts';
import { wants202 } from '../client-habits.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { getSerialConsole, showConsoleOutput } from './consoles.ts';
import { createImage } from './create-image.ts';
import { setLocked } from './facts.ts';
import { checkMetadata, checkUserData, toId } from './rules.ts';
import { addGroup, removeGroup } from './security-groups.ts';
import { getServer } from './servers.ts';
import { toServer, type ActionBody } from './wire.ts';

type Reboot = NonNullable<Static<typeof ActionBody>['reboot']>;
type Rebuild = NonNullable<Static<typeof ActionBody>['rebuild']>;
type CreateImage = NonNullable<Static<typeof ActionBody>['createImage']>;
type Handler = (cloud: Cloud, call: NovaCall, value: unknown) => Promise<Answer>;

/** By wire key: what a policy calls it, and what is done. The schema has looked at the values. */
const actions: Readonly<Record<string, readonly [Action, Handler]>> = {
  'os-start': ['ecs:servers:start', (cloud, call) => power(cloud, call, 'start', {})],
  // A type may come along; it has no effect, a stop is always forced (otc0000002374260881).
  'os-stop': ['ecs:servers:stop', (cloud, call) => power(cloud, call, 'stop', {})],
  reboot: [
    'ecs:servers:reboot',
    (cloud, call, value) => {
      const isSoft = (value as Reboot).type.toUpperCase() === 'SOFT';
      const powerType = isSoft ? 'SOFT' : 'HARD';
      return power(cloud, call, isSoft ? 'restart' : 'force-restart', { powerType });
    },
  ],
  'os-getSerialConsole': ['ecs:servers:getConsole', getSerialConsole],
  'os-getConsoleOutput': ['ecs:servers:getConsoleOutput', showConsoleOutput],
  lock: ['ecs:servers:lock', (cloud, call) => setLocked(cloud, call, true)],
  unlock: ['ecs:servers:unlock', (cloud, call) => setLocked(cloud, call, false)],
  addSecurityGroup: [
    'ecs:securityGroups:use',
    (cloud, call, value) => addGroup(cloud, call, value as { name: string }),
  ],
  removeSecurityGroup: [
    'ecs:securityGroups:use',
    (cloud, call, value) => removeGroup(cloud, call, value as { name: string }),
  ],
  createImage: [
    'ecs:servers:createImage',
    (cloud, call, value) => createImage(cloud, call, value as CreateImage),
  ],
  rebuild: ['ecs:servers:rebuild', (cloud, call, value) => rebuild(cloud, call, value as Rebuild)],
};

export const serverActions: ActionChoice = {
  among: Object.values(actions).map(([action]) => action) as [Action, ...Action[]],
  of({ body }) {
    const [given, ...more] = Object.keys(body as object);
    return given !== undefined && more.length === 0 && Object.hasOwn(actions, given)
      ? actions[given]![0]
      : null;
  },
};

export async function act(cloud: Cloud, call: NovaCall): Promise<Answer> {
  const [given, ...more] = Object.entries(call.body as Static<typeof ActionBody>);
  if (!given || more.length > 0) throw invalid('Malformed request body: exactly one action must be given.');
  const [key, value] = given;
  if (!Object.hasOwn(actions, key)) throw invalid(`There is no such action: ${key}`);
  return actions[key]![1](cloud, call, value);
}

async function power(
  cloud: Cloud,
  call: NovaCall,
  operation: Operation,
  input: OperationInput,
): Promise<Answer> {
  await submit(cloud, call, operation, input);
  if (cloud.actionStatus !== 'auto') return { statusCode: Number(cloud.actionStatus) };
  return { statusCode: wants202(call) ? 202 : 204 };
}

async function rebuild(cloud: Cloud, call: NovaCall, wanted: Rebuild): Promise<Answer> {
  const server = await getServer(cloud, call);
  const image = await cloud.catalog.findImage(toId(wanted.imageRef), server.projectId);
  if (!image) throw invalid('Cannot find image for rebuild', 'imageRef');
  checkUsable(image);
  if (image.minRamMib > server.flavor.ramMib)
    throw invalid("Flavor's memory is too small for requested image.");
  if (image.minDiskGb > server.flavor.diskGb)
    throw invalid("Flavor's disk is too small for requested image.");
  checkMetadata(wanted.metadata);
  const keyName = call.minor >= 54 ? wanted.key_name : undefined;
  // That of whoever asks, be the server somebody else's (upstream, compute/api.py).
  const keypair = keyName ? await cloud.catalog.findKeypair(callerOf(call).user.id, keyName) : null;
  if (keyName && !keypair) throw invalid('Invalid key_name provided.', 'key_name');
  const userData = call.minor >= 57 ? wanted.user_data : undefined;
  if (userData) checkUserData(userData);
  const password = wanted.adminPass;
  await submit(cloud, call, 'rebuild', {
    imageId: image.id,
    ...(keyName === undefined ? {} : { keyName: keyName ?? '', publicKey: keypair?.publicKey ?? '' }),
    ...(userData === undefined ? {} : { userData: userData ?? '' }),
    ...(password === undefined ? {} : { adminPasswordHash: await cloud.hashPassword(password) }),
  });
  const { name, metadata, description } = wanted;
  const rebuilt = await cloud.servers.change(server.id, server.projectId, {
    ...(name === undefined ? {} : { name }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(keyName === undefined ? {} : { keyName, publicKey: keypair?.publicKey ?? null }),
    ...(userData === undefined ? {} : { userData }),
    ...(call.minor >= 19 && description ? { description } : {}),
  });
  if (!rebuilt) throw notFound('server', server.id);
  const data = call.minor >= 57 ? { user_data: rebuilt.userData } : {};
  return { statusCode: 202, body: { server: { ...toServer(call, rebuilt), ...data } } };
}

export async function remove(cloud: Cloud, call: NovaCall): Promise<Answer> {
  await submit(cloud, call, 'delete', {});
  return { statusCode: 204 };
}

/** In the caller's project; for an administrator in the project that the server turns out to be in. */
async function submit(
  cloud: Cloud,
  call: NovaCall,
  operation: Operation,
  input: OperationInput,
): Promise<void> {
  const id = call.params['server_id']!;
  if (!isId(id)) throw notFound('server', id);
  const { isAdmin } = callerOf(call);
  const actor = actorOf(call);
  const submitIn = (projectId: string) =>
    cloud.submit.forServers({ door: 'nova', projectId, actor, operation, input }, [id], 'strict');
  try {
    await submitIn(projectOf(call));
  } catch (error) {
    const isElsewhere = isAdmin && error instanceof IngotError && error.kind === 'not-found';
    const server = isElsewhere ? await cloud.servers.find(id, null) : null;
    if (!server || server.projectId === projectOf(call)) throw error;
    await submitIn(server.projectId);
  }
}
