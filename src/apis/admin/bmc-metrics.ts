/** Figures of the traffic with BMCs, by driver. Never by BMC: ten thousand label values would drown the rest. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { BmcCensus, BmcWatch, TrafficCensus } from '../../core/bmc-traffic.ts';
import { driverNames } from '../../core/node.ts';

const bmcDrivers = driverNames.filter((name) => name !== 'simulated');

export interface BmcMetrics {
  watch: BmcWatch;
  /** Sets what stands at this moment. */
  show(traffic: TrafficCensus, drivers: BmcCensus[]): void;
}

export function createBmcMetrics(registry: Registry): BmcMetrics {
  const registers = [registry];
  const exchanges = new Histogram({
    name: 'ingot_bmc_request_duration_seconds',
    help: 'Time of one exchange with a BMC, waiting for its turn excepted. result: answered, or the kind of the error.',
    labelNames: ['driver', 'result'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const counter = (name: string, help: string, labelNames: string[] = ['driver']) =>
    new Counter({ name, help, labelNames, registers });
  const retries = counter(
    'ingot_bmc_retries_total',
    'What was sent to a BMC once more. reason: connection, session, server-error, etag, encoding.',
    ['driver', 'reason'],
  );
  const opened = counter('ingot_bmc_breakers_opened_total', 'BMCs that were taken for dead.');
  const logins = counter('ingot_bmc_logins_total', 'Sessions that were opened.');
  const lockouts = counter('ingot_bmc_lockouts_total', 'BMCs left alone after refused logins.');

  // From zero on, so that the first one is an increase.
  for (const driver of bmcDrivers) for (const it of [opened, logins, lockouts]) it.inc({ driver }, 0);

  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const limit = gauge('ingot_bmc_requests_limit', 'Exchanges with BMCs that are allowed at once; adapts.');
  const waiting = gauge('ingot_bmc_requests_waiting', 'Exchanges that wait for the limit.');
  const inFlight = gauge('ingot_bmc_requests_in_flight', 'Exchanges under way, by driver.', ['driver']);
  const sessions = gauge('ingot_bmc_sessions', 'Sessions held open.', ['driver']);
  const breakers = gauge('ingot_bmc_breakers', 'BMCs spoken to, by state of their circuit breaker.', [
    'driver',
    'state',
  ]);

  return {
    watch: {
      exchanged: (driver, result, seconds) => exchanges.observe({ driver, result }, seconds),
      retried: (driver, reason) => retries.inc({ driver, reason }),
      breakerOpened: (driver) => opened.inc({ driver }),
      loggedIn: (driver) => logins.inc({ driver }),
      lockedOut: (driver) => lockouts.inc({ driver }),
    },
    show(traffic, drivers) {
      limit.set(traffic.limit);
      waiting.set(traffic.waiting);
      for (const { driver, ...census } of drivers) {
        inFlight.set({ driver }, census.inFlight);
        sessions.set({ driver }, census.sessions);
        for (const [state, count] of Object.entries(census.breakers)) breakers.set({ driver, state }, count);
      }
    },
  };
}
