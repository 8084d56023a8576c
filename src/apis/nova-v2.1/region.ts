/** Zones, limits and quotas: calls that the ECS reference describes and clients need beside those of the BMS reference. */
import { notAllowed } from '../../core/errors.ts';
import { callerOf, ok, projectOf, single, type Answer } from '../api.ts';
import type { Cloud, NovaCall } from './cloud.ts';
import { withoutNetwork } from './microversion.ts';
import { mostMetadata } from './rules.ts';

export async function listZones({ catalog }: Cloud): Promise<Answer> {
  const zones = await catalog.listZones();
  return ok({ availabilityZoneInfo: zones.map((zone) => toZone(zone, null)) });
}

/** One host per zone: the same that servers show. */
export async function listZoneDetails({ catalog }: Cloud): Promise<Answer> {
  const zones = await catalog.listZones();
  const compute = { 'nova-compute': { available: true, active: true, updated_at: null } };
  return ok({
    availabilityZoneInfo: zones.map((zone) => toZone(zone, { [`bms.${zone}`]: compute })),
  });
}

function toZone(zone: string, hosts: unknown) {
  return { zoneName: zone, zoneState: { available: true }, hosts };
}

/** From here on files are user data, and nothing is injected. */
const withoutFiles = 57;

/** The keys of BMS V31 (otc0131920833) under Nova's roof; -1 is without limit. */
export async function showLimits({ servers }: Cloud, call: NovaCall): Promise<Answer> {
  const asked = single(call, 'tenant_id') ?? single(call, 'project_id') ?? projectOf(call);
  if (asked !== projectOf(call) && !callerOf(call).isAdmin) {
    throw notAllowed("Policy doesn't allow os_compute_api:limits:other_project to be performed.");
  }
  const used = await servers.usage(asked);
  const absolute = {
    maxTotalInstances: -1,
    maxTotalCores: -1,
    maxTotalRAMSize: -1,
    maxTotalKeypairs: -1,
    maxServerMeta: mostMetadata,
    ...(call.minor < 39 && { maxImageMeta: 128 }),
    ...(call.minor < withoutFiles && { maxPersonality: 0, maxPersonalitySize: 0 }),
    maxServerGroups: -1,
    maxServerGroupMembers: -1,
    totalInstancesUsed: used.servers,
    totalCoresUsed: used.vcpus,
    totalRAMUsed: used.ramMib,
    totalServerGroupsUsed: used.serverGroups,
    ...(call.minor < withoutNetwork && {
      maxSecurityGroups: -1,
      maxSecurityGroupRules: -1,
      totalSecurityGroupsUsed: used.securityGroups,
      // There are none.
      maxTotalFloatingIps: 0,
      totalFloatingIpsUsed: 0,
    }),
  };
  return ok({ limits: { rate: [], absolute } });
}

const quotas = [
  'cores',
  'instances',
  'ram',
  'key_pairs',
  'metadata_items',
  'server_groups',
  'server_group_members',
];
const fileQuotas = ['injected_files', 'injected_file_content_bytes', 'injected_file_path_bytes'];
const networkQuotas = ['fixed_ips', 'floating_ips', 'security_groups', 'security_group_rules'];

/** What is limited at all; all else is without limit. */
const limits: Record<string, number> = {
  metadata_items: mostMetadata,
  floating_ips: 0,
  injected_files: 0,
  injected_file_content_bytes: 0,
  injected_file_path_bytes: 0,
};

const limitOf = (name: string) => limits[name] ?? -1;

function toQuotaSet<T>(call: NovaCall, toValue: (name: string) => T): Answer {
  const id = call.params['quota_project_id']!;
  if (id !== projectOf(call) && !callerOf(call).isAdmin) {
    throw notAllowed("Policy doesn't allow os_compute_api:os-quota-sets:show to be performed.");
  }
  const names = [
    ...quotas,
    ...(call.minor < withoutFiles ? fileQuotas : []),
    ...(call.minor < withoutNetwork ? networkQuotas : []),
  ];
  return ok({ quota_set: { id, ...Object.fromEntries(names.map((name) => [name, toValue(name)])) } });
}

export async function showQuotas(_cloud: Cloud, call: NovaCall): Promise<Answer> {
  return toQuotaSet(call, limitOf);
}

/** With what is used of them. */
export async function showQuotaDetails({ servers, catalog }: Cloud, call: NovaCall): Promise<Answer> {
  const [used, keypairs] = await Promise.all([
    servers.usage(call.params['quota_project_id']!),
    catalog.listKeypairs(callerOf(call).user.id),
  ]);
  const inUse: Record<string, number> = {
    cores: used.vcpus,
    instances: used.servers,
    ram: used.ramMib,
    security_groups: used.securityGroups,
    server_groups: used.serverGroups,
    key_pairs: keypairs.length,
  };
  return toQuotaSet(call, (name) => ({ limit: limitOf(name), in_use: inUse[name] ?? 0, reserved: 0 }));
}
