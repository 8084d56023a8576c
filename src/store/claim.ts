import { sql } from 'kysely';
import type { Delivery } from '../core/work.ts';
import type { DeployOrder } from '../core/node.ts';
import type { Standing } from '../core/lifecycle.ts';
import { deploying } from '../core/operations.ts';
import type { Sql } from './database.ts';
import { nodeColumns, toNode, toSubJob, type NodeRow, type SubJobRow } from './rows.ts';
import type { Vault } from './vault.ts';

interface ClaimRow extends SubJobRow {
  fence: number;
  is_fresh: boolean;
  deadline_ms: number;
  project_id: string | null;
  server: {
    id: string;
    name: string;
    node_id: string | null;
    state: Standing['state'];
    task_state: Standing['taskState'];
    deleting_from: Standing['deletingFrom'];
    power: Standing['power'];
  } | null;
  node: NodeRow | null;
  deploy: {
    imageId: string;
    imageName: string;
    userData: string | null;
    publicKey: string | null;
    passwordHash: string | null;
  } | null;
}

/**
 * Takes due sub-jobs, oldest first, at most one per server and per node: a sub-job is passed over while an earlier one
 * of the same server or node is open or still held. The first claim starts the clock of the deadline. A claim is also the
 * intent to begin: where nothing is noted yet, it notes that, and saves the step a statement.
 */
export async function claim(
  db: Sql,
  vault: Vault,
  worker: number,
  most: number,
  leaseMs: number,
): Promise<Delivery[]> {
  const { rows } = await sql<ClaimRow>`
    with due as (
      select id, checkpoint = '{}' as is_fresh from sub_jobs s
      where status in ('queued', 'waiting') and run_at <= now()
        and (${vault.isOurs} or not exists (
          select 1 from nodes n where n.id = s.node_id and n.bmc_secret is not null))
        and not exists (
          select 1 from sub_jobs e
          where e.server_id = s.server_id and e.seq < s.seq and (e.ended_at is null or e.owner is not null))
        and not exists (
          select 1 from sub_jobs e
          where e.node_id = s.node_id and e.seq < s.seq and (e.ended_at is null or e.owner is not null))
      order by run_at, seq
      limit ${most}
      for update skip locked
    ), claimed as (
      update sub_jobs s set
        status = 'running', owner = ${worker}, fence = fence + 1, attempt = attempt + 1,
        lease_until = now() + ${leaseMs} * interval '1 millisecond',
        began_at = coalesce(began_at, now()),
        checkpoint = case when checkpoint = '{}' then jsonb_build_object('intended', now()) else checkpoint end,
        deadline_at = case when began_at is null then now() + deadline_ms * interval '1 millisecond' else deadline_at end
      from due where s.id = due.id
      returning s.*, due.is_fresh
    )
    select c.*, j.project_id,
      case when v.id is null then null else jsonb_build_object(
        'id', v.id, 'name', v.name, 'node_id', v.node_id, 'state', v.state, 'task_state', v.task_state,
        'deleting_from', v.deleting_from, 'power', v.power) end as server,
      case when n.id is null then null else to_jsonb(n) end as node,
      case when v.id is null or c.operation <> all(${deploying}) then null else (
        select jsonb_build_object(
          'imageId', i.id, 'imageName', i.name,
          'userData', nullif(coalesce(c.input ->> 'userData', v.user_data), ''),
          'publicKey', nullif(coalesce(c.input ->> 'publicKey', v.public_key), ''),
          'passwordHash', coalesce(c.input ->> 'adminPasswordHash', v.admin_password_hash))
        from images i where i.id = coalesce((c.input ->> 'imageId')::uuid, v.image_id)) end as deploy
    from claimed c
    join jobs j on j.id = c.job_id
    left join servers v on v.id = c.server_id
    left join lateral (select ${sql.raw(nodeColumns)} from nodes where id = coalesce(v.node_id, c.node_id)) n on true
    order by c.seq`.execute(db);
  return rows.map((row) => toDelivery(row, vault));
}

function toDelivery(row: ClaimRow, vault: Vault): Delivery {
  const { server, deploy } = row;
  return {
    // Alterations have ended when they are written, so that none is ever due.
    subJob: toSubJob(row) as Delivery['subJob'],
    fence: row.fence,
    isIntended: row.is_fresh,
    deadlineMs: row.deadline_ms,
    projectId: row.project_id,
    server: server && {
      id: server.id,
      name: server.name,
      nodeId: server.node_id,
      state: server.state,
      taskState: server.task_state,
      deletingFrom: server.deleting_from,
      power: server.power,
    },
    node: row.node && toNode(row.node, vault),
    order: deploy && toOrder(deploy, server!.name),
  };
}

function toOrder(deploy: NonNullable<ClaimRow['deploy']>, hostname: string): DeployOrder {
  return {
    imageId: deploy.imageId,
    imageName: deploy.imageName,
    hostname,
    userData: deploy.userData,
    publicKeys: deploy.publicKey ? [deploy.publicKey] : [],
    adminPasswordHash: deploy.passwordHash,
  };
}
