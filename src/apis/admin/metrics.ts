/**
 * Figures for Prometheus. What happens in this process is counted as it happens; what stands in the database is counted
 * when somebody asks, and is the same from every process: take the maximum over instances, not the sum.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BmcCensus, BmcWatch, TrafficCensus } from '../../core/bmc-traffic.ts';
import type { ErrorKind } from '../../core/errors.ts';
import type { SubJob } from '../../core/job.ts';
import { operations } from '../../core/operations.ts';
import type { Counts } from '../../core/records.ts';
import type { DeliveryOutcome } from '../../core/work.ts';
import { createBmcMetrics } from './bmc-metrics.ts';

/** What is asked of the drivers at each reading. */
export interface BmcFigures {
  traffic: TrafficCensus;
  drivers: BmcCensus[];
}

export interface Metrics {
  /** Counts the traffic with BMCs. */
  readonly bmcWatch: BmcWatch;
  readonly contentType: string;
  countAnswer(answer: { method: string; route: string; statusCode: number; seconds: number }): void;
  countOutcome(subJob: Pick<SubJob, 'operation' | 'remedies'>, outcome: DeliveryOutcome): void;
  /** Counts null: the database is away; the figures of this process are shown all the same. */
  show(counts: Counts | null, deliveries: number, bmcs: BmcFigures): Promise<string>;
}

/** Others come when they come. */
const expectedResults: ('succeeded' | ErrorKind)[] = [
  'succeeded',
  'hardware',
  'deadline',
  'no-capacity',
  'not-found',
  'conflict',
  'state-refuses',
  'unavailable',
  'internal',
];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const answers = new Histogram({
    name: 'ingot_http_request_duration_seconds',
    help: 'Time from request to answer; event streams excepted.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const outcomes = new Counter({
    name: 'ingot_outcomes_total',
    help: 'Sub-jobs that ended in this process. result: succeeded, or the kind of the error.',
    labelNames: ['operation', 'result'],
    registers,
  });
  const deadlines = new Counter({
    name: 'ingot_deadlines_passed_total',
    help: 'Deadlines that passed in this process; a remedy or the end follows.',
    labelNames: ['operation'],
    registers,
  });
  const deliveriesNow = new Gauge({
    name: 'ingot_deliveries_running',
    help: 'Sub-jobs that this process works on at the moment.',
    registers,
  });
  const subJobs = new Gauge({
    name: 'ingot_sub_jobs',
    help: 'Sub-jobs that have not ended.',
    labelNames: ['status'],
    registers,
  });
  const servers = new Gauge({
    name: 'ingot_servers',
    help: 'Servers by state of the lifecycle.',
    labelNames: ['state'],
    registers,
  });
  const nodes = new Gauge({
    name: 'ingot_nodes',
    help: 'Nodes by standing and by the power last read.',
    labelNames: ['standing', 'power'],
    registers,
  });

  const bmcMetrics = createBmcMetrics(registry);

  // From zero on: a series that begins with 1 never increased, as Prometheus counts, and the first failure is not told.
  for (const operation of operations) {
    deadlines.inc({ operation }, 0);
    for (const result of expectedResults) outcomes.inc({ operation, result }, 0);
  }

  return {
    bmcWatch: bmcMetrics.watch,
    contentType: registry.contentType,
    countAnswer({ method, route, statusCode, seconds }) {
      answers.observe({ method, route, status: statusCode }, seconds);
    },
    countOutcome({ operation, remedies }, outcome) {
      const isOver = outcome.error?.kind === 'deadline';
      if (isOver || outcome.remedies.length > remedies.length) deadlines.inc({ operation });
      if (outcome.status === 'succeeded') outcomes.inc({ operation, result: 'succeeded' });
      if (outcome.status === 'failed') outcomes.inc({ operation, result: outcome.error?.kind ?? 'internal' });
    },
    async show(counts, deliveries, bmcs) {
      deliveriesNow.set(deliveries);
      // What is no longer there must not go on showing its last figure.
      for (const gauge of [subJobs, servers, nodes]) gauge.reset();
      for (const { count, ...labels } of counts?.subJobs ?? []) subJobs.set(labels, count);
      for (const { count, ...labels } of counts?.servers ?? []) servers.set(labels, count);
      for (const { count, ...labels } of counts?.nodes ?? []) nodes.set(labels, count);
      bmcMetrics.show(bmcs.traffic, bmcs.drivers);
      return registry.metrics();
    },
  };
}
