/**
 * The IPMI 2.0 driver, over `ipmitool`: a `Bmc` per address for as long as the process lives. One session per BMC at a
 * time, a pause between visits, and nothing is sent twice. IPMI is UDP: what gets lost is asked again by the engine.
 */
import type { BmcCensus } from '../../core/bmc-traffic.ts';
import type { Node } from '../../core/node.ts';
import { DriverError, type Driver, type Purpose } from '../../core/ports.ts';
import { governorDefaults, type Governor } from '../governor.ts';
import type { OnHabits } from '../habits.ts';
import { lockoutDefaults } from '../lockout-guard.ts';
import { TrafficLimit } from '../traffic-limit.ts';
import { setPassword } from './account.ts';
import { commandFailure } from './answer.ts';
import { Bmc, type Account, type Ask, type IpmiOptions } from './bmc.ts';
import { setBootDevice } from './boot-device.ts';
import { readEventLog } from './event-log.ts';
import { inspect } from './inventory.ts';
import { Ipmitool } from './ipmitool.ts';
import { readPower, setPower } from './power.ts';
import { readHealth } from './sensors.ts';

export interface IpmiDriverOptions extends Partial<Omit<IpmiOptions, 'driver' | 'concurrency'>> {
  /** Name or path of ipmitool. */
  program?: string;
  /** When to look after a power command, in milliseconds. */
  firstLookMs?: number;
  onHabits?: OnHabits;
}

export interface IpmiDriver extends Driver {
  /** For tests: how a BMC is treated; undefined when it was never spoken to. */
  governorOf(address: string): Governor | undefined;
  /** The cipher suite that a BMC took last. */
  cipherOf(address: string): number | null | undefined;
  census(): BmcCensus;
}

const defaults: Omit<IpmiOptions, 'traffic'> = {
  ...governorDefaults,
  ...lockoutDefaults,
  driver: 'ipmi',
  concurrency: 1,
  // Ironic, [ipmi]min_command_interval: some BMCs crash when they are asked more often.
  spacingMs: 5_000,
  // A dead BMC costs about 10 s: ipmitool asks twice for what it needs first, and waits longer each time.
  reading: { answerSeconds: 2, tries: 2, deadlineMs: 60_000 },
  acting: { answerSeconds: 15, tries: 1, deadlineMs: 60_000 },
};

export function createIpmiDriver(options: IpmiDriverOptions = {}): IpmiDriver {
  const { program = 'ipmitool', firstLookMs = 1_000, onHabits, ...given } = options;
  const settings: IpmiOptions = { ...defaults, traffic: new TrafficLimit(), ...given };
  const lookInMs = Math.max(firstLookMs, settings.spacingMs);
  const ipmitool = new Ipmitool(program);
  const bmcs = new Map<string, Bmc>();
  let isClosed = false;

  function toBmc({ bmc: { address } }: Node): Bmc {
    if (isClosed) throw new DriverError('unreachable', 'The driver is closed');
    const known = bmcs.get(address);
    if (known) return known;
    const bmc = new Bmc(address, ipmitool, settings);
    bmcs.set(address, bmc);
    return bmc;
  }

  /** Whatever is asked of a BMC, what is known of it is looked at before, and what was learnt is told. */
  async function meet<T>(node: Node, question: (bmc: Bmc) => Promise<T>): Promise<T> {
    const bmc = toBmc(node);
    bmc.habits.meet(node);
    try {
      return await question(bmc);
    } finally {
      const news = bmc.habits.takeNews();
      if (news) onHabits?.(node, news);
    }
  }

  function visit<T>(node: Node, work: (ask: Ask) => Promise<T>, purpose?: Purpose): Promise<T> {
    return meet(node, (bmc) => {
      if (purpose && purpose.subJobId !== null) bmc.governor.hurry();
      return bmc.visit(checked(node), work);
    });
  }

  return {
    name: 'ipmi',
    // A chassis may report its old state for some seconds after a command.
    powerLagMs: 10_000,
    equalReadings: 2,
    timeScale: 1,

    readPower: (node, purpose) => visit(node, readPower, purpose),
    setPower: (node, power, purpose) => visit(node, (ask) => setPower(ask, power, lookInMs), purpose),
    setBootDevice: (node, device, purpose) =>
      visit(node, (ask) => setBootDevice(ask, device, node.boot?.firmware !== 'bios'), purpose),
    inspect: (node) => visit(node, (ask) => inspect(ask, node.inventory)),
    readHealth: (node) => visit(node, (ask) => readHealth(ask, node.health)),
    readEventLog: (node, most) => visit(node, (ask) => readEventLog(ask, most)),
    resetBmc: (node) =>
      visit(node, async (ask) => {
        const output = await ask(['mc reset cold'], 'acting');
        if (!/Sent cold reset command/.test(output.stdout)) throw commandFailure('its restart', output);
        return { evidence: 'IPMI took the command to restart the BMC', lookInMs: bmcAwayMs };
      }),
    setPassword: (node, password) => visit(node, (ask) => setPassword(ask, node.bmc.username, password)),
    insertMedia: async () => lacks('use virtual media'),
    ejectMedia: async () => lacks('use virtual media'),
    openConsole: (node) => meet(node, (bmc) => bmc.openConsole(checked(node))),

    async close() {
      isClosed = true;
      for (const bmc of bmcs.values()) bmc.close();
      bmcs.clear();
      ipmitool.close();
    },
    governorOf: (address) => bmcs.get(address)?.governor,
    cipherOf: (address) => bmcs.get(address)?.cipher,
    census() {
      const census: BmcCensus = {
        driver: 'ipmi',
        breakers: { closed: 0, open: 0, 'half-open': 0 },
        sessions: 0,
        inFlight: 0,
      };
      for (const { governor } of bmcs.values()) {
        census.breakers[governor.state] += 1;
        census.inFlight += governor.underWay;
        census.sessions += governor.underWay; // a session lasts as long as its visit
      }
      return census;
    },
  };
}

function checked({ bmc }: Node): Account {
  if (bmc.username !== '' && bmc.password === '') {
    throw new DriverError('denied', 'This process has no password for the BMC');
  }
  return bmc;
}

/** xcat#3310: a BMC answers pings a minute after a restart, and requests half a minute later. */
const bmcAwayMs = 60_000;

function lacks(what: string): never {
  throw new DriverError('unsupported', `The IPMI driver cannot ${what}`);
}
