import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Inspection, Inspections } from '../core/inspection.ts';
import type { Sql } from './database.ts';
import { nodeColumns, toNode, type NodeRow } from './rows.ts';
import type { Vault } from './vault.ts';

export function inspections(db: Sql, vault: Vault): Inspections {
  return {
    begin: (nodeId, evidence, deadlineMs) =>
      db.transaction().execute(async (tx) => {
        // Whoever accepts work for the node holds this lock too, so that what follows sees it.
        await sql`select 1 from nodes where id = ${nodeId} for update`.execute(tx);
        const { rows } = await sql`
          with taken as (
            update nodes n set standing = 'enrolled', inspection = ${randomUUID()}, updated_at = now()
            where id = ${nodeId} and server_id is null and standing in ('enrolled', 'ready') and inspection is null
              and not exists (select 1 from sub_jobs j where j.node_id = n.id and j.ended_at is null)
            returning id, inspection
          )
          insert into inspections (node_id, id, status, evidence, deadline_at)
          select id, inspection, 'under-way', ${evidence}, now() + ${deadlineMs}::bigint * interval '1 millisecond'
          from taken
          on conflict (node_id) do update set id = excluded.id, status = 'under-way', is_begun = false, fence = 0,
            due_at = now(), evidence = excluded.evidence, began_at = now(), deadline_at = excluded.deadline_at,
            ended_at = null
          returning node_id`.execute(tx);
        return rows.length > 0;
      }),

    async find(nodeId) {
      const { rows } = await sql<Inspection>`
        select status, evidence, began_at as "beganAt", deadline_at as "deadlineAt", ended_at as "endedAt"
        from inspections where node_id = ${nodeId}`.execute(db);
      return rows[0] ?? null;
    },

    async cancel(nodeId) {
      // Nothing else has a deadline before its beginning.
      const { rows } = await sql`
        update inspections set deadline_at = began_at - interval '1 second' where node_id = ${nodeId} and status = 'under-way'
        returning node_id`.execute(db);
      return rows.length > 0;
    },

    async claim(most, leaseMs) {
      // Only who can open the secrets of BMCs can do anything about it.
      if (!vault.isOurs) return [];
      const { rows } = await sql<
        NodeRow & {
          inspection: {
            id: string;
            fence: number;
            isBegun: boolean;
            isOverdue: boolean;
            isCancelled: boolean;
          };
        }
      >`
        with due as (
          select node_id from inspections where status = 'under-way' and due_at <= now()
          order by due_at limit ${most} for update skip locked
        ), claimed as (
          update inspections i set fence = fence + 1, due_at = now() + ${leaseMs} * interval '1 millisecond'
          from due where i.node_id = due.node_id returning i.*
        )
        select n.*, jsonb_build_object('id', c.id, 'fence', c.fence, 'isBegun', c.is_begun,
          'isOverdue', c.deadline_at <= now(), 'isCancelled', c.deadline_at < c.began_at) as inspection
        from claimed c join lateral (select ${sql.raw(nodeColumns)} from nodes where id = c.node_id) n on true`.execute(
        db,
      );
      return rows.map(({ inspection, ...row }) => ({ ...inspection, node: toNode(row, vault) }));
    },

    async postpone({ id, fence, node }, isBegun, evidence, pauseMs) {
      await sql`
        update inspections set is_begun = ${isBegun}, evidence = ${evidence},
          due_at = now() + ${pauseMs}::bigint * interval '1 millisecond'
        where node_id = ${node.id} and id = ${id} and fence = ${fence} and status = 'under-way'`.execute(db);
    },

    async end({ id, fence, node }, { status, evidence, standing, note, flavorId }) {
      const { rows } = await sql`
        with ended as (
          update inspections set status = ${status}, evidence = ${evidence}, ended_at = clock_timestamp()
          where node_id = ${node.id} and id = ${id} and fence = ${fence} and status = 'under-way' returning node_id
        ), freed as (
          update nodes n set inspection = null, standing = ${standing}, note = ${note},
            flavor_id = coalesce(flavor_id, ${flavorId}), updated_at = now()
          from ended where n.id = ended.node_id and n.inspection = ${id}
        )
        insert into history (node_id, actor, reason, evidence)
        select node_id, 'engine', ${status === 'succeeded' ? 'inspected in band' : 'the inspection in band failed'},
          ${evidence}
        from ended returning id, pg_notify('ingot_history', '')`.execute(db);
      return rows.length > 0;
    },
  };
}
