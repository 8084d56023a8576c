/** One BMC as the driver sees it: its governor, its lock-out guards, and what was learnt about it. */
import { createHash } from 'node:crypto';
import { parseIpmiAddress, type IpmiAddress } from '../../core/ipmi-address.ts';
import type { BmcAddress } from '../../core/node.ts';
import { DriverError, type SerialConsole } from '../../core/ports.ts';
import { Governor, type GovernorOptions } from '../governor.ts';
import { bestFirst, Habits, toWinner } from '../habits.ts';
import { LockoutGuard, type LockoutOptions } from '../lockout-guard.ts';
import { openSol, type Sol } from './console.ts';
import { isLoginRefused, isSuiteIgnored, isSuiteRefused, sessionFailure } from './answer.ts';
import type { Ipmitool, Output, Patience, Target } from './ipmitool.ts';

export interface IpmiOptions extends GovernorOptions, LockoutOptions {
  /** Reads may be repeated, so they need no patience with a single message. */
  reading: Patience;
  /**
   * What a BMC gets a second time it does a second time: a reset ran twice when the first answer came after ipmitool's
   * time-out (seen with ipmi_sim 2.0.33). So commands are sent once, and the answer has time.
   */
  acting: Patience;
}

/**
 * Suites that are worth a try: 17 (HMAC-SHA256) is what BMCs of today want, 3 (HMAC-SHA1) what older ones have. Others
 * lack encryption or integrity (IPMI 2.0, table 22-20), and are used only where an address names them.
 */
const ladder = [17, 3].map((suite) => ({ suite, name: String(suite) }));

/** Guards kept in memory per BMC; more than one only while credentials change. */
const mostGuards = 4;

export type Account = Pick<BmcAddress, 'username' | 'password'>;

/** Asks within a visit. Throws unless there was a session; what the commands came to is in the output. */
export type Ask = (commands: readonly string[], kind?: 'reading' | 'acting') => Promise<Output>;

export class Bmc {
  readonly governor: Governor;
  readonly habits = new Habits();
  readonly address: IpmiAddress;
  readonly #options: IpmiOptions;
  readonly #ipmitool: Ipmitool;
  readonly #guards = new Map<string, LockoutGuard>();
  #cipher: number | null = null;
  #hasConsole = false;
  #console: Sol | null = null;
  #consoleEnd: Promise<void> = Promise.resolve();
  /** A console session ended by force, so that the BMC may still hold it. */
  #leftConsole = false;

  constructor(address: string, ipmitool: Ipmitool, options: IpmiOptions) {
    const parsed = parseIpmiAddress(address);
    if (!parsed) throw new DriverError('rejected', 'The address of the BMC is no IPMI address');
    this.address = parsed;
    this.#ipmitool = ipmitool;
    this.#options = options;
    this.governor = new Governor(options);
  }

  /** The suite that was taken last; null before. */
  get cipher(): number | null {
    return this.address.cipher ?? this.#cipher;
  }

  /**
   * One exchange of the governor: nobody else of this process is at the BMC meanwhile. Its spacing lies between visits
   * (Ironic, min_command_interval), not between the runs of one.
   */
  visit<T>(account: Account, work: (ask: Ask) => Promise<T>): Promise<T> {
    const guard = this.#guardOf(account);
    return this.governor.run(async () => {
      guard.admit();
      return work((commands, kind = 'reading') => this.#ask(account, guard, commands, this.#options[kind]));
    });
  }

  /**
   * Opens the console. A session that had to be killed is taken down first; one that somebody else holds is not.
   * @throws DriverError `busy` while one is open, here or elsewhere
   */
  async openConsole(account: Account): Promise<SerialConsole> {
    if (this.#console?.isClosing) await this.#consoleEnd; // somebody left just now
    if (this.#hasConsole) throw new DriverError('busy', 'The serial console of this machine is open already');
    this.#hasConsole = true;
    const end = Promise.withResolvers<void>();
    this.#consoleEnd = end.promise;
    try {
      // Finds the suite, and tells a wrong password from a missing console.
      await this.visit(account, (ask) =>
        ask(this.#leftConsole ? ['sol deactivate'] : ['chassis power status']),
      );
      this.#leftConsole = false;
      this.#console = await openSol({
        program: this.#ipmitool.program,
        target: this.#toTarget(account, this.cipher!),
        onEnd: (isClean) => {
          this.#hasConsole = false;
          this.#leftConsole ||= !isClean;
          this.#console = null;
          end.resolve();
        },
      });
      return this.#console;
    } catch (error) {
      this.#hasConsole = false;
      throw error;
    }
  }

  close(): void {
    this.#console?.close();
  }

  #toTarget(account: Account, cipher: number): Target {
    const { host, port, privilege } = this.address;
    return { host, port, privilege, cipher, username: account.username, password: account.password };
  }

  async #ask(
    account: Account,
    guard: LockoutGuard,
    commands: readonly string[],
    patience: Patience,
  ): Promise<Output> {
    let output: Output | undefined;
    for (const rung of this.#suites()) {
      if (output) this.#options.watch.retried('ipmi', 'cipher');
      output = await this.#ipmitool.run(this.#toTarget(account, rung.suite), commands, patience);
      if (isSuiteRefused(output) || isSuiteIgnored(output)) continue; // no session, so nothing was carried out
      if (isLoginRefused(output)) guard.count();
      const failure = sessionFailure(output, this.#ipmitool.program);
      if (failure) throw failure;
      this.#cipher = rung.suite;
      if (this.address.cipher === null) this.habits.learn('cipher_suite', toWinner(ladder, rung));
      guard.confirm();
      this.#options.watch.loggedIn('ipmi');
      return output;
    }
    throw sessionFailure(output!, this.#ipmitool.program)!;
  }

  /** The one that was taken last comes first; new firmware may want another. */
  #suites(): typeof ladder {
    const { cipher } = this.address;
    if (cipher !== null) return [{ suite: cipher, name: String(cipher) }];
    return bestFirst(ladder, this.habits.winnerOf('cipher_suite'));
  }

  #guardOf({ username, password }: Account): LockoutGuard {
    const key = createHash('sha256').update(`${username}\0${password}`).digest('hex');
    const known = this.#guards.get(key);
    if (known) return known;
    const oldest = this.#guards.keys().next();
    if (this.#guards.size >= mostGuards && !oldest.done) this.#guards.delete(oldest.value);
    const guard = new LockoutGuard(this.#options, () => this.#options.watch.lockedOut('ipmi'));
    this.#guards.set(key, guard);
    return guard;
  }
}
