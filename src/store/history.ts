import { sql } from 'kysely';
import type { History, HistoryEvent } from '../core/records.ts';
import type { Database } from './database.ts';

const columns = sql`
  txid::text || '-' || id as cursor, at, project_id as "projectId", server_id as "serverId", node_id as "nodeId",
  job_id as "jobId", sub_job_id as "subJobId", request_id as "requestId", actor, reason, operation,
  from_state as "fromState", to_state as "toState", task_state as "taskState", status, lasted_ms as "lastedMs", evidence`;

/**
 * The oldest transaction that was open when this statement began; rows before it are all there. One that is open in
 * another database of the cluster cannot write here and is not waited for (where this role may see it; else it is).
 */
const horizon = sql`coalesce((
  select open from pg_snapshot_xip(pg_current_snapshot()) as open
  where (open::text::bigint & 4294967295) not in (
    select backend_xid::text::bigint from pg_stat_activity
    where backend_xid is not null and datname <> current_database())
  order by open limit 1), pg_snapshot_xmax(pg_current_snapshot()))`;

export function history({ sql: db, listen }: Database): History {
  return {
    async listAfter(cursor, limit) {
      const [txid, id] = parseCursor(cursor);
      // Rows of transactions still open could commit behind what is read now; they wait for the next reading.
      const { rows } = await sql<HistoryEvent>`
        select ${columns} from history
        where (txid, id) > (${txid}::text::xid8, ${id}::bigint) and txid < ${horizon}
        order by history.txid, history.id limit ${limit}`.execute(db);
      return rows;
    },
    async latestCursor() {
      const { rows } = await sql<{ cursor: string }>`
        select txid::text || '-' || id as cursor from history
        where txid < ${horizon}
        order by history.txid desc, history.id desc limit 1`.execute(db);
      return rows[0]?.cursor ?? '0-0';
    },
    async listOfServer(serverId, limit) {
      const { rows } = await sql<HistoryEvent>`
        select ${columns} from history where server_id = ${serverId} order by history.id desc limit ${limit}`.execute(
        db,
      );
      return rows;
    },
    async listOfNode(nodeId, limit) {
      const { rows } = await sql<HistoryEvent>`
        select ${columns} from history where node_id = ${nodeId} order by history.id desc limit ${limit}`.execute(
        db,
      );
      return rows;
    },
    onNews: (callback) => listen('ingot_history', callback),
  };
}

function parseCursor(cursor: string | null): [string, number] {
  const match = /^(\d{1,19})-(\d{1,15})$/.exec(cursor ?? '0-0');
  return match ? [match[1]!, Number(match[2])] : ['0', 0];
}
