/** Other addresses for the NICs of a server: the old ones are given back and the new ones taken in one transaction. */
import { sql } from 'kysely';
import type { AddressChange, RequestedNic } from '../core/server.ts';
import type { Sql, Tx } from './database.ts';
import { connect } from './placement.ts';

export function changeAddresses(
  db: Sql,
  serverId: string,
  projectId: string,
  { nics, vpcId, states, actor }: AddressChange,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ state: string; node_id: string | null }>`
      select state, node_id from servers v
      where id = ${serverId} and project_id = ${projectId} and state = any(${states})
        and not exists (select 1 from sub_jobs j where j.server_id = v.id and j.ended_at is null)
      for update of v`.execute(tx);
    const server = rows[0];
    if (!server) return false;
    const macs = await disconnect(tx, serverId, nics);
    const given: string[] = [];
    for (const [position, nic] of nics.entries()) {
      given.push((await connect(tx, serverId, projectId, position, nic)).ip);
      const mac = macs.get(position);
      if (mac === undefined || nic.portId !== null) continue;
      await sql`update ports set mac = ${mac}::macaddr where server_id = ${serverId} and position = ${position}`.execute(
        tx,
      );
    }
    await sql`
      update servers set nics = ${JSON.stringify(nics)}::jsonb, vpc_id = ${vpcId}, provisioning = 'modify-ip',
        provisioning_outcome = 'succeed', updated_at = now() where id = ${serverId}`.execute(tx);
    await sql`
      insert into history (project_id, server_id, node_id, request_id, actor, reason, operation, from_state, to_state,
        evidence)
      values (${projectId}, ${serverId}, ${server.node_id}, ${actor.requestId}, ${actor.userId}, 'addresses changed',
        'modify-ip', ${server.state}, ${server.state}, ${given.join(', ')})`.execute(tx);
    await sql`select pg_notify('ingot_history', '')`.execute(tx);
    return true;
  });
}

/** Lets go of the ports that are not kept; the MACs of those that go, by position. */
async function disconnect(tx: Tx, serverId: string, nics: RequestedNic[]): Promise<Map<number, string>> {
  const kept = nics.flatMap(({ portId }) => portId ?? []);
  const { rows } = await sql<{ position: number; mac: string }>`
    delete from ports where server_id = ${serverId} and delete_on_termination and id <> all(${kept}::uuid[])
    returning position, mac`.execute(tx);
  await sql`
    update ports set server_id = null where server_id = ${serverId} and id <> all(${kept}::uuid[])`.execute(
    tx,
  );
  return new Map(rows.map(({ position, mac }) => [position, mac]));
}
