/**
 * Indexes that need what not every PostgreSQL has. Lists are right without them and slower (docs/decisions/0024). They are
 * looked after at each start, so that they come with an extension that is installed later or with a newer server.
 */
import { sql, type RawBuilder } from 'kysely';
import type { Sql, Tx } from './database.ts';

/** Any number that nobody else locks by. */
const lock = 7_419;

/** From this version on, a change of nothing but columns of block range indexes stays in its page (release notes 16). */
const leastForBlockRanges = 16;

/** @param version the major one of the server */
export async function laySearchIndexes(db: Sql, version: number): Promise<void> {
  if (version >= leastForBlockRanges) {
    await layBlockRanges(db, 'servers_by_change', sql`updated_at`);
    // Blocks in which no server was ever in a state are not looked into for it.
    await layBlockRanges(db, 'servers_by_state', sql`state text_bloom_ops`);
  }
  await layTrigrams(db, 'servers_by_name_part', sql`servers`, sql`name`);
  await layTrigrams(db, 'ports_by_address_part', sql`ports`, sql`host(ip)`);
}

/** One page to a range: what changed lately is spread over all of them. */
async function layBlockRanges(db: Sql, index: string, column: RawBuilder<unknown>): Promise<void> {
  await layUnlessThere(db, index, async (tx) => {
    await sql`
      create index ${sql.ref(index)} on servers using brin (${column})
        with (pages_per_range = 1, autosummarize = on)`.execute(tx);
  });
}

async function layTrigrams(
  db: Sql,
  index: string,
  table: RawBuilder<unknown>,
  text: RawBuilder<unknown>,
): Promise<void> {
  await layUnlessThere(db, index, async (tx) => {
    const trigrams = await findTrigrams(tx);
    if (!trigrams) return;
    await sql`create index ${sql.ref(index)} on ${table} using gin (${text} ${trigrams})`.execute(tx);
  });
}

async function layUnlessThere(db: Sql, index: string, lay: (tx: Tx) => Promise<void>): Promise<void> {
  if (await isThere(db, index)) return;
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${lock}::bigint)`.execute(tx);
    if (!(await isThere(tx, index))) await lay(tx);
  });
}

/** By the catalog's rows: `to_regclass` may answer from what it remembers, also after waiting for the lock. */
async function isThere(db: Sql | Tx, index: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from pg_index x join pg_class c on c.oid = x.indexrelid
    where x.indrelid in ('servers'::regclass, 'ports'::regclass) and c.relname = ${index}`.execute(db);
  return rows.length > 0;
}

/**
 * The operator class of pg_trgm, in whatever schema it is. It comes with PostgreSQL's contrib modules, and whoever may
 * create in the database may install it ("trusted", since 13); a role that may not is refused and does without.
 */
async function findTrigrams(tx: Tx): Promise<RawBuilder<unknown> | null> {
  await sql`savepoint extension`.execute(tx);
  try {
    await sql`create extension if not exists pg_trgm`.execute(tx);
  } catch {
    await sql`rollback to savepoint extension`.execute(tx);
    return null;
  }
  const { rows } = await sql<{ schema: string }>`
    select extnamespace::regnamespace::text as schema from pg_extension where extname = 'pg_trgm'`.execute(
    tx,
  );
  return sql.raw(`${rows[0]!.schema}.gin_trgm_ops`);
}
