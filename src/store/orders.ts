import { sql, type RawBuilder } from 'kysely';
import { toJobStatus, type SubJob } from '../core/job.ts';
import type { Order, Orders, Owner, Resource } from '../core/order.ts';
import type { Sql } from './database.ts';

type OrderRow = Omit<Order, 'status'> & { parts: SubJob['status'][] };

/** Of the project, or of one of the account's. */
function owned(project: RawBuilder<unknown>, { projectId, accountId }: Owner): RawBuilder<unknown> {
  if (projectId !== null) return sql`${project} = ${projectId}`;
  return sql`${project} in (select id from projects where account_id = ${accountId})`;
}

export function orders(db: Sql): Orders {
  const resources = async (which: RawBuilder<unknown>, owner: Owner): Promise<Resource[]> => {
    const { rows } = await sql<Resource>`
      with wanted as (${which})
      select v.id, 'server' as kind, v.project_id as "projectId", v.name, '{}'::text[] as "serverIds"
      from servers v where v.id in (select id from wanted) and v.state <> 'Deleted'
        and ${owned(sql`v.project_id`, owner)}
      union all
      select d.id, 'volume', d.project_id, d.name,
        array(select server_id::text from attachments a where a.volume_id = d.id)
      from volumes d where d.id in (select id from wanted) and ${owned(sql`d.project_id`, owner)}`.execute(
      db,
    );
    return rows;
  };

  return {
    async find(id, owner) {
      const { rows } = await sql<OrderRow>`
        select j.order_id as id, j.project_id as "projectId", j.user_id as "userId", j.operation,
          j.created_at as "createdAt", max(s.ended_at) as "endedAt", array_agg(s.status) as parts
        from jobs j join sub_jobs s on s.job_id = j.id
        where j.order_id = ${id} and ${owned(sql`j.project_id`, owner)}
        group by j.id`.execute(db);
      const row = rows[0];
      if (!row) return null;
      const { parts, ...order } = row;
      return { ...order, status: toJobStatus(parts.map((status) => ({ status }))) };
    },

    listResources: (orderId, owner) =>
      resources(
        sql`
        with made as (
          select s.server_id as id from jobs j join sub_jobs s on s.job_id = j.id
          where j.order_id = ${orderId} and j.operation = 'create' and s.status = 'succeeded'
        )
        select id from made
        union all
        select a.volume_id from attachments a where a.server_id in (select id from made)`,
        owner,
      ),

    findResources: (ids, owner) => resources(sql`select unnest(${ids}::uuid[]) as id`, owner),
  };
}
