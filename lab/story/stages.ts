/** How an installation goes, as the machine's own serial console tells: nothing of this comes from Ingot. */
import type { Terminal } from '../machine/terminal.ts';
import type { RackMachine } from '../rack/rack.ts';

export interface Stage {
  name: string;
  sign: RegExp;
}

/** In order. The firmware asks for an address before it is told what to load. */
export const stages: readonly Stage[] = [
  { name: 'the firmware starts the network card', sign: /iPXE (\(PCI|1\.)/ },
  { name: 'DHCP answers', sign: /Configuring \([^)]*\)\.* ?ok/ },
  { name: 'iPXE loads the ramdisk', sign: /\/ramdisk\/initrd/ },
  { name: 'the ramdisk has the network', sign: /\[agent [\d.]+\] network on/ },
  { name: 'the machine is inspected', sign: /\[agent [\d.]+\] told to/ },
  { name: 'the image is being written', sign: /\[agent [\d.]+\] writing/ },
  { name: 'the image is written', sign: /\[agent [\d.]+\] finished/ },
  { name: 'the new system starts', sign: /Booting `Lab OS/ },
  { name: 'the new system phones home', sign: /Phoned home/ },
];

/** Notes when a machine comes to each stage. */
export class Timeline {
  readonly #terminal: Terminal;
  readonly #beganAt = performance.now();
  /** Seconds since the beginning. */
  readonly reached: { name: string; seconds: number }[] = [];
  #from = 0;

  private constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.onText(() => this.#look());
  }

  /** From now on. */
  static async begin(machine: RackMachine): Promise<Timeline> {
    return new Timeline(await machine.openConsole());
  }

  /** A line per stage. */
  get lines(): string[] {
    return this.reached.map(({ name, seconds }) => `${seconds.toFixed(1).padStart(6)} s  ${name}`);
  }

  /** Resolves when the last stage is reached. */
  async complete(patience: AbortSignal): Promise<void> {
    await this.#terminal.waitFor(stages.at(-1)!.sign, 0, patience);
  }

  close(): void {
    this.#terminal.close();
  }

  #look(): void {
    for (;;) {
      const stage = stages[this.reached.length];
      const found = stage?.sign.exec(this.#terminal.text.slice(this.#from));
      if (!stage || !found) return;
      this.#from += found.index;
      this.reached.push({ name: stage.name, seconds: (performance.now() - this.#beganAt) / 1_000 });
    }
  }
}
