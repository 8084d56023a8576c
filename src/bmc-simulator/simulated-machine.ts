/**
 * A machine in memory. A reset has a due time and takes effect when somebody looks after it: no timers, so thousands of
 * machines cost nothing.
 */
import { makeFacts, type BootOverride, type Machine, type MachineFacts } from './machine.ts';

export interface Reset {
  resetType: string;
  /** Epoch milliseconds at which it was accepted. */
  at: number;
}

export interface SimulatedMachineOptions {
  power: 'on' | 'off';
  /** From an accepted reset to its effect, in milliseconds; the old state is reported until then. */
  lagMs: number;
  /**
   * What is reported meanwhile: the old state, PoweringOn and PoweringOff, or old and new by turns, as from a BMC whose
   * sensors and cache disagree.
   */
  lagShows: 'old' | 'transition' | 'flapping';
  /** How long a start is in the hands of the BIOS, in milliseconds. */
  postMs: number;
  facts: MachineFacts;
}

export const machineDefaults: SimulatedMachineOptions = {
  power: 'off',
  lagMs: 0,
  lagShows: 'old',
  postMs: 0,
  facts: makeFacts(1),
};

const effects: Readonly<Record<string, 'on' | 'off' | 'toggle' | 'restart'>> = {
  On: 'on',
  ForceOn: 'on',
  ForceOff: 'off',
  GracefulShutdown: 'off',
  PushPowerButton: 'toggle',
  ForceRestart: 'restart',
  GracefulRestart: 'restart',
};
export const allResetTypes = Object.keys(effects).filter((type) => type !== 'GracefulRestart');

export class SimulatedMachine implements Machine {
  readonly facts: MachineFacts;
  /** Every reset that was carried out, in order. */
  readonly resets: Reset[] = [];
  /** Every reset that was asked for and refused. */
  readonly refused: Reset[] = [];
  readonly boot: BootOverride = {
    BootSourceOverrideEnabled: 'Disabled',
    BootSourceOverrideTarget: 'None',
    BootSourceOverrideMode: 'UEFI',
  };
  /** What the last start booted; null before one. */
  booted: string | null = null;
  media: string | null = null;
  revision = 1;
  readonly #options: SimulatedMachineOptions;
  #power: 'on' | 'off';
  #pending: { power: 'on' | 'off'; dueAt: number } | null = null;
  #startedAt = -Infinity;
  #looks = 0;

  constructor(options: Partial<SimulatedMachineOptions> = {}) {
    this.#options = { ...machineDefaults, ...options };
    this.facts = this.#options.facts;
    this.#power = this.#options.power;
  }

  /** The truth, not what the BMC says. */
  power(): 'on' | 'off' {
    if (this.#pending && Date.now() >= this.#pending.dueAt) {
      if (this.#power === 'off' && this.#pending.power === 'on') this.#start();
      this.#power = this.#pending.power;
      this.#pending = null;
      this.revision += 1;
    }
    return this.#power;
  }

  powerCommands(): number {
    return this.resets.length;
  }

  reported(): string {
    const power = this.power();
    if (!this.#pending || this.#options.lagShows === 'old') return toWord(power);
    if (this.#options.lagShows === 'transition') return `Powering${toWord(this.#pending.power)}`;
    this.#looks += 1;
    return toWord(this.#looks % 2 === 0 ? power : this.#pending.power);
  }

  isInPost(): boolean {
    return this.power() === 'on' && Date.now() < this.#startedAt + this.#options.postMs;
  }

  reset(resetType: string): boolean {
    const power = this.power();
    const effect = effects[resetType]!;
    const at = Date.now();
    const isPossible =
      this.#pending === null && (effect === 'toggle' || power !== (effect === 'restart' ? 'off' : effect));
    (isPossible ? this.resets : this.refused).push({ resetType, at });
    if (!isPossible) return false;
    if (effect === 'restart') this.#start();
    const target =
      effect === 'toggle' ? (power === 'on' ? 'off' : 'on') : effect === 'restart' ? 'on' : effect;
    this.#pending = { power: target, dueAt: at + this.#options.lagMs };
    this.power();
    return true;
  }

  setMedia(image: string | null): void {
    this.media = image;
    this.revision += 1;
  }

  touch(): void {
    this.revision += 1;
  }

  /** As if somebody pressed the button at the machine. */
  forcePower(power: 'on' | 'off'): void {
    this.#power = power;
    this.#pending = null;
    this.revision += 1;
  }

  #start(): void {
    const isSet = this.boot.BootSourceOverrideEnabled !== 'Disabled';
    this.booted = isSet ? this.boot.BootSourceOverrideTarget : 'Hdd';
    if (this.boot.BootSourceOverrideEnabled === 'Once') this.boot.BootSourceOverrideEnabled = 'Disabled';
    this.#startedAt = Date.now();
  }
}

function toWord(power: 'on' | 'off'): string {
  return power === 'on' ? 'On' : 'Off';
}
