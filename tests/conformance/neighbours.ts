/** What clients of the servers call besides (spec of the clients): images, networks, volumes, orders, server tags. */
import { table, type Fields } from './endpoint.ts';

const image: Fields = {
  id: 'S',
  name: 'S',
  status: 'S',
  visibility: 'S',
  min_disk: 'I',
  min_ram: 'I',
  tags: 'L',
};
const network: Fields = {
  id: 'S',
  name: 'S',
  status: 'S',
  subnets: 'L',
  admin_state_up: 'B',
  shared: 'B',
  tenant_id: 'S',
};
const port: Fields = {
  id: 'S',
  name: 'S',
  network_id: 'S',
  mac_address: 'S',
  fixed_ips: [{ subnet_id: 'S', ip_address: 'S' }],
  device_id: 'S',
  status: 'S',
};
const subnet: Fields = { id: 'S', name: 'S', network_id: 'S', cidr: 'S', gateway_ip: 'S', ip_version: 'I' };
const volume: Fields = {
  id: 'S',
  name: 'S',
  size: 'I',
  status: 'S',
  volume_type: 'S',
  attachments: 'L',
  bootable: 'S',
};

export const neighbours = table([
  ['image list', 'GET /image/v2/images?name=Debian 12 for BMS', 200, { answer: { images: [image] } }],
  [
    'image show',
    'GET /image/v2/images/<image>',
    200,
    { answer: image },
    { '404': 'GET /image/v2/images/<nobody>' },
  ],
  [
    'image of Go',
    'GET /image/v2/cloudimages?name=Debian 12 for BMS&limit=1',
    200,
    { answer: { images: [{ id: 'S', name: 'S' }] } },
  ],
  ['image of IMS', 'GET /v2/cloudimages?limit=1', 200, { answer: { images: [{ id: 'S', name: 'S' }] } }],
  [
    'image of Nova',
    'GET /v2.1/<project>/cloudimages?id=<image>&limit=1',
    200,
    { answer: { images: [{ id: 'S', name: 'S' }] } },
  ],
  ['networks', 'GET /network/v2.0/networks?name=default', 200, { answer: { networks: [network] } }],
  [
    'networks of Go',
    'GET /network/v2.0/networks?id=<network>&status=ACTIVE',
    200,
    { answer: { networks: [network] } },
  ],
  ['networks of VPC', 'GET /v2.0/networks?name=default', 200, { answer: { networks: [network] } }],
  [
    'network',
    'GET /network/v2.0/networks/<network>',
    200,
    { answer: { network } },
    {
      '404 NeutronError': 'GET /network/v2.0/networks/default',
    },
  ],
  ['ports', 'GET /network/v2.0/ports?id=<port>', 200, { answer: { ports: [port] } }],
  [
    'port',
    'GET /v2.0/ports/<port>',
    200,
    { answer: { port } },
    { '404 NeutronError': 'GET /v2.0/ports/<nobody>' },
  ],
  ['subnets', 'GET /network/v2.0/subnets', 200, { answer: { subnets: [subnet] } }],
  [
    'security groups',
    'GET /network/v2.0/security-groups',
    200,
    {
      answer: { security_groups: [{ id: 'S', name: 'S', security_group_rules: 'L' }] },
    },
  ],
  [
    'vpcs',
    'GET /v1/<project>/vpcs',
    200,
    { answer: { vpcs: [{ id: 'S', name: 'S', cidr: 'S', status: 'S' }] } },
  ],
  [
    'vpc subnets',
    'GET /v1/<project>/subnets?vpc_id=<vpc>',
    200,
    {
      answer: {
        subnets: [
          { id: 'S', name: 'S', cidr: 'S', vpc_id: 'S', neutron_network_id: 'S', neutron_subnet_id: 'S' },
        ],
      },
    },
  ],
  [
    'volumes',
    'GET /volume/v2/<project>/volumes/detail',
    200,
    { given: ['volume'], answer: { volumes: [volume] } },
  ],
  [
    'volume',
    'GET /volume/v2/<project>/volumes/<volume>',
    200,
    { answer: { volume } },
    {
      '404 itemNotFound': 'GET /volume/v2/<project>/volumes/<nobody>',
    },
  ],
  [
    'volume limits',
    'GET /volume/v3/<project>/limits',
    200,
    { answer: { limits: { rate: 'L', absolute: { '*': 'I' } } } },
  ],
  [
    'volume quotas',
    'GET /volume/v3/<project>/os-quota-sets/<project>',
    200,
    { answer: { quota_set: { id: 'S', volumes: 'I', gigabytes: 'I', per_volume_gigabytes: 'I' } } },
  ],
  ['network quotas', 'GET /network/v2.0/quotas/<project>', 200, { answer: { quota: { '*': 'I' } } }],
  [
    'create volume',
    'POST /volume/v2/<project>/volumes',
    202,
    {
      body: { volume: { size: 10, name: 'data', volume_type: 'SAS', availability_zone: '<zone>' } },
      answer: { volume },
    },
  ],
  [
    'order',
    'GET /v2/orders/customer-orders/details/<order>',
    200,
    {
      answer: { order_info: { order_id: 'S', status: 'I' } },
    },
  ],
  [
    'order resources',
    'POST /v2/orders/suscriptions/resources/query',
    200,
    {
      body: { order_id: '<order>', only_main_resource: 1 },
      answer: { total_count: 'I', data: [{ resource_id: 'S' }] },
    },
  ],
  [
    'unsubscribe',
    'POST /v2/orders/subscriptions/resources/unsubscribe',
    200,
    {
      body: { resource_ids: ['<spare server>'], unsubscribe_type: 1 },
      answer: { order_ids: ['S'] },
    },
  ],
  ['service types', 'GET /v2/products/service-types?limit=1', 200, { answer: 'O' }],
  [
    'server tags',
    'GET /v1/<project>/cloudservers/<server>/tags',
    200,
    { answer: { tags: [{ key: 'S', value: 'S' }] } },
  ],
  [
    'change server tags',
    'POST /v1/<project>/cloudservers/<spare server>/tags/action',
    204,
    {
      body: { action: 'create', tags: [{ key: 'env', value: 'prod' }] },
    },
  ],
  ['jobs of Go', 'GET /v1.0/<project>/jobs/<job>', 200, { answer: { job_id: 'S', status: 'S' } }],
]);
