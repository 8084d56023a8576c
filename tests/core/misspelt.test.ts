/** A misspelt state, target or operation does not compile: each line below must be an error of the compiler. */
import { expect, it } from 'vitest';
import { canAccept, lifecycle, stateOf, type State } from '../../src/core/lifecycle.ts';
import type { operationKinds } from '../../src/core/operations.ts';

it('is checked by the compiler', () => {
  // @ts-expect-error no such state
  const state: State = 'Stoped';
  // @ts-expect-error no such row
  expect(lifecycle['Runing']).toBeUndefined();
  // @ts-expect-error no such target
  const row: (typeof lifecycle)['Stopping'] = { ...lifecycle.Stopping, success: 'Stoped' };
  // @ts-expect-error no such operation
  expect(stateOf('halt')).toBeUndefined();
  // @ts-expect-error no such door
  expect(() => canAccept('Running', 'stop', 'aws')).toThrow();
  // @ts-expect-error no such step
  const steps: (typeof operationKinds)['stop']['steps'] = ['power-of'];
  expect([state, row.success, steps]).toHaveLength(3);
});
