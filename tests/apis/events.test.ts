/** What the event stream does with readers that do not keep up; history is made up, so that there is much of it. */
import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { Call } from '../../src/apis/api.ts';
import type { Cloud } from '../../src/apis/admin/cloud.ts';
import { createEvents } from '../../src/apis/admin/events.ts';
import type { HistoryEvent } from '../../src/core/records.ts';

const call = { headers: {}, query: { token: 'x', last_event_id: '0-0' } } as unknown as Call;
const longEvidence = 'x'.repeat(10_000);

function makeRow(at: number): HistoryEvent {
  return {
    cursor: `1-${at}`,
    serverId: 'server',
    projectId: 'project',
    jobId: null,
    evidence: longEvidence,
  } as HistoryEvent;
}

/** @param rows grows as the test likes */
function openEvents(rows: HistoryEvent[]) {
  let tell: () => void = () => undefined;
  let reads = 0;
  const history: Partial<Cloud['history']> = {
    async listAfter(cursor, limit) {
      reads++;
      const from = Number(cursor!.split('-')[1]);
      return rows.slice(from, from + limit);
    },
    latestCursor: async () => `1-${rows.length}`,
    async onNews(callback) {
      tell = callback;
      return async () => undefined;
    },
  };
  const auth = { authenticate: async () => ({ isAdmin: true }), may: () => true };
  const log = (error: unknown) => expect.fail(String(error));
  const events = createEvents({ history, auth, log } as unknown as Cloud);
  return { events, tell: () => tell(), reads: () => reads };
}

it('drops a reader that is too far behind, and not those who keep up', async () => {
  const rows: HistoryEvent[] = [];
  const { events, tell } = openEvents(rows);
  const [slow, quick] = [(await events.open(call)).stream!, (await events.open(call)).stream!];
  let read = 0;
  quick.on('data', (chunk: Buffer) => (read += chunk.length));
  const dropped = once(slow, 'close');
  while (!slow.destroyed) {
    rows.push(...Array.from({ length: 50 }, (_, at) => makeRow(rows.length + at + 1)));
    tell();
    await new Promise(setImmediate);
  }
  await dropped;
  expect(quick.destroyed).toBe(false);
  expect(read).toBeGreaterThan(500_000);
  events.close();
});

it('lets a reader of old events set the pace', async () => {
  const rows = Array.from({ length: 2_000 }, (_, at) => makeRow(at + 1));
  const { events, reads } = openEvents(rows);
  const { stream } = await events.open(call);
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect(reads(), 'nobody reads, so only the first page was fetched').toBe(1);
  let text = '';
  for await (const chunk of stream!) {
    text += String(chunk);
    if (text.includes('id: 1-2000\n')) break;
  }
  expect(text.match(/^event: server$/gm)).toHaveLength(2_000);
  events.close();
});

it('tells a reader nothing twice that came while it caught up', async () => {
  const rows: HistoryEvent[] = [];
  const { events, reads } = openEvents(rows);
  const first = (await events.open(call)).stream!;
  // It catches up, and joins the others.
  while (reads() < 2) await new Promise(setImmediate);
  rows.push(...Array.from({ length: 10 }, (_, at) => makeRow(at + 1)));
  const second = (await events.open(call)).stream!;
  const texts = ['', ''];
  first.on('data', (chunk: Buffer) => (texts[0] += String(chunk)));
  second.on('data', (chunk: Buffer) => (texts[1] += String(chunk)));
  while (!texts.every((text) => text.includes('id: 1-10\n'))) await new Promise(setImmediate);
  for (const text of texts) expect(text.match(/^event: server$/gm)).toHaveLength(10);
  events.close();
});
