/**
 * `/events`: state changes and job progress as server-sent events (WHATWG HTML §9.2), resumable by `Last-Event-ID`.
 * The id of an event is the cursor of history, so that any process of the installation can go on with it.
 */
import { Readable } from 'node:stream';
import { invalid, notAllowed } from '../../core/errors.ts';
import { hasEnded } from '../../core/job.ts';
import type { HistoryEvent, JobProgress } from '../../core/records.ts';
import type { Caller } from '../../core/tenancy.ts';
import { single, type Answer, type Call } from '../api.ts';
import type { Cloud } from './cloud.ts';
import { compare, createFeed, type Feed, type Frame, type Listener } from './event-feed.ts';
import { toMove } from './wire.ts';

export interface Events {
  open(call: Call): Promise<Answer>;
  close(): void;
}

const keepAliveMs = 15_000;
/** A reader that is so many bytes behind is dropped; it may come back with the id it has. */
const mostBehind = 1_048_576;
const cursorForm = /^\d{1,19}-\d{1,15}$/;

export function createEvents(cloud: Cloud): Events {
  const feed = createFeed(cloud.history, (events) => toFrames(cloud, events), cloud.log);
  const streams = new Set<Readable>();
  return {
    async open(call) {
      const caller = await authenticate(cloud, call);
      const stream = createStream();
      const listener = createListener(stream, caller, await whereToBegin(feed, call));
      streams.add(stream);
      const keepAlive = setInterval(() => {
        // Whoever may no longer look is shown out.
        authenticate(cloud, call).then(
          () => stream.push(`: still here\nid: ${listener.cursor}\n\n`),
          () => stream.destroy(),
        );
      }, keepAliveMs);
      stream.once('close', () => {
        clearInterval(keepAlive);
        streams.delete(stream);
        feed.leave(listener);
      });
      stream.push(`retry: 2000\nid: ${listener.cursor}\n\n`);
      feed.join(listener).catch((error: unknown) => {
        cloud.log(error, 'an event stream could not begin');
        stream.destroy();
      });
      const headers = {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
      };
      return { statusCode: 200, stream, headers };
    },
    close() {
      feed.close();
      for (const stream of streams) stream.destroy();
    },
  };
}

/** A browser's EventSource cannot set headers, so the token may stand in the query. */
async function authenticate({ auth }: Cloud, call: Call): Promise<Caller> {
  const token = call.headers['x-auth-token'] ?? single(call, 'token');
  const caller = await auth.authenticate({ 'x-auth-token': token });
  if (!auth.may({ ...call, caller }, 'ingot:events:get')) {
    throw notAllowed("Policy doesn't allow ingot:events:get to be performed.");
  }
  return caller;
}

async function whereToBegin(feed: Feed, call: Call): Promise<string> {
  const asked = call.headers['last-event-id'] ?? single(call, 'last_event_id');
  const now = await feed.now();
  if (asked === undefined || asked === '') return now;
  if (typeof asked !== 'string' || !cursorForm.test(asked)) {
    throw invalid('Last-Event-ID is not an id of this stream.', 'last_event_id');
  }
  // An id beyond now is of another database, or of this one before it was put back.
  return compare(asked, now) > 0 ? now : asked;
}

type Stream = Readable & { drained: (() => void) | null };

function createStream(): Stream {
  const stream = new Readable({
    read() {
      (stream as Stream).drained?.();
    },
  });
  return Object.assign(stream, { drained: null });
}

function createListener(stream: Stream, caller: Caller, cursor: string): Listener {
  const isFor = (frame: Frame) => caller.isAdmin || frame.projectId === (caller.project?.id ?? '');
  return {
    cursor,
    get isGone() {
      return stream.destroyed;
    },
    take(frames) {
      if (stream.destroyed) return undefined;
      const text = frames
        .filter(isFor)
        .map((frame) => frame.text)
        .join('');
      // Before the push: one page alone may be longer than that.
      if (stream.readableLength > mostBehind) stream.destroy();
      if (text === '' || stream.destroyed || stream.push(text)) return undefined;
      return new Promise((resolve) => {
        stream.drained = resolve;
        stream.once('close', resolve);
      });
    },
  };
}

/** A row may be two events; the id goes with the last one, so that neither is lost between them. */
async function toFrames({ jobs }: Cloud, events: HistoryEvent[]): Promise<Frame[]> {
  const lastOfJob = new Map<string, HistoryEvent>();
  for (const event of events) {
    if (event.jobId && event.status && hasEnded(event.status)) lastOfJob.set(event.jobId, event);
  }
  const progress = lastOfJob.size > 0 ? await jobs.listProgress([...lastOfJob.keys()]) : [];
  return events.map((event) => {
    const told = event.jobId !== null && lastOfJob.get(event.jobId) === event;
    const job = told ? progress.find(({ jobId }) => jobId === event.jobId) : undefined;
    const blocks = [
      ...(event.serverId ? [['event: server', `data: ${JSON.stringify(toMove(event))}`]] : []),
      ...(job ? [['event: job', `data: ${JSON.stringify(toProgress(job))}`]] : []),
    ];
    blocks.at(-1)?.unshift(`id: ${event.cursor}`);
    const text = blocks.map((lines) => `${lines.join('\n')}\n\n`).join('');
    return { cursor: event.cursor, projectId: event.projectId, text };
  });
}

function toProgress({ jobId, total, ended, failed }: JobProgress) {
  const status = ended < total ? 'RUNNING' : failed > 0 ? 'FAIL' : 'SUCCESS';
  return { job_id: jobId, total, ended, failed, status };
}
