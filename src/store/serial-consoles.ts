import { sql } from 'kysely';
import type { ConsoleLink, ConsoleLinks, ConsoleLogs } from '../core/serial-console.ts';
import type { Sql } from './database.ts';

export function consoleLinks(db: Sql): ConsoleLinks {
  return {
    async add(hash, { serverId, nodeId, projectId, userId }, expiresAt) {
      await sql`
        with old as (delete from console_links where expires_at < now() - interval '1 hour')
        insert into console_links (hash, server_id, node_id, project_id, user_id, expires_at)
        values (${hash}, ${serverId}, ${nodeId}, ${projectId}, ${userId}, ${expiresAt})`.execute(db);
    },
    async take(hash) {
      const { rows } = await sql<ConsoleLink>`
        update console_links l set used_at = now() from users u
        where l.hash = ${hash} and l.used_at is null and l.expires_at > now() and u.id = l.user_id and u.enabled
        returning l.server_id as "serverId", l.node_id as "nodeId", l.project_id as "projectId",
          l.user_id as "userId"`.execute(db);
      return rows[0] ?? null;
    },
  };
}

export function consoleLogs(db: Sql): ConsoleLogs {
  return {
    async find(serverId) {
      const { rows } = await sql<{ content: Buffer }>`
        select content from console_logs where server_id = ${serverId}`.execute(db);
      return rows[0]?.content ?? null;
    },
    async write(serverId, content) {
      // The server may have gone meanwhile.
      await sql`
        insert into console_logs (server_id, content) select id, ${content} from servers where id = ${serverId}
        on conflict (server_id) do update set content = excluded.content, updated_at = now()`.execute(db);
    },
  };
}
