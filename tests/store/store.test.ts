/** The store's tests on each PostgreSQL that we support: the run's own, and the oldest one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/store/embedded-postgres.ts';
import { findPostgresBinaries } from '../../src/store/postgres-binaries.ts';
import { roomForDatabases } from '../support/database.ts';
import { makeTemplate, openStore, type Store } from '../support/store.ts';
import { addresses } from './addresses.ts';
import { callers } from './callers.ts';
import { images } from './images.ts';
import { keyring } from './keyring.ts';
import { layout } from './layout.ts';
import { queue } from './queue.ts';
import { records } from './records.ts';
import { visits } from './visits.ts';

describe('on the database of the run', () => {
  storeSuite(() => undefined);
});

describe('on PostgreSQL 15 by its URL', () => {
  const folder = mkdtempSync(join(roomForDatabases(), 'ingot-store-'));
  const isMissing = !isInstalled(15);
  let server: EmbeddedPostgres | undefined;
  beforeAll(async () => {
    if (!isMissing) server = await startEmbeddedPostgres({ folder, major: 15, durable: false });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });
  beforeEach(({ skip }) => skip(isMissing, 'PostgreSQL 15 is not installed (Debian package postgresql-15)'));

  storeSuite(() => server?.url);

  function isInstalled(major: number): boolean {
    try {
      return findPostgresBinaries(join(folder, 'lib'), major).major === major;
    } catch {
      return false;
    }
  }
});

/** @param server URL of the server to use, once it runs; undefined: the run's */
function storeSuite(server: () => string | undefined): void {
  let template: Awaited<ReturnType<typeof makeTemplate>>;
  let store: Store | undefined;
  beforeEach(async () => {
    template ??= await makeTemplate(server());
    store = await openStore(template.name, server());
  });
  afterEach(() => store?.close());
  afterAll(() => template?.drop());

  for (const part of [layout, queue, addresses, records, callers, keyring, images, visits])
    part(() => store!);
}
