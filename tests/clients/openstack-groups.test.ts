/** The unmodified `openstack` command: security groups, server groups, and an image of a server. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { isInstalled, openstack, whyNot } from '../support/openstack.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const run = (line: string) => openstack(cloud, ...line.split(' '));
const read = async (line: string) => JSON.parse(await run(`${line} -f json`));

it('makes groups and a server in them, and an image of it', { timeout: 300_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  await run('security group create web');
  await run('security group rule create --protocol tcp --dst-port 80:443 --remote-ip 10.0.0.0/8 web');
  const rules: { 'Port Range': string }[] = await read('security group rule list web');
  expect(rules.map((rule) => rule['Port Range'])).toContain('80:443');
  const group = await read('server group create --policy anti-affinity apart');
  const wish = ['--image', 'Debian 12 for BMS', '--flavor', 'physical.m2.large', '--security-group', 'web'];
  await openstack(cloud, 'server', 'create', ...wish, '--hint', `group=${group.id}`, '--wait', 'box');
  expect((await read('server show box')).security_groups).toEqual([{ name: 'web' }]);
  expect((await read(`server group show ${group.id}`)).members).toHaveLength(1);
  await run('server add security group box default');
  await run('server remove security group box web');
  await run('security group delete web');
  expect(await read('security group list')).toMatchObject([{ Name: 'default' }]);
  await run('server stop box');
  await cloud.until(
    () => read('server show box'),
    ({ status }) => status === 'SHUTOFF',
  );
  await run('server image create --name golden --wait box');
  expect(await read('image show golden')).toMatchObject({ status: 'active', visibility: 'private' });
  await run(`server group delete ${group.id}`);
});
