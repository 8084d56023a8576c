/** The words of the operator's API: bodies as TypeBox schemas, records in snake_case. */
import { Type } from 'typebox';
import type { SubJob } from '../../core/job.ts';
import { toStatus } from '../../core/lifecycle.ts';
import { bootMethods, type Node } from '../../core/node.ts';
import type { Discovered } from '../../core/discovery.ts';
import type { Inspection } from '../../core/inspection.ts';
import type { PasswordChangeState } from '../../core/password-changes.ts';
import { operations } from '../../core/operations.ts';
import type { HistoryEvent } from '../../core/records.ts';
import type { Server } from '../../core/server.ts';
import { faultKinds, type Fault } from '../../core/simulation.ts';
import { toFailure } from './errors.ts';

const closed = { additionalProperties: false };
const Word = Type.String({ minLength: 1, maxLength: 255, pattern: '^\\S+$' });
const Text = (maxLength: number) => Type.String({ maxLength });
const Id = Type.String({ minLength: 1, maxLength: 64 });
const oneOf = <const T extends string>(...words: T[]) => Type.Enum(words);
const PowerPolicy = oneOf('follow', 'enforce');
/** Of the NICs that boot; those that the BMC tells need not be given. */
const Macs = Type.Array(Type.String({ pattern: '^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$' }), {
  maxItems: 16,
});
/** How the ramdisk gets to the machine; null: as the setting says. */
const BootMethod = Type.Union([oneOf(...bootMethods), Type.Null()]);
const Unit = Type.Integer({ minimum: 0, maximum: 1_000 });

/** Write-only: no answer shows any of it. */
const BmcFields = {
  address: Text(255),
  username: Text(255),
  password: Text(255),
  system: Text(255),
};

export const AdoptBody = Type.Object(
  { project_id: Id, name: Type.String({ minLength: 1, maxLength: 255 }), image_id: Type.Optional(Id) },
  closed,
);

export const NewNode = Type.Object(
  {
    name: Word,
    driver: oneOf('simulated', 'redfish', 'ipmi'),
    bmc: Type.Optional(Type.Partial(Type.Object(BmcFields), closed)),
    zone: Word,
    /** Absent: the largest one that the machine can be, once its BMC has told what it is made of. */
    flavor_id: Type.Optional(Word),
    project_id: Type.Optional(Id),
    room: Type.Optional(Text(255)),
    rack: Type.Optional(Text(255)),
    unit: Type.Optional(Unit),
    power_policy: Type.Optional(PowerPolicy),
    macs: Type.Optional(Macs),
    boot_method: Type.Optional(BootMethod),
    note: Type.Optional(Text(1_000)),
    /** How a simulated machine stands at first. */
    power: Type.Optional(oneOf('on', 'off')),
    adopt: Type.Optional(AdoptBody),
    /** Look at it in band as well, once its BMC has answered. It is switched off and on. */
    inspect_in_band: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** One statement and one transaction for so many; a larger fleet comes in several requests. */
const mostAtOnce = 1_000;

/** One node, or `nodes`. */
export const EnrolBody = Type.Object(
  {
    ...Type.Partial(NewNode).properties,
    nodes: Type.Optional(Type.Array(NewNode, { minItems: 1, maxItems: mostAtOnce })),
  },
  closed,
);

export const NodeEditBody = Type.Object(
  {
    name: Type.Optional(Word),
    zone: Type.Optional(Word),
    flavor_id: Type.Optional(Word),
    project_id: Type.Optional(Type.Union([Id, Type.Null()])),
    room: Type.Optional(Text(255)),
    rack: Type.Optional(Text(255)),
    unit: Type.Optional(Unit),
    power_policy: Type.Optional(PowerPolicy),
    macs: Type.Optional(Macs),
    boot_method: Type.Optional(BootMethod),
    note: Type.Optional(Text(1_000)),
    bmc: Type.Optional(Type.Partial(Type.Object(BmcFields), closed)),
  },
  closed,
);

/** At most what IPMI 2.0 carries (§22.30, 20 bytes), no quotes, backslashes or #; absent: one is made that only Ingot knows. */
export const BmcPasswordBody = Type.Object(
  { password: Type.Optional(Type.String({ minLength: 8, maxLength: 20, pattern: '^[!$-&(-\\[\\]-~]+$' })) },
  closed,
);

const Ports = Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), { maxItems: 8 });

export const ScanBody = Type.Object(
  {
    range: Text(64),
    redfish_ports: Type.Optional(Ports),
    ipmi_ports: Type.Optional(Ports),
    timeout_ms: Type.Optional(Type.Integer({ minimum: 50, maximum: 30_000 })),
  },
  closed,
);

/** Without a body: out of band. */
export const InspectBody = Type.Union([
  Type.Object(
    {
      /** By the ramdisk; otherwise by the BMC. */
      in_band: Type.Optional(Type.Boolean()),
      /** Even if the machine is on and nobody knows what for. */
      force: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  Type.Null(),
]);

export const MaintenanceBody = Type.Object({ on: Type.Boolean(), note: Type.Optional(Text(1_000)) }, closed);

export const FaultBody = Type.Object(
  {
    target: Id,
    on: oneOf('now', ...operations),
    kind: oneOf(...faultKinds),
    times: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  },
  closed,
);

/** Without its BMC: address and secret are write-only. */
export function toNode(node: Node) {
  return {
    id: node.id,
    name: node.name,
    driver: node.driver,
    standing: node.standing,
    zone: node.zone,
    flavor_id: node.flavorId,
    project_id: node.projectId,
    server_id: node.serverId,
    power: node.power,
    power_seen_at: node.powerSeenAt,
    power_policy: node.powerPolicy,
    health: node.health,
    inventory: node.inventory && toInventory(node.inventory),
    room: node.room,
    rack: node.rack,
    unit: node.unit,
    macs: node.boot?.macs ?? [],
    firmware: node.boot?.firmware ?? null,
    boot_method: node.boot?.method ?? null,
    note: node.note,
    created_at: node.createdAt,
    updated_at: node.updatedAt,
  };
}

function toInventory(inventory: NonNullable<Node['inventory']>) {
  return {
    manufacturer: inventory.manufacturer,
    model: inventory.model,
    serial_number: inventory.serialNumber,
    cpu_cores: inventory.cpuCores,
    cpu_model: inventory.cpuModel,
    memory_mib: inventory.memoryMib,
    disks: inventory.disks.map(({ name, sizeGb, kind }) => ({ name, size_gb: sizeGb, kind })),
    nics: inventory.nics.map(({ name, mac, speedMbps }) => ({ name, mac, speed_mbps: speedMbps })),
    bios_version: inventory.biosVersion,
    bmc_version: inventory.bmcVersion,
  };
}

export function toServer(server: Server) {
  return {
    id: server.id,
    name: server.name,
    project_id: server.projectId,
    state: server.state,
    task_state: server.taskState,
    status: toStatus(server),
    power: server.power,
    node_id: server.nodeId,
    node_name: server.nodeName,
    flavor_id: server.flavorId,
    zone: server.zone,
    fault: server.fault,
    created_at: server.createdAt,
    updated_at: server.updatedAt,
  };
}

/** What is under way on a node. */
export function toSubJob(subJob: SubJob) {
  return {
    id: subJob.id,
    job_id: subJob.jobId,
    server_id: subJob.serverId,
    operation: subJob.operation,
    status: subJob.status,
    step: subJob.step,
    waits_for: subJob.waitsFor,
    evidence: subJob.evidence,
    next_retry_at: subJob.runAt,
    deadline_at: subJob.deadlineAt,
    remedies_tried: subJob.remedies,
    error: subJob.error && toFailure(subJob.error),
  };
}

export function toHistory(event: HistoryEvent) {
  return {
    ...toMove(event),
    id: event.cursor,
    project_id: event.projectId,
    request_id: event.requestId,
    actor: event.actor,
  };
}

/** The data of a `server` event of the stream. */
export function toMove(event: HistoryEvent) {
  return {
    server_id: event.serverId,
    node_id: event.nodeId,
    job_id: event.jobId,
    operation: event.operation,
    from: event.fromState,
    to: event.toState,
    task_state: event.taskState,
    status: event.status,
    at: event.at,
    lasted_ms: event.lastedMs,
    evidence: event.evidence,
    reason: event.reason,
  };
}

export function toFault(fault: Fault) {
  return {
    id: fault.id,
    target: fault.target,
    node_id: fault.nodeId,
    on: fault.on,
    kind: fault.kind,
    times: fault.times,
    met: fault.met,
    created_at: fault.createdAt,
  };
}

export function toInspection(inspection: Inspection | null) {
  return (
    inspection && {
      status: inspection.status,
      evidence: inspection.evidence,
      began_at: inspection.beganAt,
      deadline_at: inspection.deadlineAt,
      ended_at: inspection.endedAt,
    }
  );
}

export function toDiscovered({ mac, firstSeenAt, lastSeenAt, told }: Discovered) {
  return {
    mac,
    macs: told?.macs ?? [mac],
    bmc_address: told?.bmcAddress || null,
    serial_number: told?.inventory.serialNumber || null,
    system_uuid: told?.systemUuid || null,
    firmware: told?.firmware ?? null,
    inventory: told && toInventory(told.inventory),
    first_seen_at: firstSeenAt,
    last_seen_at: lastSeenAt,
  };
}

export function toPasswordChange({ dueAt, note }: PasswordChangeState) {
  return { status: dueAt === null ? 'stuck' : 'under way', next_try_at: dueAt, note };
}
