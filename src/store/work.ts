/**
 * The engine's statements. The rows of `sub_jobs` are the queue; claims skip what others hold, writes are guarded by
 * the fence of the claim and by the state that the server must still be in.
 */
import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { Work } from '../core/work.ts';
import { acceptance } from './acceptance.ts';
import { keepSession } from './lasting-session.ts';
import { placement } from './placement.ts';
import { claim } from './claim.ts';
import type { Database, Sql } from './database.ts';
import type { Vault } from './vault.ts';
import { moves } from './moves.ts';
import { letGo, write } from './outcomes.ts';
import { visits } from './visits.ts';

const workChannel = 'ingot_work';

/** The advisory locks by which living processes are known; any number that nobody else uses. */
const workerLocks = 7_417;

/** @param door where requests are accepted; the rest is the engine's, which may have connections of its own */
export function createWork(database: Database, vault: Vault, door: Sql = database.sql): Work {
  const { sql: db } = database;
  let presence: { number: number; end: () => Promise<void> } | null = null;

  return {
    ...acceptance(door, vault),
    ...placement(db, vault),
    ...visits(db, vault),
    ...moves(db),
    claim: (worker, most, leaseMs) => claim(db, vault, worker, most, leaseMs),
    write: (outcomes) => write(db, outcomes),
    letGo: (claim) => letGo(db, [claim]),

    async join() {
      const { rows } = await sql<{ number: number }>`
        insert into workers (host, pid) values (${hostname()}, ${process.pid}) returning number`.execute(db);
      const { number } = rows[0]!;
      const end = await keepSession(
        database.pool,
        (client) => client.query('select pg_advisory_lock($1, $2)', [workerLocks, number]),
        (client) => client.query('select pg_advisory_unlock($1, $2)', [workerLocks, number]),
      );
      presence = { number, end };
      return number;
    },

    async leave() {
      await presence?.end();
      if (presence) await sql`delete from workers where number = ${presence.number}`.execute(db);
      presence = null;
    },

    async extendLeases(worker, subJobIds, leaseMs) {
      await sql`
        with held as (
          -- a row that is being written at this moment needs no longer lease
          select id from sub_jobs where owner = ${worker} and id = any(${subJobIds}) for update skip locked
        )
        update sub_jobs s set lease_until = now() + ${leaseMs} * interval '1 millisecond'
        from held where s.id = held.id`.execute(db);
    },

    async release(worker) {
      await sql`
        update sub_jobs set owner = null, lease_until = null,
          status = case when ended_at is null then 'waiting' else status end
        where owner = ${worker}`.execute(db);
      await sql`select pg_notify(${workChannel}, '')`.execute(db);
    },

    async releaseDead() {
      const { rows } = await sql<{ id: string }>`
        with alive as (
          select objid::int as number from pg_locks
          where locktype = 'advisory' and classid = ${workerLocks} and objsubid = 2 and granted
            and database = (select oid from pg_database where datname = current_database())
        ), dead as (
          select id from sub_jobs
          where owner is not null and (owner not in (select number from alive) or lease_until < now())
          for update skip locked
        )
        update sub_jobs s set owner = null, lease_until = null, run_at = now(),
          status = case when ended_at is null then 'waiting' else status end
        from dead where s.id = dead.id
        returning s.id`.execute(db);
      if (rows.length > 0) await sql`select pg_notify(${workChannel}, '')`.execute(db);
      return rows.length;
    },

    async nextDueAt() {
      const { rows } = await sql<{ at: Date | null }>`
        select min(run_at) as at from sub_jobs where status in ('queued', 'waiting')`.execute(db);
      return rows[0]?.at ?? null;
    },

    async hasten(serverId) {
      const { rows } = await sql<{ id: string }>`
        update sub_jobs set run_at = now() where server_id = ${serverId} and ended_at is null
        returning id, pg_notify(${workChannel}, '')`.execute(db);
      return rows.length > 0;
    },

    onWork: (wake) => database.listen(workChannel, wake),
  };
}
