/** The words of CloudDC v1: bodies as TypeBox schemas, records as the documented JSON. */
import { Type } from 'typebox';
import type { ErrorKind } from '../../core/errors.ts';
import { toInstanceState } from '../../core/lifecycle.ts';
import { nodeStandings, type Node, type NodeStanding } from '../../core/node.ts';
import { operationKinds, type Operation } from '../../core/operations.ts';
import type { Server } from '../../core/server.ts';
import { roomOf, type Tag } from '../../core/site.ts';
import { bareMetalTag } from '../../core/server-tags.ts';
import { toErrorCode, type CloudDcError } from './errors.ts';

/** The newest SDK says 10 for a reinstall, the older pages 50; 50 serves both. */
const IdSet = Type.Array(Type.String(), { minItems: 1, maxItems: 50 });

export const CreateBody = Type.Object({
  name: Type.String(),
  image_id: Type.String(),
  vpc_id: Type.String(),
  network_interfaces: Type.Array(
    Type.Object({ subnet_id: Type.String(), ipv4_address: Type.Optional(Type.String()) }),
    { minItems: 1, maxItems: 2 },
  ),
  password: Type.String(),
  metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
  description: Type.Optional(Type.String({ maxLength: 255 })),
  placement: Type.Optional(Type.Object({ server_id: Type.Optional(Type.String()) })),
});
/** Without limits of its own in the documentation; one request of a client is no flood. */
const mostInstances = 100;
const InstanceCount = Type.Integer({ minimum: 1, maximum: mostInstances });

export const CreateManyBody = Type.Object({
  ...Type.Omit(CreateBody, ['network_interfaces', 'placement']).properties,
  network_interfaces: Type.Array(Type.Object({ subnet_id: Type.String() }), { minItems: 1, maxItems: 2 }),
  placement: Type.Optional(
    Type.Object({
      server_id_set: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: mostInstances })),
    }),
  ),
  min_count: Type.Optional(InstanceCount),
  max_count: Type.Optional(InstanceCount),
});

export const AddressBody = Type.Object({
  vpc_id: Type.Optional(Type.String()),
  nics: Type.Array(Type.Object({ subnet_id: Type.String(), ip_address: Type.Optional(Type.String()) }), {
    minItems: 1,
    maxItems: 2,
  }),
});

/** 20 at once, as with the tags of the sibling services; the page names lengths only. */
export const TagsBody = Type.Object({
  tags: Type.Array(
    Type.Object({
      key: Type.String({ minLength: 1, maxLength: 128 }),
      value: Type.Optional(Type.String({ maxLength: 255 })),
    }),
    { minItems: 1, maxItems: 20 },
  ),
});

/** A bare array, as documented. */
export const RoomsBody = Type.Array(
  Type.Object({ id: Type.String(), description: Type.String({ maxLength: 512 }) }),
  { minItems: 1, maxItems: 100 },
);

export const RackBody = Type.Object({ description: Type.String() });

export const CreateAnswer = Type.Object({ instance_id: Type.String() });

export const DeleteBody = Type.Object({ instance_id_set: IdSet });

export const ReinstallBody = Type.Object({
  image_id: Type.Optional(Type.String()),
  password: Type.String(),
  instance_id_set: IdSet,
});

export const PasswordBody = Type.Object({
  new_password: Type.String({ minLength: 1 }),
  instance_id_set: IdSet,
});
export const InstancesAnswer = Type.Object({ instances: Type.Array(Type.Object({ id: Type.String() })) });

/** With spaces, not hyphens. */
export const PowerBody = Type.Object({
  action: Type.Union([Type.Literal('power on'), Type.Literal('power off'), Type.Literal('rebooting')]),
  server_id_set: IdSet,
});
export const PhysicalServersAnswer = Type.Object({
  physical_servers: Type.Array(Type.Object({ id: Type.String() })),
});

/** `manage_state` of a machine. `onboard` is a machine that is still being ordered, so no node stands there. */
export const manageStates = ['onboard', 'os-ready', 'ready', 'in-use', 'maintain', 'offboarding'] as const;
export type ManageState = (typeof manageStates)[number];

export const manageStateOf: Record<NodeStanding, ManageState> = {
  enrolled: 'os-ready',
  ready: 'ready',
  'in-use': 'in-use',
  maintenance: 'maintain',
  quarantined: 'maintain',
  retired: 'offboarding',
};

export function standingsShowing(manageState: ManageState): NodeStanding[] {
  return nodeStandings.filter((standing) => manageStateOf[standing] === manageState);
}

export interface CloudDcFault extends CloudDcError {
  /** The first word of the operation that failed (the range is not documented). */
  error_type: string;
}

/** C04: what has nothing to say is left out. */
export function toInstanceStatus(server: Server) {
  const { provisioning, provisioningOutcome, fault } = server;
  return {
    state: toInstanceState(server),
    ...(provisioning && provisioningOutcome
      ? { operation_state: `${provisioning}-${provisioningOutcome}` }
      : {}),
    ...(fault ? { error: toFault(fault.kind, fault.message, toErrorType(server)) } : {}),
  };
}

function toFault(kind: ErrorKind, message: string, type: string): CloudDcFault {
  return { error_code: toErrorCode(kind), error_msg: message, error_type: type };
}

const powerWords: Partial<Record<Operation, string>> = {
  start: 'power-on',
  stop: 'power-off',
  restart: 'reboot',
  'force-restart': 'reboot',
};

/** `install`, `uninstall` …; `power-on` … when power failed; `hardware` when the machine failed by itself. */
function toErrorType({ fault, provisioning }: Server): string {
  const operation = fault?.operation as Operation | null;
  if (operation === null) return 'hardware';
  return operationKinds[operation]?.provisioning ? provisioning! : (powerWords[operation] ?? operation);
}

export function toInstance(server: Server) {
  return {
    id: server.id,
    name: server.name,
    vpc_id: server.vpcId ?? '',
    network_interfaces: server.ports.map(({ networkId, ip }) => ({
      subnet_id: networkId,
      ipv4_address: ip,
    })),
    tags: server.tags.filter((tag) => tag !== bareMetalTag).map(toTag),
    image: { id: server.imageId, name: server.imageName ?? '', os_type: server.imageOsType },
    description: server.description,
    ...toInstanceStatus(server),
    metadata: server.metadata,
    ...(server.userData ? { user_data: server.userData } : {}),
    // Empty before a machine is chosen, and after it was given back.
    server_id: server.nodeId ?? '',
    created_at: server.createdAt.toISOString(),
    updated_at: server.updatedAt.toISOString(),
    launched_at: server.launchedAt?.toISOString() ?? '',
  };
}

/** Our tags are `key` or `key=value`. */
function toTag(tag: string): { key: string; value: string } {
  const [key, ...rest] = tag.split('=');
  return { key: key!, value: rest.join('=') };
}

/** @param owner whose machine it is, or may become: the project that looks, and its account */
export function toPhysicalServer(
  node: Node,
  owner: { projectId: string; accountId: string },
  tags: Tag[] = [],
) {
  const { inventory, powerOperation, powerOutcome, powerError } = node;
  return {
    id: node.id,
    name: node.name,
    project_id: owner.projectId,
    domain_id: owner.accountId,
    manage_state: manageStateOf[node.standing],
    frozen_state: '0',
    ...(node.power === 'unknown' ? {} : { power_state: node.power }),
    ...(powerOperation && powerOutcome ? { operation_state: `${powerOperation}-${powerOutcome}` } : {}),
    health_state: node.health,
    onboard_time: node.createdAt.toISOString(),
    location: { dc: roomOf(node), rack: node.rack, unit: String(node.unit) },
    hardware_attributes: {
      sn: inventory?.serialNumber ?? '',
      manufacturer: inventory?.manufacturer ?? '',
      model: inventory?.model ?? '',
    },
    tags,
    ...(powerOutcome === 'failed' && powerOperation && powerError
      ? { error: toFault(powerError.kind, powerError.message, powerOperation) }
      : {}),
  };
}
