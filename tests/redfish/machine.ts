/**
 * A machine behind a test BMC. A reset has a due time and takes effect when somebody looks after it: no timers, so
 * thousands of machines cost nothing.
 */
export interface Reset {
  resetType: string;
  /** Epoch milliseconds at which it was accepted. */
  at: number;
}

export interface MachineOptions {
  power: 'on' | 'off';
  /** From an accepted reset to its effect, in milliseconds; the old state is reported until then. */
  lagMs: number;
  /** What is reported meanwhile: the old state, or PoweringOn and PoweringOff. */
  lagShows: 'old' | 'transition';
}

export type BootOverride = Record<
  'BootSourceOverrideEnabled' | 'BootSourceOverrideTarget' | 'BootSourceOverrideMode',
  string
>;

const effects: Readonly<Record<string, 'on' | 'off' | 'toggle' | 'restart'>> = {
  On: 'on',
  ForceOn: 'on',
  ForceOff: 'off',
  GracefulShutdown: 'off',
  PushPowerButton: 'toggle',
  ForceRestart: 'restart',
};
export const resetTypes = Object.keys(effects);

export class Machine {
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
  /** Grows with every change that an ETag must show. */
  revision = 1;
  readonly #options: MachineOptions;
  #power: 'on' | 'off';
  #pending: { power: 'on' | 'off'; dueAt: number } | null = null;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#power = options.power;
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

  /** The Redfish PowerState. */
  reported(): string {
    const power = this.power();
    const shows = this.#pending && this.#options.lagShows === 'transition' ? 'Powering' : '';
    const state = shows ? this.#pending!.power : power;
    return shows + (state === 'on' ? 'On' : 'Off');
  }

  /** False when it is impossible now: the state is reached, or another reset is under way. */
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
  }
}
