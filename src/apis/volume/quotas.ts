/** Quotas of volumes as Cinder has them. Nothing is limited but what is not there: snapshots, backups and groups. */
import { notAllowed } from '../../core/errors.ts';
import { callerOf, ok, projectOf, single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './volumes.ts';

const unlimited = -1;

const limits = {
  volumes: unlimited,
  gigabytes: unlimited,
  per_volume_gigabytes: unlimited,
  snapshots: 0,
  backups: 0,
  backup_gigabytes: 0,
  groups: 0,
};

/** With `usage=true` what is used of each beside its limit. */
export async function showQuotas({ volumes }: Cloud, call: Call): Promise<Answer> {
  const id = projectAsked(call);
  if (!/^(true|1|yes)$/i.test(single(call, 'usage') ?? '')) return ok({ quota_set: { id, ...limits } });
  const { volumes: count, sizeGb } = await volumes.usage(id);
  const used: Record<string, number> = { volumes: count, gigabytes: sizeGb };
  const sets = Object.entries(limits).map(([name, limit]) => {
    return [name, { limit, in_use: used[name] ?? 0, reserved: 0, allocated: 0 }];
  });
  return ok({ quota_set: { id, ...Object.fromEntries(sets) } });
}

export function showDefaults(_cloud: Cloud, call: Call): Answer {
  return ok({ quota_set: { id: projectAsked(call), ...limits } });
}

/** @throws not-allowed for another project than the caller's, unless an operator asks */
function projectAsked(call: Call): string {
  const id = call.params['quota_project_id']!;
  if (id !== projectOf(call) && !callerOf(call).isAdmin) {
    throw notAllowed("Policy doesn't allow volume_extension:quotas:show to be performed.");
  }
  return id;
}
