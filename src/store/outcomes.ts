import { sql } from 'kysely';
import type { DeliveryOutcome } from '../core/work.ts';
import type { Sql } from './database.ts';
import { againAfterDeadlock } from './deadlock.ts';

/**
 * Writes many outcomes in one statement: the sub-job (if its fence and the server's state still hold), the server, the
 * node, and a history row for each move. What no longer holds changes nothing but lets go of the lease.
 */
export async function write(db: Sql, outcomes: DeliveryOutcome[]): Promise<Set<string>> {
  // In id order, as acceptance locks them, so that the two seldom lock each other out.
  const given = JSON.stringify(outcomes.map(toRow).sort((a, b) => (a.id < b.id ? -1 : 1)));
  const statement = sql<{ id: string }>`
    with o as (
      select * from jsonb_to_recordset(${given}::jsonb) as o(
        id uuid, fence int, expected text, status text, step text, checkpoint jsonb, run_in_ms bigint, waits_for text,
        evidence text, remedies text[], remedy text, deadline_in_ms bigint, error jsonb, ends boolean, server jsonb, node jsonb)
    ), held as (
      update sub_jobs s set
        status = o.status, step = o.step, checkpoint = o.checkpoint,
        run_at = now() + o.run_in_ms * interval '1 millisecond',
        waits_for = o.waits_for, evidence = coalesce(o.evidence, s.evidence),
        evidence_at = case when o.evidence is null then s.evidence_at else now() end,
        remedies = o.remedies, error = o.error,
        deadline_at = case when o.deadline_in_ms is null then s.deadline_at
          else now() + o.deadline_in_ms * interval '1 millisecond' end,
        owner = case when o.status = 'running' then s.owner end,
        lease_until = case when o.status = 'running' then s.lease_until end,
        ended_at = case when o.ends then clock_timestamp() end
      from o
      where s.id = o.id and s.fence = o.fence and s.status = 'running'
        and (s.server_id is null or exists (select 1 from servers v where v.id = s.server_id and v.state = o.expected))
      returning s.id, s.job_id, s.server_id, s.operation, s.status, s.evidence, s.error, s.began_at, o.expected,
        o.server, o.node, o.ends, o.remedy,
        case when o.server ? 'imageId' then s.input else '{}' end as installed
    ), moved as (
      update servers v set
        state = coalesce(h.server ->> 'state', v.state),
        task_state = case when h.server ? 'taskState' then h.server ->> 'taskState' else v.task_state end,
        power = coalesce(h.server ->> 'power', v.power),
        fault = case when h.server ? 'fault' then nullif(h.server -> 'fault', 'null') else v.fault end,
        provisioning_outcome = coalesce(h.server ->> 'provisioningOutcome', v.provisioning_outcome),
        image_id = coalesce((h.server ->> 'imageId')::uuid, v.image_id),
        -- With an image goes what it was installed with: the next installation begins from there.
        key_name = nullif(coalesce(h.installed ->> 'keyName', v.key_name), ''),
        public_key = nullif(coalesce(h.installed ->> 'publicKey', v.public_key), ''),
        user_data = nullif(coalesce(h.installed ->> 'userData', v.user_data), ''),
        admin_password_hash = coalesce(h.installed ->> 'adminPasswordHash', v.admin_password_hash),
        launched_at = case when (h.server -> 'launched')::boolean then now() else v.launched_at end,
        terminated_at = case when (h.server -> 'terminated')::boolean then now() else v.terminated_at end,
        node_id = case when h.node ? 'freed' then null else v.node_id end,
        updated_at = now()
      from held h
      where v.id = h.server_id and h.server is not null
      returning v.id, v.project_id, v.state, v.task_state, v.node_id
    ), noded as (
      update nodes n set
        power = coalesce(h.node ->> 'power', n.power),
        power_seen_at = case when h.node ? 'power' then now() else n.power_seen_at end,
        power_disagreements = 0,
        standing = case
          when h.node ? 'standing' then h.node ->> 'standing'
          when h.node ? 'freed' and n.standing = 'in-use' then 'ready'
          else n.standing end,
        note = coalesce(h.node ->> 'note', n.note),
        server_id = case when h.node ? 'freed' then null else n.server_id end,
        updated_at = now()
      from held h
      where h.node is not null and n.id = (h.node ->> 'id')::uuid
      returning n.id
    ), told as (
      insert into history (project_id, server_id, node_id, job_id, sub_job_id, actor, reason, operation, from_state,
        to_state, task_state, status, lasted_ms, evidence)
      select j.project_id, h.server_id, coalesce((h.node ->> 'id')::uuid, m.node_id), h.job_id, h.id, 'engine',
        case when h.error is not null then h.error ->> 'message' when h.ends then 'done'
          when h.remedy is not null then 'remedy: ' || h.remedy else 'under way' end,
        h.operation, h.expected, coalesce(m.state, h.expected), m.task_state, h.status,
        (extract(epoch from clock_timestamp() - h.began_at) * 1000)::bigint, h.evidence
      from held h join jobs j on j.id = h.job_id left join moved m on m.id = h.server_id
      where h.ends or h.server ? 'taskState' or h.remedy is not null
      returning 1
    ), awake as (
      select pg_notify('ingot_history', '') where exists (select 1 from told)
    )
    select id from held left join awake on true`;
  const { rows } = await againAfterDeadlock(() => statement.execute(db));
  const held = new Set(rows.map((row) => row.id));
  if (held.size < outcomes.length) await letGo(db, outcomes);
  return held;
}

/**
 * Lets go of claims whose sub-jobs ended meanwhile. A statement of its own: the one above does not see what ended while
 * it waited for the row.
 */
export async function letGo(db: Sql, claims: { subJobId: string; fence: number }[]): Promise<void> {
  const given = JSON.stringify(claims.map(({ subJobId, fence }) => ({ id: subJobId, fence })));
  await sql`
    update sub_jobs s set owner = null, lease_until = null
    from jsonb_to_recordset(${given}::jsonb) as o(id uuid, fence int)
    where s.id = o.id and s.fence = o.fence and s.ended_at is not null and s.owner is not null`.execute(db);
}

function toRow(outcome: DeliveryOutcome) {
  return {
    id: outcome.subJobId,
    fence: outcome.fence,
    expected: outcome.expectedState,
    status: outcome.status,
    step: outcome.step,
    checkpoint: outcome.checkpoint,
    run_in_ms: outcome.runInMs,
    waits_for: outcome.waitsFor,
    evidence: outcome.evidence,
    remedies: outcome.remedies,
    remedy: outcome.remedy,
    deadline_in_ms: outcome.deadlineInMs,
    error: outcome.error,
    ends: outcome.status === 'succeeded' || outcome.status === 'failed',
    server: outcome.server,
    node: outcome.node,
  };
}
