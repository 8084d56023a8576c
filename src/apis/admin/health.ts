/** Is the process alive, can it work, and how much is there: for load balancers, Prometheus and `ingot status`. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Counts } from '../../core/records.ts';
import { ok, type Answer } from '../api.ts';
import type { Cloud } from './cloud.ts';

const patienceMs = 2_000;

export function showLife(): Answer {
  return ok({ status: 'ok' });
}

export async function showReadiness(cloud: Cloud): Promise<Answer> {
  const missing = [
    ...((await isDatabaseThere(cloud)) ? [] : ['the database does not answer']),
    ...(cloud.worker.isAtWork ? [] : ['the worker does not run']),
  ];
  if (missing.length === 0) return ok({ status: 'ok' });
  return { statusCode: 503, headers: { 'retry-after': '5' }, body: { status: 'not ready', missing } };
}

async function isDatabaseThere({ ping }: Cloud): Promise<boolean> {
  const giveUp = new AbortController();
  const answered = ping().then(
    () => true,
    () => false,
  );
  const late = wait(patienceMs, false, { signal: giveUp.signal }).catch(() => false);
  return Promise.race([answered, late]).finally(() => giveUp.abort());
}

export async function showMetrics(cloud: Cloud): Promise<Answer> {
  const counts = await cloud.census.take().catch((error: unknown): Counts | null => {
    cloud.log(error, 'counting for the metrics failed');
    return null;
  });
  const text = await cloud.metrics.show(counts, cloud.worker.busy, cloud.bmcFigures());
  return { statusCode: 200, headers: { 'content-type': cloud.metrics.contentType }, body: text };
}

export async function showStatus(cloud: Cloud): Promise<Answer> {
  const { servers, nodes, subJobs } = await cloud.census.take();
  return ok({ servers, nodes, sub_jobs: subJobs, deliveries: cloud.worker.busy });
}
