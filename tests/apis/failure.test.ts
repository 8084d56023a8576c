/** What the database says when it cannot, as a failure that callers may ask again after. */
import { expect, it } from 'vitest';
import { toIngotError } from '../../src/apis/failure.ts';

const failing = (message: string, code?: string) =>
  toIngotError(Object.assign(new Error(message), code === undefined ? {} : { code }), 1_000).facts;

it.each([
  ['could not extend file: No space left on device', '53100', 'The disk of the database is full.'],
  ['sorry, too many clients already', '53300', 'The database has no room for more.'],
  ['connect ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED', 'The database is away.'],
  ['read ECONNRESET', 'ECONNRESET', 'The database is away.'],
  ['terminating connection because of crash of another server process', '57P02', 'The database is away.'],
  ['Connection terminated unexpectedly', undefined, 'The database is away.'],
])('%s (%s) is no fault of ours', (words, code, message) => {
  expect(failing(words, code)).toEqual({ kind: 'unavailable', message, retryAfterSeconds: 5 });
});

it('tells nothing of a fault that is ours', () => {
  expect(failing('column "secret" does not exist', '42703')).toEqual({
    kind: 'internal',
    message: 'Internal error.',
  });
});
