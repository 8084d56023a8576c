/** Security groups: of a project in Neutron, of servers in Nova and BMS v1. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenFor } from '../support/callers.ts';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';

let cloud: Cloud;
let stranger: Record<string, string>;
let serverId: string;
beforeAll(async () => {
  cloud = await startCloud();
  stranger = { 'x-auth-token': await tokenFor(cloud, 'member', '0c'.repeat(16)) };
  [serverId] = (await cloud.makeServers(1, 'box')) as [string];
});
afterAll(() => cloud.close());

const at = (path: string) => `/network/v2.0/security-group${path}`;
const get = async (path: string) => (await cloud.call('GET', at(path))).body;
const nobody = '01900000-0000-7000-8000-000000000000';

async function makeGroup(name: string): Promise<string> {
  const { status, body } = await cloud.call('POST', at('s'), {
    security_group: { name, description: 'mine' },
  });
  expect(status).toBe(201);
  return body.security_group.id;
}
const addRule = (group: string, rule: object) =>
  cloud.call('POST', at('-rules'), {
    security_group_rule: { security_group_id: group, direction: 'ingress', ...rule },
  });
const act = (action: object) => cloud.call('POST', `/v2.1/{p}/servers/${serverId}/action`, action);
const shown = async () => (await cloud.call('GET', `/v1/{p}/baremetalservers/${serverId}`)).body.server;

describe('a project', () => {
  it('has a default group, which lets everything out and its members in', async () => {
    const [group, ...more] = (await get('s')).security_groups;
    expect(more).toEqual([]);
    expect(group).toMatchObject({ name: 'default', project_id: cloud.projectId });
    const rules = group.security_group_rules.map((rule: Reply['body']) => [
      rule.direction,
      rule.ethertype,
      rule.remote_group_id,
    ]);
    expect(rules).toEqual([
      ['egress', 'IPv4', null],
      ['egress', 'IPv6', null],
      ['ingress', 'IPv4', group.id],
      ['ingress', 'IPv6', group.id],
    ]);
    const theirs = (await cloud.call('GET', at('s'), undefined, stranger)).body.security_groups;
    expect(theirs).toMatchObject([{ name: 'default', project_id: '0c'.repeat(16) }]);
    expect((await cloud.call('DELETE', at(`s/${group.id}`))).status).toBe(409);
    const rename = { security_group: { name: 'other' } };
    expect((await cloud.call('PUT', at(`s/${group.id}`), rename)).status).toBe(409);
    expect((await cloud.call('POST', at('s'), { security_group: { name: 'default' } })).status).toBe(409);
    expect((await cloud.call('GET', at(`s/${group.id}`), undefined, stranger)).status).toBe(404);
  });

  it('makes, renames and removes groups', async () => {
    const id = await makeGroup('web');
    expect((await get(`s/${id}`)).security_group).toMatchObject({ name: 'web', description: 'mine' });
    expect((await get(`s/${id}`)).security_group.security_group_rules).toHaveLength(2);
    const renamed = await cloud.call('PUT', at(`s/${id}`), { security_group: { name: 'www' } });
    expect(renamed.body.security_group).toMatchObject({ name: 'www', description: 'mine' });
    expect((await get('s?name=www')).security_groups).toHaveLength(1);
    expect((await cloud.call('DELETE', at(`s/${id}`), undefined, stranger)).status).toBe(404);
    expect((await cloud.call('DELETE', at(`s/${id}`))).status).toBe(204);
    const gone = await cloud.call('GET', at(`s/${id}`));
    expect(gone).toMatchObject({ status: 404, body: { NeutronError: { type: 'SecurityGroupNotFound' } } });
  });

  it('gives a group rules', async () => {
    const group = await makeGroup('rules');
    const ssh = { protocol: 'tcp', port_range_min: 22, port_range_max: 22, remote_ip_prefix: '10.1.2.3/8' };
    const made = await addRule(group, ssh);
    expect(made).toMatchObject({
      status: 201,
      body: { security_group_rule: { protocol: 'tcp', remote_ip_prefix: '10.0.0.0/8', ethertype: 'IPv4' } },
    });
    const { id } = made.body.security_group_rule;
    expect((await addRule(group, ssh)).status).toBe(409);
    expect((await addRule(group, { protocol: 'icmp', port_range_min: 8, port_range_max: 0 })).status).toBe(
      201,
    );
    expect((await addRule(group, { remote_group_id: group })).status).toBe(201);
    expect((await addRule(group, { ethertype: 'IPv6', protocol: 58 })).status).toBe(201);
    expect(
      (await addRule(group, { remote_ip_prefix: '192.0.2.7' })).body.security_group_rule.remote_ip_prefix,
    ).toBe('192.0.2.7/32');
    expect((await get(`-rules/${id}`)).security_group_rule).toMatchObject({ port_range_min: 22 });
    expect(
      (await get(`-rules?security_group_id=${group}&direction=ingress`)).security_group_rules,
    ).toHaveLength(5);
    expect((await cloud.call('DELETE', at(`-rules/${id}`), undefined, stranger)).status).toBe(404);
    expect((await cloud.call('DELETE', at(`-rules/${id}`))).status).toBe(204);
    expect((await cloud.call('GET', at(`-rules/${id}`))).status).toBe(404);
  });

  it.each([
    [{ direction: 'sideways' }],
    [{ protocol: 'smoke' }],
    [{ protocol: '256' }],
    [{ port_range_min: 1, port_range_max: 2 }],
    [{ protocol: 'tcp', port_range_min: 2 }],
    [{ protocol: 'tcp', port_range_min: 3, port_range_max: 2 }],
    [{ protocol: 'tcp', port_range_min: 1, port_range_max: 65_536 }],
    [{ protocol: 'icmp', port_range_max: 0 }],
    [{ protocol: 'icmp', port_range_min: 256 }],
    [{ remote_ip_prefix: '10.0.0.0/33' }],
    [{ remote_ip_prefix: 'anywhere' }],
    [{ remote_ip_prefix: '2001:db8::/32' }],
    [{ ethertype: 'IPv5' }],
    [{ remote_ip_prefix: '10.0.0.0/8', remote_group_id: nobody }],
  ])('refuses a rule with %j', async (rule) => {
    const [group] = (await get('s')).security_groups;
    expect((await addRule(group.id, rule)).status).toBe(400);
  });

  it('refuses rules for and from groups that are not there', async () => {
    const [group] = (await get('s')).security_groups;
    expect((await addRule(nobody, {})).status).toBe(404);
    expect((await addRule('web', {})).status).toBe(404);
    expect((await addRule(group.id, { remote_group_id: nobody })).status).toBe(404);
  });
});

describe('a server', () => {
  it('is in the default group unless somebody chose', async () => {
    const [group] = (await get('s')).security_groups;
    expect((await shown()).security_groups).toEqual([{ id: group.id, name: 'default' }]);
    const [port] = (await cloud.call('GET', `/network/v2.0/ports?device_id=${serverId}`)).body.ports;
    expect(port.security_groups).toEqual([group.id]);
    const { body } = await cloud.call('GET', `/v2.1/{p}/servers/${serverId}/os-security-groups`);
    expect(body.security_groups).toMatchObject([
      { id: group.id, name: 'default', tenant_id: cloud.projectId },
    ]);
    expect(body.security_groups[0].rules).toHaveLength(2);
  });

  it('joins and leaves groups, by name or id, and keeps them from being deleted', async () => {
    const group = await makeGroup('front');
    expect((await act({ addSecurityGroup: { name: 'front' } })).status).toBe(202);
    expect((await act({ addSecurityGroup: { name: group } })).status).toBe(202);
    expect((await shown()).security_groups.map(({ name }: Reply['body']) => name)).toEqual([
      'default',
      'front',
    ]);
    const refused = await cloud.call('DELETE', at(`s/${group}`));
    expect(refused).toMatchObject({
      status: 409,
      body: { NeutronError: { message: `Security Group ${group} in use.` } },
    });
    expect((await act({ removeSecurityGroup: { name: 'default' } })).status).toBe(202);
    expect((await act({ removeSecurityGroup: { name: 'default' } })).status).toBe(400);
    const nova = await cloud.call('GET', `/v2.1/{p}/servers/${serverId}`);
    expect(nova.body.server.security_groups).toEqual([{ name: 'front' }]);
    expect((await act({ addSecurityGroup: { name: 'nothing' } })).status).toBe(404);
    await act({ addSecurityGroup: { name: 'default' } });
    await act({ removeSecurityGroup: { name: group } });
    expect((await cloud.call('DELETE', at(`s/${group}`))).status).toBe(204);
    const limits = (await cloud.call('GET', '/v2.1/{p}/limits')).body.limits.absolute;
    expect(limits.totalSecurityGroupsUsed).toBe((await get('s')).security_groups.length);
  });

  it('is made in the groups that were named, on either door', async () => {
    const group = await makeGroup('chosen');
    const rows = await cloud.sql.query<{ image: string; flavor: string; network: string; vpc: string }>(
      `select i.id as image, f.id as flavor, n.id as network, n.vpc_id as vpc
       from images i, flavors f, networks n where f.id = 'physical.m2.large' limit 1`,
    );
    const { image, flavor, network, vpc } = rows.rows[0]!;
    const bms = (security_groups: object[]) =>
      cloud.call('POST', '/v1/{p}/baremetalservers', {
        server: {
          name: 'made',
          imageRef: image,
          flavorRef: flavor,
          availability_zone: 'eu-de-01',
          vpcid: vpc,
          nics: [{ subnet_id: network }],
          adminPass: 'Wr0ng-Horse_42',
          security_groups,
          extendparam: {},
        },
      });
    expect(await bms([{ id: nobody }])).toMatchObject({ status: 400, body: { error: { code: 'BMS.3001' } } });
    const job = await cloud.jobEnd((await bms([{ id: group }])).body.job_id);
    const made = job.entities.sub_jobs[0].entities.server_id;
    const { body } = await cloud.call('GET', `/v1/{p}/baremetalservers/${made}`);
    expect(body.server.security_groups).toEqual([{ id: group, name: 'chosen' }]);

    const nova = (security_groups: object[]) =>
      cloud.call('POST', '/v2.1/{p}/servers', {
        server: {
          name: 'made',
          imageRef: image,
          flavorRef: flavor,
          networks: [{ uuid: network }],
          security_groups,
        },
      });
    expect((await nova([{ name: 'nothing' }])).status).toBe(400);
    const asked = await nova([{ name: 'chosen' }]);
    expect(asked).toMatchObject({ status: 202, body: { server: { security_groups: [{ name: 'chosen' }] } } });
    const show = await cloud.call('GET', `/v2.1/{p}/servers/${asked.body.server.id}`);
    expect(show.body.server.security_groups).toEqual([{ name: 'chosen' }]);
  });
});
