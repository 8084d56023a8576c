/** The lifecycle table against the published one, and what is derived from it. */
import { describe, expect, it } from 'vitest';
import {
  canAccept,
  isIntermediate,
  lifecycle,
  states,
  stateOf,
  taskStatesOf,
  toInstanceState,
  toPowerState,
  toStatus,
  toVmState,
  type Door,
  type State,
} from '../../src/core/lifecycle.ts';
import { operations, type Operation } from '../../src/core/operations.ts';

/** Huawei Cloud bms_pd_0004, word for word. */
const published: [State, 'intermediate' | 'stable', string][] = [
  ['Creating', 'intermediate', 'BUILD/BUILDING'],
  ['Starting', 'intermediate', 'SHUTOFF'],
  ['Running', 'stable', 'ACTIVE'],
  ['Stopping', 'intermediate', 'ACTIVE'],
  ['Stopped', 'stable', 'SHUTOFF'],
  ['Restarting', 'intermediate', 'REBOOT'],
  ['Forcibly restarting', 'intermediate', 'HARD_REBOOT'],
  ['Deleting', 'intermediate', 'ACTIVE/SHUTOFF/REBOOT/HARD_REBOOT/ERROR'],
  ['Deleted', 'intermediate', 'DELETED'],
  ['Faulty', 'stable', 'ERROR'],
  ['Rebuilding', 'intermediate', 'SHUTOFF'],
  ['Reinstalling OS', 'intermediate', 'SHUTOFF'],
  ['Reinstalling OS failed', 'stable', 'SHUTOFF'],
];

it('has the 13 published states in their order, with attribute and status word for word', () => {
  expect(states.map((state) => [state, lifecycle[state].attribute, lifecycle[state].published])).toEqual(
    published,
  );
});

it('shows a status from the published cell in every state', () => {
  for (const state of states) {
    const cell = lifecycle[state].published.split('/');
    const froms = state === 'Deleting' ? states.filter((it) => canAccept(it, 'delete', 'nova')) : [null];
    for (const deletingFrom of froms) expect(cell).toContain(toStatus({ state, deletingFrom }));
  }
});

it('keeps showing in Deleting what was shown when deletion began', () => {
  expect(toStatus({ state: 'Deleting', deletingFrom: 'Forcibly restarting' })).toBe('HARD_REBOOT');
  expect(toVmState({ state: 'Deleting', deletingFrom: 'Faulty' })).toBe('error');
  expect(
    toPowerState({ state: 'Deleting', deletingFrom: 'Running', taskState: 'deleting', power: 'off' }),
  ).toBe(1);
});

it('shows a restart in CloudDC as running, then stopped', () => {
  expect(toInstanceState({ state: 'Forcibly restarting', taskState: 'rebooting_hard' })).toBe('running');
  expect(toInstanceState({ state: 'Forcibly restarting', taskState: 'reboot_started_hard' })).toBe('stopped');
});

describe('who may do what, as published (Y) and refused (n)', () => {
  const columns: State[] = ['Running', 'Stopped', 'Faulty', 'Reinstalling OS failed', 'Creating', 'Stopping'];
  const rows: [Door, Operation, string][] = [
    ['bms', 'start', 'nYnYnn'],
    ['nova', 'start', 'nYnYnn'],
    ['bms', 'stop', 'Ynnnnn'],
    ['nova', 'stop', 'YnYnnn'],
    ['bms', 'force-restart', 'Ynnnnn'],
    ['nova', 'force-restart', 'YYYnnn'],
    ['bms', 'delete', 'YYYYnn'],
    ['nova', 'delete', 'YYYYYY'],
    ['bms', 'reinstall-os', 'nYnYnn'],
  ];
  for (const [door, operation, cells] of rows) {
    it(`${operation} through ${door}`, () => {
      const found = columns.map((state) => (canAccept(state, operation, door) ? 'Y' : 'n')).join('');
      expect(found).toBe(cells);
    });
  }
});

it('gives every intermediate state an operation, an end and a deadline, and every stable one none', () => {
  for (const state of states) {
    const row = lifecycle[state];
    if (!isIntermediate(state)) {
      expect([row.by, row.success, row.failure, row.deadlineMinutes]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      expect(taskStatesOf(state)).toEqual([]);
      continue;
    }
    expect(row.deadlineMinutes).toBeGreaterThan(0);
    if (state === 'Deleted') expect(row.success).toBeNull();
    else expect(isIntermediate(row.success!) && row.success !== 'Deleted').toBe(false);
  }
});

it('lets every operation pass through one state of its own', () => {
  expect(new Set(operations.map(stateOf)).size).toBe(operations.length);
});
