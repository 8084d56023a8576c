import { sql } from 'kysely';
import type { Fault, FaultKind, Faults, SimulatedMachine, SimulatedMachines } from '../core/simulation.ts';
import type { Sql } from './database.ts';

/** How far a span of time has passed; null when it is over or never began. */
const share = (began: string, ends: string) =>
  sql.raw(`case when ${ends} > now() then
    least(1, extract(epoch from now() - ${began}) / greatest(extract(epoch from ${ends} - ${began}), 0.001))::float end`);

export function simulatedMachines(db: Sql): SimulatedMachines {
  return {
    async look(nodeId, { operation, subJobId }) {
      const { rows } = await sql<SimulatedMachine & { fault: FaultKind | null }>`
        with met as (
          update faults set sub_jobs = case when ${subJobId}::uuid = any(sub_jobs) then sub_jobs
            else sub_jobs || ${subJobId}::uuid end
          where id = (
            select id from faults
            where node_id = ${nodeId} and on_operation = ${operation} and ${subJobId}::uuid is not null
              and (${subJobId}::uuid = any(sub_jobs) or cardinality(sub_jobs) < times)
            order by ${subJobId}::uuid = any(sub_jobs) desc, created_at limit 1)
          returning kind
        )
        select case when pending_at <= now() then pending_power else power end as power,
          boot_device as "bootDevice", image_id as "imageId", hostname, health,
          ${share('deploy_began_at', 'deploy_ends_at')} as deployed,
          greatest(0, extract(epoch from deploy_ends_at - now()) * 1000)::int as "deployLeftMs",
          case when wipe_ends_at > now() then 0.5::float end as wiped,
          greatest(0, extract(epoch from wipe_ends_at - now()) * 1000)::int as "wipeLeftMs",
          power_commands as "powerCommands", power_changes as "powerChanges", deploys, wipes,
          (select kind from met) as fault
        from simulated_machines where node_id = ${nodeId}`.execute(db);
      const row = rows[0];
      if (!row) return null;
      const { fault, ...machine } = row;
      return { machine, fault };
    },

    async command(nodeId, command) {
      switch (command.does) {
        case 'power':
          await sql`
            update simulated_machines set
              power = case when pending_at <= now() then pending_power else power end,
              pending_power = ${command.power},
              pending_at = now() + ${command.takesMs} * interval '1 millisecond',
              power_commands = power_commands + 1,
              power_changes = power_changes +
                case when coalesce(pending_power, power) = ${command.power} then 0 else 1 end
            where node_id = ${nodeId}`.execute(db);
          return;
        case 'boot':
          await sql`update simulated_machines set boot_device = ${command.device} where node_id = ${nodeId}`.execute(
            db,
          );
          return;
        case 'deploy':
          await sql`
            update simulated_machines set image_id = ${command.imageId}, hostname = ${command.hostname},
              power = 'off', pending_power = null, pending_at = null, deploys = deploys + 1, deploy_began_at = now(),
              deploy_ends_at = now() + ${command.takesMs} * interval '1 millisecond'
            where node_id = ${nodeId}`.execute(db);
          return;
        case 'wipe':
          await sql`
            update simulated_machines set image_id = null, hostname = null, wipes = wipes + 1,
              wipe_ends_at = now() + ${command.takesMs} * interval '1 millisecond'
            where node_id = ${nodeId}`.execute(db);
          return;
        case 'nothing':
          await sql`
            update simulated_machines set power_commands = power_commands + 1 where node_id = ${nodeId}`.execute(
            db,
          );
      }
    },
  };
}

const faultColumns = sql`
  id, target, node_id as "nodeId", on_operation as "on", kind, times, cardinality(sub_jobs) as met,
  created_at as "createdAt"`;

export function faults(db: Sql): Faults {
  return {
    async add(fault) {
      const { rows } = await sql<Fault>`
        insert into faults (id, target, node_id, on_operation, kind, times)
        values (${fault.id}, ${fault.target}, ${fault.nodeId}, ${fault.on}, ${fault.kind}, ${fault.times})
        returning ${faultColumns}`.execute(db);
      if (fault.on === 'now') await setHealth(db, [fault.nodeId], 'Critical');
      return rows[0]!;
    },
    async repair(nodeId) {
      await sql`delete from faults where node_id = ${nodeId} and on_operation = 'now'`.execute(db);
      await setHealth(db, [nodeId], 'OK');
    },
    async list() {
      const { rows } = await sql<Fault>`select ${faultColumns} from faults order by created_at, id`.execute(
        db,
      );
      return rows;
    },
    async remove(id) {
      const { rows } = await sql<{ node_id: string; on_operation: string }>`
        delete from faults where ${id}::uuid is null or id = ${id}::uuid
        returning node_id, on_operation`.execute(db);
      const broken = rows.filter(({ on_operation }) => on_operation === 'now');
      if (broken.length > 0)
        await setHealth(
          db,
          broken.map(({ node_id }) => node_id),
          'OK',
        );
      return rows.length;
    },
  };
}

async function setHealth(db: Sql, nodeIds: string[], health: 'OK' | 'Critical'): Promise<void> {
  await sql`update simulated_machines set health = ${health} where node_id = any(${nodeIds}::uuid[])`.execute(
    db,
  );
}
