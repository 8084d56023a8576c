/** Writing an accepted request: a fixed number of statements in one transaction, whatever the number of servers. */
import { sql } from 'kysely';
import { IngotError } from '../core/errors.ts';
import { firstTaskState, stateOf } from '../core/lifecycle.ts';
import { operationKinds } from '../core/operations.ts';
import type { LockedNode, LockedServer, Plan, Work } from '../core/work.ts';
import { keepAnswer } from './answered-requests.ts';
import type { Sql, Tx } from './database.ts';
import { againAfterDeadlock } from './deadlock.ts';
import type { Vault } from './vault.ts';

/** The state in which a record begins. */
const birth = stateOf('create');

export function acceptance(
  db: Sql,
  vault: Vault,
): Pick<Work, 'acceptForServers' | 'acceptForNodes' | 'acceptNew'> {
  return {
    acceptForServers: (projectId, serverIds, decide) =>
      transact(db, async (tx) => {
        await lockOpenWork(tx, sql`server_id = any(${serverIds})`);
        const servers = await lockServers(tx, sql`v.id = any(${serverIds}) and v.project_id = ${projectId}`);
        await writePlan(tx, decide(servers));
      }),

    acceptForNodes: (nodeIds, decide) =>
      transact(db, async (tx) => {
        await lockOpenWork(tx, sql`node_id = any(${nodeIds})`);
        const { rows } = await sql<LockedNode>`
          select id, driver, standing, project_id as "projectId", server_id as "serverId" from nodes
          where id = any(${nodeIds}) order by id for update`.execute(tx);
        const serverIds = rows.flatMap((node) => node.serverId ?? []);
        const servers = await lockServers(tx, sql`v.id = any(${serverIds})`);
        await writePlan(tx, decide(new Map(rows.map((node) => [node.id, node])), servers));
      }),

    acceptNew: (plan) =>
      transact(db, async (tx) => {
        if (plan.answered) await keepAnswer(tx, vault, plan.job.projectId, plan.answered);
        await writePlan(tx, plan);
      }),
  };
}

function transact(db: Sql, part: (tx: Tx) => Promise<void>): Promise<void> {
  return againAfterDeadlock(() => db.transaction().execute(part));
}

/** Sub-jobs come before servers and nodes, as with a worker that writes an outcome (see outcomes.ts). */
async function lockOpenWork(tx: Tx, which: ReturnType<typeof sql>): Promise<void> {
  await sql`select 1 from sub_jobs where ${which} and ended_at is null order by id for update`.execute(tx);
}

/** In id order, so that two requests on the same servers cannot lock each other out. */
async function lockServers(tx: Tx, which: ReturnType<typeof sql>): Promise<Map<string, LockedServer>> {
  const { rows } = await sql<LockedServer>`
    select v.id, v.project_id as "projectId", v.state, v.task_state as "taskState", v.deleting_from as "deletingFrom", v.power, v.locked,
      v.node_id as "nodeId", v.image_id as "imageId", v.updated_at as "updatedAt",
      (select driver from nodes n where n.id = v.node_id) as driver
    from servers v where ${which} order by v.id for update of v`.execute(tx);
  return new Map(rows.map((server) => [server.id, server]));
}

async function writePlan(tx: Tx, plan: Plan): Promise<void> {
  const { job, actor } = plan;
  await sql`
    insert into jobs (id, project_id, user_id, request_id, operation, door, order_id)
    values (${job.id}, ${job.projectId}, ${actor.userId}, ${actor.requestId}, ${job.operation}, ${job.door},
      ${job.orderId})`.execute(tx);
  if (plan.newServers.length > 0) await insertServers(tx, plan);
  if (plan.newServers.some(({ volumes }) => volumes?.length)) await insertVolumes(tx, plan);
  if (plan.newServers.some(({ securityGroups }) => securityGroups?.length))
    await chooseSecurityGroups(tx, plan);
  if (job.operation === 'delete' && plan.moves.length > 0) await supersede(tx, plan);
  if (plan.moves.length > 0) await moveServers(tx, plan);
  await insertSubJobs(tx, plan);
  await sql`
    insert into history (project_id, server_id, job_id, sub_job_id, request_id, actor, reason, operation, from_state,
      to_state, task_state, status)
    select ${job.projectId}, m."serverId", ${job.id}, m."subJobId", ${actor.requestId}, ${actor.userId}, 'asked',
      ${job.operation}, m."from", m."to", m."taskState", 'queued'
    from jsonb_to_recordset(${JSON.stringify(toTold(plan))}::jsonb)
      as m("serverId" uuid, "subJobId" uuid, "from" text, "to" text, "taskState" text)`.execute(tx);
  await sql`select pg_notify('ingot_work', ''), pg_notify('ingot_history', '')`.execute(tx);
}

function toTold(plan: Plan) {
  const created = plan.newServers.map((server, position) => ({
    serverId: server.id,
    subJobId: plan.subJobs[position]!.id,
    from: null,
    to: birth,
    taskState: firstTaskState(birth),
  }));
  return [...created, ...plan.moves];
}

async function insertServers(tx: Tx, plan: Plan): Promise<void> {
  await sql`
    insert into servers (id, project_id, user_id, door, name, description, state, task_state, flavor_id, image_id,
      zone, vpc_id, nics, key_name, public_key, user_data, admin_password_hash, metadata, tags, scheduler_hints,
      enterprise_project_id, reservation_id, launch_index, server_group_id, provisioning, provisioning_outcome)
    select id, "projectId", "userId", door, name, description, ${birth}, ${firstTaskState(birth)}, "flavorId", "imageId",
      zone, "vpcId", nics, "keyName", "publicKey", "userData", "adminPasswordHash", metadata, tags, "schedulerHints",
      "enterpriseProjectId", "reservationId", "launchIndex", "serverGroupId", ${operationKinds.create.provisioning}, 'processing'
    from jsonb_to_recordset(${JSON.stringify(plan.newServers)}::jsonb) as s(
      id uuid, "projectId" text, "userId" text, door text, name text, description text, "flavorId" text,
      "imageId" uuid, zone text, "vpcId" uuid, nics jsonb, "keyName" text, "publicKey" text,
      "userData" text, "adminPasswordHash" text, metadata jsonb, tags text[], "schedulerHints" jsonb, "enterpriseProjectId" text,
      "reservationId" text, "launchIndex" int, "serverGroupId" uuid)`.execute(tx);
}

/** Instead of the default group, which each new server is put into (migration 0016). */
async function chooseSecurityGroups(tx: Tx, { newServers }: Plan): Promise<void> {
  const chosen = newServers.flatMap(({ id: serverId, projectId, securityGroups = [] }) =>
    securityGroups.map((groupId) => ({ serverId, projectId, groupId })),
  );
  const given = sql`jsonb_to_recordset(${JSON.stringify(chosen)}::jsonb)
    as c("serverId" uuid, "projectId" text, "groupId" uuid)`;
  await sql`delete from server_security_groups where server_id in (select "serverId" from ${given})`.execute(
    tx,
  );
  await sql`
    insert into server_security_groups (server_id, group_id)
    select "serverId", g.id from ${given} join security_groups g on g.id = "groupId" and g.project_id = "projectId"
    on conflict do nothing`.execute(tx);
}

async function insertVolumes(tx: Tx, plan: Plan): Promise<void> {
  const made = plan.newServers.flatMap(({ id: serverId, projectId, userId, zone, volumes = [] }) =>
    volumes.map((volume) => ({ ...volume, serverId, projectId, userId, zone })),
  );
  await sql`
    with given as (
      select * from jsonb_to_recordset(${JSON.stringify(made)}::jsonb) as v(
        id uuid, "serverId" uuid, "projectId" text, "userId" text, zone text, name text, "sizeGb" int, type text,
        shareable boolean, bootable boolean, device text)
    ), made as (
      insert into volumes (id, project_id, user_id, name, size_gb, type, zone, shareable, bootable)
      select id, "projectId", "userId", name, "sizeGb", type, zone, shareable, bootable from given
    )
    insert into attachments (volume_id, server_id, device, delete_on_termination)
    select id, "serverId", device, bootable from given`.execute(tx);
}

/** Deletion ends whatever else was under way; a worker in the middle of it finds its claim gone. */
async function supersede(tx: Tx, plan: Plan): Promise<void> {
  const error = JSON.stringify({ kind: 'superseded', message: 'The server was deleted meanwhile.' });
  await sql`
    update sub_jobs set status = 'failed', ended_at = now(), error = ${error}::jsonb, waits_for = null
    where server_id = any(${plan.moves.map((move) => move.serverId)}) and ended_at is null`.execute(tx);
}

async function moveServers(tx: Tx, plan: Plan): Promise<void> {
  const result = await sql`
    update servers v set state = m."to", task_state = m."taskState",
      deleting_from = coalesce(m."deletingFrom", v.deleting_from),
      provisioning = coalesce(m.provisioning, v.provisioning),
      provisioning_outcome = case when m.provisioning is null then v.provisioning_outcome else 'processing' end,
      fault = case when m.provisioning is null then v.fault end,
      updated_at = now()
    from jsonb_to_recordset(${JSON.stringify(plan.moves)}::jsonb) as m(
      "serverId" uuid, "from" text, "to" text, "taskState" text, "deletingFrom" text, provisioning text)
    where v.id = m."serverId" and v.state = m."from"`.execute(tx);
  if (Number(result.numAffectedRows) !== plan.moves.length) {
    throw new IngotError({ kind: 'internal', message: 'A locked server changed its state.' });
  }
}

async function insertSubJobs(tx: Tx, plan: Plan): Promise<void> {
  const { job } = plan;
  await sql`
    insert into sub_jobs (id, job_id, position, operation, door, server_id, node_id, status, input, deadline_ms,
      deadline_at, error, began_at, ended_at)
    select id, ${job.id}, position, ${job.operation}, ${job.door}, "serverId", "nodeId",
      case when coalesce(error, 'null') = 'null' then 'queued' else 'failed' end, input, "deadlineMs",
      now() + "deadlineMs" * interval '1 millisecond', nullif(error, 'null'),
      case when coalesce(error, 'null') <> 'null' then clock_timestamp() end,
      case when coalesce(error, 'null') <> 'null' then clock_timestamp() end
    from jsonb_to_recordset(${JSON.stringify(plan.subJobs)}::jsonb) as s(
      id uuid, position int, "serverId" uuid, "nodeId" uuid, input jsonb, "deadlineMs" bigint, error jsonb)
    order by position`.execute(tx);
}
