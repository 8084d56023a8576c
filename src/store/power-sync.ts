/** Reading real power on a schedule, and the moves that hardware brings about by itself. */
import { sql } from 'kysely';
import { states, lifecycle } from '../core/lifecycle.ts';
import type { Server } from '../core/server.ts';
import type { Work } from '../core/work.ts';
import { purgeAnswers } from './answered-requests.ts';
import type { Sql } from './database.ts';
import { nodeColumns, toNode, type NodeRow } from './rows.ts';
import type { Vault } from './vault.ts';

/** The state in which a machine that nobody works on rests. */
const stateByPower = { on: 'Running', off: 'Stopped' } as const;
const restful = states.filter((state) => lifecycle[state].attribute === 'stable');

/** Whoever visited it last has said what it found, or was not heard of for the length of a lease. */
const notVisited = sql.raw('(visited_until is null or visited_until <= now())');
const fromNow = (ms: number) => sql`now() + ${ms} * interval '1 millisecond'`;

type Part =
  | 'claimHealthReads'
  | 'writeHealthReads'
  | 'claimPowerReads'
  | 'writePowerReads'
  | 'prolongVisits'
  | 'reportHardwareFault'
  | 'moveStable'
  | 'adopt'
  | 'purgeDeleted';

export function powerSync(db: Sql, vault: Vault): Pick<Work, Part> {
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

    async reportHardwareFault(nodeId, fault) {
      const { rows } = await sql`
        with before as (
          select id, state, project_id from servers where node_id = ${nodeId} and state = any(${restful}) for update
        ), moved as (
          update servers v set state = 'Faulty', task_state = null, fault = ${JSON.stringify(fault)}::jsonb,
            updated_at = now()
          from before b where v.id = b.id
          returning v.id
        ), noded as (
          update nodes set health = 'Critical', note = ${fault.message} where id = ${nodeId}
        ), told as (
          insert into history (project_id, server_id, node_id, actor, reason, from_state, to_state, evidence)
          select project_id, id, ${nodeId}, 'hardware', ${fault.message}, state, 'Faulty', ${fault.details} from before
        )
        select id, pg_notify('ingot_history', '') from moved`.execute(db);
      return rows.length > 0;
    },

    async moveStable(serverId, from, to, power, reason) {
      const { rows } = await sql`
        with moved as (
          update servers v set state = ${to}, task_state = null, power = ${power}, fault = null, updated_at = now()
          where v.id = ${serverId} and v.state = ${from}
            and not exists (select 1 from sub_jobs j where j.server_id = v.id and j.ended_at is null)
          returning v.id, v.project_id, v.node_id
        ), told as (
          insert into history (project_id, server_id, node_id, actor, reason, from_state, to_state)
          select project_id, id, node_id, 'engine', ${reason}, ${from}, ${to} from moved
        )
        select id, pg_notify('ingot_history', '') from moved`.execute(db);
      return rows.length > 0;
    },

    async adopt(nodeId, server, power) {
      const state = stateByPower[power];
      const { rows } = await sql`
        with free as (
          update nodes set server_id = ${server.id}, standing = 'in-use', power = ${power}, power_seen_at = now(),
            updated_at = now()
          where id = ${nodeId} and server_id is null and standing in ('enrolled', 'ready') and inspection is null
          returning id
        ), made as (
          insert into servers (id, project_id, user_id, door, name, description, state, power, node_id, flavor_id,
            image_id, zone, metadata, tags, reservation_id, launched_at)
          select ${server.id}, ${server.projectId}, ${server.userId}, ${server.door}, ${server.name},
            ${server.description}, ${state}, ${power}, id, ${server.flavorId}, ${server.imageId}, ${server.zone},
            ${JSON.stringify(server.metadata)}::jsonb, ${server.tags}, ${server.reservationId}, now()
          from free returning id
        ), told as (
          insert into history (project_id, server_id, node_id, actor, reason, to_state, evidence)
          select ${server.projectId}, id, ${nodeId}, ${server.userId}, 'adopted', ${state},
            ${`the machine was found ${power}`} from made
        )
        select id, pg_notify('ingot_history', '') from made`.execute(db);
      return rows.length > 0;
    },

    async purgeDeleted(retentionMs) {
      const { rows } = await sql`
        with old as (
          select id from servers where state = 'Deleted'
            and terminated_at < now() - ${retentionMs} * interval '1 millisecond'
          limit 1000 for update skip locked
        ), kept as (
          insert into past_servers (id, project_id, name, flavor_name, vcpus, ram_mib, disk_gb, launched_at,
            terminated_at)
          select v.id, v.project_id, v.name, f.name, f.vcpus, f.ram_mib, f.disk_gb, v.launched_at, v.terminated_at
          from old join servers v on v.id = old.id join flavors f on f.id = v.flavor_id
          where v.launched_at is not null
        )
        delete from servers v using old where v.id = old.id returning v.id`.execute(db);
      await purgeAnswers(db);
      return rows.length;
    },
  };
}
