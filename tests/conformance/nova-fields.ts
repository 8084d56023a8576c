/** What answers of Nova have, and requests and refusals that its tables share. */
import { usualRefusals, type Endpoint, type Fields, type Refusal } from './endpoint.ts';

export const nova = '/v2.1/<project>';
export const servers = `${nova}/servers`;
export const at = (minor: number) => ({ 'x-openstack-nova-api-version': `2.${minor}` });

export const links: Fields = [{ rel: 'S', href: 'S' }];

export const document: Fields = {
  id: 'S',
  status: 'S',
  version: 'S',
  min_version: 'S',
  updated: 'S',
  links,
};

/** What every microversion shows. */
export const first = {
  id: 'S',
  name: 'S',
  links,
  status: 'S',
  tenant_id: 'S',
  user_id: 'S',
  created: 'S',
  updated: 'S',
  hostId: 'S',
  addresses: {
    '*': [{ version: 'I', addr: 'S', 'OS-EXT-IPS:type': 'S', 'OS-EXT-IPS-MAC:mac_addr': 'S' }],
  },
  image: { id: 'S', links },
  flavor: { id: 'S', links },
  metadata: 'O',
  key_name: 'S|null',
  config_drive: 'S',
  accessIPv4: 'S',
  accessIPv6: 'S',
  progress: 'I',
  security_groups: [{ name: 'S' }],
  'OS-DCF:diskConfig': 'S',
  'OS-EXT-AZ:availability_zone': 'S',
  'OS-EXT-STS:vm_state': 'S',
  'OS-EXT-STS:task_state': 'S|null',
  'OS-EXT-STS:power_state': 'I',
  'OS-EXT-SRV-ATTR:host': 'S|null',
  'OS-EXT-SRV-ATTR:hypervisor_hostname': 'S|null',
  'OS-EXT-SRV-ATTR:instance_name': 'S',
  'OS-SRV-USG:launched_at': 'S|null',
  'OS-SRV-USG:terminated_at': 'S|null',
  'os:scheduler_hints': 'O',
  sys_tags: [{ key: 'S', value: 'S' }],
  enterprise_project_id: 'S',
} satisfies Fields;
export const serverOf21: Fields = { ...first, 'os-extended-volumes:volumes_attached': [{ id: 'S' }] };
/** From 2.3 on the extended attributes, 2.9 the lock, 2.16 the host, 2.19 the description, 2.26 the tags. */
export const serverOf226: Fields = {
  ...first,
  'os-extended-volumes:volumes_attached': [{ id: 'S', delete_on_termination: 'B' }],
  'OS-EXT-SRV-ATTR:hostname': 'S',
  'OS-EXT-SRV-ATTR:reservation_id': 'S',
  'OS-EXT-SRV-ATTR:launch_index': 'I',
  'OS-EXT-SRV-ATTR:kernel_id': 'S',
  'OS-EXT-SRV-ATTR:ramdisk_id': 'S',
  'OS-EXT-SRV-ATTR:root_device_name': 'S|null',
  'OS-EXT-SRV-ATTR:user_data': 'S|null',
  locked: 'B',
  host_status: 'S',
  description: 'S|null',
  tags: ['S'],
};
export const entry: Fields = { id: 'S', name: 'S', links };
export const rebuilt: Fields = { id: 'S', name: 'S', links, status: 'S', image: { id: 'S', links } };

export const flavor: Fields = {
  id: 'S',
  name: 'S',
  vcpus: 'I',
  ram: 'I',
  disk: 'I',
  swap: 'S',
  'OS-FLV-EXT-DATA:ephemeral': 'I',
  'OS-FLV-DISABLED:disabled': 'B',
  rxtx_factor: 'F',
  'os-flavor-access:is_public': 'B',
  links,
};
export const nic: Fields = {
  port_state: 'S',
  fixed_ips: [{ subnet_id: 'S', ip_address: 'S' }],
  net_id: 'S',
  port_id: 'S',
  mac_addr: 'S',
};
export const attachment: Fields = { device: 'S', id: 'S', serverId: 'S', volumeId: 'S' };
export const keypair = { name: 'S', fingerprint: 'S', public_key: 'S' } satisfies Fields;
export const quotaNames = [
  'cores instances ram key_pairs metadata_items server_groups server_group_members injected_files',
  'injected_file_content_bytes injected_file_path_bytes fixed_ips floating_ips security_groups security_group_rules',
].flatMap((names) => names.split(' '));
export const quotas = (each: Fields): Fields => ({
  quota_set: { id: 'S', ...Object.fromEntries(quotaNames.map((name) => [name, each])) },
});
export const instanceAction = {
  action: 'S',
  instance_uuid: 'S',
  message: 'S|null',
  project_id: 'S',
  request_id: 'S',
  start_time: 'S',
  user_id: 'S',
} satisfies Fields;

export const createBody = (change: object = {}) => ({
  server: {
    name: 'web-1',
    imageRef: '<image>',
    flavorRef: '<flavor>',
    availability_zone: '<zone>',
    networks: [{ uuid: '<network>' }],
    key_name: '<keypair>',
    metadata: { role: 'web' },
    ...change,
  },
});
export const create = (change: object) => ({ body: createBody(change) });
export const nobody = `${servers}/<nobody>`;
export const unknown = (path = '', method = 'GET') => ({ '404 itemNotFound': `${method} ${nobody}${path}` });
export const act = (server: string) => `POST ${servers}/<${server}>/action`;

export function everywhere(endpoint: Endpoint): Refusal[] {
  if (!endpoint.path.includes('<project>')) return [];
  const path = endpoint.path.replace('<project>', '<other project>');
  return [
    ...usualRefusals(undefined, 'badRequest')(endpoint),
    { status: 400, code: 'badRequest', asked: { path } },
  ];
}
