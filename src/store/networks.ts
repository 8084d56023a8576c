import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { conflict, notFound } from '../core/errors.ts';
import type { Networks, NetworkUsage } from '../core/network.ts';
import type { Sql, Tx } from './database.ts';
import { networkLists } from './network-lists.ts';
import { connect } from './placement.ts';

export function networks(db: Sql): Networks {
  const transact = <T>(part: (tx: Tx) => Promise<T>) => db.transaction().execute(part);

  return {
    ...networkLists(db),

    async createNetwork({ projectId, name, description }) {
      const id = randomUUID();
      // Each network is a VPC of its own: there is no router that would join two.
      await sql`
        insert into networks (id, project_id, vpc_id, name, description)
        values (${id}, ${projectId}, ${randomUUID()}, ${name}, ${description})`.execute(db);
      return { id };
    },

    async usage(projectId) {
      const { rows } = await sql<NetworkUsage>`
        select (select count(*) from networks where project_id = ${projectId}) as networks,
          (select count(*) from subnets s join networks n on n.id = s.network_id
            where n.project_id = ${projectId}) as subnets,
          (select count(*) from ports where project_id = ${projectId}) as ports,
          (select count(*) from security_groups where project_id = ${projectId}) as "securityGroups",
          (select count(*) from security_group_rules r join security_groups g on g.id = r.group_id
            where g.project_id = ${projectId}) as "securityGroupRules"`.execute(db);
      return rows[0]!;
    },

    async changeNetwork(id, projectId, { name, description }) {
      const { rows } = await sql`
        update networks set name = coalesce(${name ?? null}, name),
          description = coalesce(${description ?? null}, description)
        where id = ${id} and project_id = ${projectId} returning id`.execute(db);
      return rows.length > 0;
    },

    async changeSubnet(id, projectId, { name, dns }) {
      const { rows } = await sql`
        update subnets s set name = coalesce(${name ?? null}, s.name), dns = coalesce(${dns ?? null}, s.dns)
        from networks n
        where s.id = ${id} and n.id = s.network_id and n.project_id = ${projectId} returning s.id`.execute(
        db,
      );
      return rows.length > 0;
    },

    async changePort(id, projectId, { name, addressPairs }) {
      const { rows } = await sql`
        update ports set name = coalesce(${name ?? null}, name),
          address_pairs = coalesce(${addressPairs ?? null}::text[], address_pairs)
        where id = ${id} and project_id = ${projectId} returning id`.execute(db);
      return rows.length > 0;
    },

    removeNetwork: (id, projectId) =>
      transact(async (tx) => {
        if (!(await lockNetwork(tx, id, projectId))) return false;
        await checkEmpty(tx, 'network', id);
        await sql`delete from networks where id = ${id}`.execute(tx);
        return true;
      }),

    createSubnet: ({ networkId, name, cidr, gatewayIp, dns }, projectId) =>
      transact(async (tx) => {
        if (!(await lockNetwork(tx, networkId, projectId))) throw notFound('network', networkId);
        const overlapping = await sql<{ id: string }>`
          select id from subnets where network_id = ${networkId} and cidr && ${cidr}::cidr`.execute(tx);
        if (overlapping.rows[0]) {
          throw conflict(`${cidr} overlaps with the subnet ${overlapping.rows[0].id}.`, 'subnet');
        }
        const id = randomUUID();
        await sql`
          insert into subnets (id, network_id, name, cidr, gateway_ip, dns)
          values (${id}, ${networkId}, ${name}, ${cidr}::cidr, ${gatewayIp}::inet, ${dns})`.execute(tx);
        return { id };
      }),

    removeSubnet: (id, projectId) =>
      transact(async (tx) => {
        const { rows } = await sql`
          select 1 from subnets s join networks n on n.id = s.network_id
          where s.id = ${id} and n.project_id = ${projectId} for update of s`.execute(tx);
        if (rows.length === 0) return false;
        await checkEmpty(tx, 'subnet', id);
        await sql`delete from subnets where id = ${id}`.execute(tx);
        return true;
      }),

    createPort: ({ projectId, networkId, ip, name }) =>
      transact(async (tx) => {
        const { id } = await connect(tx, null, projectId, 0, { networkId, ip, portId: null });
        await sql`update ports set name = ${name}, delete_on_termination = false where id = ${id}`.execute(
          tx,
        );
        return { id };
      }),

    removePort: (id, projectId) =>
      transact(async (tx) => {
        const { rows } = await sql<{ server_id: string | null }>`
          select server_id from ports where id = ${id} and project_id = ${projectId} for update`.execute(tx);
        if (!rows[0]) return false;
        if (rows[0].server_id) {
          throw conflict(`The port ${id} is in use by the server ${rows[0].server_id}.`, 'port', id);
        }
        await sql`delete from ports where id = ${id}`.execute(tx);
        return true;
      }),
  };
}

/** The row is the lock under which subnets and ports come and go. */
async function lockNetwork(tx: Tx, id: string, projectId: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from networks where id = ${id} and project_id = ${projectId} for update`.execute(tx);
  return rows.length > 0;
}

async function checkEmpty(tx: Tx, subject: 'network' | 'subnet', id: string): Promise<void> {
  const { rows } = await sql`
    select 1 from ports where ${sql.ref(`${subject}_id`)} = ${id} limit 1`.execute(tx);
  if (rows.length > 0) throw conflict(`The ${subject} ${id} has ports.`, subject, id);
}
