import { sql } from 'kysely';
import type { ProjectUsage, ServerUsage, UsageQuery, Usages } from '../core/usage.ts';
import type { Sql } from './database.ts';
import { notFoundHere, toUuid } from './pages.ts';

type Row = Omit<ProjectUsage, 'servers'> & { servers: OwnRow[] | null };
/** As it comes through JSON. */
type OwnRow = Omit<ServerUsage, 'launchedAt' | 'terminatedAt'> & {
  launchedAt: string;
  terminatedAt: string | null;
};

const owned = (projectId: string | null) =>
  projectId === null ? sql`true` : sql`s.project_id = ${projectId}`;

/** Servers that are still in the database, and what is kept of those that are not. */
const everyServer = ({ projectId, from, to }: UsageQuery) => sql`
  select s.id, s.project_id, s.name, f.name as flavor_name, f.vcpus, f.ram_mib, f.disk_gb, s.launched_at,
    s.terminated_at, s.state, s.deleting_from
  from servers s join flavors f on f.id = s.flavor_id
  where ${owned(projectId)} and s.launched_at < ${to} and (s.terminated_at is null or s.terminated_at > ${from})
  union all
  select s.id, s.project_id, s.name, s.flavor_name, s.vcpus, s.ram_mib, s.disk_gb, s.launched_at, s.terminated_at,
    null, null
  from past_servers s
  where ${owned(projectId)} and s.launched_at < ${to} and s.terminated_at > ${from}`;

export function usages(db: Sql): Usages {
  return {
    async list(query) {
      const { from, to, isDetailed, page } = query;
      const marker = page?.marker;
      if (marker !== undefined) await checkMarker(db, query, marker);
      const behind = marker === undefined ? sql`true` : sql`s.id > ${marker}::uuid`;
      const { rows } = await sql<Row>`
        with used as (
          select s.*, extract(epoch from
            greatest(least(s.terminated_at, ${to}, now()) - greatest(s.launched_at, ${from}), interval '0'))::float8
            / 3600 as hours
          from (${everyServer(query)}) s where ${behind} order by s.id limit ${page?.limit ?? null}::bigint
        )
        select project_id as "projectId", sum(hours) as hours, sum(hours * vcpus) as vcpus,
          sum(hours * ram_mib) as "ramMib", sum(hours * disk_gb) as "diskGb",
          case when ${isDetailed}::boolean then jsonb_agg(jsonb_build_object('id', id, 'projectId', project_id,
            'name', name, 'flavorName', flavor_name, 'vcpus', vcpus, 'ramMib', ram_mib, 'diskGb', disk_gb,
            'launchedAt', launched_at, 'terminatedAt', terminated_at, 'state', state, 'deletingFrom', deleting_from,
            'hours', hours) order by id) end as servers
        from used group by project_id order by project_id`.execute(db);
      return rows.map((row) => ({ ...row, servers: (row.servers ?? []).map(toServerUsage) }));
    },
  };
}

function toServerUsage({ launchedAt, terminatedAt, ...rest }: OwnRow): ServerUsage {
  return {
    ...rest,
    launchedAt: new Date(launchedAt),
    terminatedAt: terminatedAt === null ? null : new Date(terminatedAt),
  };
}

async function checkMarker(db: Sql, { projectId }: UsageQuery, marker: string): Promise<void> {
  const { rows } = await sql`
    select 1 from servers s where s.id = ${toUuid(marker)}::uuid and ${owned(projectId)}
    union all
    select 1 from past_servers s where s.id = ${toUuid(marker)}::uuid and ${owned(projectId)}
    limit 1`.execute(db);
  if (rows.length === 0) throw notFoundHere(marker);
}
