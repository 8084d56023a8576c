/** CloudDC v1: C01 to C32, by its pages as far as they were found and the models of the official SDKs. */
import { table, usualRefusals, type Endpoint, type Fields, type Refusal } from './endpoint.ts';

const root = '/v1/<project>';
const instances = `${root}/instances`;
const machines = `${root}/physicalservers`;
const nobody = '<nobody>';

const failure: Fields = 'O?';
const instance: Fields = {
  id: 'S',
  name: 'S',
  vpc_id: 'S',
  network_interfaces: [{ subnet_id: 'S', ipv4_address: 'S' }],
  tags: [{ key: 'S', value: 'S' }],
  image: { id: 'S', name: 'S', os_type: 'S' },
  description: 'S',
  state: 'S',
  operation_state: 'S?',
  metadata: 'O',
  user_data: 'S?',
  server_id: 'S',
  created_at: 'S',
  updated_at: 'S',
  launched_at: 'S',
  error: failure,
};
const page: Fields = { next_marker: 'S|null', previous_marker: 'S|null', current_count: 'I' };
const machine = {
  id: 'S',
  name: 'S',
  project_id: 'S',
  domain_id: 'S',
  manage_state: 'S',
  frozen_state: 'S',
  power_state: 'S',
  operation_state: 'S?',
  health_state: 'S',
  onboard_time: 'S',
  location: { dc: 'S', rack: 'S', unit: 'S' },
  hardware_attributes: { sn: 'S', manufacturer: 'S', model: 'S' },
  tags: 'L',
  error: failure,
} satisfies Fields;

const hardware: Fields = {
  summary: { sn: 'S', manufacturer: 'S', model: 'S' },
  memorys: [{ name: 'S', capacity_mib: 'I', operating_speed_mhz: 'I', memory_device_type: 'S', health: 'S' }],
  processors: [
    { name: 'S', model: 'S', total_cores: 'I', total_threads: 'I', max_speed_mhz: 'I', health: 'S' },
  ],
  network_adapters: [
    {
      name: 'S',
      model: 'S',
      firmware_version: 'S',
      network_ports: [{ physical_port_number: 'S', link_status: 'S', permanent_mac_address: 'S' }],
    },
  ],
  fans: [{ name: 'S', reading: 'I', reading_units: 'S', status: { state: 'S', health: 'S' } }],
  powers: [{ name: 'S', power_capacity_watts: 'I', status: { health: 'S' } }],
  storage_controllers: [
    {
      name: 'S',
      model: 'S',
      supported_raid_levels: ['S'],
      drives: ['S'],
      volumes: [
        {
          name: 'S',
          volume_raid_level: 'S',
          capacity_bytes: 'I',
          drives: [{ id: 'S', name: 'S', media_type: 'S', capacity_bytes: 'I', health: 'S' }],
        },
      ],
    },
  ],
};
const logExport: Fields = { export_id: 'S', status: 'S', percentage: 'S', created_at: 'S' };
const count: Fields = { count: 'I', dc_stats: 'O' };
const ids = (name: string): Fields => ({ [name]: [{ id: 'S' }] });
const deviceCount: Fields = [{ alarm_device: 'S', alarm_number: 'I' }];
const levelCount: Fields = [{ alarm_level: 'I', alarm_number: 'I' }];
const texts = ['name', 'effect', 'suggestion', 'reason'].flatMap((name) => [`${name}_cn`, `${name}_en`]);

const createBody = (change: object = {}) => ({
  name: 'front-1',
  image_id: '<image>',
  vpc_id: '<vpc>',
  network_interfaces: [{ subnet_id: '<network>' }],
  password: '<new password>',
  metadata: { role: 'front' },
  ...change,
});
const create = (change: object) => ({ body: createBody(change) });
const tag = { tags: [{ key: 'owner', value: 'ops' }] };
const longTag = { body: { tags: [{ key: 'k'.repeat(129) }] } };
const secondSpan = 'from=<hour ago>&to=<in an hour>';
const msSpan = 'from=<hour ago in ms>&to=<in an hour in ms>';

const everywhere = (endpoint: Endpoint): Refusal[] => usualRefusals('APIGW.0301', 'CloudDC.0001')(endpoint);

export const cloudDc = table(
  [
    [
      'C01',
      `POST ${instances}`,
      202,
      { body: createBody(), answer: { instance_id: 'S' } },
      {
        '400 CloudDC.0001': create({ name: 'no/name' }),
        '400 CloudDC.0001 #password': create({ password: 'short' }),
        '400 CloudDC.0001 #image': create({ image_id: nobody }),
        '400 CloudDC.0001 #nics': create({ network_interfaces: [] }),
        '400 CloudDC.0001 #metadata': create({ metadata: { 'a/b': 'c' } }),
        '400 CloudDC.0003': create({ placement: { server_id: '<node>' } }),
        '404 CloudDC.0404': create({ placement: { server_id: nobody } }),
      },
    ],
    [
      'C02',
      `POST ${instances}/batch-create`,
      202,
      { body: createBody({ min_count: 1, max_count: 2 }), answer: ids('instances') },
      {
        '400 CloudDC.0003': create({
          min_count: 2,
          max_count: 2,
          placement: { server_id_set: ['<spare idle node>'] },
        }),
        '400 CloudDC.0001': create({ min_count: 2, max_count: 1 }),
      },
    ],
    [
      'C03',
      `GET ${instances}?instance_id=<server>&limit=10`,
      200,
      { answer: { instances: [instance], page_info: page, count: 'I' } },
      {
        '400 CloudDC.0001': `GET ${instances}?instance_id=<server>&server_id=<node>`,
        '400 CloudDC.0001 #state': `GET ${instances}?instance_state=reinstalling`,
      },
    ],
    [
      'C04',
      `GET ${instances}/<server>/status`,
      200,
      { answer: { state: 'S', operation_state: 'S?', error: failure } },
      { '404 CloudDC.0404': `GET ${instances}/${nobody}/status` },
    ],
    [
      'C05',
      `DELETE ${instances}/<spare stopped server>`,
      202,
      {},
      {
        '400 CloudDC.0002': `DELETE ${instances}/<second server>`,
        '404 CloudDC.0404': `DELETE ${instances}/${nobody}`,
      },
    ],
    [
      'C06',
      `POST ${instances}/batch-delete`,
      202,
      { body: { instance_id_set: ['<spare stopped server>'] }, answer: ids('instances') },
      {
        '400 CloudDC.0001': { body: { instance_id_set: [] } },
        '400 CloudDC.0001 #many': { body: { instance_id_set: Array(51).fill(nobody) } },
        '400 CloudDC.0002': { body: { instance_id_set: ['<second server>'] } },
      },
    ],
    [
      'C07',
      `PUT ${instances}/reinstall`,
      202,
      {
        body: { password: '<new password>', instance_id_set: ['<spare server>'] },
        answer: ids('instances'),
      },
      {
        '400 CloudDC.0001': { body: { password: 'short', instance_id_set: ['<spare server>'] } },
        '404 CloudDC.0404': { body: { password: '<new password>', instance_id_set: [nobody] } },
      },
    ],
    [
      'C08',
      `PUT ${instances}/password`,
      200,
      { body: { new_password: 'simple', instance_id_set: ['<spare server>'] }, answer: ids('instances') },
      { '404 CloudDC.0404': { body: { new_password: 'simple', instance_id_set: [nobody] } } },
    ],
    [
      'C09',
      `PUT ${instances}/<spare server>/ip`,
      202,
      { body: { nics: [{ subnet_id: '<network>', ip_address: '' }] } },
      {
        '400 CloudDC.0001': { body: { nics: [{ subnet_id: '<network>', ip_address: '<address>' }] } },
        '404 CloudDC.0404': { path: `${instances}/${nobody}/ip` },
      },
    ],
    [
      'C10',
      `GET ${machines}?manage_state=in-use&limit=10`,
      200,
      { given: ['server'], answer: { servers: [machine], page_info: page, count: 'I' } },
      { '400 CloudDC.0001': `GET ${machines}?manage_state=asleep` },
    ],
    [
      'C11',
      `GET ${machines}/<node>`,
      200,
      { answer: machine },
      { '404 CloudDC.0404': `GET ${machines}/${nobody}` },
    ],
    [
      'C12',
      `GET ${machines}/<node>/hardware-attributes`,
      200,
      { answer: hardware },
      { '404 CloudDC.0404': `GET ${machines}/${nobody}/hardware-attributes` },
    ],
    [
      'C13',
      `GET ${machines}/<node>/firmware-attributes`,
      200,
      { answer: [{ component_name: 'S', model: 'S?', manufacturer: 'S?', version: 'S' }] },
      { '404 CloudDC.0404': `GET ${machines}/${nobody}/firmware-attributes` },
    ],
    [
      'C14',
      `PUT ${machines}/power-state`,
      200,
      {
        body: { action: 'power off', server_id_set: ['<spare node of server>'] },
        answer: ids('physical_servers'),
      },
      {
        '400 CloudDC.0001': { body: { action: 'power-off', server_id_set: ['<spare node of server>'] } },
        '404 CloudDC.0404': { body: { action: 'power off', server_id_set: [nobody] } },
      },
    ],
    [
      'C15',
      `GET ${machines}/<node>/remote-console-address`,
      200,
      { answer: { url: 'S' } },
      { '404 CloudDC.0404': `GET ${machines}/${nobody}/remote-console-address` },
    ],
    [
      'C16',
      `POST ${machines}/<node>/logs/exports`,
      202,
      { answer: logExport },
      {
        '404 CloudDC.0404': `POST ${machines}/${nobody}/logs/exports`,
      },
    ],
    [
      'C17',
      `GET ${machines}/<node>/logs/exports/<log export>`,
      200,
      { answer: logExport },
      {
        '404 CloudDC.0404': `GET ${machines}/<node>/logs/exports/${nobody}`,
      },
    ],
    [
      'C18',
      `GET ${machines}/<node>/logs/exports/<log export>/content`,
      200,
      { answer: 'S' },
      {
        '404 CloudDC.0404': `GET ${machines}/<node>/logs/exports/${nobody}/content`,
      },
    ],
    [
      'C19',
      `GET ${machines}/status`,
      200,
      {
        answer: {
          server_status: Object.fromEntries(
            ['total', 'ok', 'warning', 'unknown', 'critical', 'health', 'unHealth', 'isolation'].map(
              (name) => [name, count],
            ),
          ),
          server_power_status: { on: 'I', off: 'I', unknown: 'I' },
          server_manage_state: 'O',
        },
      },
    ],
    [
      'C20',
      `GET ${machines}/alarms?resource_id=<faulty node>&alarm_status=alarm&offset=0&limit=10`,
      200,
      {
        answer: {
          alarms: [
            {
              alarm_record_id: 'S',
              alarm_id: 'S',
              alarm_name: 'S',
              alarm_status: 'S',
              alarm_level: 'I',
              begin_time: 'I',
              end_time: 'I?',
              last_alarm_time: 'I',
              metric: { metric_name: 'S', dimensions: [{ name: 'S', value: 'S' }] },
            },
          ],
          count: 'I',
        },
      },
      { '400 CloudDC.0001': `GET ${machines}/alarms?alarm_status=red` },
    ],
    [
      'C21',
      `GET ${machines}/alarms/summary`,
      200,
      {
        given: ['faulty server'],
        answer: {
          alarm_levels: levelCount,
          alarm_devices: deviceCount,
          alarm_hosts: [
            {
              resource_name: 'S',
              resource_id: 'S',
              alarm_infos: [{ alarm_device: 'S', alarm_number: 'I', alarm_duration: 'I' }],
            },
          ],
          alarm_groups: [
            { label: 'S', alarm_devices: [{ alarm_device: 'S', alarm_number: 'I' }], sns: ['S'] },
          ],
        },
      },
    ],
    [
      'C22',
      `GET ${machines}/alarms/trend?${secondSpan}`,
      200,
      {
        given: ['faulty server'],
        answer: {
          fault_hosts: [{ fault_date: 'S', new_fault_host: 'I', fault_host: 'L' }],
          alarm_daily_new_trends: [{ alarm_date: 'S', alarm_devices: deviceCount, alarm_levels: levelCount }],
        },
      },
      { '400 CloudDC.0001': `GET ${machines}/alarms/trend` },
    ],
    [
      'C23',
      `GET ${machines}/events?${msSpan}&resource_id=<faulty node>`,
      200,
      {
        answer: {
          events: [
            {
              event_id: 'S',
              message_id: 'S',
              event_message: 'S',
              event_level: 'S',
              status: 'S',
              resource_id: 'S',
              time: 'I',
              origin_event: 'S',
            },
          ],
          count: 'I',
        },
      },
      { '400 CloudDC.0001': `GET ${machines}/events?from=0&to=<in an hour in ms>` },
    ],
    [
      'C24',
      `GET ${machines}/events/hardware-fault`,
      200,
      { answer: { code: 'S', status: 'S', ...Object.fromEntries(texts.map((name) => [name, 'S'])) } },
      { '404 CloudDC.0404': `GET ${machines}/events/none` },
    ],
    [
      'C25',
      `POST ${machines}/<node>/tags/create`,
      [200, 204],
      { body: tag },
      { '400 CloudDC.0001': longTag },
    ],
    [
      'C26',
      `POST ${machines}/<node>/tags/delete`,
      [200, 204],
      { body: tag },
      {
        '404 CloudDC.0404': { path: `${machines}/${nobody}/tags/delete` },
      },
    ],
    [
      'C27',
      `POST ${root}/iracks/<rack>/tags/create`,
      [200, 204],
      { body: tag },
      { '400 CloudDC.0001': longTag },
    ],
    [
      'C28',
      `POST ${root}/iracks/<rack>/tags/delete`,
      [200, 204],
      { body: tag },
      {
        '404 CloudDC.0404': { path: `${root}/iracks/${nobody}/tags/delete` },
      },
    ],
    [
      'C29',
      `GET ${root}/idcs?region=eu-de`,
      200,
      {
        answer: {
          idcs: [{ id: 'S', name: 'S', irack_num: 'I', region: 'S', description: 'S' }],
          page_info: page,
          count: 'I',
        },
      },
      { '400 CloudDC.0001': `GET ${root}/idcs` },
    ],
    [
      'C30',
      `PUT ${root}/idcs`,
      200,
      { body: [{ id: '<room>', description: 'the first room' }], answer: 'S' },
      {
        '404 CloudDC.0404': { body: [{ id: nobody, description: '' }] },
      },
    ],
    [
      'C31',
      `GET ${root}/iracks?region=eu-de`,
      200,
      {
        given: ['tagged rack'],
        answer: {
          iracks: [
            {
              id: 'S',
              name: 'S',
              dc: 'S',
              region: 'S',
              location: 'S',
              size: 'S?',
              unit: 'S?',
              power: 'S?',
              description: 'S',
              tags: 'L',
              order_status: 'S?',
              is_cloud_based: 'S?',
              operation_status: 'I?',
              freeze_effect: 'I?',
              scene: 'S?',
            },
          ],
          page_info: page,
          count: 'I',
        },
      },
      { '400 CloudDC.0001': `GET ${root}/iracks` },
    ],
    [
      'C32',
      `PUT ${root}/iracks/<rack>`,
      200,
      { body: { description: 'by the door' }, answer: 'S' },
      {
        '400 CloudDC.0001': { body: { description: 'd'.repeat(513) } },
        '404 CloudDC.0404': { path: `${root}/iracks/${nobody}` },
      },
    ],
  ],
  everywhere,
);
