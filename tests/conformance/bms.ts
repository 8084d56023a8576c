/** Bare Metal Server v1: V01 to V36 (otc0106040941 and its neighbours, hw0602 to hw0835). */
import { table, usualRefusals, type Endpoint, type Fields, type Refusal } from './endpoint.ts';

const servers = '/v1/<project>/baremetalservers';
const version: Fields = {
  id: 'S',
  links: [{ href: 'S', rel: 'S' }],
  min_version: 'S',
  version: 'S',
  status: 'S',
  updated: 'S',
};

const address: Fields = {
  version: 'S',
  addr: 'S',
  'OS-EXT-IPS:type': 'S',
  'OS-EXT-IPS-MAC:mac_addr': 'S',
  'OS-EXT-IPS:port_id': 'S',
};

/** SERVER_V1 (otc0113746489, hw0608). */
export const server: Fields = {
  id: 'S',
  name: 'S',
  user_id: 'S',
  tenant_id: 'S',
  created: 'S',
  updated: 'S',
  status: 'S',
  hostId: 'S',
  addresses: { '*': [address] },
  key_name: 'S|null?',
  image: { id: 'S' },
  flavor: { id: 'S', name: 'S', disk: 'S', vcpus: 'S', ram: 'S', gpus: 'L', asic_accelerators: 'L' },
  security_groups: [{ name: 'S', id: 'S' }],
  accessIPv4: 'S',
  accessIPv6: 'S',
  progress: 'I',
  config_drive: 'S',
  metadata: {
    chargingMode: 'S',
    vpc_id: 'S',
    'metering.image_id': 'S',
    'metering.imagetype': 'S',
    'metering.resourcespeccode': 'S',
    'metering.resourcetype': 'S',
    'metering.order_id': 'S?',
    'metering.product_id': 'S?',
    baremetalPortIDList: 'S',
    image_name: 'S',
    op_svc_userid: 'S',
    os_type: 'S',
    os_bit: 'S',
    __bms_support_evs: 'S',
    agency_name: 'S?',
    EcmResStatus: 'S?',
  },
  'OS-EXT-STS:task_state': 'S|null?',
  'OS-EXT-STS:vm_state': 'S',
  'OS-EXT-STS:power_state': 'I',
  'OS-EXT-SRV-ATTR:host': 'S',
  'OS-EXT-SRV-ATTR:instance_name': 'S',
  'OS-EXT-SRV-ATTR:hypervisor_hostname': 'S',
  'OS-EXT-SRV-ATTR:hostname': 'S',
  'OS-EXT-SRV-ATTR:reservation_id': 'S',
  'OS-EXT-SRV-ATTR:kernel_id': 'S',
  'OS-EXT-SRV-ATTR:ramdisk_id': 'S',
  'OS-EXT-SRV-ATTR:root_device_name': 'S',
  'OS-EXT-SRV-ATTR:user_data': 'S',
  'OS-EXT-SRV-ATTR:launch_index': 'I',
  'OS-EXT-AZ:availability_zone': 'S',
  'OS-DCF:diskConfig': 'S',
  'OS-SRV-USG:launched_at': 'S|null',
  'OS-SRV-USG:terminated_at': 'S|null',
  'os-extended-volumes:volumes_attached': [
    { id: 'S', delete_on_termination: 'S', bootIndex: 'S', device: 'S' },
  ],
  description: 'S',
  host_status: 'S',
  locked: 'B',
  fault: 'O|null',
  tags: ['S'],
  sys_tags: [{ key: 'S', value: 'S' }],
  'os:scheduler_hints': 'O',
  enterprise_project_id: 'S',
};

/** V06 leaves the prefixes out. */
const slimServer: Fields = {
  id: 'S',
  user_id: 'S',
  name: 'S',
  created: 'S',
  updated: 'S',
  tenant_id: 'S',
  flavor: { id: 'S', name: 'S', disk: 'I', vcpus: 'I', ram: 'I', gpus: 'L', asic_accelerators: 'L' },
  status: 'S',
  task_state: 'S|null',
  vm_state: 'S',
  availability_zone: 'S',
  fault: 'O|null',
  in_recycle_bin: 'B',
  spod_id: 'null?',
};

/** The answer of V08 is of Nova's shape. */
const renamed: Fields = {
  id: 'S',
  name: 'S',
  tenant_id: 'S',
  links: [{ rel: 'S', href: 'S' }],
  addresses: { '*': [{ ...address, version: 'I' }] },
  image: { id: 'S', links: [{ rel: 'S', href: 'S' }] },
  flavor: { id: 'S', links: [{ rel: 'S', href: 'S' }] },
  security_groups: [{ name: 'S' }],
  'os-extended-volumes:volumes_attached': [{ id: 'S', delete_on_termination: 'B?' }],
  'OS-EXT-STS:vm_state': 'S',
  'OS-EXT-STS:task_state': 'null',
  'OS-EXT-STS:power_state': 'I',
  'os:scheduler_hints': { group: 'L' },
};

const flavor: Fields = {
  id: 'S',
  name: 'S',
  vcpus: 'S',
  ram: 'I',
  disk: 'S',
  swap: 'S',
  'OS-FLV-EXT-DATA:ephemeral': 'I',
  'OS-FLV-DISABLED:disabled': 'B',
  rxtx_factor: 'F',
  rxtx_quota: 'null',
  rxtx_cap: 'null',
  'os-flavor-access:is_public': 'B',
  links: [{ rel: 'S', href: 'S', type: 'null' }],
  os_extra_specs: {
    resource_type: 'S',
    'capabilities:hypervisor_type': 'S',
    'capabilities:cpu_arch': 'S',
    'capabilities:board_type': 'S',
    'baremetal:disk_detail': 'S',
    'baremetal:netcard_detail': 'S',
    'baremetal:cpu_detail': 'S',
    'baremetal:memory_detail': 'S',
    'baremetal:net_num': 'S',
    'baremetal:__support_evs': 'S?',
    'baremetal:extBootType': 'S?',
    'cond:operation:status': 'S?',
    'cond:operation:az': 'S?',
  },
};

const limit = [
  'maxTotalInstances maxTotalCores maxTotalRAMSize maxTotalKeypairs maxServerMeta maxPersonality maxPersonalitySize',
  'maxServerGroups maxServerGroupMembers totalServerGroupsUsed maxSecurityGroups maxSecurityGroupRules',
  'maxTotalFloatingIps maxImageMeta totalInstancesUsed totalCoresUsed totalRAMUsed totalSecurityGroupsUsed',
  'totalFloatingIpsUsed',
].flatMap((names) => names.split(' '));
export const limits: Fields = Object.fromEntries(limit.map((name) => [name, 'I']));

const job = (entities: Fields): Fields => ({
  job_id: 'S',
  job_type: 'S',
  status: 'S',
  begin_time: 'S',
  end_time: 'S|null',
  error_code: 'S|null',
  fail_reason: 'S|null',
  entities,
});

/** What E1 creates, changed. */
const createBody = (change: object = {}) => ({
  server: {
    name: 'db-node',
    imageRef: '<image>',
    flavorRef: '<flavor>',
    availability_zone: '<zone>',
    vpcid: '<vpc>',
    count: 2,
    key_name: '<keypair>',
    nics: [{ subnet_id: '<network>', ip_address: '' }],
    data_volumes: [{ volumetype: 'SAS', size: 500, shareable: false }],
    metadata: { op_svc_userid: '<user>', BYOL: 'false', role: 'db' },
    extendparam: { chargingMode: 'postPaid', regionID: 'eu-de', enterprise_project_id: '0' },
    schedulerHints: { dec_baremetal: 'share' },
    server_tags: [{ key: 'team', value: 'storage' }],
    ...change,
  },
});
const create = (change: object) => ({ body: createBody(change) });
const eip = (change: object = {}) => ({
  iptype: '5_bgp',
  bandwidth: { sharetype: 'PER', size: 10, chargemode: 'traffic' },
  extendparam: { chargingMode: 'postPaid' },
  ...change,
});
const publicIp = (publicip: object, change: object = { count: 1 }) => create({ publicip, ...change });

const ids = (name: string) => [{ id: `<${name}>` }];
const nobody = `${servers}/<nobody>`;
const jobId: Fields = { job_id: 'S' };
const tags = (action: string, list: object[]) => ({ action, tags: list });
const attach = (volumeAttachment: object) => ({ volumeAttachment: { device: '', ...volumeAttachment } });

/** Every call with a project in its path refuses that of somebody else. */
function everywhere(endpoint: Endpoint): Refusal[] {
  if (!endpoint.path.includes('<project>')) return [];
  const path = endpoint.path.replace('<project>', '<other project>');
  return [
    ...usualRefusals('APIGW.0301', 'BMS.0001')(endpoint),
    { status: 400, code: 'Common.0018', asked: { path } },
  ];
}

export const bms = table(
  [
    ['V01', 'GET /', 200, { headers: { host: 'bms.localhost' }, answer: { versions: [version] } }],
    ['V02', 'GET /v1', 200, { answer: { version } }],
    [
      'V03',
      `POST ${servers}`,
      200,
      { body: createBody(), answer: { order_id: 'S', job_id: 'S' } },
      {
        '400 BMS.0018': create({ nics: [] }),
        '400 BMS.0011': create({ imageRef: '<nobody>' }),
        '400 BMS.0014': create({ count: 1, nics: [{ subnet_id: '<network>', ip_address: '<address>' }] }),
        '400 BMS.0017': publicIp({ eip: eip() }),
        '400 BMS.0019': publicIp({ id: '<nobody>' }),
        '400 BMS.0021': create({ flavorRef: 'physical.none' }),
        '400 BMS.0047': create({ root_volume: { volumetype: 'SSD', size: 150 } }),
        '400 BMS.0047 #size': create({ root_volume: { volumetype: 'SSD', size: 1 } }),
        '400 BMS.0049': create({ key_name: 'nobody' }),
        '400 BMS.0054': create({ count: 24, flavorRef: '<scarce flavor>' }),
        '400 BMS.0071': publicIp({ id: '<nobody>', eip: eip() }),
        '400 BMS.0072': publicIp({ id: '<nobody>' }, { count: 2 }),
        '400 BMS.0073': publicIp({ eip: eip({ bandwidth: undefined }) }),
        '400 BMS.0074': publicIp({ eip: eip({ extendparam: {} }) }),
        '400 BMS.0076': publicIp({
          eip: eip({ bandwidth: { sharetype: 'WHOLE', id: 'b' }, extendparam: { chargingMode: 'prePaid' } }),
        }),
        '400 BMS.0077': publicIp({ eip: eip({ bandwidth: { sharetype: 'PER', size: 1 } }) }),
        '400 BMS.0079': publicIp({ eip: eip({ bandwidth: { sharetype: 'WHOLE' } }) }),
        '400 BMS.0080': create({ nics: [{ subnet_id: '<nobody>' }] }),
        '400 BMS.0111': create({ adminPass: '<new password>' }),
        '400 BMS.0203': create({ data_volumes: [{ volumetype: 'SAS', size: 1 }] }),
        '400 BMS.0204': create({ data_volumes: Array(60).fill({ volumetype: 'SAS', size: 10 }) }),
        '400 BMS.0205': create({ count: 1_000 }),
        '400 BMS.0206': create({ name: 'no/name' }),
        '400 BMS.0207': create({ nics: [{ subnet_id: '<network>', ip_address: '10.20.99.9' }] }),
        '400 BMS.0208': create({ availability_zone: 'nowhere' }),
        '400 BMS.0210': create({ user_data: Buffer.alloc(32_769).toString('base64') }),
        '400 BMS.0246': create({ vpcid: '<nobody>' }),
        '400 BMS.3026': create({ key_name: undefined, adminPass: 'short' }),
      },
    ],
    ['V04', `GET ${servers}/<server>`, 200, { answer: { server } }, { '404 BMS.0040': `GET ${nobody}` }],
    [
      'V05',
      `GET ${servers}/detail?name=db-node&status=ACTIVE&limit=2&offset=1`,
      200,
      { given: ['server'], answer: { count: 'I', servers: [server] } },
      { '400 BMS.0018': `GET ${servers}/detail?limit=0` },
    ],
    [
      'V06',
      'GET /v1.1/<project>/baremetalservers/detail?name=db-node&limit=1&offset=1',
      200,
      { given: ['server'], answer: { count: 'I', servers: [slimServer] } },
    ],
    [
      'V07',
      `POST ${servers}/delete`,
      200,
      {
        body: { servers: ids('spare server'), delete_publicip: false, delete_volume: true },
        answer: jobId,
      },
      {
        '400 BMS.0205': { body: { servers: [], delete_publicip: false } },
        '400 BMS.0040': { body: { servers: ids('nobody'), delete_publicip: false } },
      },
    ],
    [
      'V08',
      `PUT ${servers}/<server>`,
      200,
      { body: { server: { name: 'db-node' } }, answer: { server: renamed } },
      {
        '400 BMS.0206': { body: { server: { name: 'no/name' } } },
        '400 BMS.0040': { path: nobody },
      },
    ],
    [
      'V09',
      `POST ${servers}/action`,
      200,
      { body: { 'os-start': { servers: ids('spare stopped server') } }, answer: jobId },
      {
        '400 BMS.0038': { body: { 'os-start': { servers: ids('server') } } },
        '400 BMS.0035': { body: { 'os-start': { servers: ids('spare starting server') } } },
        '400 BMS.0018': { body: { 'os-start': { servers: [] } } },
        '400 BMS.0018 #action': { body: { 'os-jump': {} } },
        '400 BMS.0040': { body: { 'os-start': { servers: ids('nobody') } } },
      },
    ],
    [
      'V10',
      `POST ${servers}/action`,
      200,
      { body: { 'os-stop': { type: 'HARD', servers: ids('spare server') } }, answer: jobId },
      {
        '400 BMS.0039': { body: { 'os-stop': { servers: ids('stopped server') } } },
        '400 BMS.0036': { body: { 'os-stop': { servers: ids('spare stopping server') } } },
        '400 BMS.0037': { body: { 'os-stop': { servers: ids('spare rebooting server') } } },
        '400 BMS.0605': { body: { 'os-stop': { servers: ids('spare locked server') } } },
        '400 BMS.0040': { body: { 'os-stop': { servers: ids('nobody') } } },
      },
    ],
    [
      'V11',
      `POST ${servers}/action`,
      200,
      { body: { reboot: { type: 'SOFT', servers: ids('spare server') } }, answer: jobId },
      {
        '400 BMS.0037': { body: { reboot: { type: 'HARD', servers: ids('spare rebooting server') } } },
        '400 BMS.0018': { body: { reboot: { type: 'GENTLE', servers: ids('server') } } },
        '400 BMS.0040': { body: { reboot: { type: 'HARD', servers: ids('nobody') } } },
      },
    ],
    [
      'V12',
      `POST ${servers}/<spare stopped server>/reinstallos`,
      200,
      {
        body: { 'os-reinstall': { keyname: '<keypair>', userid: '<user>' } },
        answer: jobId,
      },
      {
        '400 BMS.0006': { path: `${servers}/<server>/reinstallos` },
        '400 BMS.0111': { body: { 'os-reinstall': { keyname: '<keypair>', adminpass: '<new password>' } } },
        '400 BMS.0040': { path: `${nobody}/reinstallos` },
      },
    ],
    [
      'V13',
      `POST ${servers}/<spare stopped server>/changeos`,
      200,
      {
        body: { 'os-change': { imageid: '<other image>', adminpass: '<new password>', userid: '<user>' } },
        answer: { jobId: 'S' },
      },
      {
        '400 BMS.0006': { path: `${servers}/<server>/changeos` },
        '400 BMS.0011': { body: { 'os-change': { imageid: '<nobody>', adminpass: '<new password>' } } },
      },
    ],
    [
      'V14',
      `POST ${servers}/<server>/remote_console`,
      200,
      {
        body: { remote_console: { protocol: 'serial', type: 'serial' } },
        answer: { remote_console: { type: 'S', protocol: 'S', url: 'S' } },
      },
      {
        '400 BMS.0018': { body: { remote_console: { protocol: 'vnc', type: 'novnc' } } },
        '400 BMS.0040': { path: `${nobody}/remote_console` },
      },
    ],
    ['V15', `GET ${servers}/flavors?availability_zone=<zone>`, 200, { answer: { flavors: [flavor] } }],
    [
      'V16',
      `GET ${servers}/available_resource?availability_zone=<zone>`,
      200,
      {
        answer: {
          available_resource: [
            { availability_zone: 'S', flavors: [{ flavor_id: 'S', count: 'I', status: 'S' }] },
          ],
        },
      },
      { '400 BMS.0018': `GET ${servers}/available_resource` },
    ],
    [
      'V17',
      `GET ${servers}/<server>/os-interface`,
      200,
      {
        answer: {
          interfaceAttachments: [
            {
              port_state: 'S',
              fixed_ips: [{ subnet_id: 'S', ip_address: 'S' }],
              net_id: 'S',
              port_id: 'S',
              mac_addr: 'S',
              driver_mode: 'S?',
              pci_address: 'S?',
            },
          ],
        },
      },
      { '400 BMS.0040': `GET ${nobody}/os-interface` },
    ],
    [
      'V18',
      `POST ${servers}/<spare server>/nics`,
      200,
      { body: { nics: [{ subnet_id: '<network>', ip_address: '' }] }, answer: jobId },
      {
        '400 BMS.0018': { body: { nics: Array(11).fill({ subnet_id: '<network>' }) } },
        '400 BMS.0080': { body: { nics: [{ subnet_id: '<nobody>' }] } },
        '400 BMS.0014': { body: { nics: [{ subnet_id: '<network>', ip_address: '<address>' }] } },
        '400 BMS.0040': { path: `${nobody}/nics` },
      },
    ],
    [
      'V19',
      `POST ${servers}/<spare server>/nics/delete`,
      200,
      { body: { nics: ids('spare second port') }, answer: jobId },
      { '400 BMS.0222': { body: { nics: ids('spare port of server') } } },
    ],
    [
      'V20',
      `PUT ${servers}/<server>/os-interface/<port>`,
      [204, 200],
      { body: { interface_attachment: { delete_on_termination: true } } },
      { '400 BMS.0018': { body: { interface_attachment: {} } } },
    ],
    [
      'V21',
      `PUT ${servers}/nics/<spare port of server>`,
      200,
      {
        body: { nic: { subnet_id: '<network>', ip_addresses: ['10.20.77.8'], reverse_binding: [true] } },
        answer: { port_id: 'S' },
      },
    ],
    [
      'V22',
      `POST ${servers}/<spare server>/attachvolume`,
      [202, 200],
      { body: attach({ volumeId: '<spare volume>' }), answer: jobId },
      {
        '400 BMS.0103': { body: attach({ volumeId: '<nobody>' }) },
        '400 BMS.0104': { body: attach({ volumeId: '<spare volume>', device: '/dev/sda' }) },
        '400 BMS.0105': { body: attach({ volumeId: '<spare volume>', device: 'nowhere' }) },
        '400 BMS.1001': { path: `${servers}/<spare starting server>/attachvolume` },
        '400 BMS.1003': { body: attach({ volumeId: '<volume>' }) },
        '400 BMS.1009': {
          path: `${servers}/<server>/attachvolume`,
          body: attach({ volumeId: '<volume>' }),
        },
      },
    ],
    [
      'V23',
      `DELETE ${servers}/<spare server>/detachvolume/<spare attached volume>`,
      [202, 200],
      { answer: jobId },
      { '400 BMS.0114': `DELETE ${servers}/<server>/detachvolume/<nobody>` },
    ],
    [
      'V24',
      `GET ${servers}/<server>/os-volume_attachments`,
      200,
      { answer: { volumeAttachments: [{ device: 'S', id: 'S', serverId: 'S', volumeId: 'S' }] } },
      { '400 BMS.1007': `GET ${nobody}/os-volume_attachments` },
    ],
    [
      'V25',
      `POST ${servers}/<server>/metadata`,
      200,
      {
        body: { metadata: { role: 'db', owner: 'storage-team' } },
        answer: { metadata: { role: 'S', owner: 'S' } },
      },
      {
        '400 BMS.0018': { body: { metadata: { 'a/b': 'c' } } },
        '400 BMS.0040': { path: `${nobody}/metadata` },
      },
    ],
    [
      'V26',
      `GET ${servers}/<server>/metadata-options`,
      200,
      { answer: { http_endpoint: 'S', http_tokens: 'S' } },
      { '400 BMS.0040': `GET ${nobody}/metadata-options` },
    ],
    [
      'V27',
      `PUT ${servers}/<server>/metadata-options`,
      200,
      {
        body: { http_endpoint: 'enabled', http_tokens: 'optional' },
        answer: { http_endpoint: 'S', http_tokens: 'S' },
      },
      { '400 BMS.0018': { body: { http_tokens: 'never' } } },
    ],
    [
      'V28',
      `POST ${servers}/<spare server>/tags/action`,
      204,
      { body: tags('create', [{ key: 'env', value: 'prod' }]) },
      {
        '400 BMS.0018': { body: tags('create', [{ key: 'k'.repeat(37), value: '' }]) },
        '400 BMS.0040': { path: `${nobody}/tags/action` },
      },
    ],
    [
      'V29',
      `POST ${servers}/<spare server>/tags/action`,
      204,
      { body: tags('delete', [{ key: 'k'.repeat(127) }]) },
      { '400 BMS.0018': { body: tags('remove', [{ key: 'env' }]) } },
    ],
    [
      'V30',
      `GET ${servers}/<server>/tags`,
      200,
      { answer: { tags: [{ key: 'S', value: 'S' }] } },
      { '400 BMS.0040': `GET ${nobody}/tags` },
    ],
    ['V31', `GET ${servers}/limits`, 200, { answer: { absolute: limits } }],
    [
      'V32',
      `GET ${servers}/<server>/os-resetpwd-flag`,
      200,
      { answer: { resetpwd_flag: 'S' } },
      { '400 BMS.0040': `GET ${nobody}/os-resetpwd-flag` },
    ],
    [
      'V33',
      `PUT ${servers}/<spare server>/os-reset-password`,
      204,
      { body: { 'reset-password': { new_password: '<new password>' } } },
      { '400 BMS.0040': { path: `${nobody}/os-reset-password` } },
    ],
    [
      'V34',
      `GET ${servers}/<server>/os-server-password`,
      200,
      { answer: { password: 'S' } },
      { '400 BMS.0040': `GET ${nobody}/os-server-password` },
    ],
    [
      'V35',
      `DELETE ${servers}/<server>/os-server-password`,
      202,
      {},
      { '400 BMS.0040': `DELETE ${nobody}/os-server-password` },
    ],
    [
      'V36',
      'GET /v1/<project>/jobs/<job>',
      200,
      { answer: job({ sub_jobs_total: 'I', sub_jobs: [job({ server_id: 'S' })] }) },
      { '404 BMS.0018': 'GET /v1/<project>/jobs/<nobody>' },
    ],
  ],
  everywhere,
);
