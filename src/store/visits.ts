/**
 * Visits to machines that nobody asked for: who goes to read power or health next, and what was found. Whoever claimed a
 * node is the only one to visit it.
 */
import { sql } from 'kysely';
import type { Server } from '../core/server.ts';
import type { Work } from '../core/work.ts';
import type { Sql } from './database.ts';
import { nodeColumns, toNode, type NodeRow } from './rows.ts';
import type { Vault } from './vault.ts';

/** Whoever visited it last has said what it found, or was not heard of for the length of a lease. */
const notVisited = sql.raw('(visited_until is null or visited_until <= now())');
const fromNow = (ms: number) => sql`now() + ${ms} * interval '1 millisecond'`;

type Part = 'claimHealthReads' | 'writeHealthReads' | 'claimPowerReads' | 'writePowerReads' | 'prolongVisits';

export function visits(db: Sql, vault: Vault): Pick<Work, Part> {
  return {
    async claimPowerReads(most, intervalMs, leaseMs) {
      const { rows } = await sql<
        NodeRow & { power_disagreements: number; server: Pick<Server, 'id' | 'state' | 'projectId'> | null }
      >`
        with due as (
          select id from nodes n
          where next_power_read_at <= now() and standing in ('ready', 'in-use', 'enrolled')
            and (${vault.isOurs} or bmc_secret is null) and ${notVisited}
            and not exists (select 1 from sub_jobs j where j.node_id = n.id and j.ended_at is null)
          order by next_power_read_at limit ${most} for update skip locked
        ), taken as (
          update nodes n set next_power_read_at = now() + ${intervalMs} * interval '1 millisecond',
            visited_until = ${fromNow(leaseMs)}
          from due where n.id = due.id returning n.*
        )
        select ${sql.raw(nodeColumns)}, power_disagreements,
          (select jsonb_build_object('id', v.id, 'state', v.state, 'projectId', v.project_id) from servers v where v.id = taken.server_id) as server
        from taken`.execute(db);
      return rows.map((row) => ({
        node: toNode(row, vault),
        disagreements: row.power_disagreements,
        server: row.server,
      }));
    },

    async writePowerReads(reads) {
      await sql`
        update nodes n set visited_until = null,
          power = case when w.works then n.power else r.power end,
          power_disagreements = case when w.works then n.power_disagreements else r.disagreements end,
          power_seen_at = case when w.works or r.power = 'unknown' then n.power_seen_at else now() end,
          next_power_read_at = case when not w.works and r.disagreements > 0 then now() + interval '1 second'
            else n.next_power_read_at end
        from jsonb_to_recordset(${JSON.stringify(reads)}::jsonb) as r("nodeId" uuid, power text, disagreements int),
          lateral (
            select exists (select 1 from sub_jobs j where j.node_id = r."nodeId" and j.ended_at is null) as works
          ) w
        where n.id = r."nodeId"`.execute(db);
    },

    async prolongVisits(nodeIds, leaseMs) {
      await sql`
        with held as (
          -- a row that is being written at this moment needs no longer lease
          select id from nodes where id = any(${nodeIds}) and visited_until is not null for update skip locked
        )
        update nodes n set visited_until = ${fromNow(leaseMs)} from held where n.id = held.id`.execute(db);
    },

    async claimHealthReads(most, intervalMs, leaseMs) {
      const { rows } = await sql<NodeRow>`
        with due as (
          select id from nodes n
          where next_health_read_at <= now() and standing in ('ready', 'in-use', 'quarantined')
            and (${vault.isOurs} or bmc_secret is null) and ${notVisited}
          order by next_health_read_at limit ${most} for update skip locked
        ), taken as (
          update nodes n set next_health_read_at = now() + ${intervalMs} * interval '1 millisecond',
            visited_until = ${fromNow(leaseMs)}
          from due where n.id = due.id returning n.*
        )
        select ${sql.raw(nodeColumns)} from taken`.execute(db);
      return rows.map((row) => ({ node: toNode(row, vault) }));
    },

    async writeHealthReads(reads) {
      const { rows } = await sql<{ id: string }>`
        with r as (
          select n.id, r.health as read, r.health <> n.health as differs,
            n.health_seen = r.health or n.health = 'Unknown' as is_believed
          from jsonb_to_recordset(${JSON.stringify(reads)}::jsonb) as r("nodeId" uuid, health text)
          join nodes n on n.id = r."nodeId" for update of n
        ), written as (
          update nodes n set visited_until = null,
            health = case when r.differs and r.is_believed then r.read else n.health end,
            health_seen = coalesce(r.read, n.health_seen),
            -- what differs is read again soon
            next_health_read_at = case when r.differs and not r.is_believed then now() + interval '1 second'
              else n.next_health_read_at end
          from r where n.id = r.id
        )
        select id from r where differs and is_believed`.execute(db);
      return new Set(rows.map(({ id }) => id));
    },
  };
}
