/** How servers come, move and go without a sub-job: by what their hardware does, by what an operator says, by age. */
import { sql } from 'kysely';
import { isIntermediate, stateAtRest, states } from '../core/lifecycle.ts';
import type { Work } from '../core/work.ts';
import { purgeAnswers } from './answered-requests.ts';
import type { Sql } from './database.ts';

const stable = states.filter((state) => !isIntermediate(state));

export function moves(db: Sql): Pick<Work, 'reportHardwareFault' | 'moveStable' | 'adopt' | 'purgeDeleted'> {
  return {
    async reportHardwareFault(nodeId, fault) {
      const { rows } = await sql`
        with before as (
          select id, state, project_id from servers where node_id = ${nodeId} and state = any(${stable}) for update
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
      const state = stateAtRest(power);
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
