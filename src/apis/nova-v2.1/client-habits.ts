/** Clients that take some documented answers for others. They are known by their User-Agent. */
import type { Call } from '../api.ts';

const userAgentOf = ({ headers }: Pick<Call, 'headers'>) => String(headers['user-agent'] ?? '');

/** Those in Go take 204 on a POST for an error; libcloud says False of a server that it did stop. */
export function wants202(call: Pick<Call, 'headers'>): boolean {
  return /golangsdk|gophercloud|gophertelekomcloud|terraform|libcloud/i.test(userAgentOf(call));
}

/**
 * gophercloud's Terraform provider waits while it reads REBUILD and takes SHUTOFF, the published status of a server
 * that is being rebuilt, for the end (resource_openstack_compute_instance_v2.go, v3.4.0). The next plan would then
 * start a server that is being installed.
 */
export function readsRebuild(call: Pick<Call, 'headers'>): boolean {
  return /gophercloud/i.test(userAgentOf(call));
}
