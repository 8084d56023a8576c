/**
 * The things that a written request speaks of. `<server>` in it becomes the id of a server that is really there, and in
 * the answer that id becomes `<server>` again. What a request may use up is a spare thing, made for it alone.
 */
import { randomBytes } from 'node:crypto';
import type { Cloud, Reply } from './cloud.ts';
import { imageThings, securityThings } from './image-things.ts';
import { toNames } from './names-of-things.ts';

export interface Things {
  /** A copy with every `<name>` replaced; makes what is not there yet. */
  fill<T>(value: T): Promise<T>;
  /** The value of one name. */
  get(name: string): Promise<string>;
  /** A copy in which the values of all names used so far, and whatever differs from run to run, are names again. */
  toNames<T>(value: T): T;
  /** The same shared things, and spare things of its own. */
  open(): Things;
}

export type Get = (name: string) => Promise<string>;
export type Make = (get: Get, cloud: Cloud) => Promise<string>;
type Body = Reply['body'];

const hourMs = 3_600_000;
/** What adminPass, passwords of users and the like become. */
const somePassword = 'Wr0ng-Horse_42';

/** Makes something by a call, and takes its id out of the answer. */
function by(method: string, path: string, body: unknown, take: (answer: Body) => string): Make {
  return async (get, cloud) => {
    const [filledPath, filledBody] = await fill([path, body] as const, get);
    const { status, body: answer } = await cloud.call(method, filledPath, filledBody);
    if (status >= 300) throw new Error(`${method} ${filledPath}: ${status} ${JSON.stringify(answer)}`);
    return take(answer);
  };
}

/** Finds the first column of the first row. */
function found(statement: string, ...names: string[]): Make {
  return async (get, { sql }) => {
    const values = await Promise.all(names.map(get));
    const { rows } = await sql.query<Record<string, string>>(statement, values);
    if (!rows[0]) throw new Error(`nothing there: ${statement}`);
    return Object.values(rows[0])[0]!;
  };
}

const always =
  (value: string): Make =>
  () =>
    Promise.resolve(value);

/** A server with everything that a server can have. */
const richServer: Make = async (get, cloud) => {
  const body = {
    server: {
      name: 'db-node',
      imageRef: '<image>',
      flavorRef: '<flavor>',
      availability_zone: '<zone>',
      vpcid: '<vpc>',
      nics: [{ subnet_id: '<network>' }],
      key_name: '<keypair>',
      data_volumes: [{ volumetype: 'SAS', size: 500 }],
      metadata: { op_svc_userid: '<user>', role: 'db' },
      server_tags: [{ key: 'team', value: 'storage' }],
      extendparam: { chargingMode: 'postPaid' },
    },
  };
  const path = '/v1/<project>/baremetalservers';
  const answer = JSON.parse(await by('POST', path, body, (made) => JSON.stringify(made))(get, cloud));
  const job = await cloud.jobEnd(answer.job_id);
  if (job.status !== 'SUCCESS') throw new Error(`create: ${JSON.stringify(job)}`);
  return JSON.stringify({ id: job.entities.sub_jobs[0].entities.server_id, ...answer });
};

const partOf =
  (whole: string, key: string): Make =>
  async (get) =>
    JSON.parse(await get(whole))[key];

async function rest(cloud: Cloud, id: string): Promise<void> {
  const open = 'select 1 from sub_jobs where server_id = $1 and ended_at is null';
  await cloud.until(
    () => cloud.sql.query(open, [id]),
    ({ rows }) => rows.length === 0,
  );
}

/** A server on which an operation has come to its end. */
function after(server: string, action: object): Make {
  return async (get, cloud) => {
    const id = await get(server);
    const [key, change] = Object.entries(action)[0]!;
    const body = { [key]: { ...change, servers: [{ id }] } };
    const { body: asked } = await cloud.call('POST', `/v1/{p}/baremetalservers/action`, body);
    await cloud.jobEnd(asked.job_id);
    return id;
  };
}

/** A server that does not come to the end of an operation, for its machine never does what it is told. */
function amid(make: Make, operation: string, action: object): Make {
  return async (get, cloud) => {
    const id = await make(get, cloud);
    await cloud.call('POST', '/admin/v1/faults', { target: id, on: operation, kind: 'timeout' });
    const [key, change] = Object.entries(action)[0]!;
    const body = { [key]: { ...change, servers: [{ id }] } };
    await cloud.call('POST', '/v1/{p}/baremetalservers/action', body);
    return id;
  };
}

const server =
  (name: string): Make =>
  async (get, cloud) => {
    const id = await by(
      'POST',
      '/v2.1/<project>/servers',
      { server: { name, imageRef: '<image>', flavorRef: '<flavor>', networks: [{ uuid: '<network>' }] } },
      (answer) => answer.server.id,
    )(get, cloud);
    await rest(cloud, id);
    return id;
  };

const stopped: Make = async (get, cloud) => {
  const id = await server('idle')(get, cloud);
  return after('server', { 'os-stop': {} })(() => Promise.resolve(id), cloud);
};

const flavor: Make = (get, cloud) =>
  by(
    'POST',
    '/v2.1/<project>/flavors',
    { flavor: { name: '<new name>', vcpus: 32, ram: 65_536, disk: 960 } },
    (answer) => answer.flavor.id,
  )(get, cloud);

const nodeOf = (name: string) => found('select node_id from servers where id = $1', name);
const portOf = (name: string) =>
  found('select id from ports where server_id = $1 order by created_at limit 1', name);
const idleNode = (offset: number) =>
  found(
    `select id from nodes where standing = 'ready' and server_id is null and driver = 'simulated'
     order by name desc offset ${offset} limit 1`,
  );

/** A server whose machine broke down, which rings an alarm. */
const faultyServer: Make = async (get, cloud) => {
  const id = await server('broken')(get, cloud);
  await cloud.call('POST', '/admin/v1/faults', { target: id, on: 'now', kind: 'fail' });
  return id;
};

const attached =
  (on: string): Make =>
  async (get, cloud) => {
    const volume = await get('spare volume');
    const path = `/v1/{p}/baremetalservers/${await get(on)}/attachvolume`;
    const { body } = await cloud.call('POST', path, { volumeAttachment: { volumeId: volume } });
    await cloud.jobEnd(body.job_id);
    return volume;
  };

const unique = () => randomBytes(4).toString('hex');
const volume: Make = by(
  'POST',
  '/volume/v3/<project>/volumes',
  { volume: { size: 10, name: 'data', volume_type: 'SAS', availability_zone: '<zone>' } },
  (answer) => answer.volume.id,
);
const network: Make = by(
  'POST',
  '/network/v2.0/networks',
  { network: { name: 'back' } },
  (a) => a.network.id,
);
const subnetOf = (name: string): Make =>
  by(
    'POST',
    '/network/v2.0/subnets',
    { subnet: { network_id: `<${name}>`, cidr: '192.168.5.0/24', ip_version: 4, name: 'back' } },
    (answer) => answer.subnet.id,
  );
const user: Make = (get, cloud) =>
  by(
    'POST',
    '/v3/users',
    { user: { name: `user-${unique()}`, password: somePassword, domain_id: '<account>' } },
    (answer) => answer.user.id,
  )(get, cloud);
const login =
  (who: string, password: string, scope: object): Make =>
  async (get, cloud) => {
    const user = { id: `<${who}>`, password: `<${password}>` };
    const identity = { methods: ['password'], password: { user } };
    const { headers } = await cloud.call(
      'POST',
      '/v3/auth/tokens',
      await fill({ auth: { identity, scope } }, get),
    );
    return headers.get('x-subject-token')!;
  };

const startOnly = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['bms:servers:start'] }] };
const lookOnly = JSON.stringify({ Version: '5.0', Statement: [{ Effect: 'Allow', Action: ['bms:*:get*'] }] });

async function giveEverywhere(cloud: Cloud, account: string, holder: string, role: string): Promise<void> {
  const grant = `${holder}/roles/${role}`;
  await cloud.call('PUT', `/v3/projects/{p}/${grant}`);
  await cloud.call('PUT', `/v3/domains/${account}/${grant}`);
  await cloud.call('PUT', `/v3/OS-INHERIT/domains/${account}/${grant}/inherited_to_projects`);
}

/** One at whose BMC nobody answers. */
const realNode: Make = (get, cloud) =>
  by(
    'POST',
    '/admin/v1/nodes',
    {
      name: `rack7-${unique()}`,
      driver: 'redfish',
      bmc: { address: 'http://127.0.0.1:1', system: unique(), username: 'admin', password: somePassword },
      zone: '<zone>',
      flavor_id: '<flavor>',
    },
    (answer) => answer.id,
  )(get, cloud);

const makers: Record<string, Make> = {
  ...imageThings(by),
  ...securityThings(by),
  project: async (_, cloud) => cloud.projectId,
  user: async (_, cloud) => cloud.userId,
  token: async (_, cloud) => cloud.token,
  origin: async (_, cloud) => cloud.origin,
  password: always('correct horse'),
  'new password': always(somePassword),
  'new name': async () => `some-${unique()}`,
  account: found('select account_id from projects where id = $1', 'project'),
  role: found(`select id from roles where name = 'member'`),
  zone: always('eu-de-01'),
  image: found(`select id from images where name = 'Debian 12 for BMS'`),
  'other image': found(`select id from images where name = 'Rocky Linux 9 for BMS'`),
  flavor: found('select flavor_id from nodes order by name limit 1'),
  network: found(`select id from networks where name = 'default'`),
  vpc: found(`select vpc_id from networks where name = 'default'`),
  subnet: found(`select id from subnets where name = 'default'`),
  nobody: always('01900000-0000-7000-8000-000000000000'),
  keypair: by('POST', '/v2.1/<project>/os-keypairs', { keypair: { name: 'ops-key' } }, (a) => a.keypair.name),

  'made server': richServer,
  server: partOf('made server', 'id'),
  job: partOf('made server', 'job_id'),
  order: partOf('made server', 'order_id'),
  node: nodeOf('server'),
  port: portOf('server'),
  address: found('select host(ip) from ports where id = $1', 'port'),
  volume: found('select volume_id from attachments where server_id = $1', 'server'),
  'action request': async (get, cloud) => {
    const path = `/v2.1/{p}/servers/${await get('server')}/os-instance-actions`;
    return (await cloud.call('GET', path)).body.instanceActions[0].request_id;
  },
  'second server': async (get, cloud) => {
    await get('server');
    return server('db-node-2')(get, cloud);
  },
  'stopped server': stopped,
  'other project': by(
    'POST',
    '/v3/projects',
    { project: { name: 'eu-de_other', domain_id: '<account>' } },
    (answer) => answer.project.id,
  ),
  'scarce flavor': always('physical.s2.medium'),
  'server group': by(
    'POST',
    '/v2.1/<project>/os-server-groups',
    { server_group: { name: 'spread', policies: ['anti-affinity'] } },
    (answer) => answer.server_group.id,
  ),
  'faulty server': faultyServer,
  'faulty node': nodeOf('faulty server'),
  rack: by('GET', '/v1/<project>/iracks?region=eu-de', undefined, (answer) => answer.iracks[0].id),
  room: by('GET', '/v1/<project>/idcs?region=eu-de', undefined, (answer) => answer.idcs[0].id),
  'log export': by(
    'POST',
    '/v1/<project>/physicalservers/<node>/logs/exports',
    undefined,
    (answer) => answer.export_id,
  ),
  'back network': network,
  'back subnet': subnetOf('back network'),
  fault: by(
    'POST',
    '/admin/v1/faults',
    { target: '<node>', on: 'delete', kind: 'slow', times: 1 },
    (answer) => answer.id,
  ),
  'tagged rack': async (get, cloud) => {
    const tags = [{ key: 'row', value: '7' }];
    await cloud.call('POST', `/v1/{p}/iracks/${await get('rack')}/tags/create`, { tags });
    return get('rack');
  },
  'some service': by('GET', '/v3/services', undefined, (answer) => answer.services[0].id),
  'some endpoint': by('GET', '/v3/endpoints', undefined, (answer) => answer.endpoints[0].id),
  'some extension': by('GET', '/network/v2.0/extensions', undefined, (answer) => answer.extensions[0].alias),
  'some volume type': by('GET', '/volume/v3/<project>/types', undefined, (a) => a.volume_types[0].id),
  'public key': always(
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ops@example.test',
  ),
  'hour ago': async () => String(Math.floor((Date.now() - hourMs) / 1_000)),
  'in an hour': async () => String(Math.floor((Date.now() + hourMs) / 1_000)),
  'hour ago in ms': async () => String(Date.now() - hourMs),
  'in an hour in ms': async () => String(Date.now() + hourMs),

  'spare server': server('web'),
  'spare stopped server': after('spare server', { 'os-stop': {} }),
  'spare volume': volume,
  'spare attached volume': attached('spare server'),
  'spare port of server': portOf('spare server'),
  'spare node of server': nodeOf('spare server'),
  'spare idle node': idleNode(0),
  'spare network': network,
  'spare subnet': subnetOf('spare network'),
  'spare port': (get, cloud) =>
    by(
      'POST',
      '/network/v2.0/ports',
      { port: { network_id: '<network>', name: 'door' } },
      (a) => a.port.id,
    )(get, cloud),
  'spare second port': (get, cloud) =>
    by(
      'POST',
      '/v2.1/<project>/servers/<spare server>/os-interface',
      { interfaceAttachment: { net_id: '<network>' } },
      (answer) => answer.interfaceAttachment.port_id,
    )(get, cloud),
  'spare keypair': (get, cloud) =>
    by(
      'POST',
      '/v2.1/<project>/os-keypairs',
      { keypair: { name: `key-${unique()}` } },
      (a) => a.keypair.name,
    )(get, cloud),
  'spare user': user,
  'spare project': (get, cloud) =>
    by(
      'POST',
      '/v3/projects',
      { project: { name: `eu-de_${unique()}`, domain_id: '<account>' } },
      (answer) => answer.project.id,
    )(get, cloud),
  'spare domain': (get, cloud) =>
    by(
      'POST',
      '/v3/domains',
      { domain: { name: `domain-${unique()}`, enabled: false } },
      (a) => a.domain.id,
    )(get, cloud),
  'spare role': (get, cloud) =>
    by('POST', '/v3/roles', { role: { name: `role-${unique()}` } }, (answer) => answer.role.id)(get, cloud),
  'spare user with a role': async (get, cloud) => {
    const id = await get('spare user');
    const role = await get('role');
    await giveEverywhere(cloud, await get('account'), `users/${id}`, role);
    return id;
  },
  'spare custom policy': (get, cloud) =>
    by(
      'POST',
      '/v3.0/OS-ROLE/roles',
      { role: { display_name: `policy-${unique()}`, type: 'XA', description: 'starts', policy: startOnly } },
      (answer) => answer.role.id,
    )(get, cloud),
  'spare policy': (get, cloud) =>
    by(
      'POST',
      '/v5/policies',
      { policy_name: `policy-${unique()}`, policy_document: lookOnly },
      (answer) => answer.policy.policy_id,
    )(get, cloud),
  'spare policy of versions': async (get, cloud) => {
    const id = await get('spare policy');
    await cloud.call('POST', `/v5/policies/${id}/versions`, { policy_document: lookOnly });
    return id;
  },
  'spare policy of user': async (get, cloud) => {
    const id = await get('spare policy');
    await cloud.call('POST', `/v5/policies/${id}/attach-user`, { user_id: await get('spare user') });
    return id;
  },
  'spare policy of group': async (get, cloud) => {
    const id = await get('spare policy');
    await cloud.call('POST', `/v5/policies/${id}/attach-group`, { group_id: await get('spare group') });
    return id;
  },
  'spare group': (get, cloud) =>
    by(
      'POST',
      '/v3/groups',
      { group: { name: `group-${unique()}`, domain_id: '<account>' } },
      (answer) => answer.group.id,
    )(get, cloud),
  'spare member of group': async (get, cloud) => {
    const id = await get('spare user');
    await cloud.call('PUT', `/v3/groups/${await get('spare group')}/users/${id}`);
    return id;
  },
  'spare group with a role': async (get, cloud) => {
    const id = await get('spare group');
    await giveEverywhere(cloud, await get('account'), `groups/${id}`, await get('role'));
    return id;
  },
  'spare token': login('user', 'password', { project: { id: '<project>' } }),
  'spare user token': login('spare user with a role', 'new password', { project: { id: '<project>' } }),
  'spare access key': by(
    'POST',
    '/v3.0/OS-CREDENTIAL/credentials',
    { credential: { user_id: '<spare user>', description: 'for a sample' } },
    (answer) => answer.credential.access,
  ),
  'spare application credential': (get, cloud) =>
    by(
      'POST',
      '/v3/users/<user>/application_credentials',
      { application_credential: { name: `app-${unique()}` } },
      (answer) => answer.application_credential.id,
    )(get, cloud),
  'spare named credential': async (get, cloud) => {
    const path = `/v3/users/{p}/application_credentials`;
    const id = await get('spare application credential');
    const { body } = await cloud.call('GET', `${path.replace('{p}', cloud.userId)}/${id}`);
    return body.application_credential.name;
  },
  'spare fault': (get, cloud) => makers['fault']!(get, cloud),
  'spare tagged server': async (get, cloud) => {
    const id = await get('spare server');
    await cloud.call('POST', `/v2.1/{p}/servers/${id}/metadata`, { metadata: { role: 'db' } });
    return id;
  },
  'spare faulty server': faultyServer,
  'spare starting server': amid(stopped, 'start', { 'os-start': {} }),
  'spare stopping server': amid(server('web'), 'stop', { 'os-stop': {} }),
  'spare rebooting server': amid(server('web'), 'force-restart', { reboot: { type: 'HARD' } }),
  'spare locked server': async (get, cloud) => {
    const id = await server('web')(get, cloud);
    await cloud.call('POST', `/v2.1/{p}/servers/${id}/action`, { lock: null });
    return id;
  },
  'spare flavor': flavor,
  'spare server group': (get, cloud) => makers['server group']!(get, cloud),
  'spare quarantined node': async (get, { sql }) => {
    const id = await get('spare enrolled node');
    await sql.query(`update nodes set standing = 'quarantined', note = 'wipe failed' where id = $1`, [id]);
    return id;
  },
  'spare node in use': (get, cloud) =>
    by(
      'POST',
      '/admin/v1/nodes',
      { name: `lab-${unique()}`, driver: 'simulated', zone: '<zone>', flavor_id: '<flavor>', power: 'on' },
      (answer) => answer.id,
    )(get, cloud),
  'spare enrolled node': (get, cloud) =>
    by(
      'POST',
      '/admin/v1/nodes',
      { name: `lab-${unique()}`, driver: 'simulated', zone: '<zone>', flavor_id: '<flavor>' },
      (answer) => answer.id,
    )(get, cloud),
  'real node': (get, cloud) => realNode(get, cloud),
  'spare real node': (get, cloud) => realNode(get, cloud),
  /** Nobody looks at it, so that it stays as it is. */
  'spare inspected node': async (get, cloud) => {
    const id = await realNode(get, cloud);
    await cloud.sql.query(
      `insert into inspections (node_id, id, status, evidence, deadline_at, due_at)
       values ($1, gen_random_uuid(), 'under-way', 'waits for its turn', now() + interval '1 hour', 'infinity')`,
      [id],
    );
    return id;
  },
  'spare real node with a new password': async (get, cloud) => {
    const id = await realNode(get, cloud);
    await cloud.call('PUT', `/admin/v1/nodes/${id}/bmc-password`, {});
    return id;
  },
};

export function useThings(cloud: Cloud): Things {
  const shared = new Map<string, Promise<string>>();
  const values = new Map<string, string>([
    [cloud.origin, 'origin'],
    [cloud.origin.replace(/^http/, 'ws'), 'websocket origin'],
  ]);
  for (const [value, name] of [
    [cloud.projectId, 'project'],
    [cloud.userId, 'user'],
    [cloud.token, 'token'],
  ] as const)
    values.set(value, name);

  const open = (): Things => {
    const spare = new Map<string, Promise<string>>();
    const get: Get = (name) => {
      const make = makers[name];
      if (!make) throw new Error(`There is no thing <${name}>; see tests/support/things.ts.`);
      const kept = /^(spare|new) /.test(name) ? spare : shared;
      const made = kept.get(name) ?? make(get, cloud);
      kept.set(name, made);
      return made.then((value) => {
        if (value.length >= shortestId) values.set(value, name);
        return value;
      });
    };
    return {
      get,
      fill: (value) => fill(value, get),
      toNames: (value) => toNames(value, values),
      open,
    };
  };
  return open();
}

/** What is shorter may be part of a word. */
const shortestId = 16;
const placeholder = /<([a-z][a-z ]*)>/g;

async function fill<T>(value: T, get: Get): Promise<T> {
  if (typeof value === 'string') return (await fillText(value, get)) as T;
  if (Array.isArray(value)) {
    const filled: unknown[] = [];
    for (const one of value) filled.push(await fill(one, get));
    return filled as T;
  }
  if (value === null || typeof value !== 'object') return value;
  const filled: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) filled[await fillText(key, get)] = await fill(one, get);
  return filled as T;
}

async function fillText(text: string, get: Get): Promise<string> {
  const made = new Map<string, string>();
  for (const [, name] of text.matchAll(placeholder)) made.set(name!, await get(name!));
  return text.replace(placeholder, (_, name: string) => made.get(name)!);
}
