/** What clients need of Nova besides, from the ECS reference: X01 to X18. */
import { limits } from './bms.ts';
import { table } from './endpoint.ts';
import {
  act,
  at,
  entry,
  everywhere,
  instanceAction,
  links,
  nic,
  nova,
  quotas,
  rebuilt,
  servers,
  unknown,
} from './nova-fields.ts';

export const novaOfEcs = table(
  [
    [
      'X01',
      `GET ${nova}/os-availability-zone`,
      200,
      { answer: { availabilityZoneInfo: [{ zoneName: 'S', zoneState: { available: 'B' }, hosts: 'null' }] } },
    ],
    ['X02', `GET ${nova}/limits`, 200, { answer: { limits: { rate: 'L', absolute: limits } } }],
    ['X03', `GET ${nova}/os-quota-sets/<project>`, 200, { answer: quotas('I') }],
    ['X03 defaults', `GET ${nova}/os-quota-sets/<project>/defaults`, 200, { answer: quotas('I') }],
    [
      'X03 detail',
      `GET ${nova}/os-quota-sets/<project>/detail`,
      200,
      {
        answer: quotas({ limit: 'I', in_use: 'I', reserved: 'I' }),
      },
    ],
    ['X04', `GET ${nova}/flavors?limit=1`, 200, { answer: { flavors: [entry], flavors_links: links } }],
    [
      'X05',
      `PUT ${servers}/<spare server>/metadata`,
      200,
      { body: { metadata: { role: 'web' } }, answer: { metadata: { role: 'S' } } },
      unknown('/metadata', 'PUT'),
    ],
    [
      'X06',
      `GET ${servers}/<server>/metadata/role`,
      200,
      { answer: { meta: { role: 'S' } } },
      { '404 itemNotFound': `GET ${servers}/<server>/metadata/none` },
    ],
    [
      'X07',
      `POST ${servers}/<spare server>/os-interface`,
      200,
      {
        body: { interfaceAttachment: { net_id: '<network>' } },
        answer: { interfaceAttachment: nic },
      },
      {
        '400 badRequest': { body: { interfaceAttachment: { net_id: '<network>', port_id: '<spare port>' } } },
        '404 itemNotFound': { body: { interfaceAttachment: { port_id: '<nobody>' } } },
      },
    ],
    [
      'X08',
      `DELETE ${servers}/<spare server>/os-interface/<spare second port>`,
      202,
      {},
      { '404 itemNotFound': `DELETE ${servers}/<server>/os-interface/<nobody>` },
    ],
    [
      'X09',
      `GET ${servers}/<server>/os-security-groups`,
      200,
      {
        answer: {
          security_groups: [{ id: 'S', name: 'S', description: 'S', tenant_id: 'S', rules: 'L' }],
        },
      },
      unknown('/os-security-groups'),
    ],
    [
      'X10',
      act('spare server'),
      202,
      { body: { addSecurityGroup: { name: 'default' } } },
      {
        '404 itemNotFound': { body: { addSecurityGroup: { name: 'none' } } },
      },
    ],
    ['X11', act('spare server'), 202, { body: { lock: null } }, unknown('/action', 'POST')],
    ['X11 unlock', act('spare locked server'), 202, { body: { unlock: null } }, unknown('/action', 'POST')],
    [
      'X12',
      act('spare server'),
      202,
      { body: { rebuild: { imageRef: '<other image>' } }, answer: { server: rebuilt } },
      { '400 badRequest': { body: { rebuild: { imageRef: '<nobody>' } } }, ...unknown('/action', 'POST') },
    ],
    [
      'X13',
      act('spare stopped server'),
      202,
      { body: { createImage: { name: 'gold' } } },
      unknown('/action', 'POST'),
    ],
    [
      'X14',
      act('server'),
      200,
      { body: { 'os-getConsoleOutput': { length: 5 } }, answer: { output: 'S' } },
      unknown('/action', 'POST'),
    ],
    [
      'X15',
      `POST ${servers}/<server>/remote-consoles`,
      200,
      {
        headers: at(6),
        body: { remote_console: { type: 'serial', protocol: 'serial' } },
        answer: { remote_console: { type: 'S', protocol: 'S', url: 'S' } },
      },
      unknown('/remote-consoles', 'POST'),
    ],
    [
      'X16',
      `GET ${servers}/<server>/os-instance-actions`,
      200,
      { answer: { instanceActions: [instanceAction] } },
      unknown('/os-instance-actions'),
    ],
    [
      'X16 one',
      `GET ${servers}/<server>/os-instance-actions/<action request>`,
      200,
      {
        answer: {
          instanceAction: {
            ...instanceAction,
            events: [
              { event: 'S', result: 'S|null', traceback: 'S|null', start_time: 'S', finish_time: 'S|null' },
            ],
          },
        },
      },
      { '404 itemNotFound': `GET ${servers}/<server>/os-instance-actions/req-none` },
    ],
    [
      'X17',
      `POST ${nova}/os-server-groups`,
      200,
      {
        body: { server_group: { name: 'spread', policies: ['anti-affinity'] } },
        answer: { server_group: { id: 'S', name: 'S', policies: ['S'], members: 'L', metadata: 'O' } },
      },
      { '400 badRequest': { body: { server_group: { name: 'spread', policies: ['nearby'] } } } },
    ],
    [
      'X17 list',
      `GET ${nova}/os-server-groups`,
      200,
      {
        given: ['server group'],
        answer: { server_groups: [{ id: 'S', name: 'S', policies: ['S'], members: 'L', metadata: 'O' }] },
      },
    ],
    [
      'X17 show',
      `GET ${nova}/os-server-groups/<server group>`,
      200,
      {
        headers: at(13),
        answer: { server_group: { id: 'S', name: 'S', project_id: 'S', user_id: 'S' } },
      },
      { '404 itemNotFound': `GET ${nova}/os-server-groups/<nobody>` },
    ],
    [
      'X17 delete',
      `DELETE ${nova}/os-server-groups/<spare server group>`,
      204,
      {},
      {
        '404 itemNotFound': `DELETE ${nova}/os-server-groups/<nobody>`,
      },
    ],
    [
      'X18',
      `GET ${servers}/<server>/os-server-password`,
      200,
      { answer: { password: 'S' } },
      unknown('/os-server-password'),
    ],
    [
      'X18 delete',
      `DELETE ${servers}/<spare server>/os-server-password`,
      204,
      {},
      unknown('/os-server-password', 'DELETE'),
    ],
  ],
  everywhere,
);
