/** What is common to alterations: the server under lock, and the job that tells of what was done. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Alteration, AlterationRequest } from '../core/alteration.ts';
import { notFound } from '../core/errors.ts';
import type { OperationInput } from '../core/job.ts';
import type { Server } from '../core/server.ts';
import type { Sql, Tx } from './database.ts';
import { servers } from './servers.ts';

/**
 * One transaction in which the server does not move: `part` changes what it is tied to and says, for each change, what
 * its sub-job is about.
 * @returns the id of the job, which has ended
 */
export function alter(
  db: Sql,
  alteration: Alteration,
  request: AlterationRequest,
  part: (tx: Tx, server: Server) => Promise<OperationInput[]>,
): Promise<string> {
  return db.transaction().execute(async (tx) => {
    const server = await lockServer(tx, request.serverId, request.projectId);
    const inputs = await part(tx, server);
    await sql`update servers set updated_at = now() where id = ${server.id}`.execute(tx);
    return record(tx, alteration, request, server, inputs);
  });
}

async function lockServer(tx: Tx, id: string, projectId: string): Promise<Server> {
  await sql`select 1 from servers where id = ${id} for update`.execute(tx);
  const server = await servers(tx).find(id, projectId);
  if (!server || server.state === 'Deleted') throw notFound('server', id);
  return server;
}

async function record(
  tx: Tx,
  alteration: Alteration,
  { door, projectId, actor }: AlterationRequest,
  server: Server,
  inputs: OperationInput[],
): Promise<string> {
  const jobId = randomUUID();
  await sql`
    insert into jobs (id, project_id, user_id, request_id, operation, door)
    values (${jobId}, ${projectId}, ${actor.userId}, ${actor.requestId}, ${alteration}, ${door})`.execute(tx);
  await sql`
    insert into sub_jobs (id, job_id, position, operation, door, server_id, node_id, status, input, deadline_ms,
      deadline_at, began_at, ended_at)
    select gen_random_uuid(), ${jobId}, position - 1, ${alteration}, ${door}, ${server.id}, ${server.nodeId},
      'succeeded', input, 0, now(), clock_timestamp(), clock_timestamp()
    from jsonb_array_elements(${JSON.stringify(inputs)}::jsonb) with ordinality as given(input, position)`.execute(
    tx,
  );
  await sql`
    insert into history (project_id, server_id, node_id, job_id, request_id, actor, reason, operation, from_state,
      to_state, task_state, status, evidence)
    values (${projectId}, ${server.id}, ${server.nodeId}, ${jobId}, ${actor.requestId}, ${actor.userId}, 'asked',
      ${alteration}, ${server.state}, ${server.state}, ${server.taskState}, 'succeeded',
      ${inputs.map(({ nicId, volumeId }) => nicId ?? volumeId).join(', ')})`.execute(tx);
  await sql`select pg_notify('ingot_history', '')`.execute(tx);
  return jobId;
}
