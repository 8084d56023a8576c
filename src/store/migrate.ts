/** Brings a database to the current layout: numbered `.sql` files, each in one transaction, once. */
import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import { states, taskStatesOf } from '../core/lifecycle.ts';
import type { Sql } from './database.ts';
import { laySearchIndexes } from './search-indexes.ts';
import { keepSystemPolicies } from './system-policies.ts';

const folder = new URL('./migrations/', import.meta.url);

export async function migrate(db: Sql): Promise<void> {
  const version = await checkServer(db);
  const migrator = new Migrator({ db, provider: { getMigrations } });
  const { error } = await migrator.migrateToLatest();
  if (error) {
    const words = error instanceof Error ? error.message : 'unknown error';
    throw new Error(`The database could not be brought up to date: ${words}`, { cause: error });
  }
  await constrainToLifecycle(db);
  await laySearchIndexes(db, version);
  await keepSystemPolicies(db);
}

/** What PostgreSQL 15 does not have is not used, what it has is. */
const leastVersion = 15;

/** @returns the major version of PostgreSQL */
async function checkServer(db: Sql): Promise<number> {
  const asked = sql<{
    version: number;
  }>`select current_setting('server_version_num')::int / 10000 as version`;
  const { rows } = await asked.execute(db).catch((error: unknown) => {
    const words =
      error instanceof Error && error.message !== ''
        ? error.message
        : String((error as { code?: string }).code);
    throw new Error(`The database cannot be used: ${words}. Is DATABASE_URL right?`, { cause: error });
  });
  const { version } = rows[0]!;
  if (version < leastVersion) {
    throw new Error(`The database is PostgreSQL ${version}; ${leastVersion} or later is needed.`);
  }
  return version;
}

async function getMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const entries = files.map(async (name): Promise<[string, Migration]> => {
    const text = await readFile(new URL(name, folder), 'utf8');
    return [
      name.replace(/\.sql$/, ''),
      {
        up: (db) =>
          sql
            .raw(text)
            .execute(db)
            .then(() => undefined),
      },
    ];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The check on `servers` is computed from the lifecycle table; it is laid anew when the table has changed. */
function lifecycleCheck(): string {
  const pairs = states.map((state) => {
    const taskStates = taskStatesOf(state);
    const task =
      taskStates.length === 0
        ? 'task_state is null'
        : `task_state in (${taskStates.map((it) => `'${it}'`).join(', ')})`;
    const from = state === 'Deleting' ? ' and deleting_from is not null' : '';
    return `(state = '${state}' and ${task}${from})`;
  });
  return pairs.join(' or ');
}

async function constrainToLifecycle(db: Sql): Promise<void> {
  const check = lifecycleCheck();
  const found = await sql<{ text: string | null }>`
    select obj_description(oid, 'pg_constraint') as text
    from pg_constraint where conname = 'servers_follow_the_lifecycle'`.execute(db);
  if (found.rows[0]?.text === check) return;
  await db.transaction().execute(async (tx) => {
    await sql`alter table servers drop constraint if exists servers_follow_the_lifecycle`.execute(tx);
    await sql
      .raw(`alter table servers add constraint servers_follow_the_lifecycle check (${check})`)
      .execute(tx);
    const quoted = check.replaceAll("'", "''");
    await sql.raw(`comment on constraint servers_follow_the_lifecycle on servers is '${quoted}'`).execute(tx);
  });
}
