/** Alarms and events; the triggers of migration 0005 write them. */
import { sql, type RawBuilder } from 'kysely';
import type {
  Alarm,
  AlarmDay,
  AlarmFilter,
  AlarmSummary,
  EventFilter,
  NodeEvent,
  Observations,
} from '../core/observation.ts';
import type { Sql } from './database.ts';
import { visibleTo } from './nodes.ts';
import { type Keyset, readPage } from './pages.ts';

const serial = sql`coalesce(n.inventory ->> 'serialNumber', n.name)`;
const mostSerials = 100;
const mostHosts = 10;

export function observations(db: Sql): Observations {
  return {
    async listAlarms(projectId, filter, cut) {
      const keyset: Keyset = {
        from: sql`alarms a`,
        take: sql`a.*`,
        id: 'a.id',
        ranges: readableBy(projectId, 'a'),
        where: alarmsWhere(filter),
        order: [
          ['a.began_at', 'timestamptz', 'desc'],
          ['a.id', 'text', 'desc'],
        ],
      };
      const columns = sql`a.id, a.node_id as "nodeId", a.condition, a.message, a.began_at as "beganAt",
        a.last_at as "lastAt", a.ended_at as "endedAt"`;
      return readPage<Alarm>(db, keyset, cut, { alias: 'a', columns });
    },
    async countAlarms(projectId, filter) {
      const { rows } = await sql<{ count: number }>`
        select count(*) as count from ${alarmsOf(projectId, filter)} a`.execute(db);
      return rows[0]!.count;
    },

    async summarize(projectId) {
      const { rows } = await sql<AlarmSummary>`
        with open as (
          select a.node_id, a.condition, n.name, coalesce(nullif(n.room, ''), n.zone) as room, ${serial} as serial,
            extract(epoch from now() - a.began_at)::bigint as seconds
          from ${alarmsOf(projectId, { isOpen: true })} a join nodes n on n.id = a.node_id
        ), worst as (
          select node_id, name, count(*) as alarms, sum(seconds) as seconds from open group by node_id, name
          order by 3 desc, 4 desc, 1 limit ${mostHosts}
        )
        select
          (select coalesce(jsonb_agg(c order by c.condition), '[]') from (
            select condition, count(*) from open group by condition) c) as "byCondition",
          (select coalesce(jsonb_agg(jsonb_build_object('nodeId', w.node_id, 'name', w.name, 'alarms', (
              select jsonb_agg(c order by c.condition) from (
                select condition, count(*), max(seconds) as seconds from open o
                where o.node_id = w.node_id group by condition) c))
            order by w.alarms desc, w.seconds desc, w.node_id), '[]') from worst w) as worst,
          (select coalesce(jsonb_agg(r order by r.room), '[]') from (
            select room,
              (select jsonb_agg(c order by c.condition) from (
                select condition, count(*) from open o where o.room = open.room group by condition) c) as "byCondition",
              (array_agg(distinct serial))[1:${sql.lit(mostSerials)}] as serials
            from open group by room) r) as "byRoom"`.execute(db);
      return rows[0]!;
    },

    async listDays(projectId, from, to) {
      const { rows } = await sql<AlarmDay>`
        with begun as (
          select to_char(a.began_at at time zone 'utc', 'YYYY-MM-DD') as day, a.condition, a.node_id,
            ${serial} as serial
          from ${alarmsOf(projectId, { from, to })} a join nodes n on n.id = a.node_id
        ), counted as (
          select day, condition, count(*) from begun group by day, condition
        )
        select day, count(distinct node_id) as machines,
          (array_agg(distinct serial))[1:${sql.lit(mostSerials)}] as serials,
          (select jsonb_agg(jsonb_build_object('condition', c.condition, 'count', c.count) order by c.condition)
            from counted c where c.day = b.day) as "byCondition"
        from begun b group by day order by day`.execute(db);
      return rows;
    },

    async listEvents(projectId, filter, cut) {
      const keyset: Keyset = {
        from: sql`node_events e`,
        take: sql`e.*`,
        id: 'e.id',
        ranges: readableBy(projectId, 'e'),
        where: eventsWhere(filter),
        order: [
          ['e.at', 'timestamptz', 'desc'],
          ['e.id', 'bigint', 'desc'],
        ],
      };
      const columns = sql`e.id, e.node_id as "nodeId", e.at, e.code, e.is_over as "isOver", e.message, e.origin`;
      return readPage<NodeEvent>(db, keyset, cut, { alias: 'e', columns });
    },
    async countEvents(projectId, filter) {
      const counts = readableBy(projectId, 'e').map(
        (range) => sql`(select count(*) from node_events e where ${range} and ${eventsWhere(filter)})`,
      );
      const { rows } = await sql<{ count: number }>`select ${sql.join(counts, sql` + `)} as count`.execute(
        db,
      );
      return rows[0]!.count;
    },
  };
}

/** What was the project's own then; and what was nobody's, on a machine that the project sees now. */
function readableBy(projectId: string, alias: 'a' | 'e'): RawBuilder<unknown>[] {
  const owner = sql.raw(`${alias}.project_id`);
  return [
    sql`${owner} = ${projectId}`,
    sql`(${owner} is null and exists (
      select 1 from nodes n where n.id = ${sql.raw(alias)}.node_id and ${visibleTo(projectId)}))`,
  ];
}

/** A table of them all. */
function alarmsOf(projectId: string, filter: AlarmFilter): RawBuilder<unknown> {
  const ranges = readableBy(projectId, 'a').map(
    (range) => sql`select a.* from alarms a where ${range} and ${alarmsWhere(filter)}`,
  );
  return sql`(${sql.join(ranges, sql` union all `)})`;
}

function alarmsWhere(filter: AlarmFilter): RawBuilder<unknown> {
  const parts: RawBuilder<unknown>[] = [sql`true`];
  if (filter.id !== undefined) parts.push(sql`a.id = ${filter.id}`);
  if (filter.isOpen !== undefined)
    parts.push(filter.isOpen ? sql`a.ended_at is null` : sql`a.ended_at is not null`);
  if (filter.nodeIds) parts.push(sql`a.node_id = any(${filter.nodeIds}::uuid[])`);
  if (filter.conditions) parts.push(sql`a.condition = any(${filter.conditions})`);
  if (filter.from) parts.push(sql`a.began_at >= ${filter.from}`);
  if (filter.to) parts.push(sql`a.began_at < ${filter.to}`);
  return sql.join(parts, sql` and `);
}

function eventsWhere({ from, to, codes, nodeId }: EventFilter): RawBuilder<unknown> {
  const parts = [sql`e.at >= ${from} and e.at < ${to}`];
  if (codes) parts.push(sql`e.code = any(${codes})`);
  if (nodeId !== undefined) parts.push(sql`e.node_id = ${nodeId}`);
  return sql.join(parts, sql` and `);
}
