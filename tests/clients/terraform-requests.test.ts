/** Requests of the Terraform provider huaweicloud, as it sends them: what other clients of the same calls do not do. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';

const headers = { 'user-agent': 'terraform-provider-iac golangsdk/2.0.0' };

let cloud: Cloud;
let servers: string[];
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '30' });
  servers = await cloud.makeServers(26);
});
afterAll(() => cloud.close());

/** Until a page is empty; `offset` is what it has. */
async function readServers(query: string): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const offset = seen.length > 0 ? `&offset=${seen.length}` : '';
    const path = `/v1/{p}/baremetalservers/detail?enterprise_project_id=all_granted_eps${query}${offset}`;
    const { status, body } = await cloud.call('GET', path, undefined, headers);
    expect(status).toBe(200);
    if (body.servers.length === 0) return seen;
    seen.push(...body.servers.map(({ id }: { id: string }) => id));
  }
}

it('sees each server once, be it one or more than a page', async () => {
  expect((await readServers('')).toSorted()).toEqual(servers.toSorted());
  const { name } = (await cloud.call('GET', `/v1/{p}/baremetalservers/${servers[0]}`)).body.server;
  const named = await readServers(`&name=${name}`);
  expect(named).toContain(servers[0]);
  expect(new Set(named).size).toBe(named.length);
});

it('finds security groups by the older VPC API where there is no newer one', async () => {
  const newer = '/v3/{p}/vpc/security-groups?name=default&enterprise_project_id=all_granted_eps';
  expect((await cloud.call('GET', newer, undefined, headers)).status).toBe(404);
  const path = '/v1/{p}/security-groups';
  const { body } = await cloud.call(
    'GET',
    `${path}?enterprise_project_id=all_granted_eps`,
    undefined,
    headers,
  );
  const [group] = body.security_groups;
  expect(group).toMatchObject({ name: 'default', enterprise_project_id: '0' });
  expect(group.security_group_rules).toContainEqual(expect.objectContaining({ direction: 'ingress' }));
  expect((await cloud.call('GET', `${path}?marker=${group.id}`)).body.security_groups).toEqual([]);
  expect((await cloud.call('GET', `${path}?limit=0`)).body.security_groups).toEqual([]);
  expect((await cloud.call('GET', `${path}?limit=x`)).status).toBe(400);
  expect((await cloud.call('GET', `${path}/${group.id}`)).body.security_group).toEqual(group);
  expect((await cloud.call('GET', `${path}/${servers[0]}`)).status).toBe(404);
});

it('makes a server of a configuration without security groups, which it sends as null', async () => {
  const { image, flavor, network, vpc } = (
    await cloud.sql.query<Record<string, string>>(
      `select (select id from images order by name limit 1) as image, (select flavor_id from nodes limit 1) as flavor,
        n.id as network, n.vpc_id as vpc from networks n`,
    )
  ).rows[0]!;
  const server = {
    adminPass: 'Secret-Passw0rd',
    availability_zone: 'eu-de-01',
    extendparam: { chargingMode: 'prePaid', isAutoPay: 'true', periodNum: 1, periodType: 'month' },
    flavorRef: flavor,
    imageRef: image,
    metadata: { op_svc_userid: cloud.userId },
    name: 'hw-one',
    nics: [{ subnet_id: network }],
    security_groups: null,
    server_tags: [{ key: 'team', value: 'infra' }],
    vpcid: vpc,
  };
  const made = await cloud.call('POST', '/v1/{p}/baremetalservers', { server }, headers);
  expect(made).toMatchObject({ status: 200, body: { order_id: expect.stringMatching(/^CS/) } });
  const order = { order_id: made.body.order_id, only_main_resource: 1 };
  const { body } = await cloud.until(
    () => cloud.call('POST', '/v2/orders/suscriptions/resources/query', order, headers),
    (answer) => answer.body.data.length > 0,
  );
  const shown = await cloud.call('GET', `/v1/{p}/baremetalservers/${body.data[0].resource_id}`);
  expect(shown.body.server.security_groups).toMatchObject([{ name: 'default' }]);
});
