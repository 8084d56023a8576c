/**
 * The IPMI face of a machine's BMC: OpenIPMI's ipmi_sim, one process per BMC, on UDP 623 of the BMC's own address.
 *
 * What it cannot do: cipher suites other than 3 (`ipmitool -C 3`; it does not even answer which ones it has), persistent
 * and UEFI boot flags (read back as legacy, next boot only), `bootdev diag`, power policies. Cycle is asynchronous: off,
 * and on again at least a second later.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toFanRpm } from '../machine/climate.ts';
import type { Machine } from '../machine/machine.ts';
import { toFru } from './fru.ts';
import { toSensors } from './sensors.ts';

export interface BmcAccount {
  username: string;
  password: string;
}

const chassisProgram = fileURLToPath(new URL('chassis.sh', import.meta.url));
const shortestLifeMs = 1_000;

export class IpmiBmc {
  readonly #folder: string;
  #process: ChildProcess | null = null;
  #isClosed = false;

  /** @param chassisPort where the chassis commands go */
  constructor(machine: Machine, address: string, account: BmcAccount, chassisPort: number) {
    this.#folder = join(machine.hardware.folder, 'ipmi');
    mkdirSync(join(this.#folder, 'state'), { recursive: true });
    writeFileSync(
      join(this.#folder, 'lan.conf'),
      toLanSettings(machine, address, account, `${chassisProgram} ${chassisPort} ${machine.hardware.name}`),
    );
    writeFileSync(join(this.#folder, 'fru.bin'), toFru(machine.hardware));
    writeFileSync(join(this.#folder, 'bmc.emu'), this.#toController());
    this.#tellClimate(machine.celsius);
    machine.on('celsius', (celsius) => this.#tellClimate(celsius));
  }

  start(): void {
    if (this.#isClosed) return;
    const startedAt = Date.now();
    const log = openSync(join(this.#folder, 'log'), 'a');
    const args = ['-c', 'lan.conf', '-f', 'bmc.emu', '-s', 'state', '-n'];
    this.#process = spawn('ipmi_sim', args, { cwd: this.#folder, stdio: ['ignore', log, log] });
    // A BMC that falls over comes back, as the watchdog of a real one has it.
    const again = () => setTimeout(() => this.start(), Math.max(0, startedAt + shortestLifeMs - Date.now()));
    this.#process.once('exit', again).once('error', again);
  }

  /** Packets reach its socket, but nobody answers. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** The management controller, with a watchdog and what it measures. */
  #toController(): string {
    const file = (name: string) => join(this.#folder, name);
    return [
      'mc_setbmc 0x20',
      'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr',
      'sel_enable 0x20 1000 0x0a',
      'sensor_add 0x20 0 0 35 0x6f event-only',
      'sensor_set_event_support 0x20 0 0 enable scanning per-state 000000000001111 000000000000000 000000000001111 000000000000000',
      ...toSensors({ temperature: file('temperature'), fan: file('fan') }),
      `mc_add_fru_data 0x20 0 512 file 0 "${file('fru.bin')}"`,
      'mc_enable 0x20',
      '',
    ].join('\n');
  }

  /** Where the sensors are read from. */
  #tellClimate(celsius: number): void {
    writeFileSync(join(this.#folder, 'temperature'), `${celsius}\n`);
    writeFileSync(join(this.#folder, 'fan'), `${Math.round(toFanRpm(celsius) / 100)}\n`);
  }

  close(): void {
    this.#isClosed = true;
    this.#process?.kill('SIGKILL');
  }
}

function toLanSettings(machine: Machine, address: string, account: BmcAccount, chassis: string): string {
  const { name, uuid } = machine.hardware;
  const authentication = ['callback', 'user', 'operator', 'admin'].map(
    (level) => `    allowed_auths_${level} none md2 md5 straight`,
  );
  return [
    `name "${name}"`,
    'set_working_mc 0x20',
    '  startlan 1',
    `    addr ${address} 623`,
    '    priv_limit admin',
    ...authentication,
    `    guid ${uuid.replaceAll('-', '')}`,
    '  endlan',
    `  chassis_control "${chassis}"`,
    `  sol "tcp:127.0.0.1:${machine.console.port}" 115200 history=16384`,
    '  user 1 false "" "" user 10 none md2 md5 straight',
    `  user 2 true "${account.username}" "${account.password}" admin 10 none md2 md5 straight`,
    `  user 3 true "operator" "${account.password}" operator 10 none md2 md5 straight`,
    '',
  ].join('\n');
}
