/**
 * What is altered of a server beside its state: facts such as metadata, and what it is tied to (NICs, volumes). An
 * alteration is done when the request is answered; it passes through no state, so the lifecycle table has none for it.
 */
import { IngotError } from './errors.ts';
import { isIntermediate, toVmState, type Door, type Standing } from './lifecycle.ts';

export const alterations = ['add-nic', 'remove-nic', 'attach-volume', 'detach-volume'] as const;
export type Alteration = (typeof alterations)[number];

export const alterationKinds: Readonly<Record<Alteration, { novaAction: string }>> = {
  'add-nic': { novaAction: 'attach_interface' },
  'remove-nic': { novaAction: 'detach_interface' },
  'attach-volume': { novaAction: 'attach_volume' },
  'detach-volume': { novaAction: 'detach_volume' },
};

type Subject = Standing & { id: string; locked: boolean };

/**
 * Facts may be changed while the vm_state is active or stopped (V25, N14; "paused" is nothing that a machine can be)
 * and the server is not locked.
 * @param what as it stands in the refusal: 'update metadata'
 */
export function checkAlterable(server: Subject, what: string): void {
  const vmState = toVmState(server);
  if (vmState !== 'active' && vmState !== 'stopped') throw refusal(server, what, `vm_state ${vmState}`);
  checkUnlocked(server);
}

/** What a server is tied to may be changed only while nothing is under way besides. */
export function checkAtRest(server: Subject, what: string, code?: string): void {
  const vmState = toVmState(server);
  if (isIntermediate(server.state)) throw refusal(server, what, `task_state ${server.taskState}`, code);
  if (vmState !== 'active' && vmState !== 'stopped') throw refusal(server, what, `vm_state ${vmState}`, code);
  checkUnlocked(server);
}

/** What reads the disk needs it to be at rest: the machine is off, and nothing is under way. */
export function checkStopped(server: Subject, what: string): void {
  checkAtRest(server, what);
  if (toVmState(server) !== 'stopped') throw refusal(server, what, `vm_state ${toVmState(server)}`);
}

function checkUnlocked({ id, locked }: Subject): void {
  if (!locked) return;
  throw new IngotError({
    kind: 'conflict',
    subject: 'server',
    id,
    code: 'locked',
    message: `Instance ${id} is locked`,
  });
}

/** In Nova's words (nova/exception.py, InstanceInvalidState); BMS v1 puts its own in front. */
function refusal(server: Subject, what: string, standing: string, code?: string): IngotError {
  return new IngotError({
    kind: 'state-refuses',
    subject: 'server',
    id: server.id,
    state: server.state,
    message: `Cannot '${what}' instance ${server.id} while it is in ${standing}`,
    ...(code === undefined ? {} : { code }),
  });
}

/** Who alters which server; the job that tells of it is written with the alteration. */
export interface AlterationRequest {
  door: Door;
  projectId: string;
  serverId: string;
  actor: { userId: string; requestId: string };
}
