import { sql } from 'kysely';
import type { ResourceTags, Tag } from '../core/resource-tags.ts';
import { toKeyValue } from '../core/server-tags.ts';
import type { Sql } from './database.ts';

export function resourceTags(db: Sql): ResourceTags {
  return {
    async find(projectId, ids) {
      const isOurs = projectId === null ? sql`true` : sql`project_id = ${projectId}`;
      const { rows } = await sql<{ id: string; texts: string[]; key: string | null; value: string | null }>`
        select id, tags as texts, null as key, null as value
        from servers where id = any(${ids}::uuid[]) and ${isOurs}
        union all
        select resource_id, '{}', key, value
        from tags where resource_id = any(${ids}::uuid[]) and ${isOurs}`.execute(db);
      const found = new Map<string, Tag[]>();
      for (const { id, texts, key, value } of rows) {
        const tags = key === null ? texts.map(toKeyValue) : [{ key, value: value ?? '' }];
        found.set(id, [...(found.get(id) ?? []), ...tags]);
      }
      return found;
    },
  };
}
