/** The words of Nova: bodies as TypeBox schemas, records as the documented JSON (otc0000002340222784). */
import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import type { Flavor, Keypair } from '../../core/catalog.ts';
import { toPowerState, toVmState } from '../../core/lifecycle.ts';
import type { SecurityGroup, SecurityGroupRule } from '../../core/security-group.ts';
import type { ServerGroup } from '../../core/server-group.ts';
import type { FlavorFacts, Server } from '../../core/server.ts';
import { toStatusFor } from '../client-habits.ts';
import { bookmarkOf, type NovaCall } from './cloud.ts';

const Name = Type.String({ minLength: 1, maxLength: 255, pattern: '\\S' });
const Short = Type.String({ maxLength: 255 });
const Metadata = Type.Record(Type.String({ minLength: 1, maxLength: 255 }), Short);
/** Refused by `checkDeviceTag`; known here so that no client believes that it was heeded. */
const DeviceTag = Type.Optional(Type.String());
const Network = Type.Object({
  uuid: Type.Optional(Type.String()),
  port: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  fixed_ip: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  tag: DeviceTag,
});
const Count = Type.Union([
  Type.Integer({ minimum: 1, maximum: 1000 }),
  Type.String({ pattern: '^[1-9]\\d{0,2}$' }),
]);
/** A disk that is asked for; the one that clients spell out is the local disk with the image. */
const Disk = Type.Object({
  source_type: Type.Optional(Type.String()),
  destination_type: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  uuid: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  boot_index: Type.Optional(Type.Union([Type.Integer(), Type.String(), Type.Null()])),
});
const Unsupported = Type.Optional(Type.Array(Type.Unknown()));

const Hints = Type.Optional(Type.Object({ group: Type.Optional(Type.String()) }));

export const CreateBody = Type.Object({
  server: Type.Object({
    name: Name,
    imageRef: Type.Optional(Type.String()),
    flavorRef: Type.Union([Type.String({ minLength: 1 }), Type.Integer()]),
    networks: Type.Optional(
      Type.Union([Type.Literal('auto'), Type.Literal('none'), Type.Array(Network, { maxItems: 4 })]),
    ),
    availability_zone: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    metadata: Type.Optional(Metadata),
    user_data: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    adminPass: Type.Optional(Short),
    key_name: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    security_groups: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
    description: Type.Optional(Type.Union([Short, Type.Null()])),
    min_count: Type.Optional(Count),
    max_count: Type.Optional(Count),
    return_reservation_id: Type.Optional(Type.Boolean()),
    block_device_mapping: Unsupported,
    block_device_mapping_v2: Type.Optional(Type.Array(Disk)),
    personality: Unsupported,
    /** From 2.52 on. */
    tags: Type.Optional(Type.Array(Type.String())),
  }),
  'os:scheduler_hints': Hints,
  'OS-SCH-HNT:scheduler_hints': Hints,
});

export const UpdateBody = Type.Object({
  server: Type.Object({
    name: Type.Optional(Name),
    description: Type.Optional(Type.Union([Short, Type.Null()])),
  }),
});

/** What a key may not hold, and a value (otc0000002374260885). */
const metadataKey = '^[^:~!@#$%^&*()=+<,>?/\'";{\\[\\]}|\\\\`]{1,255}$';
const metadataValue = '^[^\\\\"]{0,255}$';
const StrictMetadata = Type.Record(
  Type.String({ pattern: metadataKey }),
  Type.String({ pattern: metadataValue }),
  { additionalProperties: false },
);

export const MetadataBody = Type.Object({ metadata: StrictMetadata });
export const MetaBody = Type.Object({ meta: StrictMetadata });
export const InterfaceBody = Type.Object({
  interfaceAttachment: Type.Object({
    port_id: Type.Optional(Type.String()),
    net_id: Type.Optional(Type.String()),
    fixed_ips: Type.Optional(
      Type.Array(Type.Object({ ip_address: Type.String() }), { minItems: 1, maxItems: 1 }),
    ),
    tag: DeviceTag,
  }),
});
export const AttachmentBody = Type.Object({
  volumeAttachment: Type.Object({
    volumeId: Type.String(),
    device: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    tag: DeviceTag,
  }),
});
export const ServerGroupBody = Type.Object({
  server_group: Type.Object({
    name: Name,
    policies: Type.Array(Type.String(), { minItems: 1, maxItems: 1 }),
  }),
});
export const TagsBody = Type.Object({ tags: Type.Array(Type.String()) });

const GroupName = Type.Object({ name: Type.String({ minLength: 1, maxLength: 255 }) });

/** Exactly one key; which ones there are, the handler says. */
export const RemoteConsoleBody = Type.Object({
  remote_console: Type.Object({ protocol: Type.String(), type: Type.String() }),
});

export const ConsoleOutputBody = Type.Union([
  Type.Null(),
  Type.Object({
    length: Type.Optional(
      Type.Union([Type.Integer({ minimum: -1 }), Type.String({ pattern: '^(-1|[0-9]{1,9})$' }), Type.Null()]),
    ),
  }),
]);

export const ActionBody = Type.Object({
  'os-start': Type.Optional(Type.Unknown()),
  'os-stop': Type.Optional(Type.Unknown()),
  'os-getSerialConsole': Type.Optional(Type.Object({ type: Type.String() })),
  'os-getConsoleOutput': Type.Optional(ConsoleOutputBody),
  lock: Type.Optional(Type.Unknown()),
  unlock: Type.Optional(Type.Unknown()),
  reboot: Type.Optional(
    Type.Object({ type: Type.String({ pattern: '^([Ss][Oo][Ff][Tt]|[Hh][Aa][Rr][Dd])$' }) }),
  ),
  addSecurityGroup: Type.Optional(GroupName),
  removeSecurityGroup: Type.Optional(GroupName),
  createImage: Type.Optional(
    Type.Object({
      // Longer names leave no room for what a cloud puts behind them (the documentation's 242 bytes).
      name: Type.String({ minLength: 1, maxLength: 242, pattern: '\\S' }),
      metadata: Type.Optional(Metadata),
    }),
  ),
  rebuild: Type.Optional(
    Type.Object({
      imageRef: Type.String({ minLength: 1 }),
      name: Type.Optional(Name),
      metadata: Type.Optional(Metadata),
      adminPass: Type.Optional(Short),
      description: Type.Optional(Type.Union([Short, Type.Null()])),
      /** From 2.54 on; null for none. */
      key_name: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Null()])),
      /** From 2.57 on; null for none. */
      user_data: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    }),
  ),
});

/** Numbers may come as text (upstream). At most what PostgreSQL takes for an integer. */
const whole = (least: number) =>
  Type.Union([
    Type.Integer({ minimum: least, maximum: 2 ** 31 - 1 }),
    Type.String({ pattern: '^[0-9]{1,9}$' }),
  ]);

/** What a machine cannot have (swap, ephemeral disks) is refused by the handler. */
export const FlavorBody = Type.Object({
  flavor: Type.Object(
    {
      name: Name,
      // What clients and policies may write without quoting it (upstream's rule, with dots for `physical.x.y`).
      id: Type.Optional(
        Type.Union([
          Type.String({ maxLength: 255, pattern: '^[A-Za-z0-9_.-]([A-Za-z0-9_. -]*[A-Za-z0-9_.-])?$' }),
          Type.Null(),
        ]),
      ),
      ram: whole(1),
      vcpus: whole(1),
      disk: whole(0),
      swap: Type.Optional(Type.Union([whole(0), Type.Literal('')])),
      'OS-FLV-EXT-DATA:ephemeral': Type.Optional(whole(0)),
      rxtx_factor: Type.Optional(Type.Union([Type.Number(), Type.String()])),
      'os-flavor-access:is_public': Type.Optional(Type.Union([Type.Boolean(), Type.String()])),
      description: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    },
    { additionalProperties: false },
  ),
});

export const ExtraSpecsBody = Type.Object({
  extra_specs: Type.Record(
    Type.String({ pattern: '^[A-Za-z0-9_.: -]{1,255}$' }),
    Type.Union([Short, Type.Number(), Type.Boolean()]),
    { minProperties: 1, additionalProperties: false },
  ),
});

export const KeypairBody = Type.Object({
  keypair: Type.Object({
    // Letters, digits and a few signs, none of them at either end a space (upstream).
    name: Type.String({ maxLength: 255, pattern: '^[A-Za-z0-9_@.-]([A-Za-z0-9_@. -]*[A-Za-z0-9_@.-])?$' }),
    public_key: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    type: Type.Optional(Type.Literal('ssh')),
    user_id: Type.Optional(Type.String()),
  }),
});

/** `2026-03-02T08:15:04Z` */
export function toSeconds(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** `2026-03-02T08:21:47.000000`, without zone. */
export function toMicroseconds(at: Date | null): string | null {
  return at && `${at.toISOString().slice(0, 23)}000`;
}

export function toLinks(call: NovaCall, path: string) {
  return [
    { rel: 'self', href: `${call.root}${path}` },
    { rel: 'bookmark', href: `${bookmarkOf(call)}${path}` },
  ];
}

function toReference(call: NovaCall, room: 'images' | 'flavors', id: string) {
  return { id, links: [{ rel: 'bookmark', href: `${bookmarkOf(call)}/${room}/${id}` }] };
}

/** An item of the short list. */
export function toEntry(call: NovaCall, { id, name }: Pick<Server, 'id' | 'name'>) {
  return { id, name, links: toLinks(call, `/servers/${id}`) };
}

export function toServer(call: NovaCall, server: Server) {
  // A hash per project, so that a tenant sees which of its servers share a host and nothing else (upstream).
  const hostId = server.nodeId
    ? createHash('sha224').update(`${server.projectId}${server.nodeId}`).digest('hex')
    : '';
  const status = toStatusFor(call, server);
  return {
    ...toEntry(call, server),
    status,
    tenant_id: server.projectId,
    user_id: server.userId,
    created: toSeconds(server.createdAt),
    updated: toSeconds(server.updatedAt),
    hostId,
    // The BMS read model of a Go client reads it in lower case.
    hostid: hostId,
    addresses: toAddresses(server),
    image: toReference(call, 'images', server.imageId),
    flavor: call.minor >= 47 ? toOwnFlavor(server.flavor) : toReference(call, 'flavors', server.flavorId),
    metadata: server.metadata,
    key_name: server.keyName,
    config_drive: '',
    accessIPv4: '',
    accessIPv6: '',
    progress: 0,
    security_groups: server.securityGroups.map(({ name }) => ({ name })),
    'OS-DCF:diskConfig': 'MANUAL',
    'OS-EXT-AZ:availability_zone': server.zone,
    'OS-EXT-STS:vm_state': toVmState(server),
    'OS-EXT-STS:task_state': server.taskState,
    'OS-EXT-STS:power_state': toPowerState(server),
    'OS-EXT-SRV-ATTR:host': server.nodeId && `bms.${server.zone}`,
    'OS-EXT-SRV-ATTR:hypervisor_hostname': server.nodeName,
    'OS-EXT-SRV-ATTR:instance_name': `instance-${server.number.toString(16).padStart(8, '0')}`,
    'OS-SRV-USG:launched_at': toMicroseconds(server.launchedAt),
    'OS-SRV-USG:terminated_at': toMicroseconds(server.terminatedAt),
    'os-extended-volumes:volumes_attached': server.volumes.map(({ id, deleteOnTermination }) => ({
      id,
      ...(call.minor >= 3 && { delete_on_termination: deleteOnTermination }),
    })),
    'os:scheduler_hints': { group: server.serverGroupId === null ? [] : [server.serverGroupId] },
    sys_tags: [{ key: '_sys_enterprise_project_id', value: server.enterpriseProjectId }],
    enterprise_project_id: server.enterpriseProjectId,
    ...(status === 'ERROR' || status === 'DELETED' ? toFault(server) : {}),
    ...toLaterFields(call.minor, server),
  };
}

/** From 2.47 on: what the server was made of, without id and links. */
function toOwnFlavor({ name, vcpus, ramMib, diskGb, extraSpecs }: FlavorFacts) {
  return {
    vcpus,
    ram: ramMib,
    disk: diskGb,
    ephemeral: 0,
    swap: 0,
    original_name: name,
    extra_specs: extraSpecs,
  };
}

/** What came with later microversions. */
function toLaterFields(minor: number, server: Server) {
  return {
    ...(minor >= 3 && {
      'OS-EXT-SRV-ATTR:hostname': server.name,
      'OS-EXT-SRV-ATTR:reservation_id': server.reservationId,
      'OS-EXT-SRV-ATTR:launch_index': server.launchIndex,
      'OS-EXT-SRV-ATTR:kernel_id': '',
      'OS-EXT-SRV-ATTR:ramdisk_id': '',
      'OS-EXT-SRV-ATTR:root_device_name': server.nodeId && '/dev/sda',
      'OS-EXT-SRV-ATTR:user_data': server.userData,
    }),
    ...(minor >= 9 && { locked: server.locked }),
    ...(minor >= 16 && { host_status: server.nodeId ? 'UP' : '' }),
    ...(minor >= 19 && { description: server.description }),
    ...(minor >= 26 && { tags: server.tags }),
  };
}

/** Keyed by the name of the network, as Go clients look addresses up; `version` is a number here (BMS v1: text). */
function toAddresses({ ports }: Server): Record<string, unknown[]> {
  const addresses: Record<string, unknown[]> = {};
  for (const port of ports) {
    (addresses[port.networkName] ??= []).push({
      version: port.ip.includes(':') ? 6 : 4,
      addr: port.ip,
      'OS-EXT-IPS:type': 'fixed',
      'OS-EXT-IPS-MAC:mac_addr': port.mac,
      'OS-EXT-IPS:port_id': port.id,
    });
  }
  return addresses;
}

function toFault({ fault }: Server) {
  if (!fault) return {};
  const message = fault.kind === 'no-capacity' ? `No valid host was found. ${fault.message}` : fault.message;
  return { fault: { code: 500, created: toSeconds(new Date(fault.at)), message, details: fault.details } };
}

export function toServerGroup({ minor }: NovaCall, group: ServerGroup) {
  return {
    id: group.id,
    name: group.name,
    policies: [group.policy],
    members: group.members,
    metadata: {},
    ...(minor >= 13 && { project_id: group.projectId, user_id: group.userId }),
  };
}

/** As Nova told rules when it still kept them; only what comes in (otc0000002374260921). */
export function toSecurityGroup({ id, name, description, projectId, rules }: SecurityGroup) {
  const incoming = rules.filter(({ direction }) => direction === 'ingress');
  return {
    id,
    name,
    description,
    tenant_id: projectId,
    rules: incoming.map((rule) => toSecurityRule(rule, projectId)),
  };
}

function toSecurityRule(rule: SecurityGroupRule, projectId: string) {
  return {
    id: rule.id,
    parent_group_id: rule.groupId,
    ip_protocol: rule.protocol,
    from_port: rule.portMin,
    to_port: rule.portMax,
    ip_range: rule.remoteCidr === null ? {} : { cidr: rule.remoteCidr },
    group: rule.remoteGroupId === null ? {} : { name: rule.remoteGroupId, tenant_id: projectId },
  };
}

export function toFlavor(call: NovaCall, flavor: Flavor) {
  return {
    ...toFlavorEntry(call, flavor),
    vcpus: flavor.vcpus,
    ram: flavor.ramMib,
    disk: flavor.diskGb,
    swap: '',
    'OS-FLV-EXT-DATA:ephemeral': 0,
    'OS-FLV-DISABLED:disabled': !flavor.enabled,
    rxtx_factor: 1,
    'os-flavor-access:is_public': true,
  };
}

export function toFlavorEntry(call: NovaCall, { id, name }: Flavor) {
  // Flavors have no words of their own.
  return { id, name, links: toLinks(call, `/flavors/${id}`), ...(call.minor >= 55 && { description: null }) };
}

export function toKeypair({ minor }: NovaCall, { name, publicKey, fingerprint, type }: Keypair) {
  return { name, public_key: publicKey, fingerprint, ...(minor >= 2 && { type }) };
}

export function toKeypairDetail(call: NovaCall, keypair: Keypair) {
  return {
    ...toKeypair(call, keypair),
    id: keypair.id,
    user_id: keypair.userId,
    created_at: toMicroseconds(keypair.createdAt),
    deleted: false,
    deleted_at: null,
    updated_at: null,
  };
}
