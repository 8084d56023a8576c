/** NICs of servers through BMS v1 and Nova, and that the network API shows the same rows. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCloud, type Cloud, type Reply } from '../support/cloud.ts';
import { badRequest, fault, useNova, type Nova } from '../support/nova.ts';

let cloud: Cloud;
let nova: Nova;
let id: string;
let networkId: string;
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '16' });
  nova = await useNova(cloud);
  networkId = nova.network.id;
});
beforeEach(async () => {
  [id] = (await cloud.makeServers(1)) as [string];
});
afterAll(() => cloud.close());

const on = (path: string) => `/v1/{p}/baremetalservers/${id}/${path}`;
const post = (path: string, body: unknown) => cloud.call('POST', on(path), body);
const nicsOf = async (): Promise<Reply['body'][]> =>
  (await cloud.call('GET', on('os-interface'))).body.interfaceAttachments;
const add = (...nics: object[]) =>
  post('nics', { nics: nics.map((nic) => ({ subnet_id: networkId, ...nic })) });
const refused = (code: string) => ({ status: 400, body: { error: { code } } });

describe('in BMS v1', () => {
  it('are listed alike by both doors and by the network', async () => {
    const [nic] = await nicsOf();
    expect(nic).toMatchObject({
      port_state: 'ACTIVE',
      net_id: networkId,
      mac_addr: expect.stringMatching(/^fa:16:3e/),
    });
    expect((await nova.get(`/servers/${id}/os-interface`)).body.interfaceAttachments).toEqual([nic]);
    const { body } = await cloud.call('GET', `/network/v2.0/ports?device_id=${id}`);
    expect(body.ports).toMatchObject([{ id: nic.port_id, mac_address: nic.mac_addr, device_id: id }]);
  });

  it('are added by a job that has ended, and every door shows them', async () => {
    const asked = await add({}, { ip_address: '10.20.77.7' });
    expect(asked.status).toBe(200);
    const job = await cloud.jobEnd(asked.body.job_id);
    const nics = await nicsOf();
    expect(nics).toHaveLength(3);
    expect(nics[2].fixed_ips[0].ip_address).toBe('10.20.77.7');
    expect(job).toMatchObject({
      status: 'SUCCESS',
      job_type: 'baremetalAddNics',
      entities: {
        sub_jobs_total: 2,
        sub_jobs: nics.slice(1).map((nic) => ({
          status: 'SUCCESS',
          job_type: 'baremetalSingleAddNic',
          entities: { nic_id: nic.port_id },
          error_code: null,
        })),
      },
    });
    const { addresses } = await nova.show(id);
    expect(addresses[nova.network.name]).toHaveLength(3);
    const actions = (await nova.get(`/servers/${id}/os-instance-actions`)).body.instanceActions;
    expect(actions.map((it: Reply['body']) => it.action)).toEqual([
      'attach_interface',
      'attach_interface',
      'create',
    ]);
  });

  it('are all added or none, and an address is handed out once', async () => {
    await add({ ip_address: '10.20.77.8' });
    expect(await add({}, { ip_address: '10.20.77.8' })).toMatchObject(refused('BMS.0014'));
    expect(await nicsOf()).toHaveLength(2);
  });

  it('asked for at once get an address each', async () => {
    const asked = await Promise.all(Array.from({ length: 6 }, () => add({})));
    expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 200));
    const addresses = (await nicsOf()).map((nic) => nic.fixed_ips[0].ip_address);
    expect(new Set(addresses).size).toBe(7);
  });

  it('are taken off, but never the first', async () => {
    await add({});
    const [first, second] = await nicsOf();
    const remove = (...ports: string[]) => post('nics/delete', { nics: ports.map((port) => ({ id: port })) });
    expect(await remove(first.port_id)).toMatchObject({
      status: 400,
      body: { error: { code: 'BMS.0222', message: 'primary port can not be deleted.' } },
    });
    expect(await remove(randomUUID())).toMatchObject(refused('BMS.0018'));
    const removed = await remove(second.port_id);
    expect(await cloud.jobEnd(removed.body.job_id)).toMatchObject({
      status: 'SUCCESS',
      job_type: 'baremetalDeleteNics',
      entities: { sub_jobs: [{ entities: { nic_id: second.port_id } }] },
    });
    expect(await nicsOf()).toEqual([first]);
    expect((await cloud.call('GET', `/network/v2.0/ports/${second.port_id}`)).status).toBe(404);
  });

  it.each([
    ['eleven', () => Array.from({ length: 11 }, () => ({})), 'BMS.0018'],
    ['none', () => [], 'BMS.0018'],
    ['no address', () => [{ ip_address: 'ten' }], 'BMS.0018'],
    ['an address elsewhere', () => [{ ip_address: '192.0.2.1' }], 'BMS.0018'],
    ['an unknown network', () => [{ subnet_id: randomUUID() }], 'BMS.0080'],
  ])('are refused: %s', async (_, nics, code) => {
    expect(await add(...nics())).toMatchObject(refused(code));
  });

  it('cannot be changed while something is under way, or while the server is locked', async () => {
    await nova.act(id, { lock: null });
    expect(await add({})).toMatchObject(refused('BMS.0605'));
    await nova.act(id, { unlock: null });
    await nova.force(id, 'Stopping');
    expect(await add({})).toMatchObject(refused('BMS.0006'));
  });

  it('stay when their server goes, if that was asked', async () => {
    await add({});
    const [, kept] = await nicsOf();
    const body = { interface_attachment: { delete_on_termination: false } };
    expect((await cloud.call('PUT', on(`os-interface/${kept.port_id}`), body)).status).toBe(200);
    expect(await cloud.call('PUT', on(`os-interface/${randomUUID()}`), body)).toMatchObject({ status: 400 });
    const gone = await cloud.call('POST', '/v1/{p}/baremetalservers/delete', { servers: [{ id }] });
    await cloud.jobEnd(gone.body.job_id);
    const { body: found } = await cloud.call('GET', `/network/v2.0/ports/${kept.port_id}`);
    expect(found.port).toMatchObject({ status: 'DOWN', device_id: '' });
  });

  it('get virtual addresses, which nobody else may have', async () => {
    const [nic] = await nicsOf();
    const put = (port: string, ip_addresses: unknown) =>
      cloud.call('PUT', `/v1/{p}/baremetalservers/nics/${port}`, { nic: { ip_addresses } });
    const pairs = async () =>
      (await cloud.call('GET', `/network/v2.0/ports/${nic.port_id}`)).body.port.allowed_address_pairs;
    expect(await put(nic.port_id, ['10.20.88.1'])).toMatchObject({
      status: 200,
      body: { port_id: nic.port_id },
    });
    expect(await pairs()).toEqual([{ ip_address: '10.20.88.1' }]);
    expect(await put(nic.port_id, nic.fixed_ips[0].ip_address)).toMatchObject(refused('BMS.0014'));
    expect(await put(nic.port_id, '192.0.2.1')).toMatchObject(refused('BMS.0018'));
    expect((await put(nic.port_id, '')).status).toBe(200);
    expect(await pairs()).toEqual([]);
    expect(await put(randomUUID(), [])).toMatchObject(refused('BMS.0018'));
  });
});

describe('in Nova', () => {
  const attach = (wish: object) =>
    nova.call('POST', `/servers/${id}/os-interface`, { interfaceAttachment: wish });
  const detach = (port: string, query = '') =>
    nova.call('DELETE', `/servers/${id}/os-interface/${port}${query}`);

  it('are tied to a network, with an address or the next free one, or to the first one there is', async () => {
    const fixed = await attach({ net_id: networkId, fixed_ips: [{ ip_address: '10.20.99.9' }] });
    expect(fixed).toMatchObject({
      status: 200,
      body: {
        interfaceAttachment: {
          net_id: networkId,
          port_state: 'ACTIVE',
          fixed_ips: [{ ip_address: '10.20.99.9' }],
        },
      },
    });
    expect((await attach({})).status).toBe(200);
    expect(await nicsOf()).toHaveLength(3);
    const port = fixed.body.interfaceAttachment.port_id;
    expect((await nova.get(`/servers/${id}/os-interface/${port}`)).body).toEqual(fixed.body);
    expect((await detach(port)).status).toBe(202);
    expect(await detach(port)).toMatchObject(fault('itemNotFound', 404));
    expect((await cloud.call('GET', `/network/v2.0/ports/${port}`)).status).toBe(404);
  });

  it('may be ports that were there before, which are free again afterwards', async () => {
    const made = await cloud.call('POST', '/network/v2.0/ports', { port: { network_id: networkId } });
    const port = made.body.port.id;
    expect((await attach({ port_id: port })).body.interfaceAttachment).toMatchObject({ port_id: port });
    expect(await attach({ port_id: port })).toMatchObject(fault('conflictingRequest', 409));
    expect(await cloud.call('DELETE', `/network/v2.0/ports/${port}`)).toMatchObject({ status: 409 });
    expect((await detach(port)).status).toBe(202);
    expect((await cloud.call('GET', `/network/v2.0/ports/${port}`)).body.port.status).toBe('DOWN');
  });

  it('are kept as ports when that is asked', async () => {
    const { port_id: port } = (await attach({ net_id: networkId })).body.interfaceAttachment;
    expect((await detach(port, '?reserve_port=true')).status).toBe(202);
    expect((await cloud.call('GET', `/network/v2.0/ports/${port}`)).body.port.device_id).toBe('');
  });

  it('are refused when two things are named, or none that exists', async () => {
    const [{ port_id: port }] = await nicsOf();
    expect(await attach({ net_id: networkId, port_id: port })).toMatchObject(badRequest());
    expect(await attach({ fixed_ips: [{ ip_address: '10.20.99.1' }] })).toMatchObject(badRequest());
    expect(await attach({ port_id: randomUUID() })).toMatchObject(fault('itemNotFound', 404));
    expect(await detach(port)).toMatchObject(badRequest('primary port can not be deleted.'));
  });
});
