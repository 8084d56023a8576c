/** Databases for tests: each test may have one of its own on the run's server (see prepare-run.ts). */
import { randomUUID } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Client } from 'pg';

export interface TestDatabase {
  url: string;
  /** Ends all sessions on it and removes it. */
  drop(): Promise<void>;
}

const leastRoom = 4 * 2 ** 30;

/** Where test servers keep their data: in memory, if there is plenty, for making a database there takes a tenth. */
export function roomForDatabases(): string {
  const memory = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize > leastRoom ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** Of a database without anything in it. */
export const emptyTemplate = 'template0';

/**
 * Makes a database with a name of its own.
 * @param template the database to copy, to which nobody is connected: by default the migrated one of a run of tests
 * @param server another server than the run's, by its URL
 */
export async function createDatabase(
  template: string = process.env.INGOT_TEST_TEMPLATE ?? emptyTemplate,
  server: string = serverUrl(),
): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Without fsync, copying files takes 30 ms and the default strategy 170 (PostgreSQL 18).
  await runOn(server, `create database ${name} template ${template} strategy file_copy`);
  return {
    url: urlOfDatabase(server, name),
    drop: () => runOn(server, `drop database if exists ${name} with (force)`),
  };
}

/** The name of the database that a URL leads to, for use as a template. */
export function databaseNameOf(url: string): string {
  const name = splitUrl(url)[2];
  if (!name) throw new Error(`${url} names no database`);
  return name;
}

function urlOfDatabase(server: string, name: string): string {
  const [, host, , parameters] = splitUrl(server);
  return `${host}/${name}${parameters}`;
}

/** By hand: for `new URL` a URL without a host, as unix sockets have, is invalid. */
function splitUrl(url: string): string[] {
  return /^(\w+:\/\/[^/?]*)\/?([^?]*)(.*)$/.exec(url) ?? [];
}

function serverUrl(): string {
  const url = process.env.INGOT_TEST_DATABASE_URL;
  if (!url) throw new Error('INGOT_TEST_DATABASE_URL is not set: run the tests with npm test');
  return url;
}

async function runOn(server: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
