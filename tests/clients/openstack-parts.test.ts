/** The unmodified `openstack` command: what a server is tied to, and what is said of it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { isInstalled, openstack, whyNot } from '../support/openstack.ts';

let cloud: Cloud;
let id: string;
beforeAll(async () => {
  cloud = await startCloud();
  [id] = (await cloud.makeServers(1, 'box')) as [string];
});
afterAll(() => cloud.close());

const run = (line: string) => openstack(cloud, ...line.split(' '));
const read = async (line: string) => JSON.parse(await run(`${line} -f json`));
const show = async () => (await cloud.call('GET', `/v1/{p}/baremetalservers/${id}`)).body.server;

it('sets properties and tags, and locks', { timeout: 120_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  await run('--os-compute-api-version 2.26 server set --property role=db --tag blue box');
  expect((await read('server show box')).properties).toEqual({ role: 'db' });
  expect((await show()).tags).toEqual(['__type_baremetal', 'blue']);
  await run('server unset --property role box');
  expect((await show()).metadata).not.toHaveProperty('role');
  await run('server lock box');
  await expect(run('server stop box')).rejects.toThrow(/is locked/);
  await run('server unlock box');
});

it('makes a network and ties the server to it', { timeout: 180_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  await run('network create mine');
  await run('subnet create range --network mine --subnet-range 192.168.5.0/24');
  const port = await read('port create --network mine --fixed-ip ip-address=192.168.5.9 door');
  await run('server add port box door');
  expect((await read('server show box')).addresses.mine).toEqual(['192.168.5.9']);
  await run('server remove port box door');
  await run(`port delete ${port.id}`);
  await run('server add network box mine');
  expect(await read('port list --network mine')).toHaveLength(1);
  await expect(run('network delete mine')).rejects.toThrow(/has ports/);
});

it('is told what is limited, and what is used of it', { timeout: 120_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  const shown = await read('quota show');
  expect(shown).toMatchObject({
    project_name: 'eu-de',
    volumes: -1,
    networks: -1,
    'floating-ips': 0,
    snapshots: 0,
  });
  const used = await read('quota list --network --detail');
  const ports = await read('port list');
  expect(used).toContainEqual(
    expect.objectContaining({ Resource: 'ports', Limit: -1, 'In Use': ports.length }),
  );
});

it('makes a volume, attaches and detaches it', { timeout: 180_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  expect(await read('availability zone list --volume')).toMatchObject([{ 'Zone Name': 'eu-de-01' }]);
  const made = await read('volume create --size 10 --type SSD data');
  await run('server add volume box data');
  expect(await read('volume list')).toMatchObject([
    { ID: made.id, Name: 'data', Status: 'in-use', Size: 10, 'Attached to': [{ device: '/dev/sdb' }] },
  ]);
  expect((await show())['os-extended-volumes:volumes_attached']).toMatchObject([{ id: made.id }]);
  await run('server remove volume box data');
  await run('volume delete data');
  expect(await read('volume list')).toEqual([]);
});

it('shows machines to operators', { timeout: 120_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  const machine = (await read('server show box'))['OS-EXT-SRV-ATTR:hypervisor_hostname'];
  const listed: Record<string, unknown>[] = await read('hypervisor list --long');
  expect(listed).toContainEqual(
    expect.objectContaining({ 'Hypervisor Hostname': machine, State: 'up', 'vCPUs Used': 48 }),
  );
  expect(await read(`hypervisor show ${machine}`)).toMatchObject({
    hypervisor_hostname: machine,
    running_vms: 1,
    aggregates: [],
  });
  expect(await read('hypervisor stats show')).toMatchObject({ count: listed.length, running_vms: 1 });
});

it('tells what projects have used', { timeout: 120_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  await cloud.sql.query(`update servers set launched_at = now() - interval '2 hours' where id = $1`, [id]);
  const shown = await read('usage show');
  expect(shown).toMatchObject({ Project: cloud.projectId, Servers: [{ name: 'box', state: 'active' }] });
  expect(shown['CPU Hours']).toBeGreaterThanOrEqual(2 * 48);
  for (const version of ['2.1', '2.60']) {
    const listed = await read(`--os-compute-api-version ${version} usage list`);
    expect(listed).toMatchObject([{ Servers: [{ name: 'box' }] }]);
  }
});
