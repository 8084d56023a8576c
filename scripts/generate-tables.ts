/** Writes `src/store/tables.ts`; `tests/house/tables.test.ts` fails when it is stale. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../src/store/database.ts';
import { startEmbeddedPostgres } from '../src/store/embedded-postgres.ts';
import { tablesText } from './tables-text.ts';

const folder = await mkdtemp(join(tmpdir(), 'ingot-tables-'));
const server = await startEmbeddedPostgres({ folder, durable: false });
const database = await openDatabase(server.url, { onError: console.error });
try {
  await writeFile(new URL('../src/store/tables.ts', import.meta.url), await tablesText(database.sql));
  console.log('src/store/tables.ts');
} finally {
  await database.close();
  await server.stop();
  await rm(folder, { recursive: true });
}
