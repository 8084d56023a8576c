/** An Ingot that serves the rack: it runs inside, where it reaches BMCs and machines; its API is published on the host. */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { buildRamdisk } from '../../src/boot/ramdisk/build-ramdisk.ts';
import { createClient, logIn, type Client } from '../../src/cli/client.ts';
import { readCredentials } from '../../src/cli/credentials.ts';
import { cache, oneAtATime } from '../image/lab-image.ts';
import type { Entered } from '../rack/namespaces.ts';
import { network } from '../rack/plan.ts';
import type { Rack } from '../rack/rack.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../bin/ingot.mjs', import.meta.url));
const port = 8774;

export interface IngotOptions {
  /** Settings of Ingot over those of the lab. */
  env?: Record<string, string>;
  /** Port of 127.0.0.1 on the host; any free one when left out. */
  port?: number;
  /** Gets what Ingot logs, line by line. */
  log?: (line: string) => void;
}

export class LabIngot {
  /** As seen from the host. */
  readonly origin: string;
  /** Data folder, with the credential files. */
  readonly folder: string;
  readonly #rack: Rack;
  readonly #env: Record<string, string>;
  readonly #log: (line: string) => void;
  #running: Entered | null = null;
  #client: Client | null = null;

  private constructor(
    rack: Rack,
    origin: string,
    ramdisk: string,
    { env = {}, log = () => {} }: IngotOptions,
  ) {
    this.#rack = rack;
    this.origin = origin;
    this.folder = join(rack.folder, 'ingot');
    this.#log = log;
    this.#env = {
      INGOT_HOST: network.address,
      INGOT_PORT: String(port),
      INGOT_PUBLIC_URL: origin,
      INGOT_DATA: this.folder,
      INGOT_SIM_NODES: '0',
      INGOT_BOOT_ADDRESS: network.address,
      INGOT_BOOT_INTERFACE: network.bridge,
      INGOT_BOOT_RANGE: network.range,
      INGOT_BOOT_DISCOVERY: 'on', // by IPMI nobody tells which network cards a machine has
      INGOT_BOOT_METADATA: 'on',
      INGOT_BOOT_RAMDISK: ramdisk,
      INGOT_IPMI_SPACING_MS: '200', // ipmi_sim does not crash when it is asked more often
      INGOT_SHED_LAG_MS: '60000', // a busy machine shows nothing of overload, and a story breaks off when it is put off
      INGOT_BOOT_PATIENCE_SECONDS: '240', // these machines test no memory, but are slow beside other work
      ...env,
    };
  }

  /** Resolves when it serves. */
  static async start(rack: Rack, options: IngotOptions = {}): Promise<LabIngot> {
    const ownPort = await rack.publish(network.address, port, options.port);
    const { vmlinuz } = await oneAtATime(() => buildRamdisk(join(cache, 'ramdisk'), 'cloud'));
    const ingot = new LabIngot(rack, `http://127.0.0.1:${ownPort}`, dirname(vmlinuz), options);
    mkdirSync(ingot.folder, { mode: 0o700 });
    await ingot.start();
    return ingot;
  }

  /** A client of the API, with the administrator's token. */
  get client(): Client {
    this.#client ??= createClient(readCredentials({ INGOT_DATA: this.folder }));
    return this.#client;
  }

  /** A token of the administrator. */
  logIn(): Promise<string> {
    return logIn(readCredentials({ INGOT_DATA: this.folder }));
  }

  /**
   * Starts it, for the first time or again on the same data.
   *
   * @param env settings for this time only
   * @throws Error with its words when it ends instead
   */
  async start(env: Record<string, string> = {}): Promise<void> {
    const running = this.#rack.enter(process.execPath, [program, 'serve'], {
      env: { PATH: process.env['PATH'], ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running = running;
    let words = '';
    await new Promise<void>((resolve, reject) => {
      const hear = (part: Buffer) => {
        words = (words + part.toString()).slice(-4_000);
        for (const line of part.toString().trimEnd().split('\n')) this.#log(line);
        if (words.includes('Ingot serves at')) resolve();
      };
      running.process.stdout!.on('data', hear);
      running.process.stderr!.on('data', hear);
      running.ended.then(
        () => reject(new Error(`Ingot ended:\n${words}`)),
        (error: Error) => reject(error),
      );
    });
  }

  /** As an operator would: `ingot` with these words. @returns what it printed */
  async command(...words: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, [program, ...words], {
      env: { PATH: process.env['PATH'], INGOT_DATA: this.folder },
    });
    return stdout;
  }

  /** SIGKILL, which it cannot prepare for. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#running?.kill('SIGKILL');
    await this.#running?.ended;
  }

  async stop(): Promise<void> {
    this.#running?.kill('SIGTERM');
    await this.#running?.ended;
  }
}
