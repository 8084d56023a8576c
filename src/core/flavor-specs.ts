/** What the extra specs of a flavor of bare metal say. */

export interface FlavorDetails {
  board: string;
  cpu: string;
  memory: string;
  disk: string;
  netcard: string;
}

/** As documented for bare-metal flavors (otc0131326852). */
export function toExtraSpecs({ board, cpu, memory, disk, netcard }: FlavorDetails): Record<string, string> {
  return {
    resource_type: 'ironic',
    'capabilities:cpu_arch': 'x86_64',
    'capabilities:hypervisor_type': 'ironic',
    'capabilities:board_type': board,
    'baremetal:disk_detail': disk,
    'baremetal:netcard_detail': netcard,
    'baremetal:cpu_detail': cpu,
    'baremetal:memory_detail': memory,
    'baremetal:net_num': '2',
    'baremetal:__support_evs': 'true',
    'baremetal:extBootType': 'LocalDisk',
    'cond:operation:status': 'normal',
  };
}

/** For a flavor of which only the size is known. */
export function describeDetails(size: {
  id: string;
  vcpus: number;
  ramMib: number;
  diskGb: number;
}): FlavorDetails {
  return {
    board: size.id,
    cpu: `${size.vcpus} cores`,
    memory: `${Math.round(size.ramMib / 1024)} GB`,
    disk: `${size.diskGb} GB`,
    netcard: 'any',
  };
}
