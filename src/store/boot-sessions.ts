import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { BootSession, BootSessions, SignRecord } from '../core/boot-session.ts';
import type { Sql } from './database.ts';

const columns = sql`
  id, node_id as "nodeId", server_id as "serverId", kind, method, stage, stage_at as "stageAt", starts,
  home_key as "homeKey", deploy_order as "order", evidence, evidence_at as "evidenceAt", log_tail as "logTail",
  began_at as "beganAt"`;

/** A tenant's system reports as often as it likes; more than this is not kept. */
const mostSigns = 500;

export function bootSessions(db: Sql): BootSessions {
  const one = async (query: ReturnType<typeof sql<BootSession>>): Promise<BootSession | null> =>
    (await query.execute(db)).rows[0] ?? null;

  return {
    async begin({ nodeId, serverId, kind, method, order, evidence }) {
      const id = randomUUID();
      await db.transaction().execute(async (tx) => {
        // The lock on the node keeps two beginnings apart.
        await sql`select 1 from nodes where id = ${nodeId} for no key update`.execute(tx);
        await sql`
          update boot_sessions set is_current = false, secret_hash = null
          where node_id = ${nodeId} and is_current`.execute(tx);
        await sql`
          with made as (
            insert into boot_sessions (id, node_id, server_id, kind, method, stage, home_key, deploy_order, evidence)
            values (${id}, ${nodeId}, ${serverId}, ${kind}, ${method}, 'armed',
              ${randomBytes(18).toString('base64url')}, ${order && JSON.stringify(order)}::jsonb, ${evidence})
            returning id
          )
          insert into boot_signs (session_id, sign, detail) select id, 'begun', ${evidence} from made`.execute(
          tx,
        );
      });
      return (await this.find(id))!;
    },

    find: (id) => one(sql<BootSession>`select ${columns} from boot_sessions where id = ${id}`),
    findCurrent: (nodeId) =>
      one(sql<BootSession>`select ${columns} from boot_sessions where node_id = ${nodeId} and is_current`),
    findBySecret: (hash) =>
      one(sql<BootSession>`select ${columns} from boot_sessions where secret_hash = ${hash} and is_current`),
    findByHomeKey: (key) =>
      one(sql<BootSession>`select ${columns} from boot_sessions where home_key = ${key} and is_current`),

    async listOpen(kind) {
      const { rows } = await sql<BootSession>`
        select ${columns} from boot_sessions
        where kind = ${kind} and is_current and stage not in ('done', 'booted', 'failed')
        order by began_at`.execute(db);
      return rows;
    },

    async advance(id, from, to, { sign, evidence, logTail }) {
      const { rows } = await sql`
        with moved as (
          update boot_sessions set stage = ${to}, stage_at = clock_timestamp(), evidence = ${evidence},
            evidence_at = clock_timestamp(), log_tail = coalesce(${logTail ?? null}, log_tail),
            starts = starts + case when ${to} = 'started' then 1 else 0 end,
            secret_hash = case when ${to} in ('armed', 'off', 'done', 'failed') then null else secret_hash end
          where id = ${id} and is_current and stage = any(${from})
          returning id
        )
        insert into boot_signs (session_id, sign, detail) select id, ${sign}, ${evidence} from moved
        returning id`.execute(db);
      return rows.length > 0;
    },

    async putSecret(id, hash, { sign, evidence }) {
      const { rows } = await sql`
        with moved as (
          update boot_sessions set secret_hash = ${hash}, evidence = ${evidence}, evidence_at = clock_timestamp()
          where id = ${id} and is_current and stage in ('off', 'started')
          returning id
        )
        insert into boot_signs (session_id, sign, detail) select id, ${sign}, ${evidence} from moved
        returning id`.execute(db);
      return rows.length > 0;
    },

    async note(id, { sign, evidence, logTail }) {
      await sql`
        with noted as (
          -- what it ended with stays, whatever is heard afterwards
          update boot_sessions set
            evidence = case when stage in ('booted', 'failed') then evidence else ${evidence} end,
            evidence_at = clock_timestamp(), log_tail = coalesce(${logTail ?? null}, log_tail)
          where id = ${id} returning id
        )
        insert into boot_signs (session_id, sign, detail)
        select id, ${sign}, ${evidence} from noted
        where (select count(*) from boot_signs where session_id = ${id}) < ${mostSigns}`.execute(db);
    },

    async refresh(id, evidence) {
      await sql`
        update boot_sessions set evidence = coalesce(${evidence}, evidence), evidence_at = clock_timestamp()
        where id = ${id} and stage = 'agent'`.execute(db);
    },

    async findSign(id, signs) {
      const { rows } = await sql<SignRecord>`
        select at, sign, detail from boot_signs where session_id = ${id} and sign = any(${signs})
        order by id limit 1`.execute(db);
      return rows[0] ?? null;
    },

    async listSigns(id) {
      const { rows } = await sql<SignRecord>`
        select at, sign, detail from boot_signs where session_id = ${id} order by id`.execute(db);
      return rows;
    },

    async listOfServer(serverId, limit) {
      const { rows } = await sql<BootSession>`
        select ${columns} from boot_sessions where server_id = ${serverId}
        order by began_at desc limit ${limit}`.execute(db);
      return rows;
    },
  };
}
