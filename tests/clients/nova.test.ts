/** The unmodified `nova` command, which is older than `openstack` and asks for other things. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { nova as run, novaIsInstalled, whyNoNova } from '../support/openstack.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const nova = (...args: string[]) => run(cloud, ...args);

/** A table as objects, by the names of its columns. */
function parseTable(text: string): Record<string, string>[] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  const [head = [], ...cells] = rows.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
  return cells.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at] ?? ''])));
}

const list = async (...args: string[]) => parseTable(await nova('list', ...args));
const status = async () => (await list())[0]?.['Status'];

it('takes a server through its life', { timeout: 300_000 }, async (context) => {
  context.skip(!novaIsInstalled, whyNoNova);
  const { rows } = await cloud.sql.query<{ id: string }>('select id from networks');
  const wish = [
    '--image',
    'Debian 12 for BMS',
    '--flavor',
    'physical.m2.large',
    '--nic',
    `net-id=${rows[0]!.id}`,
  ];
  await nova('boot', ...wish, '--meta', 'role=db', '--poll', 'box');
  expect(await list('--name', 'bo')).toMatchObject([
    {
      Name: 'box',
      Status: 'ACTIVE',
      'Power State': 'Running',
      Networks: expect.stringMatching(/^default=10\.20\./),
    },
  ]);
  const shown = parseTable(await nova('show', 'box'));
  const of = (property: string) => shown.find((row) => row['Property'] === property)?.['Value'];
  expect(of('flavor:original_name')).toBe('physical.m2.large');
  expect(of('image')).toContain('Debian 12 for BMS');
  expect(of('metadata')).toBe('{"role": "db"}');

  await nova('stop', 'box');
  expect(await cloud.until(status, (word) => word !== 'ACTIVE')).toBe('SHUTOFF');
  expect(await list('--status', 'ACTIVE')).toEqual([]);
  await nova('start', 'box');
  expect(await cloud.until(status, (word) => word !== 'SHUTOFF')).toBe('ACTIVE');
  await nova('reboot', '--hard', '--poll', 'box');

  await nova('server-tag-add', 'box', 'blue');
  expect(await list('--tags', 'blue', '--all-tenants')).toHaveLength(1);
  const actions = parseTable(await nova('instance-action-list', 'box')).map(({ Action }) => Action);
  expect(actions).toEqual(['create', 'stop', 'start', 'reboot']);
  await nova('delete', 'box');
  expect(await cloud.until(list, (servers) => servers.length === 0)).toEqual([]);
});
