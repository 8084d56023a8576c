import { sql } from 'kysely';
import { gather } from '../core/gather.ts';
import type { Job } from '../core/job.ts';
import type { JobProgress, Jobs, ServerSubJob } from '../core/records.ts';
import type { Sql } from './database.ts';
import { toSubJob, type SubJobRow } from './rows.ts';

interface JobRow {
  job_project_id: string;
  job_operation: Job['operation'];
  job_door: Job['door'];
  job_created_at: Date;
}

/** Readers that come together are answered together; a job may have a thousand parts. */
const mostReadTogether = 16;

type ServerSubJobRow = SubJobRow & {
  request_id: string;
  user_id: string;
  project_id: string;
  changed_at: Date;
};

const changedAt = sql`coalesce(s.ended_at, s.evidence_at, s.began_at, s.created_at)`;
const serverSubJob = sql`s.*, j.request_id, j.user_id, j.project_id, ${changedAt} as changed_at`;

export function jobs(db: Sql): Jobs {
  const read = gather(mostReadTogether, async (ids: string[]): Promise<(Job | null)[]> => {
    const { rows } = await sql<SubJobRow & JobRow & { at: number }>`
      select asked.at, s.*, j.project_id as job_project_id, j.operation as job_operation, j.door as job_door,
        j.created_at as job_created_at
      from unnest(${ids}::uuid[]) with ordinality as asked(id, at)
      join jobs j on j.id = asked.id join sub_jobs s on s.job_id = j.id
      order by asked.at, s.position`.execute(db);
    const found = new Map<number, Job>();
    for (const row of rows) {
      const job = found.get(row.at - 1) ?? toJob(row);
      found.set(row.at - 1, job);
      job.subJobs.push(toSubJob(row));
    }
    return ids.map((_, at) => found.get(at) ?? null);
  });

  return {
    async find(id, projectId) {
      const job = await read(id);
      return job && (projectId === null || job.projectId === projectId) ? job : null;
    },

    async findLatestSubJob(serverId) {
      const { rows } = await sql<SubJobRow>`
        select * from sub_jobs where server_id = ${serverId} order by seq desc limit 1`.execute(db);
      return rows[0] ? toSubJob(rows[0]) : null;
    },

    async findOpenSubJobOfNode(nodeId) {
      const { rows } = await sql<SubJobRow>`
        select * from sub_jobs where node_id = ${nodeId} and ended_at is null order by seq limit 1`.execute(
        db,
      );
      return rows[0] ? toSubJob(rows[0]) : null;
    },

    async listProgress(jobIds) {
      const { rows } = await sql<JobProgress>`
        select job_id as "jobId", count(*) as total, count(ended_at) as ended,
          count(*) filter (where status = 'failed') as failed
        from sub_jobs where job_id = any(${jobIds}::uuid[]) group by job_id`.execute(db);
      return rows;
    },

    async listOfServer(serverId, { limit, before, changedSince }) {
      const { rows } = await sql<ServerSubJobRow>`
        select ${serverSubJob}
        from sub_jobs s join jobs j on j.id = s.job_id
        where s.server_id = ${serverId}
          ${before ? sql`and s.seq < (select seq from sub_jobs where id = ${before.id})` : sql``}
          ${changedSince ? sql`and ${changedAt} >= ${changedSince}` : sql``}
        order by s.seq desc limit ${limit}`.execute(db);
      return rows.map(toServerSubJob);
    },

    async findOfServer(serverId, requestId) {
      const { rows } = await sql<ServerSubJobRow>`
        select ${serverSubJob} from sub_jobs s join jobs j on j.id = s.job_id
        where s.server_id = ${serverId} and j.request_id = ${requestId} order by s.seq limit 1`.execute(db);
      return rows[0] ? toServerSubJob(rows[0]) : null;
    },
  };
}

function toServerSubJob(row: ServerSubJobRow): ServerSubJob {
  return {
    ...toSubJob(row),
    requestId: row.request_id,
    userId: row.user_id,
    projectId: row.project_id,
    changedAt: row.changed_at,
  };
}

function toJob(row: SubJobRow & JobRow): Job {
  return {
    id: row.job_id,
    projectId: row.job_project_id,
    operation: row.job_operation,
    door: row.job_door,
    createdAt: row.job_created_at,
    subJobs: [],
  };
}
