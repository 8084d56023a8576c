/** The words of BMS v1: bodies as TypeBox schemas, records as the documented JSON (otc0113746489, hw0608). */
import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import type { Alteration } from '../../core/alteration.ts';
import type { Flavor } from '../../core/catalog.ts';
import { toJobStatus, toSubJobStatus, type Job, type SubJob } from '../../core/job.ts';
import { toPowerState, toStatus, toVmState } from '../../core/lifecycle.ts';
import type { Operation } from '../../core/operations.ts';
import type { MetadataOptions, Port, Server } from '../../core/server.ts';
import { systemDevice } from '../../core/volume.ts';
import { toHex } from '../api.ts';
import { toBmsError } from './errors.ts';

const Id = Type.String({ minLength: 1, maxLength: 64 });
const Servers = Type.Array(Type.Object({ id: Id }), { minItems: 1, maxItems: 1000 });
const PowerType = Type.String({ pattern: '^([Ss][Oo][Ff][Tt]|[Hh][Aa][Rr][Dd])$' });
const Text = (maxLength: number) => Type.String({ maxLength });

export const PowerBody = Type.Object({
  'os-start': Type.Optional(Type.Object({ servers: Servers })),
  'os-stop': Type.Optional(Type.Object({ servers: Servers, type: Type.Optional(PowerType) })),
  reboot: Type.Optional(Type.Object({ servers: Servers, type: Type.Optional(PowerType) })),
});

/** How many there may be has a code of its own here (BMS.0205), so that the schema does not count. */
export const DeleteBody = Type.Object({
  servers: Type.Array(Type.Object({ id: Id })),
  delete_publicip: Type.Optional(Type.Boolean()),
  delete_volume: Type.Optional(Type.Boolean()),
});

export const RenameBody = Type.Object({ server: Type.Object({ name: Type.String() }) });

export const ReinstallBody = Type.Object({
  'os-reinstall': Type.Object({
    adminpass: Type.Optional(Type.String()),
    keyname: Type.Optional(Type.String()),
    userid: Type.Optional(Type.String()),
    metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
  }),
});

export const ChangeOsBody = Type.Object({
  'os-change': Type.Object({
    imageid: Type.String({ minLength: 1 }),
    adminpass: Type.Optional(Type.String()),
    keyname: Type.Optional(Type.String()),
    userid: Type.Optional(Type.String()),
    metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
  }),
});

export const MetadataBody = Type.Object({ metadata: Type.Record(Type.String(), Type.String()) });

export const MetadataOptionsBody = Type.Object({
  http_endpoint: Type.Optional(Type.Union([Type.Literal('enabled'), Type.Literal('disabled')])),
  http_tokens: Type.Optional(Type.Union([Type.Literal('optional'), Type.Literal('required')])),
});

export const ConsoleBody = Type.Object({
  remote_console: Type.Object({ type: Type.Literal('serial'), protocol: Type.Literal('serial') }),
});

export const ResetPasswordBody = Type.Object({
  'reset-password': Type.Object({ new_password: Type.String({ minLength: 1, maxLength: 255 }) }),
});

/** null where the Terraform provider huaweicloud has none. */
const SecurityGroups = Type.Optional(
  Type.Union([Type.Array(Type.Object({ id: Type.String() })), Type.Null()]),
);

const Tags = Type.Array(Type.Object({ key: Type.String(), value: Type.Optional(Type.String()) }));

export const TagActionBody = Type.Object({
  action: Type.Union([Type.Literal('create'), Type.Literal('delete')]),
  tags: Tags,
});

export const CreateBody = Type.Object({
  server: Type.Object({
    name: Type.String(),
    imageRef: Type.String(),
    flavorRef: Type.String(),
    availability_zone: Type.String(),
    vpcid: Type.String(),
    nics: Type.Array(
      Type.Object({
        subnet_id: Type.Optional(Type.String()),
        ip_address: Type.Optional(Type.String()),
        port_id: Type.Optional(Type.String()),
      }),
      { minItems: 1, maxItems: 2 },
    ),
    metadata: Type.Optional(Type.Record(Type.String({ maxLength: 255 }), Text(255))),
    user_data: Type.Optional(Type.String()),
    adminPass: Type.Optional(Type.String()),
    key_name: Type.Optional(Type.String()),
    security_groups: SecurityGroups,
    count: Type.Optional(Type.Integer()),
    root_volume: Type.Optional(Type.Object({ volumetype: Type.String(), size: Type.Integer() })),
    publicip: Type.Optional(
      Type.Object({
        id: Type.Optional(Type.String()),
        eip: Type.Optional(
          Type.Object({
            bandwidth: Type.Optional(
              Type.Object({
                sharetype: Type.Optional(Type.String()),
                id: Type.Optional(Type.String()),
                size: Type.Optional(Type.Union([Type.Number(), Type.String()])),
              }),
            ),
            extendparam: Type.Optional(Type.Object({ chargingMode: Type.Optional(Type.String()) })),
          }),
        ),
      }),
    ),
    data_volumes: Type.Optional(
      Type.Array(
        Type.Object({
          volumetype: Type.String(),
          size: Type.Integer(),
          shareable: Type.Optional(Type.Boolean()),
        }),
      ),
    ),
    extendparam: Type.Object({}, { additionalProperties: true }),
    client_token: Type.Optional(Type.String()),
    schedulerHints: Type.Optional(Type.Object({ dec_baremetal: Type.Optional(Type.String()) })),
    'os:scheduler_hints': Type.Optional(Type.Object({ dec_baremetal: Type.Optional(Type.String()) })),
    server_tags: Type.Optional(Type.Union([Tags, Type.Record(Type.String(), Type.String())])),
  }),
});

export const AddNicsBody = Type.Object({
  nics: Type.Array(
    Type.Object({
      subnet_id: Id,
      security_groups: SecurityGroups,
      ip_address: Type.Optional(Type.String()),
    }),
    { minItems: 1, maxItems: 10 },
  ),
});
export const DeleteNicsBody = Type.Object({
  nics: Type.Array(Type.Object({ id: Id }), { minItems: 1, maxItems: 10 }),
});
export const AttachBody = Type.Object({
  volumeAttachment: Type.Object({ volumeId: Id, device: Type.Optional(Type.String()) }),
});
export const UpdateNicBody = Type.Object({
  interface_attachment: Type.Object({ delete_on_termination: Type.Boolean() }),
});
export const NicBody = Type.Object({
  nic: Type.Object({
    subnet_id: Type.Optional(Type.String()),
    device_owner: Type.Optional(Type.String()),
    ip_addresses: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 10 })])),
  }),
});

export const JobAnswer = Type.Object({ job_id: Type.String() });
/** Changing the system is the one call that spells it so (hw0616). */
export const ChangeOsAnswer = Type.Object({ jobId: Type.String() });

/** `2026-03-02T08:15:04Z` */
export function toSeconds(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** `2026-03-02T08:21:47.000000`, without zone, as the usage extension has it. */
export function toMicroseconds(at: Date | null): string | null {
  return at && `${at.toISOString().slice(0, 23)}000`;
}

export function toServer(server: Server) {
  const addresses: Record<string, unknown[]> = {};
  for (const port of server.ports) {
    (addresses[port.vpcId] ??= []).push({
      version: port.ip.includes(':') ? '6' : '4',
      addr: port.ip,
      'OS-EXT-IPS:type': 'fixed',
      'OS-EXT-IPS-MAC:mac_addr': port.mac,
      'OS-EXT-IPS:port_id': port.id,
    });
  }
  return {
    id: server.id,
    name: server.name,
    user_id: server.userId,
    tenant_id: server.projectId,
    created: toSeconds(server.createdAt),
    updated: toSeconds(server.updatedAt),
    status: toStatus(server),
    hostId: server.nodeId ? createHash('sha224').update(server.nodeId).digest('hex') : '',
    addresses,
    key_name: server.keyName,
    image: { id: server.imageId },
    flavor: {
      id: server.flavorId,
      name: server.flavor.name,
      disk: String(server.flavor.diskGb),
      vcpus: String(server.flavor.vcpus),
      ram: String(server.flavor.ramMib),
      ...noAccelerators,
    },
    security_groups: server.securityGroups.map(({ id, name }) => ({ name, id })),
    accessIPv4: '',
    accessIPv6: '',
    progress: 0,
    config_drive: '',
    locked: server.locked,
    description: server.description,
    metadata: toMetadata(server),
    'OS-EXT-STS:task_state': server.taskState,
    'OS-EXT-STS:vm_state': toVmState(server),
    'OS-EXT-STS:power_state': toPowerState(server),
    'OS-EXT-SRV-ATTR:host': server.nodeId ? `bms.${server.zone}` : '',
    'OS-EXT-SRV-ATTR:hostname': server.name,
    'OS-EXT-SRV-ATTR:instance_name': `instance-${server.number.toString(16).padStart(8, '0')}`,
    'OS-EXT-SRV-ATTR:hypervisor_hostname': server.nodeName ?? '',
    'OS-EXT-SRV-ATTR:reservation_id': server.reservationId,
    'OS-EXT-SRV-ATTR:launch_index': server.launchIndex,
    'OS-EXT-SRV-ATTR:kernel_id': '',
    'OS-EXT-SRV-ATTR:ramdisk_id': '',
    'OS-EXT-SRV-ATTR:root_device_name': '/dev/sda',
    'OS-EXT-SRV-ATTR:user_data': server.userData ?? '',
    'OS-EXT-AZ:availability_zone': server.zone,
    'OS-DCF:diskConfig': 'MANUAL',
    'OS-SRV-USG:launched_at': toMicroseconds(server.launchedAt),
    'OS-SRV-USG:terminated_at': toMicroseconds(server.terminatedAt),
    'os-extended-volumes:volumes_attached': server.volumes.map(({ id, device, deleteOnTermination }) => ({
      id,
      delete_on_termination: String(deleteOnTermination),
      bootIndex: device === systemDevice ? '0' : '-1',
      device,
    })),
    host_status: server.nodeId ? 'UP' : '',
    fault: toFault(server),
    tags: server.tags,
    sys_tags: [{ key: '_sys_enterprise_project_id', value: server.enterpriseProjectId }],
    'os:scheduler_hints': server.schedulerHints,
    enterprise_project_id: server.enterpriseProjectId,
  };
}

function toMetadata(server: Server): Record<string, string> {
  return {
    chargingMode: '0',
    ...(server.vpcId ? { vpc_id: server.vpcId } : {}),
    'metering.image_id': server.imageId,
    'metering.imagetype': 'gold',
    'metering.resourcespeccode': `${server.flavorId}.${server.imageOsType.toLowerCase()}`,
    'metering.resourcetype': '__type_baremetal',
    baremetalPortIDList: `[${server.ports.map(({ id }) => id).join(',')}]`,
    image_name: server.imageName ?? '',
    op_svc_userid: server.userId,
    os_type: server.imageOsType,
    os_bit: String(server.imageOsBits),
    __bms_support_evs: server.flavor.extraSpecs['baremetal:__support_evs'] ?? 'false',
    ...server.metadata,
  };
}

/** Huawei Cloud lists them with each flavor (hw0608); nothing here has any. */
const noAccelerators = { gpus: [], asic_accelerators: [] };

/** An item of the v1.1 list: the same facts under short names (hw0645). */
export function toSlimServer(server: Server) {
  return {
    id: server.id,
    name: server.name,
    user_id: server.userId,
    tenant_id: server.projectId,
    created: toSeconds(server.createdAt),
    updated: toSeconds(server.updatedAt),
    // Numbers in the schema of this page, text in its sample; the schema is what generated clients are made from.
    flavor: {
      id: server.flavorId,
      name: server.flavor.name,
      disk: server.flavor.diskGb,
      vcpus: server.flavor.vcpus,
      ram: server.flavor.ramMib,
      ...noAccelerators,
    },
    status: toStatus(server),
    task_state: server.taskState,
    vm_state: toVmState(server),
    availability_zone: server.zone,
    fault: toFault(server),
    in_recycle_bin: false,
    spod_id: null,
  };
}

export function toNic(port: Port) {
  return {
    port_state: 'ACTIVE',
    fixed_ips: [{ subnet_id: port.subnetId, ip_address: port.ip }],
    net_id: port.networkId,
    port_id: port.id,
    mac_addr: port.mac,
  };
}

export function toMetadataOptions({ httpEndpoint, httpTokens }: MetadataOptions) {
  return { http_endpoint: httpEndpoint, http_tokens: httpTokens };
}

function toFault({ fault }: Server) {
  return fault && { message: fault.message, code: 500, details: fault.details, created: fault.at };
}

/** The rename answer is in Nova's shape (otc0107654006). */
export function toRenamed(server: Server, origin: string) {
  const v1 = toServer(server);
  const addresses = Object.fromEntries(
    Object.entries(v1.addresses).map(([vpc, list]) => [
      vpc,
      list.map((address) => ({
        ...(address as object),
        version: Number((address as { version: string }).version),
      })),
    ]),
  );
  const link = (rel: string, path: string) => ({ rel, href: `${origin}${path}` });
  return {
    ...v1,
    addresses,
    image: { id: server.imageId, links: [link('bookmark', `/${server.projectId}/images/${server.imageId}`)] },
    flavor: {
      id: server.flavorId,
      links: [link('bookmark', `/${server.projectId}/flavors/${server.flavorId}`)],
    },
    security_groups: server.securityGroups.map(({ name }) => ({ name })),
    'os-extended-volumes:volumes_attached': server.volumes.map(({ id, deleteOnTermination }) => ({
      id,
      delete_on_termination: deleteOnTermination,
    })),
    links: [
      link('self', `/v2.1/${server.projectId}/servers/${server.id}`),
      link('bookmark', `/${server.projectId}/servers/${server.id}`),
    ],
    'os:scheduler_hints': { group: [] },
  };
}

/** Job types (otc0118696596, hw0640); those of delete, rebuild and NICs are not documented and follow the pattern. */
const jobTypes: Record<Operation | Alteration, { job: string; part: string | null }> = {
  create: { job: 'baremetalBatchCreate', part: 'baremetalSingleCreate' },
  start: { job: 'baremetalBatchOperate', part: 'baremetalSingleOperate' },
  stop: { job: 'baremetalBatchOperate', part: 'baremetalSingleOperate' },
  restart: { job: 'baremetalBatchOperate', part: 'baremetalSingleOperate' },
  'force-restart': { job: 'baremetalBatchOperate', part: 'baremetalSingleOperate' },
  'reinstall-os': { job: 'baremetalReinstallOs', part: null },
  rebuild: { job: 'baremetalRebuild', part: null },
  delete: { job: 'baremetalBatchDelete', part: 'baremetalSingleDelete' },
  'add-nic': { job: 'baremetalAddNics', part: 'baremetalSingleAddNic' },
  'remove-nic': { job: 'baremetalDeleteNics', part: 'baremetalSingleDeleteNic' },
  'attach-volume': { job: 'baremetalAttachVolume', part: null },
  'detach-volume': { job: 'baremetalDetachVolume', part: null },
};

/** A reinstall with another image (hw0640). */
const changeOs = { job: 'baremetalChangeOsLocalDisk', part: null };

export function toJob(job: Job) {
  const changesOs = job.operation === 'reinstall-os' && job.subJobs[0]?.input.imageId !== undefined;
  const types = changesOs ? changeOs : jobTypes[job.operation];
  const status = toJobStatus(job.subJobs);
  const failed = job.subJobs.find((part) => part.status === 'failed');
  const ended = status === 'SUCCESS' || status === 'FAIL';
  const lastEnd = Math.max(...job.subJobs.map((part) => part.endedAt?.getTime() ?? 0));
  const only = job.subJobs[0];
  return {
    status,
    entities:
      types.part === null
        ? { ...(only?.serverId ? { server_id: only.serverId } : {}), sub_jobs_total: 0, sub_jobs: [] }
        : {
            sub_jobs_total: job.subJobs.length,
            sub_jobs: job.subJobs.map((part) => toPart(part, types.part!)),
          },
    job_id: toHex(job.id),
    job_type: types.job,
    begin_time: job.createdAt.toISOString(),
    end_time: ended ? new Date(lastEnd).toISOString() : null,
    ...toFailure(status === 'FAIL' ? failed : undefined),
  };
}

function toPart(part: SubJob, jobType: string) {
  return {
    status: toSubJobStatus(part.status),
    // Only strings here: a Go client decodes it as a map of strings.
    entities: toEntities(part),
    job_id: toHex(part.id),
    job_type: jobType,
    begin_time: (part.beganAt ?? part.createdAt).toISOString(),
    end_time: part.endedAt?.toISOString() ?? null,
    ...toFailure(part),
  };
}

function toEntities({ serverId, input }: SubJob): Record<string, string> {
  if (input.nicId) return { nic_id: input.nicId };
  return serverId ? { server_id: serverId } : {};
}

function toFailure(part: SubJob | undefined) {
  if (!part?.error) return { error_code: null, fail_reason: null };
  const { code, message } = toBmsError(part.error);
  return { error_code: code, fail_reason: message };
}

export function toFlavor(flavor: Flavor, origin: string, projectId: string) {
  const link = (rel: string, path: string) => ({
    rel,
    href: `${origin}${path}/flavors/${flavor.id}`,
    type: null,
  });
  return {
    id: flavor.id,
    name: flavor.name,
    vcpus: String(flavor.vcpus),
    ram: flavor.ramMib,
    disk: String(flavor.diskGb),
    swap: '',
    'OS-FLV-EXT-DATA:ephemeral': 0,
    'OS-FLV-DISABLED:disabled': !flavor.enabled,
    rxtx_factor: 1,
    rxtx_quota: null,
    rxtx_cap: null,
    'os-flavor-access:is_public': true,
    links: [link('self', `/v2/${projectId}`), link('bookmark', `/${projectId}`)],
    os_extra_specs: flavor.extraSpecs,
  };
}
