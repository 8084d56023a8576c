/** One simulated BMC with one machine at a port of 127.0.0.1: what tests start. */
import { Listener, type ListenerOptions } from './listener.ts';
import { makeFacts } from './machine.ts';
import type { Asked, Json, Reply } from './reply.ts';
import type { Replay } from './replay.ts';
import { lawful, type BmcSettings } from './settings.ts';
import { SimulatedBmc, type Fault } from './simulated-bmc.ts';
import { SimulatedMachine, type SimulatedMachineOptions } from './simulated-machine.ts';

export interface RedfishServerOptions
  extends Partial<BmcSettings>, Partial<Pick<SimulatedMachineOptions, 'power'>>, ListenerOptions {
  port?: number;
  serial?: string;
  username?: string;
  password?: string;
  seed?: number;
  /** Answers a request before the BMC does; undefined: the BMC answers. A promise holds the answer back. */
  fault?: (asked: Asked, server: RedfishServer) => Fault | Promise<Fault>;
  /** Laid over the resources, by path. */
  overlay?: Record<string, Json>;
  /** A recording to play. */
  replay?: Replay;
}

export type { Asked, Json, Reply };

export class RedfishServer {
  readonly machine: SimulatedMachine;
  readonly bmc: SimulatedBmc;
  url = '';
  port = 0;
  readonly #listener: Listener;
  readonly #wantedPort: number;

  constructor(options: RedfishServerOptions) {
    const {
      tls,
      port = 0,
      serial,
      username,
      password,
      seed = 1,
      fault,
      overlay = {},
      replay,
      ...given
    } = options;
    const { power = 'off', ...settings } = given;
    // A driver must not pass on what a BMC repeats, so all that tests start do so.
    const all = { ...lawful, echoesPassword: true, ...replay?.settings, ...settings };
    this.machine = new SimulatedMachine({ ...all, power, facts: makeFacts(1, serial) });
    this.bmc = new SimulatedBmc({
      ...replay,
      settings: all,
      machine: this.machine,
      username: username ?? 'admin',
      password: password ?? 'correct horse',
      seed,
      overlay: { ...replay?.overlay, ...overlay },
      keepsRequests: true,
    });
    this.fault = fault;
    this.#listener = new Listener(tls ? { tls } : {});
    this.#wantedPort = port;
  }

  /** May be set at any time. */
  set fault(fault: RedfishServerOptions['fault']) {
    this.bmc.fault = fault && ((asked) => fault(asked, this));
  }

  get sessions() {
    return this.bmc.sessions;
  }

  get requests(): string[] {
    return this.bmc.requests;
  }

  get peakInFlight(): number {
    return this.bmc.traffic.peakInFlight;
  }

  counters() {
    const { resets, refused } = this.machine;
    return { ...this.bmc.counters(), power: this.machine.power(), resets, refused };
  }

  async listen(): Promise<this> {
    Object.assign(this, await this.#listener.add(this.bmc, '127.0.0.1', this.#wantedPort));
    return this;
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export function startRedfishServer(options: RedfishServerOptions = {}): Promise<RedfishServer> {
  return new RedfishServer(options).listen();
}
