/** Tying servers to nodes and to networks. Each statement is guarded by the fence of the claim and safe to repeat. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { conflict, IngotError } from '../core/errors.ts';
import type { RequestedNic } from '../core/server.ts';
import { ClaimLost, type Work } from '../core/work.ts';
import type { Sql, Tx } from './database.ts';
import { nodeColumns, toNode, type NodeRow } from './rows.ts';
import type { Vault } from './vault.ts';

export function placement(
  db: Sql,
  vault: Vault,
): Pick<Work, 'placeServer' | 'connectServer' | 'disconnectServer'> {
  const isFree = sql`
    n.standing = 'ready' and n.health <> 'Critical' and n.server_id is null
      and n.flavor_id = s.flavor_id and n.zone = s.zone
      and (s.wanted_node is null or n.id = s.wanted_node::uuid)
      and (case when s.scheduler_hints -> 'dec_baremetal' @> '["dedicate"]' then n.project_id = s.project_id
        else n.project_id is null or n.project_id = s.project_id end)
      and (${vault.isOurs} or n.bmc_secret is null)`;
  return {
    placeServer: (subJobId, fence, serverId) =>
      db.transaction().execute(async (tx) => {
        await guard(tx, subJobId, fence);
        await takeTurn(tx, serverId);
        const order = sql`
          select v.*, j.input ->> 'nodeId' as wanted_node from servers v, sub_jobs j
          where v.id = ${serverId} and j.id = ${subJobId}`;
        const { rows } = await sql<NodeRow>`
          with s as (${order}), crowd as (
            -- racks in which the server's group stands already
            select m.room, m.rack, count(*) as members from s
            join servers o on o.server_group_id = s.server_group_id and o.id <> s.id
            join nodes m on m.id = o.node_id where m.rack <> '' group by m.room, m.rack
          ), chosen as (
            select n.id from s cross join nodes n left join crowd c on c.room = n.room and c.rack = n.rack
            where ${isFree} and s.node_id is null
              -- a power operation on the idle machine comes to its end first
              and not exists (select 1 from sub_jobs b where b.node_id = n.id and b.ended_at is null)
            order by n.project_id nulls last, coalesce(c.members, 0), n.id
            limit 1
            for update of n skip locked
          ), taken as (
            update nodes n set server_id = ${serverId}, standing = 'in-use', updated_at = now()
            from chosen where n.id = chosen.id
            returning n.*
          ), tied as (
            update servers v set node_id = taken.id from taken where v.id = ${serverId} returning v.id
          ), noted as (
            update sub_jobs j set node_id = taken.id from taken where j.id = ${subJobId} returning j.id
          )
          select ${sql.raw(nodeColumns)} from taken
          union all
          select ${sql.raw(nodeColumns)} from nodes where id = (select node_id from s)`.execute(tx);
        if (rows[0]) return toNode(rows[0], vault);
        // Nothing was passed over for good: a row that somebody writes this moment is passed over too.
        const passedOver = await sql`
          with s as (${order}) select 1 from s cross join nodes n where ${isFree} limit 1`.execute(tx);
        return passedOver.rows.length > 0 ? 'busy' : null;
      }),

    connectServer: (subJobId, fence, serverId) =>
      db.transaction().execute(async (tx) => {
        await guard(tx, subJobId, fence);
        const existing = await sql<{ ip: string }>`
          select host(ip) as ip from ports where server_id = ${serverId} order by position`.execute(tx);
        if (existing.rows.length > 0) return existing.rows;
        const asked = await sql<{ nics: RequestedNic[]; project_id: string }>`
          select nics, project_id from servers where id = ${serverId}`.execute(tx);
        const { nics, project_id } = asked.rows[0]!;
        const made: { ip: string }[] = [];
        for (const [position, nic] of nics.entries()) {
          made.push(await connect(tx, serverId, project_id, position, nic));
        }
        return made;
      }),

    async disconnectServer(serverId, deleteVolumes = false) {
      await sql`delete from ports where server_id = ${serverId} and delete_on_termination`.execute(db);
      await sql`update ports set server_id = null where server_id = ${serverId}`.execute(db);
      await db.transaction().execute(async (tx) => {
        // Attaching locks the volume too, so that none is taken away while another server gets it.
        await sql`
          select 1 from volumes v join attachments a on a.volume_id = v.id
          where a.server_id = ${serverId} order by v.id for update of v`.execute(tx);
        // A volume that another server shares stays for that one.
        await sql`
          with released as (
            delete from attachments where server_id = ${serverId} returning volume_id, delete_on_termination
          )
          delete from volumes v using released r
          where v.id = r.volume_id and (r.delete_on_termination or ${deleteVolumes}) and not exists (
            select 1 from attachments a where a.volume_id = v.id and a.server_id <> ${serverId})`.execute(tx);
      });
    },
  };
}

/** Servers of one group are placed one after the other, so that each sees where the others stand. */
async function takeTurn(tx: Tx, serverId: string): Promise<void> {
  await sql`
    select 1 from server_groups g join servers v on v.server_group_id = g.id
    where v.id = ${serverId} for update of g`.execute(tx);
}

async function guard(tx: Tx, subJobId: string, fence: number): Promise<void> {
  const { rows } = await sql`
    select 1 from sub_jobs where id = ${subJobId} and fence = ${fence} and status = 'running' for update`.execute(
    tx,
  );
  if (rows.length === 0) {
    throw new ClaimLost();
  }
}

/** Hands out an address: the port that was named, the address that was asked for, or the next free one. */
export async function connect(
  tx: Tx,
  serverId: string | null,
  projectId: string,
  position: number,
  nic: RequestedNic,
  macs = newMacs(),
): Promise<{ id: string; ip: string }> {
  if (nic.portId !== null) {
    const { rows } = await sql<{ id: string; ip: string }>`
      update ports set server_id = ${serverId}, position = ${position}
      where id = ${nic.portId} and project_id = ${projectId} and (server_id is null or server_id = ${serverId})
      returning id, host(ip) as ip`.execute(tx);
    if (!rows[0])
      throw new IngotError({ kind: 'conflict', message: `The port ${nic.portId} cannot be used.` });
    return rows[0];
  }
  // The subnet's row is the lock under which addresses are handed out.
  const subnets = await sql<{ id: string; size: number; cursor: number }>`
    select id, (2 ^ (32 - masklen(cidr)))::bigint as size, cursor
    from subnets s
    where network_id = ${nic.networkId} and (${nic.ip}::inet is null or ${nic.ip}::inet << cidr)
    order by created_at, id limit 1 for update of s`.execute(tx);
  const subnet = subnets.rows[0];
  if (!subnet)
    throw new IngotError({ kind: 'invalid', message: `The network ${nic.networkId} has no subnet for it.` });
  const insert = (ip: ReturnType<typeof sql>) =>
    sql<{ id: string; ip: string }>`
    insert into ports (id, network_id, subnet_id, project_id, server_id, position, mac, ip)
    select gen_random_uuid(), s.network_id, s.id, ${projectId}, ${serverId}, ${position},
      (select mac from unnest(${macs}::macaddr[]) as mac
        where not exists (select 1 from ports p where p.mac = mac.mac) limit 1), host(${ip})::inet
    from subnets s where s.id = ${subnet.id}
      and host(${ip}) <> all (array[host(s.gateway_ip), host(network(s.cidr)), host(broadcast(s.cidr))])
    on conflict (subnet_id, ip) do nothing
    returning id, host(ip) as ip`.execute(tx);

  if (nic.ip !== null) {
    const { rows } = await insert(sql`${nic.ip}::inet`);
    if (rows[0]) return rows[0];
    throw conflict(`The address ${nic.ip} is in use.`, 'address', nic.ip);
  }
  const usable = subnet.size - 2; // without network and broadcast address
  let offset = subnet.cursor;
  for (let tries = 0; tries < usable; tries++) {
    // Only who is unlucky for long counts what is left; it takes reading all addresses of the subnet.
    if (tries === triesBeforeCounting && (await countUsed(tx, subnet.id)) >= usable) break;
    offset = (offset % usable) + 1;
    const { rows } = await insert(sql`(s.cidr::inet + ${offset}::bigint)`);
    if (!rows[0]) continue;
    await sql`update subnets set cursor = ${offset} where id = ${subnet.id}`.execute(tx);
    return rows[0];
  }
  throw new IngotError({ kind: 'conflict', message: `The network ${nic.networkId} has no free address.` });
}

const triesBeforeCounting = 16;

async function countUsed(tx: Tx, subnetId: string): Promise<number> {
  const { rows } = await sql<{ used: number }>`
    select (select count(*) from ports where subnet_id = s.id) + (gateway_ip << cidr)::int as used
    from subnets s where id = ${subnetId}`.execute(tx);
  return rows[0]!.used;
}

/**
 * With the prefix that OpenStack and both clouds use for ports (fa:16:3e, otc0131036398). That leaves 24 bits: among 100,000
 * ports one in 170 is taken already, so that there are several to choose from.
 */
function newMacs(): string[] {
  return Array.from({ length: 8 }, () => `fa163e${randomBytes(3).toString('hex')}`);
}
