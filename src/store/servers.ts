import { sql, type RawBuilder } from 'kysely';
import { invalid } from '../core/errors.ts';
import { gather } from '../core/gather.ts';
import type { Server, ServerFacts, ServerFilter, ServerPage, Servers, Usage } from '../core/server.ts';
import { changeAddresses } from './addresses.ts';
import type { Sql } from './database.ts';
import { againAfterDeadlock } from './deadlock.ts';
import { type Column, type Keyset, readPage, toUuid } from './pages.ts';
import { toServer, type ServerRow } from './rows.ts';

/** Everything that an API shows of a server, in one statement whatever the number. */
const shown = sql`
  v.id, v.number, v.project_id, v.user_id, v.door, v.name, v.description, v.state, v.task_state, v.deleting_from,
  v.power, v.node_id, n.name as node_name, v.flavor_id,
  jsonb_build_object('name', f.name, 'vcpus', f.vcpus, 'ram_mib', f.ram_mib, 'disk_gb', f.disk_gb,
    'extra_specs', f.extra_specs) as flavor,
  v.image_id, case when i.id is null then null else
    jsonb_build_object('name', i.name, 'os_type', i.os_type, 'os_bits', i.os_bits) end as image,
  v.zone, v.vpc_id, v.key_name, v.user_data, v.metadata, v.tags, v.scheduler_hints, v.enterprise_project_id,
  v.reservation_id, v.launch_index, v.locked, v.provisioning, v.provisioning_outcome, v.fault, v.metadata_options,
  v.encrypted_password, v.created_at, v.updated_at, v.launched_at, v.terminated_at,
  coalesce((
    select jsonb_agg(jsonb_build_object('id', a.volume_id, 'device', a.device,
      'deleteOnTermination', a.delete_on_termination) order by length(a.device), a.device)
    from attachments a where a.server_id = v.id), '[]') as volumes,
  coalesce((
    select jsonb_agg(jsonb_build_object('id', p.id, 'networkId', p.network_id, 'networkName', w.name,
      'vpcId', w.vpc_id, 'subnetId', p.subnet_id, 'projectId', p.project_id, 'serverId', p.server_id, 'mac', p.mac,
      'ip', host(p.ip), 'name', p.name, 'deleteOnTermination', p.delete_on_termination,
      'addressPairs', p.address_pairs) order by p.position)
    from ports p join networks w on w.id = p.network_id where p.server_id = v.id), '[]') as ports,
  v.server_group_id,
  coalesce((
    select jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name) order by g.name, g.id)
    from server_security_groups s join security_groups g on g.id = s.group_id where s.server_id = v.id), '[]')
    as security_groups`;

const joined = sql`
  left join nodes n on n.id = v.node_id
  join flavors f on f.id = v.flavor_id
  left join images i on i.id = v.image_id`;

type SortKey = NonNullable<ServerPage['sort']>[number]['key'];

const sortColumns: Record<SortKey | 'createdOfAll', Column> = {
  created: ['v.created_at', 'timestamptz'],
  updated: ['v.updated_at', 'timestamptz'],
  name: ['v.name', 'text'],
  id: ['v.id', 'uuid'],
  state: ['v.state', 'text'],
  zone: ['v.zone', 'text'],
  /** As `servers_by_age` has it. */
  createdOfAll: [`(v.created_at at time zone 'utc')`, 'timestamp'],
};

/** Readers that come together are answered together. */
const mostReadTogether = 64;

export function servers(db: Sql): Servers {
  const read = gather(mostReadTogether, async (ids: string[]): Promise<(Server | null)[]> => {
    const { rows } = await sql<ServerRow & { at: number }>`
      select asked.at, ${shown}
      from unnest(${ids}::uuid[]) with ordinality as asked(id, at) join servers v on v.id = asked.id ${joined}
      `.execute(db);
    const found = new Map(rows.map((row) => [row.at - 1, row]));
    return ids.map((_, at) => {
      const row = found.get(at);
      return row ? toServer(row) : null;
    });
  });

  return {
    async find(id, projectId) {
      const server = await read(id);
      return server && (projectId === null || server.projectId === projectId) ? server : null;
    },

    async list(filter, page) {
      const keyset = toKeyset(filter, page.sort);
      const shape = { alias: 'v', columns: shown, joined };
      const rows = await readPage<ServerRow>(db, keyset, page, shape).catch(refusePattern);
      return rows.map(toServer);
    },

    async count(filter) {
      const { rows } = await sql<{ count: number }>`
        select count(*) as count from servers v where ${where(filter)}`
        .execute(db)
        .catch(refusePattern);
      return rows[0]!.count;
    },

    async change(id, projectId, change) {
      return (await writeFacts(db, id, projectId, change)) ? this.find(id, projectId) : null;
    },

    async revise(id, projectId, decide) {
      const isThere = await db.transaction().execute(async (tx) => {
        await sql`select 1 from servers where id = ${id} for update`.execute(tx);
        const server = await servers(tx).find(id, projectId);
        return server !== null && server.state !== 'Deleted' && writeFacts(tx, id, projectId, decide(server));
      });
      return isThere ? this.find(id, projectId) : null;
    },

    async changePasswords(ids, projectId, adminPasswordHash, states) {
      const change = sql`
        with fit as (
          select id from servers
          where id = any(${ids}::uuid[]) and project_id = ${projectId} and state = any(${states})
          order by id for update
        )
        update servers v set admin_password_hash = ${adminPasswordHash}, updated_at = now()
        from fit where v.id = fit.id and (select count(*) from fit) = cardinality(${ids}::uuid[])
        returning v.id`;
      const { rows } = await againAfterDeadlock(() => change.execute(db));
      return rows.length > 0;
    },

    changeAddresses: (id, projectId, change) => changeAddresses(db, id, projectId, change),

    async usage(projectId) {
      const { rows } = await sql<Usage>`
        select (select count(*) from security_groups where project_id = ${projectId}) as "securityGroups",
          (select count(*) from server_groups where project_id = ${projectId}) as "serverGroups",
          count(*) as servers, coalesce(sum(f.vcpus), 0) as vcpus, coalesce(sum(f.ram_mib), 0) as "ramMib"
        from servers v join flavors f on f.id = v.flavor_id
        where v.project_id = ${projectId} and v.state <> 'Deleted'`.execute(db);
      return rows[0]!;
    },
  };
}

async function writeFacts(
  db: Sql,
  id: string,
  projectId: string,
  change: Partial<ServerFacts>,
): Promise<boolean> {
  const json = (value: object | undefined) => (value ? JSON.stringify(value) : null);
  const { rows } = await sql<{ id: string }>`
    update servers v set
      name = coalesce(${change.name ?? null}, name),
      description = coalesce(${change.description ?? null}, description),
      metadata = coalesce(${json(change.metadata)}::jsonb, metadata),
      tags = coalesce(${change.tags ?? null}::text[], tags),
      key_name = case when ${change.keyName !== undefined} then ${change.keyName ?? null} else key_name end,
      public_key = case when ${change.publicKey !== undefined} then ${change.publicKey ?? null} else public_key end,
      user_data = case when ${change.userData !== undefined} then ${change.userData ?? null} else user_data end,
      locked = coalesce(${change.locked ?? null}, locked),
      metadata_options = coalesce(${json(change.metadataOptions)}::jsonb, metadata_options),
      encrypted_password = coalesce(${change.encryptedPassword ?? null}, encrypted_password),
      admin_password_hash = coalesce(${change.adminPasswordHash ?? null}, admin_password_hash),
      updated_at = now()
    where id = ${id} and project_id = ${projectId} and state <> 'Deleted'
    returning id`.execute(db);
  return rows.length > 0;
}

function refusePattern(error: unknown): never {
  const isPattern = (error as { code?: string }).code === '2201B'; // invalid_regular_expression
  throw isPattern ? invalid('The name is no regular expression.', 'name') : error;
}

function where(filter: ServerFilter): RawBuilder<unknown> {
  const parts: RawBuilder<unknown>[] = [];
  if (filter.projectId !== null) parts.push(sql`v.project_id = ${filter.projectId}`);
  if (!filter.withDeleted && !filter.states) parts.push(sql`v.state <> 'Deleted'`);
  if (filter.ids) parts.push(sql`v.id = any(${filter.ids}::uuid[])`);
  if (filter.nodeIds) {
    // By the machines' end of the tie, which has an index; both ends change in one statement.
    parts.push(sql`v.id = any(array(
      select n.server_id from nodes n where n.id = any(${filter.nodeIds}::uuid[]) and n.server_id is not null))`);
  }
  if (filter.name !== undefined) {
    // The second half is read even when there is no server to compare, so that a wrong pattern is always an error.
    const pattern = sql`v.name ~ ${filter.name} and ('' ~ ${filter.name}) is not null`;
    parts.push(filter.nameIsPattern ? pattern : sql`v.name like ${`%${toLiteral(filter.name)}%`}`);
  }
  if (filter.states) parts.push(inStates(filter.states));
  if (filter.flavorId !== undefined) parts.push(sql`v.flavor_id = ${filter.flavorId}`);
  if (filter.imageId !== undefined) parts.push(sql`v.image_id = ${toUuid(filter.imageId)}::uuid`);
  if (filter.tags) parts.push(sql`v.tags @> ${filter.tags}::text[]`);
  if (filter.reservationId !== undefined) parts.push(sql`v.reservation_id = ${filter.reservationId}`);
  if (filter.changesSince) parts.push(sql`v.updated_at >= ${filter.changesSince}`);
  if (filter.ip !== undefined) {
    parts.push(
      sql`exists (select 1 from ports p where p.server_id = v.id and host(p.ip) like ${`%${filter.ip}%`})`,
    );
  }
  return parts.length === 0 ? sql`true` : sql.join(parts, sql` and `);
}

/** As LIKE has it, so that nothing in it is a wildcard. */
function toLiteral(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}

function inStates(asked: NonNullable<ServerFilter['states']>): RawBuilder<unknown> {
  if (asked.length === 0) return sql`false`;
  const one = (it: (typeof asked)[number]) => {
    if (it.deletingFrom) return sql`(v.state = ${it.state} and v.deleting_from = any(${it.deletingFrom}))`;
    if (it.taskState) return sql`(v.state = ${it.state} and v.task_state = ${it.taskState})`;
    return sql`v.state = ${it.state}`;
  };
  return sql`(${sql.join(asked.map(one), sql` or `)})`;
}

function toKeyset(
  filter: ServerFilter,
  sort: ServerPage['sort'] = [{ key: 'created', descending: true }],
): Keyset {
  // The id makes the order total, so that a marker means one place.
  const total = sort.some(({ key }) => key === 'id')
    ? sort
    : [...sort, { key: 'id' as const, descending: sort[0]!.descending }];
  const { projectId } = filter;
  return {
    from: sql`servers v`,
    take: sql`v.*`,
    id: 'v.id',
    ranges: [projectId === null ? sql`true` : sql`v.project_id = ${projectId}`],
    where: where(filter),
    order: total.map(({ key, descending }) => [
      ...sortColumns[key === 'created' && projectId === null ? 'createdOfAll' : key],
      descending ? 'desc' : 'asc',
    ]),
    unknown: (marker) => invalid(`marker [${marker}] not found`, 'marker'),
  };
}
