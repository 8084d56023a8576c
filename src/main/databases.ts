/** The database, embedded or given: opened, migrated, and with the key to its secrets. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { openDatabase, type Database, type Sql } from '../store/database.ts';
import { openVault } from '../store/installation.ts';
import { sealAnew } from '../store/keyring.ts';
import { keepPostgres, type LastingPostgres } from '../store/lasting-postgres.ts';
import { migrate } from '../store/migrate.ts';
import { holdAlone } from '../store/solitude.ts';
import { noteSealed, readOrMakeKeys, type Vault } from '../store/vault.ts';
import type { Closers } from './closers.ts';
import type { LogError } from './error-log.ts';

export interface Databases {
  database: Database;
  /** The engine has connections of its own: however many callers wait for one, work goes on. */
  engineDatabase: Database;
  vault: Vault;
}

const engineConnections = 8;

/** @throws Error with one line: a wrong address, another version, or a second process on the folder */
export async function openDatabases(
  config: Config,
  folder: string,
  { logger, log, closers }: { logger: Logger; log: LogError; closers: Closers },
): Promise<Databases> {
  const tell = (message: string) => (error: unknown) => log(error, message);
  const postgres = await openPostgres(config, folder, logger);
  const url = config.databaseUrl ?? postgres!.url;
  const database = await openDatabase(url, { onError: tell('a database connection broke') });
  closers.add(() => database.close());
  const engineDatabase = await openDatabase(url, {
    connections: engineConnections,
    onError: tell('a database connection of the engine broke'),
  });
  closers.add(() => engineDatabase.close());
  if (postgres) {
    const letGo = await holdAlone(database, folder);
    // Ours alone from here on; a database that another process serves from is not stopped.
    closers.addLast(() => postgres.stop());
    closers.add(letGo);
  }
  await migrate(database.sql);
  return { database, engineDatabase, vault: await openSecrets(database.sql, config, folder, logger) };
}

async function openPostgres(config: Config, folder: string, logger: Logger): Promise<LastingPostgres | null> {
  if (config.databaseUrl !== null) return null;
  return keepPostgres({
    folder: join(folder, 'postgres'),
    log: (line) => logger.info(line),
    onLost(reason) {
      logger.fatal(`the embedded PostgreSQL cannot be started again: ${reason}`);
      process.exit(1);
    },
  });
}

async function openSecrets(sql: Sql, config: Config, folder: string, logger: Logger): Promise<Vault> {
  const file = join(folder, 'secret.key');
  const keys = readOrMakeKeys(file, config.secretKey);
  const vault = await openVault(sql, keys);
  if (!vault.isOurs) {
    logger.warn(
      'secrets were sealed with another key: real BMCs are left to processes that have it (INGOT_SECRET_KEY)',
    );
  } else if (keys.length > 1) {
    const count = await sealAnew(sql, vault);
    if (config.secretKey === null) noteSealed(file, keys[0]!);
    logger.warn(
      `${count} secrets were sealed with the newest key; the older ones are no longer needed by this process`,
    );
  }
  return vault;
}
