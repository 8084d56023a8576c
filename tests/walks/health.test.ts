/** What becomes of a server whose machine says that it is unwell. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_HEALTH_SECONDS: '1' });
});
afterAll(() => cloud.close());

const setHealth = (name: string, health: string) =>
  cloud.sql.query(
    'update simulated_machines set health = $2 where node_id = (select id from nodes where name = $1)',
    [name, health],
  );
const nodeOf = async (id: string) => {
  const { body } = await cloud.call('GET', '/admin/v1/nodes');
  return body.nodes.find((node: { server_id: string }) => node.server_id === id);
};
const stateOf = async (id: string) => (await cloud.call('GET', `/admin/v1/servers/${id}/why`)).body;

it('a machine that reports Critical twice makes its server Faulty, with what its sensors said', async () => {
  const [id] = await cloud.makeServers(1, 'unwell');
  const { name } = await nodeOf(id!);
  await setHealth(name, 'Critical');
  const why = await cloud.until(
    () => stateOf(id!),
    ({ state }) => state === 'Faulty',
  );
  expect(why.error).toEqual({ code: 'hardware', message: 'The hardware reports health Critical.' });
  const { body } = await cloud.call('GET', `/v1/{p}/baremetalservers/${id}`);
  expect(body.server.fault.details).toBe('The simulated machine reports health Critical');
  expect(await nodeOf(id!)).toMatchObject({ health: 'Critical' });

  await cloud.call('POST', `/admin/v1/servers/${id}/clear-fault`);
  expect(await stateOf(id!)).toMatchObject({ state: 'Running' });
  expect(await nodeOf(id!)).toMatchObject({ health: 'OK' });
});

it('a machine that is well again says so by itself, but its server waits for the operator', async () => {
  const [id] = await cloud.makeServers(1, 'recovering');
  const { name } = await nodeOf(id!);
  await setHealth(name, 'Critical');
  await cloud.until(
    () => stateOf(id!),
    ({ state }) => state === 'Faulty',
  );
  await setHealth(name, 'OK');
  await cloud.until(
    () => nodeOf(id!),
    ({ health }) => health === 'OK',
  );
  expect(await stateOf(id!)).toMatchObject({ state: 'Faulty' });
  await cloud.call('POST', `/admin/v1/servers/${id}/clear-fault`);
});

it('no server is put on a machine that is unwell', async () => {
  const { body } = await cloud.call('GET', '/admin/v1/nodes?standing=ready');
  for (const { name } of body.nodes) await setHealth(name, 'Critical');
  await cloud.until(
    () => cloud.call('GET', '/admin/v1/nodes?standing=ready'),
    ({ body: { nodes } }) => nodes.every(({ health }: { health: string }) => health === 'Critical'),
  );
  await expect(cloud.makeServers(1, 'nowhere')).rejects.toThrow('No machine of this flavor is free');
});
