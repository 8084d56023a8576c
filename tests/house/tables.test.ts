import { afterAll, beforeAll, expect, it } from 'vitest';
import { tablesText } from '../../scripts/tables-text.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { readSource } from './source-files.ts';

let made: TestDatabase;
let database: Database;
beforeAll(async () => {
  made = await createDatabase();
  database = await openDatabase(made.url, { connections: 2, onError: () => undefined });
});
afterAll(async () => {
  await database.close();
  await made.drop();
});

it('src/store/tables.ts is what the migrations make (npm run tables)', async () => {
  expect(readSource('src/store/tables.ts')).toBe(await tablesText(database.sql));
});
