/** Clients that take some documented answers for others. They are known by their User-Agent. */
import { toStatus, toStatusOfLeaving, toUpstreamStatus } from '../core/lifecycle.ts';
import type { Server } from '../core/server.ts';
import type { Call } from './api.ts';

const userAgentOf = ({ headers }: Asking) => String(headers['user-agent'] ?? '');

type Asking = Pick<Call, 'headers'>;

const isOfGo = (call: Asking) =>
  /golangsdk|gophercloud|gophertelekomcloud|terraform/i.test(userAgentOf(call));

/** Those in Go take 204 on a POST for an error; libcloud says False of a server that it did stop. */
export function wants202(call: Asking): boolean {
  return isOfGo(call) || /libcloud/i.test(userAgentOf(call));
}

/**
 * The status of a server, as this client understands it.
 *
 * The Terraform providers of OpenStack and both clouds wait for the end of a server while they read ACTIVE or SHUTOFF.
 * At ERROR, say of one that could not be made, they gave up while it was being deleted.
 *
 * gophercloud's provider waits for a rebuild while it reads REBUILD and takes SHUTOFF, the published status of a server
 * that is being rebuilt, for the end (resource_openstack_compute_instance_v2.go, v3.4.0). The next plan would then start a
 * server that is being installed.
 */
export function toStatusFor(call: Asking, server: Server): ReturnType<typeof toUpstreamStatus> {
  const leaving = isOfGo(call) ? toStatusOfLeaving(server) : null;
  if (leaving) return leaving;
  return /gophercloud/i.test(userAgentOf(call)) ? toUpstreamStatus(server) : toStatus(server);
}

/**
 * The Terraform provider huaweicloud takes `offset` for the number of servers that it has, and asks on until a page is
 * empty (data_source_huaweicloud_bms_instances.go). By pages it would see a single server twice, and of 26 only 25.
 */
export function countsRecords(call: Asking): boolean {
  return /golangsdk/i.test(userAgentOf(call));
}
