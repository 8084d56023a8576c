/** Handing out machines and addresses. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Network } from '../../src/core/catalog.ts';
import { ClaimLost, type Delivery } from '../../src/core/work.ts';
import { connect as connectPort } from '../../src/store/placement.ts';
import type { Store } from '../support/store.ts';
import { askNode, create, leaseMs, stopped } from './work-room.ts';

export function addresses(the: () => Store): void {
  const connect = async ({ subJob, fence, server }: Delivery) => {
    const ports = await the().work.connectServer(subJob.id, fence, server!.id);
    return ports.map(({ ip }) => ip);
  };
  const nicsIn = (network: Network, ip: string | null = null) => [
    { networkId: network.id, ip, portId: null },
  ];
  const servers = (count: number) => Array.from({ length: count }, () => ({}));

  async function makeNetwork(cidr: string, gatewayIp: string): Promise<Network> {
    const id = randomUUID();
    const about = { id, projectId: null, vpcId: randomUUID(), name: cidr, description: '' };
    const subnet = { id: randomUUID(), networkId: id, name: cidr, cidr, gatewayIp, dns: [] };
    const network = { ...about, createdAt: new Date(), subnets: [subnet] };
    await the().catalog.putNetwork(network);
    return network;
  }

  describe('an address', () => {
    it('is given to one server only, however many ask at once', async () => {
      const deliveries = await create(the(), servers(24));
      const ips = (await Promise.all(deliveries.map(connect))).flat();
      expect(new Set(ips).size).toBe(24);
      expect(ips).not.toContain(the().network.subnets[0]!.gatewayIp);
    });

    it('stays the same when it is asked for again', async () => {
      const [delivery] = await create(the(), servers(1));
      expect(await connect(delivery!)).toEqual(await connect(delivery!));
    });

    it('is neither the gateway, the network nor the broadcast address, until there are no more', async () => {
      const network = await makeNetwork('192.0.2.0/29', '192.0.2.3');
      const deliveries = await create(the(), servers(6), nicsIn(network));
      const given: string[] = [];
      for (const delivery of deliveries.slice(0, 5)) given.push(...(await connect(delivery)));
      expect(given.toSorted()).toEqual([1, 2, 4, 5, 6].map((last) => `192.0.2.${last}`));
      await expect(connect(deliveries[5]!)).rejects.toMatchObject({
        facts: { kind: 'conflict', message: `The network ${network.id} has no free address.` },
      });
      // What is given back is given again.
      await the().work.disconnectServer(deliveries[2]!.server!.id, false);
      expect(await connect(deliveries[5]!)).toEqual([given[2]]);
    });

    it.each(['192.0.2.0', '192.0.2.3', '192.0.2.7'])('asked for by name is not %s', async (ip) => {
      const network = await makeNetwork('192.0.2.0/29', '192.0.2.3');
      const [delivery] = await create(the(), servers(1), nicsIn(network, ip));
      await expect(connect(delivery!)).rejects.toMatchObject({ facts: { kind: 'conflict' } });
    });

    it('asked for by name is given once', async () => {
      const network = await makeNetwork('192.0.2.0/29', '192.0.2.1');
      const deliveries = await create(the(), servers(2), nicsIn(network, '192.0.2.5'));
      expect(await connect(deliveries[0]!)).toEqual(['192.0.2.5']);
      await expect(connect(deliveries[1]!)).rejects.toMatchObject({
        facts: { kind: 'conflict', message: 'The address 192.0.2.5 is in use.' },
      });
    });

    it('of a network with thousands of them, all given, is refused as well', async () => {
      const network = await makeNetwork('198.18.0.0/20', '198.18.0.1');
      await sql`
        insert into ports (id, network_id, subnet_id, project_id, mac, ip)
        select gen_random_uuid(), s.network_id, s.id, ${the().projectId},
          ('0200cc00' || lpad(to_hex(n), 4, '0'))::macaddr, host(s.cidr::inet + n)::inet
        from subnets s, generate_series(2, 4094) n where s.network_id = ${network.id}`.execute(
        the().database.sql,
      );
      const [delivery] = await create(the(), servers(1), nicsIn(network));
      await expect(connect(delivery!)).rejects.toMatchObject({
        facts: { kind: 'conflict', message: `The network ${network.id} has no free address.` },
      });
    });

    it('comes with a MAC address that nobody has', async () => {
      const [taken, free] = ['fa163e000001', 'fa163e000002'];
      const macs = [taken, free];
      const [nic] = nicsIn(the().network);
      const connected = () =>
        the()
          .database.sql.transaction()
          .execute((tx) => {
            return connectPort(tx, null, the().projectId, 0, nic!, macs);
          });
      const ports = [await connected(), await connected()];
      const { rows } = await sql<{ mac: string }>`
        select replace(mac::text, ':', '') as mac from ports where id = any(${ports.map(({ id }) => id)}::uuid[])
        order by mac`.execute(the().database.sql);
      expect(rows.map(({ mac }) => mac)).toEqual(macs);
    });

    it('is not given to a delivery that has lost its claim', async () => {
      const [delivery] = await create(the(), servers(1));
      await the().work.release(1);
      await the().work.claim(2, 1, 15_000);
      await expect(connect(delivery!)).rejects.toBeInstanceOf(ClaimLost);
    });
  });

  describe('a machine', () => {
    const ask = ({ subJob, fence, server }: Delivery) => the().work.placeServer(subJob.id, fence, server!.id);
    const place = async (delivery: Delivery) => {
      const node = await ask(delivery);
      return node === 'busy' ? null : node;
    };

    it('is given to one server only, however many ask at once', async () => {
      for (let made = 0; made < 3; made++) await the().makeNode();
      const deliveries = await create(the(), servers(5));
      const placed = await Promise.all(deliveries.map(place));
      const ids = placed.flatMap((node) => node?.id ?? []);
      expect(new Set(ids).size).toBe(3);
      expect(ids).toHaveLength(3);
    });

    it('stays the same when it is asked for again', async () => {
      await the().makeNode();
      await the().makeNode();
      const [delivery] = await create(the(), servers(1));
      const node = await place(delivery!);
      expect((await place(delivery!))!.id).toBe(node!.id);
    });

    it('of another project, another flavor, another zone or in maintenance is not given', async () => {
      const [, otherFlavor] = await the().catalog.listFlavors();
      await the().makeNode({ projectId: await the().makeProject() });
      await the().makeNode({ flavorId: otherFlavor!.id });
      await the().makeNode({ zone: 'elsewhere' });
      await the().makeNode({ standing: 'maintenance' });
      const [delivery] = await create(the(), servers(1));
      expect(await ask(delivery!)).toBeNull();
    });

    it('that something is written of this moment, or is being done to, is worth asking for again', async () => {
      const node = await the().makeNode();
      const [delivery] = await create(the(), servers(1));
      const writer = await the().database.pool.connect();
      await writer.query('begin');
      await writer.query('update nodes set power_seen_at = now() where id = $1', [node.id]);
      expect(await ask(delivery!)).toBe('busy');
      await writer.query('rollback');
      writer.release();
      await askNode(the(), 'off', node.id);
      expect(await ask(delivery!)).toBe('busy');
      const [switching] = await the().work.claim(1, 1, leaseMs);
      await the().work.write([stopped(switching!)]);
      expect(await ask(delivery!)).toMatchObject({ id: node.id });
    });

    it('of the own project comes before those of the pool', async () => {
      await the().makeNode();
      const own = await the().makeNode({ projectId: the().projectId });
      await the().makeNode();
      const [delivery] = await create(the(), servers(1));
      expect((await place(delivery!))!.id).toBe(own.id);
    });
  });
}
