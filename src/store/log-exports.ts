import { sql } from 'kysely';
import type { LogExport, LogExports } from '../core/log-export.ts';
import type { Sql } from './database.ts';

/** So many are kept of a machine and project. */
const mostKept = 5;

const columns = sql`
  id, node_id as "nodeId", project_id as "projectId", file_name as "fileName", created_at as "createdAt"`;

export function logExports(db: Sql): LogExports {
  return {
    async add({ id, nodeId, projectId, fileName }, content) {
      const { rows } = await sql<LogExport>`
        with old as (
          select id from log_exports where node_id = ${nodeId} and project_id = ${projectId}
          order by created_at desc offset ${mostKept - 1}
        ), gone as (
          delete from log_exports where id in (select id from old)
        )
        insert into log_exports (id, node_id, project_id, file_name, content)
        values (${id}, ${nodeId}, ${projectId}, ${fileName}, ${content}) returning ${columns}`.execute(db);
      return rows[0]!;
    },
    async find(id, nodeId, projectId) {
      const { rows } = await sql<LogExport>`
        select ${columns} from log_exports
        where id = ${id} and node_id = ${nodeId} and project_id = ${projectId}`.execute(db);
      return rows[0] ?? null;
    },
    async findContent(id, nodeId, projectId) {
      const { rows } = await sql<{ content: Buffer }>`
        select content from log_exports
        where id = ${id} and node_id = ${nodeId} and project_id = ${projectId}`.execute(db);
      return rows[0]?.content ?? null;
    },
  };
}
