/** The unmodified `openstack` command: people, projects and credentials, and what there is to rent. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { isInstalled, openstack, openstackAs, whyNot } from '../support/openstack.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const run = (line: string) => openstack(cloud, ...line.split(' '));
const read = async (line: string) => JSON.parse(await run(`${line} -f json`));
const names = async (line: string): Promise<string[]> =>
  (await read(line)).map((row: { Name: string }) => row.Name);

it('makes a project, a user and its role', { timeout: 240_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  const project = await read('project create eu-de_lab --description lab');
  const user = await read('user create --project eu-de_lab --password Wr0ng-Horse_42 anna');
  await run('role add --project eu-de_lab --user anna member');
  expect(await read('role assignment list --project eu-de_lab --names')).toMatchObject([
    { Role: 'member', User: 'anna@Default', Project: 'eu-de_lab@Default' },
  ]);
  const anna = { user: 'anna', password: 'Wr0ng-Horse_42', project: 'eu-de_lab' };
  const issued = JSON.parse(await openstackAs(cloud, anna, 'token', 'issue', '-f', 'json'));
  expect(issued).toMatchObject({ project_id: project.id, user_id: user.id });
  await expect(openstackAs(cloud, anna, 'user', 'create', 'eve')).rejects.toThrow(/not authorized/i);
  await run('user delete anna');
  await run('project delete eu-de_lab');
  expect(await names('project list')).toEqual(['eu-de']);
});

it(
  'makes an application credential and shows what the token opens',
  { timeout: 180_000 },
  async (context) => {
    context.skip(!isInstalled, whyNot);
    await run('application credential create robot');
    expect(await names('application credential list')).toEqual(['robot']);
    await run('application credential delete robot');
    const catalog = await read('catalog list');
    expect(catalog.map(({ Type }: { Type: string }) => Type)).toEqual(
      expect.arrayContaining(['identity', 'compute', 'image', 'network', 'bms', 'ecs']),
    );
  },
);

it('shows images, flavors, networks and limits', { timeout: 240_000 }, async (context) => {
  context.skip(!isInstalled, whyNot);
  expect(await names('image list')).toContain('Debian 12 for BMS');
  expect(await read('image show 20e48587-ee1b-4a71-8f6f-6e20efd5cb0a')).toMatchObject({ status: 'active' });
  expect(await names('flavor list')).toContain('physical.m2.large');
  expect(await names('network list')).toEqual(['default']);
  expect(await names('volume type list')).toContain('SSD');
  const limits = await read('limits show --absolute');
  expect(limits).toContainEqual({ Name: 'maxServerMeta', Value: 128 });
});
