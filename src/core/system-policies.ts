/**
 * The roles and policies that every installation has. Names are those of the published clouds; what they hold follows
 * their published descriptions and the table of actions, so that a new action is in them without a word.
 */
import { actions, allActions, changes, type Action } from './actions.ts';
import type { PolicyDocument, PolicyVersion } from './policy.ts';

export interface SystemRole {
  name: string;
  /** As the published consoles show it. */
  displayName: string;
  description: string;
  /** AX is granted on an account, XA on projects, AA on both. */
  type: 'AX' | 'XA' | 'AA';
  catalog: string;
  policy: PolicyDocument;
}

export interface SystemPolicy {
  name: string;
  description: string;
  document: PolicyDocument;
}

const allow = (Version: PolicyVersion, Action: string[]): PolicyDocument => ({
  Version,
  Statement: [{ Effect: 'Allow', Action }],
});

/** All services but identity, which is not a matter of projects. */
const services = ['bms', 'ecs', 'clouddc', 'ims', 'vpc', 'evs', 'bss', 'cts', 'ingot'];
/** The trail of a project is its account's affair; Keystone's roles see of it what is their own. */
const daily = services.filter((service) => service !== 'cts');
const allOf = (some: string[]) => some.map((service) => `${service}:*`);
const serviceOf = (name: string) => name.slice(0, name.indexOf(':'));

/** The names of all that only looks, service by service. */
function reading(...some: string[]): string[] {
  const isMeant = (action: Action) => some.includes(serviceOf(action)) && !changes(actions[action].level);
  const names = allActions.filter(isMeant).flatMap((action) => actions[action].names);
  // A name that something else changes by must not come along.
  const changing = new Set(
    allActions.filter((action) => changes(actions[action].level)).flatMap((action) => actions[action].names),
  );
  return [...new Set(names)].filter((name) => !changing.has(name)).sort();
}

const readsBeside = reading('ecs', 'ims', 'vpc', 'evs');
/** What making and changing a bare-metal server touches in other services (BMS, "Permissions"). */
const neededBeside = [
  ...readsBeside,
  'evs:volumes:create',
  'evs:volumes:delete',
  'evs:volumes:use',
  'vpc:networks:create',
  'vpc:subnets:create',
  'vpc:ports:*',
  'ecs:serverKeypairs:create',
  'ecs:serverKeypairs:delete',
  'bss:order:*',
  'bss:product:view',
];
const power = (service: string) => ['start', 'stop', 'reboot'].map((verb) => `${service}:servers:${verb}`);

function role(
  name: string,
  displayName: string,
  type: SystemRole['type'],
  catalog: string,
  description: string,
  policy: PolicyDocument,
): SystemRole {
  return { name, displayName, type, catalog, description, policy };
}

/** Policies of version 1.1 are called by what the consoles show. */
const policy = (name: string, catalog: string, description: string, names: string[]): SystemRole =>
  role(name, name, 'XA', catalog, description, allow('1.1', names));

/** The first three are Keystone's. Operators of the installation are those who hold the first. */
export const systemRoles: readonly SystemRole[] = [
  role('admin', 'admin', 'AA', 'BASE', 'May do all, everywhere', allow('1.1', ['*'])),
  role('member', 'member', 'XA', 'BASE', 'May do all in its project', allow('1.1', allOf(daily))),
  role('reader', 'reader', 'XA', 'BASE', 'Looks only', allow('1.1', reading(...daily))),
  role(
    'te_admin',
    'Tenant Administrator',
    'AA',
    'BASE',
    'May do all but manage users and permissions',
    allow('1.0', allOf(services)),
  ),
  role(
    'readonly',
    'Tenant Guest',
    'AA',
    'BASE',
    'Looks at all but users and permissions',
    allow('1.0', reading(...services)),
  ),
  role(
    'secu_admin',
    'Security Administrator',
    'AX',
    'BASE',
    'Manages users and permissions of its account',
    allow('1.0', ['iam:*', 'identity:*']),
  ),
  role('server_adm', 'Server Administrator', 'XA', 'ECS', 'Manages servers', {
    ...allow('1.0', ['bms:*', 'ecs:*', 'evs:*', 'vpc:ports:*', ...reading('ims', 'vpc')]),
    Depends: [{ catalog: 'BASE', display_name: 'Tenant Guest' }],
  }),
  policy('FullAccess', 'BASE', 'May do all', ['*']),
  policy('BMS FullAccess', 'BMS', 'May do all with bare-metal servers', ['bms:*', ...neededBeside]),
  policy('BMS ReadOnlyAccess', 'BMS', 'Looks at bare-metal servers', [...reading('bms'), ...readsBeside]),
  policy('BMS CommonOperations', 'BMS', 'Looks at bare-metal servers, starts, stops and reboots them', [
    ...reading('bms'),
    ...power('bms'),
    ...readsBeside,
  ]),
  policy('ECS FullAccess', 'ECS', 'May do all with servers by the ECS API', ['ecs:*', ...neededBeside]),
  policy('ECS ReadOnlyAccess', 'ECS', 'Looks at servers by the ECS API', readsBeside),
  policy('ECS CommonOperations', 'ECS', 'Looks at servers, starts, stops and reboots them', [
    ...power('ecs'),
    ...readsBeside,
  ]),
  policy('IMS FullAccess', 'IMS', 'May do all with images', ['ims:*']),
  policy('IMS ReadOnlyAccess', 'IMS', 'Looks at images', reading('ims')),
  policy('VPC FullAccess', 'VPC', 'May do all with networks', ['vpc:*']),
  policy('VPC ReadOnlyAccess', 'VPC', 'Looks at networks', reading('vpc')),
  policy('EVS FullAccess', 'EVS', 'May do all with volumes', ['evs:*']),
  policy('EVS ReadOnlyAccess', 'EVS', 'Looks at volumes', reading('evs')),
];

/** Identity policies (5.0). Their names are inferred from those that the published lists have for other services. */
export const systemPolicies: readonly SystemPolicy[] = [
  {
    name: 'BMSFullAccessPolicy',
    description: 'May do all with bare-metal servers',
    document: allow('5.0', ['bms:*', ...neededBeside]),
  },
  {
    name: 'BMSReadOnlyPolicy',
    description: 'Looks at bare-metal servers',
    document: allow('5.0', [...reading('bms'), ...readsBeside]),
  },
  {
    name: 'CloudDCFullAccessPolicy',
    description: 'May do all with machines in CloudDC',
    document: allow('5.0', ['clouddc:*', ...reading('ims', 'vpc')]),
  },
  {
    name: 'CloudDCReadOnlyPolicy',
    description: 'Looks at machines in CloudDC',
    document: allow('5.0', reading('clouddc', 'ims', 'vpc')),
  },
];
