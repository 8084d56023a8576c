/**
 * The machine behind a simulated BMC, as the BMC sees it. `simulated-machine.ts` has one in memory; whoever drives
 * something else with the same BMC (a virtual machine, say) implements this.
 */
export interface Machine {
  readonly facts: MachineFacts;
  /** What the next start boots; the BMC writes it, the machine reads it when it starts. */
  readonly boot: BootOverride;
  /** The image in the virtual drive; null when it is empty. */
  readonly media: string | null;
  /** Grows with every change that an ETag must show. */
  readonly revision: number;
  /** The Redfish PowerState that the BMC knows: On, Off, PoweringOn, PoweringOff. */
  reported(): string;
  /** The machine is starting and its BIOS has not handed over yet. */
  isInPost(): boolean;
  /** False when it is impossible now: the state is reached already, or another reset is under way. */
  reset(resetType: string): boolean | Promise<boolean>;
  /** Puts an image into the virtual drive, or takes it out (null). */
  setMedia(image: string | null): void | Promise<void>;
  /** The BMC changed `boot`. */
  touch(): void;
}

export interface BootOverride {
  BootSourceOverrideEnabled: string;
  BootSourceOverrideTarget: string;
  BootSourceOverrideMode: string;
}

/** What the machine is made of. */
export interface MachineFacts {
  manufacturer: string;
  model: string;
  serial: string;
  uuid: string;
  biosVersion: string;
  processors: { model: string; cores: number; threads: number }[];
  memoryModulesMib: number[];
  disks: { name: string; bytes: number; media: 'SSD' | 'HDD'; protocol: 'NVMe' | 'SATA' | 'SAS' }[];
  nics: { name: string; mac: string; speedMbps: number }[];
}

/** A made-up rack server; `index` tells machines apart. */
export function makeFacts(index: number, serial = `T1-${String(index).padStart(5, '0')}`): MachineFacts {
  const hex = index.toString(16).padStart(8, '0');
  const cpu = { model: 'Test CPU', cores: 16, threads: 32 };
  // 02: locally administered, so it is nobody's card.
  const mac = (port: number) =>
    `02:${[...hex.matchAll(/../g)].join(':')}:${port.toString(16).padStart(2, '0')}`.toUpperCase();
  return {
    manufacturer: 'Ingot tests',
    model: 'T1',
    serial,
    uuid: `1c0ffee0-0000-4000-8000-0000${hex}`,
    biosVersion: '0.9',
    processors: [cpu, cpu],
    memoryModulesMib: [16_384, 16_384, 16_384, 16_384],
    disks: [{ name: 'Disk 1', bytes: 960e9, media: 'SSD', protocol: 'NVMe' }],
    nics: [
      { name: 'NIC1', mac: mac(1), speedMbps: 25_000 },
      { name: 'NIC2', mac: mac(2), speedMbps: 25_000 },
    ],
  };
}
