import { sql, type RawBuilder } from 'kysely';
import type { MachineCount, Rack, Room, Site, SitePage, Tag } from '../core/site.ts';
import type { Sql } from './database.ts';
import { nodesVisibleTo } from './nodes.ts';

/** A room without a name is called like its zone (see `roomOf` in core/site.ts). */
const roomName = sql`coalesce(nullif(n.room, ''), n.zone)`;

export function site(db: Sql): Site {
  return {
    async listRooms(projectId, filter, page) {
      const { rows } = await sql<Room>`
        select n.room_id as id, min(${roomName}) as name, min(n.zone) as zone, count(distinct n.rack_id) as racks,
          ${descriptionOf('n.room_id', projectId)} as description
        from ${nodesVisibleTo(projectId)} n where ${cut('n.room_id', filter.ids, page)}
        group by n.room_id ${order('n.room_id', page)}`.execute(db);
      return rows;
    },
    async countRooms(projectId) {
      const { rows } = await sql<{ count: number }>`
        select count(distinct n.room_id) as count from ${nodesVisibleTo(projectId)} n`.execute(db);
      return rows[0]!.count;
    },
    async listRacks(projectId, filter, page) {
      const { rows } = await sql<Rack>`
        select n.rack_id as id, min(n.rack) as name, min(${roomName}) as room, min(n.zone) as zone,
          count(*) as machines, ${descriptionOf('n.rack_id', projectId)} as description,
          (select coalesce(jsonb_agg(jsonb_build_object('key', t.key, 'value', t.value) order by t.key), '[]')
            from tags t where t.project_id = ${projectId} and t.resource_id = n.rack_id) as tags
        from ${nodesVisibleTo(projectId)} n
        where n.rack_id is not null and ${cut('n.rack_id', filter.ids, page)}
        group by n.rack_id ${order('n.rack_id', page)}`.execute(db);
      return rows;
    },
    async countRacks(projectId) {
      const { rows } = await sql<{ count: number }>`
        select count(distinct n.rack_id) as count from ${nodesVisibleTo(projectId)} n`.execute(db);
      return rows[0]!.count;
    },
    async describe(projectId, descriptions) {
      // In id order, so that two of them cannot lock each other out; of one id the last word counts.
      const words = new Map(descriptions.map((one) => [one.id, one.description]));
      const given = [...words].map(([id, description]) => ({ id, description }));
      await sql`
        insert into descriptions (project_id, resource_id, description)
        select ${projectId}, id, description
        from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as d(id uuid, description text) order by id
        on conflict (project_id, resource_id) do update set description = excluded.description`.execute(db);
    },

    async listTags(projectId, ids) {
      const { rows } = await sql<Tag & { id: string }>`
        select resource_id as id, key, value from tags
        where project_id = ${projectId} and resource_id = any(${ids}::uuid[]) order by key`.execute(db);
      const tags = new Map<string, Tag[]>();
      for (const { id, key, value } of rows) tags.set(id, [...(tags.get(id) ?? []), { key, value }]);
      return tags;
    },
    async addTags(projectId, id, tags) {
      const values = Object.entries(Object.fromEntries(tags.map(({ key, value }) => [key, value])));
      await sql`
        insert into tags (project_id, resource_id, key, value)
        select ${projectId}, ${id}, pair ->> 0, pair ->> 1
        from jsonb_array_elements(${JSON.stringify(values)}::jsonb) as pair order by 3
        on conflict (project_id, resource_id, key) do update set value = excluded.value`.execute(db);
    },
    async removeTags(projectId, id, keys) {
      await sql`
        delete from tags
        where project_id = ${projectId} and resource_id = ${id} and key = any(${keys}::text[])`.execute(db);
    },

    async countMachines(projectId) {
      const { rows } = await sql<MachineCount>`
        select ${roomName} as room, n.health, n.power, n.standing, count(*) as count
        from ${nodesVisibleTo(projectId)} n group by 1, 2, 3, 4`.execute(db);
      return rows;
    },
  };
}

type Column = 'n.room_id' | 'n.rack_id';

function descriptionOf(column: Column, projectId: string): RawBuilder<unknown> {
  return sql`coalesce((
    select d.description from descriptions d
    where d.project_id = ${projectId} and d.resource_id = ${sql.raw(column)}), '')`;
}

function cut(
  column: Column,
  ids: string[] | undefined,
  { marker, descending }: SitePage,
): RawBuilder<unknown> {
  const id = sql.raw(column);
  const named = ids === undefined ? sql`true` : sql`${id} = any(${ids}::uuid[])`;
  if (marker === undefined) return named;
  return sql`${named} and ${id} ${sql.raw(descending ? '<' : '>')} ${marker}::uuid`;
}

function order(column: Column, { limit, descending }: SitePage): RawBuilder<unknown> {
  return sql`order by ${sql.raw(column)} ${sql.raw(descending ? 'desc' : 'asc')} limit ${limit}`;
}
