import { sql, type RawBuilder } from 'kysely';
import { conflict } from '../core/errors.ts';
import type { NodeFilter, Nodes } from '../core/records.ts';
import type { Sql } from './database.ts';
import { type Keyset, readPage } from './pages.ts';
import { nodeColumns, toNode, type NodeRow } from './rows.ts';
import type { Vault } from './vault.ts';

/** With the last power operation, which CloudDC shows of a machine. */
const shown = sql`
  ${sql.raw(nodeColumns)}, (
    select jsonb_build_object('operation', j.operation, 'status', j.status, 'error', j.error) from sub_jobs j
    where j.node_id = n.id and j.operation in ('start', 'stop', 'restart', 'force-restart')
      and (j.status <> 'failed' or j.step is not null) -- what was refused never reached the machine
    order by j.seq desc limit 1) as last_power`;

const uniqueViolation = '23505';

export function nodes(db: Sql, vault: Vault): Nodes {
  return {
    async find(id) {
      const { rows } = await sql<NodeRow>`select ${shown} from nodes n where id = ${id}`.execute(db);
      return rows[0] ? toNode(rows[0], vault) : null;
    },
    async findByName(name) {
      const { rows } = await sql<NodeRow>`select ${shown} from nodes n where name = ${name}`.execute(db);
      return rows[0] ? toNode(rows[0], vault) : null;
    },
    async findByMac(mac) {
      const { rows } = await sql<NodeRow>`
        select ${shown} from nodes n where (macs || macs_in(inventory)) @> ${[mac]}::text[] limit 1`.execute(
        db,
      );
      return rows[0] ? toNode(rows[0], vault) : null;
    },
    async findBySerial(serialNumber) {
      const { rows } = await sql<NodeRow>`
        select ${shown} from nodes n where inventory ->> 'serialNumber' = ${serialNumber} limit 2`.execute(
        db,
      );
      return rows.length === 1 ? toNode(rows[0]!, vault) : null;
    },
    async findBySystemUuid(spellings) {
      const { rows } = await sql<NodeRow>`
        select ${shown} from nodes n where lower(inventory ->> 'systemUuid') = any(${spellings}) limit 2`.execute(
        db,
      );
      return rows.length === 1 ? toNode(rows[0]!, vault) : null;
    },
    async listMacs() {
      const { rows } = await sql<{ nodeId: string; macs: string[] }>`
        select id as "nodeId", macs || macs_in(inventory) as macs from nodes
        where macs || macs_in(inventory) <> '{}' order by id`.execute(db);
      return rows;
    },
    async listBmcs(places) {
      const { rows } = await sql<{ nodeId: string; name: string; place: string; system: string | null }>`
        select id as "nodeId", name, split_part(bmc_address, '?', 1) as place, bmc_system as system
        from nodes where split_part(bmc_address, '?', 1) = any(${places}) order by name`.execute(db);
      return rows;
    },
    async list(filter, { limit, marker }) {
      // An id is a place in the order, also when it is no longer there or nobody's.
      const behind = marker === undefined ? sql`true` : sql`n.id > ${marker}`;
      const keyset: Keyset = {
        from: sql`nodes n`,
        take: sql`n.*`,
        id: 'n.id',
        ranges: rangesOf(filter),
        where: sql`${where(filter)} and ${behind}`,
        order: [['n.id', 'uuid']],
      };
      const rows = await readPage<NodeRow>(db, keyset, { limit }, { alias: 'n', columns: shown });
      return rows.map((row) => toNode(row, vault));
    },
    async count(filter) {
      const counts = rangesOf(filter).map(
        (range) => sql`(select count(*) from nodes n where ${range} and ${where(filter)})`,
      );
      const { rows } = await sql<{ count: number }>`select ${sql.join(counts, sql` + `)} as count`.execute(
        db,
      );
      return rows[0]!.count;
    },

    async enrol(given) {
      const rows = given.map((node) => ({
        ...node,
        ...node.bmc,
        password: undefined,
        bmc: undefined,
        macs: node.boot?.macs ?? [],
        bootMethod: node.boot?.method ?? null,
        secret: node.bmc.password === '' ? null : vault.seal(node.bmc.password).toString('hex'),
      }));
      await uniquely(
        sql`
          with made as (
            insert into nodes (id, name, driver, bmc_address, bmc_username, bmc_secret, bmc_system, bmc_certificate,
              standing, zone, flavor_id, project_id, power, health, inventory, power_policy, room, rack, unit, note, macs,
              boot_method)
            select id, name, driver, address, username, decode(secret, 'hex'), system, "certificateSha256", standing,
              zone, "flavorId", "projectId", power, health, nullif(inventory, 'null'), "powerPolicy",
              coalesce(room, ''), rack, unit, note, macs, "bootMethod"
            from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(
              id uuid, name text, driver text, address text, username text, secret text, system text,
              "certificateSha256" text, standing text, zone text, "flavorId" text, "projectId" text, power text,
              health text, inventory jsonb, "powerPolicy" text, room text, rack text, unit int, note text,
              macs text[], "bootMethod" text)
            returning id, driver, power
          )
          insert into simulated_machines (node_id, power)
          select id, case when power = 'on' then 'on' else 'off' end from made where driver = 'simulated'`.execute(
          db,
        ),
      );
    },

    async change(id, edit) {
      const secret = edit.bmc?.password === undefined ? null : vault.seal(edit.bmc.password);
      const { rows } = await uniquely(
        sql`
        update nodes n set
          name = coalesce(${edit.name ?? null}, name),
          zone = coalesce(${edit.zone ?? null}, zone),
          flavor_id = coalesce(${edit.flavorId ?? null}, flavor_id),
          project_id = case when ${'projectId' in edit} then ${edit.projectId ?? null} else project_id end,
          standing = coalesce(${edit.standing ?? null}, standing),
          power_policy = coalesce(${edit.powerPolicy ?? null}, power_policy),
          room = coalesce(${edit.room ?? null}, room),
          rack = coalesce(${edit.rack ?? null}, rack),
          unit = coalesce(${edit.unit ?? null}::int, unit),
          note = coalesce(${edit.note ?? null}, note),
          health = coalesce(${edit.health ?? null}, health),
          power = coalesce(${edit.power ?? null}, power),
          power_seen_at = case when ${edit.power !== undefined} then now() else power_seen_at end,
          inventory = coalesce(${edit.inventory ? JSON.stringify(edit.inventory) : null}::jsonb, inventory),
          macs = coalesce(${edit.boot?.macs ?? null}::text[], macs),
          firmware = coalesce(${edit.boot?.firmware ?? null}, firmware),
          boot_method = case when ${edit.boot?.method !== undefined} then ${edit.boot?.method ?? null} else boot_method end,
          bmc_address = coalesce(${edit.bmc?.address ?? null}, bmc_address),
          bmc_username = coalesce(${edit.bmc?.username ?? null}, bmc_username),
          bmc_secret = coalesce(${secret}::bytea, bmc_secret),
          bmc_system = coalesce(${edit.bmc?.system ?? null}, bmc_system),
          bmc_certificate = case when ${edit.bmc?.certificateSha256 !== undefined}
            then ${edit.bmc?.certificateSha256 ?? null} else bmc_certificate end,
          -- Another BMC, or one with other firmware, is a stranger.
          bmc_habits = case when ${edit.bmc?.address !== undefined}
            or inventory ->> 'bmcVersion' <> ${edit.inventory?.bmcVersion ?? null} then '{}' else bmc_habits end,
          updated_at = now()
        where id = ${id} returning id`.execute(db),
      );
      return rows.length > 0 ? this.find(id) : null;
    },

    async learnHabits(id, news) {
      await sql`
        update nodes set bmc_habits = jsonb_strip_nulls(bmc_habits || ${JSON.stringify(news)}::jsonb)
        where id = ${id}`.execute(db);
    },

    async stand(id, from, to, note) {
      const { rows } = await sql`
        update nodes set standing = case when ${to} = 'ready' and server_id is not null then 'in-use' else ${to} end,
          note = ${note}, updated_at = now()
        where id = ${id} and standing = any(${from}) and inspection is null returning id`.execute(db);
      return rows.length > 0;
    },

    async remove(id) {
      const { rows } =
        await sql`delete from nodes where id = ${id} and server_id is null and inspection is null returning id`.execute(
          db,
        );
      return rows.length > 0;
    },
  };
}

async function uniquely<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    if ((error as { code?: string }).code !== uniqueViolation) throw error;
    throw conflict('A node of that name is enrolled already.', 'node');
  }
}

/** Nodes `n` that are dedicated to the project, and others that carry its servers: ranges that do not overlap. */
function belongingTo(projectId: string): RawBuilder<unknown>[] {
  return [
    sql`n.project_id = ${projectId}`,
    sql`(n.project_id is distinct from ${projectId} and exists (
      select 1 from servers v where v.id = n.server_id and v.project_id = ${projectId}))`,
  ];
}

/** Those, and the machines of the shared pool that carry nobody's server. */
function rangesVisibleTo(projectId: string): RawBuilder<unknown>[] {
  return [sql`(n.project_id is null and n.server_id is null)`, ...belongingTo(projectId)];
}

/** A table of them all. */
export function nodesVisibleTo(projectId: string): RawBuilder<unknown> {
  const ranges = rangesVisibleTo(projectId).map((range) => sql`select n.* from nodes n where ${range}`);
  return sql`(${sql.join(ranges, sql` union all `)})`;
}

/** Whether one node `n` is among them. */
export function visibleTo(projectId: string): RawBuilder<unknown> {
  return sql`(${sql.join(rangesVisibleTo(projectId), sql` or `)})`;
}

function rangesOf({ projectId, withPool }: NodeFilter): RawBuilder<unknown>[] {
  if (projectId === undefined || projectId === null) return [sql`true`];
  return withPool ? rangesVisibleTo(projectId) : belongingTo(projectId);
}

function where(filter: NodeFilter): RawBuilder<unknown> {
  const parts: RawBuilder<unknown>[] = [sql`true`];
  if (filter.ids) parts.push(sql`n.id = any(${filter.ids}::uuid[])`);
  if (filter.standing) parts.push(sql`n.standing = any(${filter.standing})`);
  if (filter.driver) parts.push(sql`n.driver = ${filter.driver}`);
  if (filter.name !== undefined) parts.push(sql`n.name = ${filter.name}`);
  return sql.join(parts, sql` and `);
}
