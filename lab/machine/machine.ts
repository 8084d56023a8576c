/**
 * One machine of the rack: a QEMU process that comes and goes with the power, and what outlives it (disk, firmware
 * variables, boot device, medium in the drive). Both faces of its BMC act on this one object, so what is done over IPMI
 * is seen over Redfish.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { copyFileSync, existsSync, openSync, closeSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { usualCelsius } from './climate.ts';
import { ConsoleHub } from './console-hub.ts';
import { firmwareVariables, toQemuArguments, type BootDevice, type Hardware } from './qemu.ts';
import { connectQmp, type Qmp } from './qmp.ts';

/** What the next start boots from; null: the usual order, the disk first and the network after it. */
export interface BootOverride {
  device: BootDevice;
  /** Forgotten after one start. */
  once: boolean;
}

/** A command that cannot be carried out in this state. */
export class Impossible extends Error {}

interface Run {
  process: ChildProcess;
  /** Resolves when QEMU is gone. */
  ended: Promise<void>;
  qmp: Promise<Qmp | null>;
}

/** Emits `power` and `celsius` after each change, `started` with what was booted, and `crashed` with QEMU's words. */
export class Machine extends EventEmitter<{
  power: ['on' | 'off'];
  started: [BootDevice | 'usual order'];
  crashed: [string];
  celsius: [number];
}> {
  readonly hardware: Hardware;
  readonly console: ConsoleHub;
  /** The indicator lamp; ipmitool calls it "chassis identify". */
  isLampLit = false;
  #celsius = usualCelsius;
  #override: BootOverride | null = null;
  #medium: string | null = null;
  #run: Run | null = null;
  #ending: Promise<void> | null = null;
  #starts = 0;

  constructor(hardware: Hardware) {
    super();
    this.hardware = hardware;
    this.console = new ConsoleHub(hardware.folder);
  }

  async prepare(): Promise<void> {
    const { folder, firmware, disk } = this.hardware;
    if (!existsSync(disk.file)) {
      closeSync(openSync(disk.file, 'a'));
      truncateSync(disk.file, disk.bytes);
    }
    if (firmware === 'uefi') copyFileSync(firmwareVariables, join(folder, 'variables.fd'));
    await this.console.listen();
  }

  get power(): 'on' | 'off' {
    return this.#run ? 'on' : 'off';
  }

  get celsius(): number {
    return this.#celsius;
  }

  setCelsius(celsius: number): void {
    this.#celsius = celsius;
    this.emit('celsius', celsius);
  }

  get override(): BootOverride | null {
    return this.#override;
  }

  /** Path of the image in the drive. */
  get medium(): string | null {
    return this.#medium;
  }

  /** How often it was started since the rack stands. */
  get starts(): number {
    return this.#starts;
  }

  setOverride(override: BootOverride | null): void {
    this.#override = override;
  }

  /** Already on is no error. Resolves when QEMU runs, long before a system does. */
  async powerOn(): Promise<void> {
    await this.#ending; // two QEMUs must not share the files
    if (this.#run) return;
    this.#start();
    this.emit('power', 'on');
  }

  /**
   * A power cut. The disk keeps what the guest has written, also what it has not flushed: it is in the page cache of the
   * host (cache=unsafe). Already off is no error.
   */
  async powerOff(): Promise<void> {
    await this.#kill();
  }

  /** @throws Impossible when it is off */
  async reset(): Promise<void> {
    if (!this.#run) throw new Impossible('the machine is off');
    await this.#kill();
    await this.powerOn();
  }

  /** Tells the system to shut down (ACPI); it may take its time, or not listen. @throws Impossible when it is off */
  async pressPowerButton(): Promise<void> {
    const qmp = await this.#run?.qmp;
    if (!qmp) throw new Impossible('the machine is off');
    await qmp.execute('system_powerdown');
  }

  /** Changes the medium, also while the machine runs; null takes it out. */
  async setMedium(file: string | null): Promise<void> {
    this.#medium = file;
    const qmp = await this.#run?.qmp;
    if (!qmp) return;
    if (file === null) await qmp.execute('eject', { id: 'cd', force: true });
    else await qmp.execute('blockdev-change-medium', { id: 'cd', filename: file, format: 'raw' });
  }

  async close(): Promise<void> {
    await this.#kill();
    await this.console.close();
  }

  #start(): void {
    const override = this.#override;
    if (override?.once) this.#override = null;
    const args = toQemuArguments(this.hardware, override?.device ?? null, this.#medium, this.console.socket);
    const process = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    process.stderr.on('data', (part: Buffer) => (words = (words + part.toString()).slice(-2_000)));
    const ended = new Promise<void>((resolve) => {
      process.once('error', (error) => {
        words += error.message;
        resolve();
      });
      process.once('exit', () => resolve());
    });
    const run: Run = { process, ended, qmp: connectQmp(join(this.hardware.folder, 'qmp.sock'), ended) };
    this.#run = run;
    this.#starts += 1;
    this.emit('started', override?.device ?? 'usual order');
    void this.#watch(run, () => words);
  }

  /**
   * QEMU ends when the guest powers off, and also when the guest reboots (-no-reboot): which device comes first is fixed
   * when QEMU starts, and "once" must not hold for the second boot. So we start it again ourselves.
   */
  async #watch(run: Run, words: () => string): Promise<void> {
    const [qmp] = await Promise.all([run.qmp, run.ended]);
    if (this.#run !== run) return; // we ended it
    this.#run = null;
    if (qmp?.shutdownReason === 'guest-reset') return this.#start();
    if (run.process.exitCode !== 0) this.emit('crashed', words().trim() || 'QEMU ended without a word');
    this.emit('power', 'off');
  }

  async #kill(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    this.#run = null;
    this.#ending = run.ended;
    run.process.kill('SIGKILL');
    await run.ended;
    this.emit('power', 'off');
  }
}
