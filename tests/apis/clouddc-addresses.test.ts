/** ModifyInstanceIp (C09). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, type Cloud } from '../support/cloud.ts';
import { refusal, useCloudDc, type CloudDc } from '../support/clouddc.ts';

let cloud: Cloud;
let dc: CloudDc;
const other = { id: randomUUID(), vpc: randomUUID() };
beforeAll(async () => {
  cloud = await startCloud({ INGOT_SIM_NODES: '16' });
  dc = await useCloudDc(cloud);
  await cloud.sql.query(`insert into networks (id, vpc_id, name) values ($1, $2, 'other')`, [
    other.id,
    other.vpc,
  ]);
  await cloud.sql.query(
    `insert into subnets (id, network_id, name, cidr, gateway_ip) values ($1, $2, 'other', '10.99.0.0/29', '10.99.0.1')`,
    [randomUUID(), other.id],
  );
});
afterAll(() => cloud.close());

const wrongParameter = refusal(400, 'CloudDC.0001');
const wrongState = refusal(400, 'CloudDC.0002');
const change = (id: string, nics: object[], vpc_id?: string) =>
  cloud.call('PUT', `/v1/{p}/instances/${id}/ip`, { nics, ...(vpc_id ? { vpc_id } : {}) });
const nic = (ip_address?: string) => ({ subnet_id: dc.network.id, ...(ip_address ? { ip_address } : {}) });
const addresses = async (id: string) =>
  (await dc.instance(id)).network_interfaces.map((it: { ipv4_address: string }) => it.ipv4_address);
const macs = async (id: string) =>
  (await cloud.sql.query('select mac from ports where server_id = $1 order by position', [id])).rows;

describe('ModifyInstanceIp', () => {
  it('answers 202 without a body; the address is the one asked for, the NIC and the state stay', async () => {
    const id = await dc.running();
    const [before, mac] = [await addresses(id), await macs(id)];
    const reply = await change(id, [nic('10.20.9.9')]);
    expect(reply).toMatchObject({ status: 202, body: null });
    expect(await addresses(id)).toEqual(['10.20.9.9']);
    expect(await macs(id)).toEqual(mac);
    expect(await dc.status(id)).toEqual({ state: 'running', operation_state: 'modify-ip-succeed' });
    // The old address is free for the next.
    const next = await dc.running({
      network_interfaces: [{ subnet_id: dc.network.id, ipv4_address: before[0] }],
    });
    expect(await addresses(next)).toEqual(before);
  });

  it('gives an automatic address where none is named, and a second NIC', async () => {
    const id = await dc.running();
    const [kept] = await addresses(id);
    expect((await change(id, [nic(kept), nic('')])).status).toBe(202);
    const after = await addresses(id);
    expect(after).toEqual([kept, expect.stringMatching(/^10\.20\./)]);
    expect(after[1]).not.toBe(kept);
  });

  it('moves an instance to another VPC', async () => {
    const id = await dc.running();
    const nics = [{ subnet_id: other.id, ip_address: '10.99.0.4' }];
    expect(await change(id, nics)).toMatchObject(wrongParameter);
    expect((await change(id, nics, other.vpc)).status).toBe(202);
    expect(await dc.instance(id)).toMatchObject({
      vpc_id: other.vpc,
      network_interfaces: [{ subnet_id: other.id, ipv4_address: '10.99.0.4' }],
    });
  });

  it('is told in the history', async () => {
    const id = await dc.running();
    await change(id, [nic('10.20.9.30')]);
    const { rows } = await cloud.sql.query(
      `select actor, from_state, to_state, evidence from history where server_id = $1 and operation = 'modify-ip'`,
      [id],
    );
    expect(rows).toEqual([
      { actor: cloud.userId, from_state: 'Running', to_state: 'Running', evidence: '10.20.9.30' },
    ]);
  });

  it('changes nothing when an address is in use, and hands one address to one of many who ask', async () => {
    const ids = await Promise.all([dc.running(), dc.running(), dc.running()]);
    const before = await addresses(ids[0]);
    expect(await change(ids[0], [nic((await addresses(ids[1]))[0])])).toMatchObject(wrongParameter);
    expect(await addresses(ids[0])).toEqual(before);
    expect((await dc.status(ids[0])).operation_state).toBe('install-succeed');

    const replies = await Promise.all(ids.map((id) => change(id, [nic('10.20.9.50')])));
    expect(replies.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 400, 400]);
    for (const reply of replies.filter(({ status }) => status === 400)) {
      expect(reply).toMatchObject(wrongParameter);
    }
  });

  it('refuses what is no address, outside the subnet, the gateway, or in no network', async () => {
    const id = await dc.running();
    for (const wrong of [nic('10.20.9'), nic('192.168.0.9'), nic('10.20.0.1'), { subnet_id: randomUUID() }]) {
      expect(await change(id, [wrong])).toMatchObject(wrongParameter);
    }
    expect(await change(id, [])).toMatchObject(wrongParameter);
  });

  it('needs an instance that runs or is stopped and rests', async () => {
    const { id, letGo } = await dc.pending();
    expect(await change(id, [nic()])).toMatchObject(wrongState);
    await letGo();
    expect(await change(id, [nic()])).toMatchObject({
      ...wrongState,
      body: { error_msg: `The instance ${id} is error; a change of address needs running or stopped.` },
    });
    expect(await change(randomUUID(), [nic()])).toMatchObject(refusal(404, 'CloudDC.0404'));
  });
});
