/**
 * Vitest's global setup: one PostgreSQL for the whole run, its address in INGOT_TEST_DATABASE_URL, and in it a migrated
 * database, its name in INGOT_TEST_TEMPLATE: to copy it takes a quarter of the time that the migrations take.
 *
 * TEST_DATABASE_URL names a server to use instead (its user must be allowed to create databases), and
 * INGOT_TEST_POSTGRES=15 asks for that major version of the embedded one.
 *
 * Also a place where Node.js keeps what it compiled: the tests start the program some hundred times, and loading it is
 * most of what each start costs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/store/database.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import {
  createDatabase,
  databaseNameOf,
  emptyTemplate,
  roomForDatabases,
  type TestDatabase,
} from './database.ts';

export default async function prepareRun(): Promise<() => Promise<void>> {
  // The cloud that somebody works with in this shell is none of the tests' clouds.
  for (const name of Object.keys(process.env)) if (name.startsWith('OS_')) delete process.env[name];
  const compiled = mkdtempSync(join(tmpdir(), 'ingot-compiled-'));
  process.env.NODE_COMPILE_CACHE = compiled;
  const stopDatabase = await startDatabase();
  const template = await makeTemplate();
  process.env.INGOT_TEST_TEMPLATE = databaseNameOf(template.url);
  return async () => {
    await template.drop();
    await stopDatabase();
    rmSync(compiled, { recursive: true, force: true });
  };
}

async function startDatabase(): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) {
    process.env.INGOT_TEST_DATABASE_URL = given;
    return () => Promise.resolve();
  }
  const folder = mkdtempSync(join(roomForDatabases(), 'ingot-test-'));
  const major = Number(process.env.INGOT_TEST_POSTGRES) || undefined;
  const server = await startEmbeddedPostgres({ folder, durable: false, major });
  process.env.INGOT_TEST_DATABASE_URL = server.url;
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

async function makeTemplate(): Promise<TestDatabase> {
  const made = await createDatabase(emptyTemplate);
  const database = await openDatabase(made.url, { onError: console.error });
  await migrate(database.sql);
  await database.close();
  return made;
}
