/** One pass of power sync over 10,000 BMCs with 5 % dead, against the same pass with none dead. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Work } from '../src/core/work.ts';
import { createRedfishDriver, type RedfishDriver } from '../src/drivers/redfish/redfish-driver.ts';
import { powerRounds } from '../src/engine/power-sync.ts';
import { openDatabase } from '../src/store/database.ts';
import { createVault } from '../src/store/vault.ts';
import { createWork } from '../src/store/work.ts';
import { startCloud, type Cloud } from '../tests/support/cloud.ts';
import { median, timed, type Bench, type Figure } from './bench.ts';
import { benchKey, enrolFleet, startLargeFleet } from './fleet.ts';

const count = 10_000;
/** Every twentieth. */
const deadEvery = 20;
const latencyMs = 50;
const mostTurns = 3;
const limits = { places: 512, most: 4_096 };

/** A pass is over when every living BMC was read and written, and the round has ended. What became of the dead by then: */
interface Pass {
  ms: number;
  /** Tried and given up, or not even tried because their breaker is open. */
  givenUp: number;
  /** Still waited for, each for itself, and passed over by the next pass if that has not ended by then. */
  waitedFor: number;
  /** Of all the dead, with a breaker that is not closed. */
  known: number;
}

/** Passes close to each other, so that a noisy moment of the machine meets all kinds. */
interface Turn {
  /** Before the others and behind them. */
  none: Pass[];
  /** Meets BMCs that have just died. */
  first: Pass;
  /** Milliseconds until the last of those was given up. */
  last: number;
  later: Pass[];
}

export const powerPass: Bench = {
  name: 'power-pass',
  help: `reading the power of ${count} BMCs, 1 of ${deadEvery} dead, against the same with none dead`,
  async run(tell) {
    const words = ['--latency', latencyMs, '--power', 'on', '--port', 20_443];
    const fleet = await startLargeFleet(count, words);
    const cloud = await startCloud({
      INGOT_SIM_NODES: '0',
      INGOT_SECRET_KEY: benchKey,
      INGOT_HEALTH_SECONDS: '0',
      INGOT_POWER_SYNC_SECONDS: '0',
    });
    await enrolFleet(cloud.databaseUrl, fleet.addresses);
    const database = await openDatabase(cloud.databaseUrl, { onError: () => undefined });
    const work = createWork(database, createVault([Buffer.from(benchKey, 'hex')]));
    const driver = createRedfishDriver();
    const passes = await preparePasses(cloud, work, driver);

    tell(`${count} BMCs with ${latencyMs} ms latency; the first pass opens their sessions`);
    await passes.make();
    const turns: Turn[] = [];
    while (turns.length < mostTurns) {
      const none = [await passes.make(), await passes.make()];
      for (let index = 0; index < count; index += deadEvery) {
        await fleet.tell(index, { isSilent: true });
        passes.bury(fleet.addresses[index]!);
      }
      tell(`${count / deadEvery} hang from now on`);
      const first = await passes.make();
      const last = first.ms + (await timed(() => passes.settled()));
      for (let more = 0; more < 2; more += 1) {
        await passes.make(); // until the breakers are open
        await passes.settled();
      }
      const later = [await passes.make(), await passes.make()];
      for (let index = 0; index < count; index += deadEvery) await fleet.tell(index, { isSilent: false });
      tell('all answer again');
      while (passes.deadLeft() > 0) {
        await sleep(3_000); // until the breakers let somebody try
        await passes.make();
      }
      none.push(await passes.make());
      turns.push({ none, first, last, later });
    }
    const peak = Math.max(...(await fleet.counters()).map(({ peakInFlight }) => peakInFlight));
    await driver.close();
    await database.close();
    await cloud.close();
    fleet.stop();
    return toFigures(turns, peak);
  },
};

async function preparePasses(cloud: Cloud, work: Work, driver: RedfishDriver) {
  const { rows } = await cloud.sql.query<{ id: string; address: string }>(
    'select id, bmc_address as address from nodes',
  );
  const idOf = new Map(rows.map(({ id, address }) => [address, id]));
  const dead = new Map<string, string>();
  const failures = new Set<string>();
  let living = 0;
  const givenUp = new Set<string>();
  let livingDone = () => {};
  const watched: Work = {
    ...work,
    async writePowerReads(reads) {
      await work.writePowerReads(reads);
      for (const { nodeId, power } of reads) {
        if (power === 'on') dead.delete(nodeId); // it has risen
        if (dead.has(nodeId)) givenUp.add(nodeId);
        else if (power === 'on') living += 1;
        else throw new Error(`a living BMC was read as ${power}`);
      }
      if (living >= count - dead.size) livingDone();
    },
  };
  const room = {
    work: watched,
    submit: { enforcePower: () => Promise.reject(new Error('not in this bench')) },
    drivers: { redfish: driver },
    log: (error: unknown) => void failures.add(String(error)),
  };
  const rounds = powerRounds(room, 3_600_000, limits);
  return {
    settled: () => rounds.settled(),
    deadLeft: () => dead.size,
    bury: (address: string) => void dead.set(idOf.get(address)!, address),
    async make(): Promise<Pass> {
      // But for dead ones whose result is being written just now.
      await cloud.sql.query(
        `update nodes set next_power_read_at = now()
         where id in (select id from nodes for update skip locked)`,
      );
      living = 0;
      givenUp.clear();
      const allLiving = new Promise<void>((resolve) => (livingDone = resolve));
      const ms = await timed(() => Promise.all([rounds.run(), allLiving]));
      if (failures.size > 0) throw new Error([...failures].join('; '));
      const breakers = [...dead.values()].map((address) => driver.governorOf(address)!.state);
      const known = breakers.filter((state) => state !== 'closed').length;
      return { ms, givenUp: givenUp.size, waitedFor: dead.size - givenUp.size, known };
    },
  };
}

function toFigures(turns: Turn[], peak: number): Figure[] {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanMs = (passes: Pass[]) => mean(passes.map(({ ms }) => ms));
  /** Each turn against its own floor. */
  const ratio = (toMs: (turn: Turn) => number) => median(turns.map((turn) => toMs(turn) / meanMs(turn.none)));
  const all = (toValues: (turn: Turn) => number[]) =>
    turns.map((turn) => toValues(turn).map(Math.round).join(' ')).join(', ');
  const measured = {
    'none dead ms': all(({ none }) => none.map(({ ms }) => ms)),
    'just died ms': all(({ first }) => [first.ms]),
    'just died: given up': all(({ first }) => [first.givenUp]),
    'just died: waited for': all(({ first }) => [first.waitedFor]),
    'just died, until the last is given up ms': all(({ last }) => [last]),
    'long dead ms': all(({ later }) => later.map(({ ms }) => ms)),
    'long dead: given up': all(({ later }) => later.map(({ givenUp }) => givenUp)),
    'long dead: waited for': all(({ later }) => later.map(({ waitedFor }) => waitedFor)),
    'long dead: breaker open or probing': all(({ later }) => later.map(({ known }) => known)),
    'most requests at once per BMC': peak,
  };
  return [
    {
      name: 'the pass, 5 % just died / none dead',
      says: 'the pass that meets the dead, until every living BMC was read and every dead one given up or waited for beside the rounds',
      ratio: ratio(({ first }) => first.ms),
      aim: { most: 1.3 },
      measured,
    },
    {
      name: 'the pass, 5 % long dead / none dead',
      says: 'the same when most breakers are open; some of the dead are probed in each pass',
      ratio: ratio(({ later }) => meanMs(later)),
      aim: { most: 1.3 },
      measured,
    },
    {
      name: 'until the last just died is given up',
      says: 'bounded by how long an answer is waited for; nobody else waits for it',
      ratio: ratio(({ last }) => last),
      aim: null,
      measured,
    },
  ];
}
