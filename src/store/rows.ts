/** Rows as the database has them, turned into the words of the core. */
import type { SubJob } from '../core/job.ts';
import type { BmcHabits, BootMethod, Node } from '../core/node.ts';
import type { Server } from '../core/server.ts';
import type { Vault } from './vault.ts';

/** Columns of a node, without alias; `secret` is opened on the way out. */
export const nodeColumns = `
  id, name, driver, bmc_address, bmc_username, bmc_secret, bmc_system, bmc_certificate, standing, zone, flavor_id,
  project_id, server_id, power, power_seen_at, health, inventory, power_policy, room, rack,
  unit, note, macs, firmware, boot_method, bmc_habits, created_at, updated_at`;

export interface NodeRow {
  id: string;
  name: string;
  driver: Node['driver'];
  bmc_address: string;
  bmc_username: string;
  /** As bytes, or as hex text (`\x…`) when it came through JSON. */
  bmc_secret: Buffer | string | null;
  bmc_system: string | null;
  bmc_certificate: string | null;
  standing: Node['standing'];
  zone: string;
  flavor_id: string;
  project_id: string | null;
  server_id: string | null;
  power: Node['power'];
  power_seen_at: Date | string | null;
  health: Node['health'];
  inventory: Node['inventory'];
  power_policy: Node['powerPolicy'];
  room: string;
  rack: string;
  unit: number;
  note: string;
  macs: string[];
  firmware: 'bios' | 'uefi' | null;
  boot_method: BootMethod | null;
  bmc_habits: BmcHabits;
  created_at: Date | string;
  updated_at: Date | string;
  last_power?: { operation: string; status: SubJob['status']; error: SubJob['error'] } | null;
}

export function toNode(row: NodeRow, vault: Vault): Node {
  return {
    id: row.id,
    name: row.name,
    driver: row.driver,
    bmc: {
      address: row.bmc_address,
      username: row.bmc_username,
      password: row.bmc_secret && vault.isOurs ? vault.open(toBuffer(row.bmc_secret)) : '',
      system: row.bmc_system,
      certificateSha256: row.bmc_certificate,
    },
    standing: row.standing,
    zone: row.zone,
    flavorId: row.flavor_id,
    projectId: row.project_id,
    serverId: row.server_id,
    power: row.power,
    powerSeenAt: row.power_seen_at ? new Date(row.power_seen_at) : null,
    health: row.health,
    inventory: row.inventory,
    powerPolicy: row.power_policy,
    ...toPowerOperation(row.last_power),
    room: row.room,
    rack: row.rack,
    unit: row.unit,
    note: row.note,
    boot: { macs: row.macs, firmware: row.firmware, method: row.boot_method },
    bmcHabits: row.bmc_habits,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  };
}

function toBuffer(secret: Buffer | string): Buffer {
  return typeof secret === 'string' ? Buffer.from(secret.slice(2), 'hex') : secret;
}

const powerOperations: Record<string, NonNullable<Node['powerOperation']>> = {
  start: 'power-on',
  stop: 'power-off',
  restart: 'reboot',
  'force-restart': 'reboot',
};

function toPowerOperation(
  last: NodeRow['last_power'],
): Pick<Node, 'powerOperation' | 'powerOutcome' | 'powerError'> {
  if (!last) return { powerOperation: null, powerOutcome: null };
  const outcome =
    last.status === 'succeeded' ? 'succeed' : last.status === 'failed' ? 'failed' : ('processing' as const);
  return {
    powerOperation: powerOperations[last.operation] ?? null,
    powerOutcome: outcome,
    powerError: last.error,
  };
}

export interface SubJobRow {
  id: string;
  job_id: string;
  position: number;
  operation: SubJob['operation'];
  door: SubJob['door'];
  server_id: string | null;
  node_id: string | null;
  status: SubJob['status'];
  input: SubJob['input'];
  step: SubJob['step'];
  checkpoint: SubJob['checkpoint'];
  attempt: number;
  run_at: Date;
  deadline_at: Date;
  waits_for: string | null;
  evidence: string | null;
  evidence_at: Date | null;
  remedies: string[];
  error: SubJob['error'];
  created_at: Date;
  began_at: Date | null;
  ended_at: Date | null;
}

export function toSubJob(row: SubJobRow): SubJob {
  return {
    id: row.id,
    jobId: row.job_id,
    position: row.position,
    operation: row.operation,
    door: row.door,
    serverId: row.server_id,
    nodeId: row.node_id,
    status: row.status,
    input: row.input,
    step: row.step,
    checkpoint: row.checkpoint,
    attempt: row.attempt,
    runAt: row.run_at,
    deadlineAt: row.deadline_at,
    waitsFor: row.waits_for,
    evidence: row.evidence,
    evidenceAt: row.evidence_at,
    remedies: row.remedies,
    error: row.error,
    createdAt: row.created_at,
    beganAt: row.began_at,
    endedAt: row.ended_at,
  };
}

export interface ServerRow {
  id: string;
  number: number;
  project_id: string;
  user_id: string;
  door: Server['door'];
  name: string;
  description: string;
  state: Server['state'];
  task_state: Server['taskState'];
  deleting_from: Server['deletingFrom'];
  power: Server['power'];
  node_id: string | null;
  node_name: string | null;
  flavor_id: string;
  flavor: {
    name: string;
    vcpus: number;
    ram_mib: number;
    disk_gb: number;
    extra_specs: Record<string, string>;
  };
  image_id: string;
  image: { name: string; os_type: string; os_bits: number } | null;
  zone: string;
  vpc_id: string | null;
  key_name: string | null;
  user_data: string | null;
  metadata: Record<string, string>;
  tags: string[];
  scheduler_hints: Record<string, unknown>;
  enterprise_project_id: string;
  reservation_id: string;
  launch_index: number;
  locked: boolean;
  provisioning: Server['provisioning'];
  provisioning_outcome: Server['provisioningOutcome'];
  fault: Server['fault'];
  metadata_options: Partial<Server['metadataOptions']>;
  encrypted_password: string;
  volumes: Server['volumes'];
  ports: Omit<Server['ports'][number], 'securityGroups'>[];
  security_groups: Server['securityGroups'];
  server_group_id: string | null;
  created_at: Date;
  updated_at: Date;
  launched_at: Date | null;
  terminated_at: Date | null;
}

export function toServer(row: ServerRow): Server {
  return {
    id: row.id,
    number: row.number,
    projectId: row.project_id,
    userId: row.user_id,
    door: row.door,
    name: row.name,
    description: row.description,
    state: row.state,
    taskState: row.task_state,
    deletingFrom: row.deleting_from,
    power: row.power,
    nodeId: row.node_id,
    nodeName: row.node_name,
    flavorId: row.flavor_id,
    flavor: {
      name: row.flavor.name,
      vcpus: row.flavor.vcpus,
      ramMib: row.flavor.ram_mib,
      diskGb: row.flavor.disk_gb,
      extraSpecs: row.flavor.extra_specs,
    },
    imageId: row.image_id,
    imageName: row.image?.name ?? null,
    imageOsType: row.image?.os_type ?? 'Linux',
    imageOsBits: row.image?.os_bits ?? 64,
    zone: row.zone,
    vpcId: row.vpc_id,
    keyName: row.key_name,
    userData: row.user_data,
    metadata: row.metadata,
    tags: row.tags,
    schedulerHints: row.scheduler_hints,
    enterpriseProjectId: row.enterprise_project_id,
    reservationId: row.reservation_id,
    launchIndex: row.launch_index,
    locked: row.locked,
    provisioning: row.provisioning,
    provisioningOutcome: row.provisioning_outcome,
    fault: row.fault,
    metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'optional', ...row.metadata_options },
    encryptedPassword: row.encrypted_password,
    volumes: row.volumes,
    ports: row.ports.map((port) => ({ ...port, securityGroups: row.security_groups.map(({ id }) => id) })),
    securityGroups: row.security_groups,
    serverGroupId: row.server_group_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    launchedAt: row.launched_at,
    terminatedAt: row.terminated_at,
  };
}
