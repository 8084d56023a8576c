/** Quotas as Neutron has them. Nothing is limited but what is not there: routers, floating IPs and the like. */
import { notAllowed } from '../../core/errors.ts';
import { callerOf, ok, type Answer, type Call } from '../api.ts';
import type { Cloud } from './networks.ts';

const unlimited = -1;

const limits = {
  network: unlimited,
  subnet: unlimited,
  port: unlimited,
  security_group: unlimited,
  security_group_rule: unlimited,
  router: 0,
  floatingip: 0,
  rbac_policy: 0,
  subnetpool: 0,
};

/** The same for every project. */
export function showQuota(_cloud: Cloud, call: Call): Answer {
  checkProject(call);
  return ok({ quota: limits });
}

export async function showDetails({ networks }: Cloud, call: Call): Promise<Answer> {
  const used = await networks.usage(checkProject(call));
  const inUse: Record<string, number> = {
    network: used.networks,
    subnet: used.subnets,
    port: used.ports,
    security_group: used.securityGroups,
    security_group_rule: used.securityGroupRules,
  };
  const details = Object.entries(limits).map(([name, limit]) => {
    return [name, { limit, used: inUse[name] ?? 0, reserved: 0 }];
  });
  return ok({ quota: Object.fromEntries(details) });
}

/** @throws not-allowed for another project than the caller's, unless an operator asks */
function checkProject(call: Call): string {
  const id = call.params['quota_project_id']!;
  const { project, isAdmin } = callerOf(call);
  if (id !== project?.id && !isAdmin) throw notAllowed("Policy doesn't allow get_quota to be performed.");
  return id;
}
