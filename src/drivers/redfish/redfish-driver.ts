/**
 * The Redfish driver: one `Bmc` per address for as long as the process lives; what it learnt of it is kept with the node.
 * DSP0266 is the protocol, DSP2046 the meaning of the resources.
 */
import type { BmcCensus } from '../../core/bmc-traffic.ts';
import type { Node } from '../../core/node.ts';
import { Pending } from '../../core/pending.ts';
import { DriverError, type Driver, type Purpose } from '../../core/ports.ts';
import { governorDefaults, type Governor } from '../governor.ts';
import type { OnHabits } from '../habits.ts';
import { TrafficLimit } from '../traffic-limit.ts';
import { setPassword } from './account.ts';
import { Bmc, type BmcOptions, type Client } from './bmc.ts';
import { resetBmc } from './bmc-reset.ts';
import { setBootDevice } from './boot-device.ts';
import { readEventLog } from './event-log.ts';
import { readHealth } from './health.ts';
import { inspect } from './inventory.ts';
import { readPower } from './power.ts';
import { recordTree, type Recording, type RecordOptions } from './recorder.ts';
import { setPower } from './reset.ts';
import { findIpmiAddress, type OpenIpmiConsole } from './serial-console.ts';
import { sessionDefaults } from './session.ts';
import { ejectMedia, insertMedia } from './virtual-media.ts';

export interface RedfishDriverOptions extends Partial<Omit<BmcOptions, 'connections' | 'driver'>> {
  /** When to look after a command whose BMC names no time, in milliseconds. */
  firstLookMs?: number;
  /** A certificate was met for the first time (SHA-256, hex): to be stored as the node's pin. Once per node. */
  onCertificate?: (node: Node, sha256: string) => void;
  onHabits?: OnHabits;
  /** How a serial console is opened over IPMI; without it there are none. */
  openIpmiConsole?: OpenIpmiConsole;
}

export interface RedfishDriver extends Driver {
  /** For tests and metrics: how a BMC is treated; undefined when it was never spoken to. */
  governorOf(address: string): Governor | undefined;
  census(): BmcCensus;
  /** Reads all that a BMC shows; for `ingot record`. */
  record(bmc: Node['bmc'], options: RecordOptions): Promise<Recording>;
}

export function createRedfishDriver(options: RedfishDriverOptions = {}): RedfishDriver {
  const { firstLookMs = 0, onCertificate, onHabits, openIpmiConsole, ...given } = options;
  const settings: BmcOptions = {
    ...governorDefaults,
    ...sessionDefaults,
    timeFactor: 1,
    connectTimeoutMs: 5_000,
    answerTimeoutMs: 30_000,
    oldestTls: '1.2',
    traffic: new TrafficLimit(),
    ...given,
    driver: 'redfish',
    connections: given.concurrency ?? governorDefaults.concurrency,
  };
  const bmcs = new Map<string, Bmc>();
  const told = new Map<string, string>();
  const farewells = new Pending();
  let isClosed = false;

  function toBmc({ address, certificateSha256: pin }: Node['bmc']): Bmc {
    if (isClosed) throw new DriverError('unreachable', 'The driver is closed');
    const known = bmcs.get(address);
    if (known?.suits(pin)) return known;
    if (known) farewells.add(known.close()); // the pin was changed: connections made under the old one must not live on
    const bmc = new Bmc(address, pin, settings);
    bmcs.set(address, bmc);
    return bmc;
  }

  async function ask<T>(node: Node, question: (client: Client) => Promise<T>, purpose?: Purpose): Promise<T> {
    if (node.bmc.username !== '' && node.bmc.password === '') {
      throw new DriverError('denied', 'This process has no password for the BMC');
    }
    const bmc = toBmc(node.bmc);
    bmc.habits.meet(node);
    if (purpose && purpose.subJobId !== null) bmc.governor.hurry();
    try {
      return await question(bmc.as(node.bmc));
    } finally {
      const seen = bmc.connection.certificateSha256;
      if (seen !== null && node.bmc.certificateSha256 === null && told.get(node.id) !== seen) {
        told.set(node.id, seen);
        onCertificate?.(node, seen);
      }
      const news = bmc.habits.takeNews();
      if (news) onHabits?.(node, news);
    }
  }

  return {
    name: 'redfish',
    // Lags of 30 to 60 s are seen (Ironic rn conductor-power-sync-timeout), but a repeated reset then asks for the
    // state that is coming anyway.
    powerLagMs: 10_000,
    equalReadings: 1,
    timeScale: 1,

    readPower: (node, purpose) => ask(node, (client) => readPower(client, node.bmc.system), purpose),
    setPower: (node, power, purpose) =>
      ask(node, (client) => setPower(client, node.bmc.system, power, firstLookMs), purpose),
    setBootDevice: (node, device, purpose) =>
      ask(node, (client) => setBootDevice(client, node.bmc.system, device), purpose),
    inspect: (node) => ask(node, (client) => inspect(client.patient(), node.bmc.system)),

    readHealth: (node) => ask(node, (client) => readHealth(client, node.bmc.system)),
    readEventLog: (node, most) =>
      ask(node, (client) => readEventLog(client.patient(), node.bmc.system, most)),
    resetBmc: (node, purpose) => ask(node, (client) => resetBmc(client, node.bmc.system), purpose),
    setPassword: (node, password) => ask(node, (client) => setPassword(client, node.bmc.username, password)),
    insertMedia: (node, url, purpose) =>
      ask(node, (client) => insertMedia(client, node.bmc.system, url, firstLookMs), purpose),
    ejectMedia: (node, purpose) => ask(node, (client) => ejectMedia(client, node.bmc.system), purpose),
    async openConsole(node) {
      const address = await ask(node, (client) => findIpmiAddress(client, node));
      if (!openIpmiConsole) throw new DriverError('unsupported', 'No IPMI driver was given for the console');
      return openIpmiConsole(node, address);
    },

    async close() {
      isClosed = true;
      bmcs.forEach((bmc) => farewells.add(bmc.close()));
      bmcs.clear();
      await farewells.settled();
    },
    governorOf: (address) => bmcs.get(address)?.governor,
    record: (bmc, options) => recordTree(toBmc(bmc).as(bmc).patient(), options),
    census() {
      const census: BmcCensus = {
        driver: 'redfish',
        breakers: { closed: 0, open: 0, 'half-open': 0 },
        sessions: 0,
        inFlight: 0,
      };
      for (const { governor, sessions } of bmcs.values()) {
        census.breakers[governor.state] += 1;
        census.sessions += sessions;
        census.inFlight += governor.underWay;
      }
      return census;
    },
  };
}
